// The start sheet: what a guest gets, drawn before it begins. A room's usual treatment is chosen already; one more touch starts it.
import { amiss, get, key, post, Refusal, sentence } from "./net.js";
import * as moment from "./moment.js";
import { el, phrase, say, wide } from "./words.js";

const dialog = document.getElementById("start");
const form = dialog.querySelector("form");
const part = (name) => form.querySelector(`[data-part="${name}"]`);
const field = (name) => form.elements.namedItem(name);

let room = null;
let mark = null; // one key a sheet: a second click is the same wish
let started = () => {};
let library = null;
let offers = null;

const fetched = async () => {
  [library, offers] = await Promise.all([get("/profiles"), get("/care").catch(() => offers ?? [])]);
};

const ahead = fetched().catch(() => {}); // so that the first sheet has nothing to wait for

/** Open the sheet for a room; `done(answer)` is called when something was started. */
export async function open(where, done) {
  room = where;
  started = done;
  mark = key();
  form.reset();
  refuse(null);
  dialog.querySelector("h2").textContent = room.name;
  field("time").value = moment.wall(Math.ceil(moment.now() / QUARTER) * QUARTER);
  if (!dialog.open) {
    dialog.showModal();
  }
  await ahead;
  if (library === null) {
    try {
      await fetched();
    } catch (error) {
      refuse({ detail: sentence(error) });
      return;
    }
  } else {
    fetched().catch(() => {}); // what the house changed on its menu meanwhile is there the next time
  }
  usual();
  treatments();
  effects();
  choose(chosen());
  form.querySelector(".first").focus();
}

const QUARTER = 15 * 60_000;
const chosen = () => field("usual")?.value || field("treatment").value;
const profile = () => library.find((each) => each.id === chosen());

function usual() {
  const known = (room.usual ?? []).map((usual) => library.find((each) => each.id === usual.id)).filter(Boolean);
  const rows = known.slice(0, 3).map((each, i) =>
    el("label", { class: "pick" },
      el("input", { type: "radio", name: "usual", value: each.id, checked: i === 0 }),
      el("span", {}, each.name, el("small", {}, say("minutes", each.default_minutes)))),
  );
  rows.push(el("label", { class: "pick" }, el("input", { type: "radio", name: "usual", value: "", checked: rows.length === 0 }), el("span", {}, say("other"))));
  part("usual").replaceChildren(el("legend", { class: "unseen" }, say("usual")), ...rows);
}

function treatments() {
  const groups = new Map();
  for (const each of library) {
    const group = each.id.startsWith("menu/") ? "menu" : each.setting;
    groups.set(group, [...(groups.get(group) ?? []), each]);
  }
  const order = ["menu", room.setting, room.setting === "spa" ? "clinical" : "spa"].filter((group) => groups.has(group));
  field("treatment").replaceChildren(
    ...order.map((group) =>
      el("optgroup", { label: say(`group.${group}`) }, ...groups.get(group).map((each) => el("option", { value: each.id }, each.name)))),
  );
}

function effects() {
  for (const [guest, name] of [["first", "effects"], ["second", "effects2"]]) {
    const groups = Map.groupBy ? Map.groupBy(offers, (offer) => offer.group) : grouped(offers);
    part(guest).replaceChildren(
      ...[...groups].map(([group, list]) =>
        el("div", { class: "chips", role: "group", "aria-label": say(`effects.${group}`) },
          ...list.map((offer) =>
            el("label", { class: "chip" }, el("input", { type: "checkbox", name, value: offer.id }), el("span", {}, say(`offer.${offer.id}`) === `offer.${offer.id}` ? offer.words : say(`offer.${offer.id}`)))))),
    );
  }
}

function grouped(list) {
  const groups = new Map();
  for (const each of list) {
    groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  }
  return groups;
}

function choose(id) {
  part("other").hidden = Boolean(field("usual")?.value);
  const known = library.find((each) => each.id === id);
  if (!known) {
    return;
  }
  const lengths = known.lengths.length ? known.lengths : [known.default_minutes];
  field("minutes").replaceChildren(...lengths.map((length) => el("option", { value: length, selected: length === known.default_minutes }, say("minutes", length))));
  part("visit").hidden = known.setting !== "clinical";
  part("two").hidden = known.modality !== "couples";
  draw();
}

let drawing = 0;

async function draw() {
  const turn = ++drawing;
  const query = new URLSearchParams({ minutes: field("minutes").value, room: room.id, width: wide(part("ribbon")) });
  if (!part("visit").hidden) {
    query.set("visit", field("visit").value);
  }
  const answer = await fetch(`/api/v1/profiles/${chosen()}/ribbon.svg?${query}`);
  const text = await answer.text();
  if (turn !== drawing) {
    return;
  }
  if (answer.ok) {
    refuse(null);
    const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    part("ribbon").replaceChildren(document.importNode(picture, true));
  } else {
    part("ribbon").replaceChildren();
    refuse(JSON.parse(text));
  }
}

function wishes() {
  const style = field("style").value;
  return {
    ...(style && style !== "silence" ? { style } : {}),
    ...(style === "silence" ? { silence: true } : {}),
    light: Number(field("light").value),
    warmer: Number(field("warmth").value),
    music: Number(field("loudness").value),
  };
}

function body() {
  const scent = field("scent").value;
  const ticked = [...form.querySelectorAll(`input[name="effects"]:checked${part("two").hidden ? "" : ', input[name="effects2"]:checked'}`)];
  const codes = [...new Map(ticked.map((box) => [box.value, offers.find((offer) => offer.id === box.value).codes])).values()].flat();
  const known = scent !== "not_asked" || codes.length > 0;
  return {
    room: room.id,
    profile: chosen(),
    minutes: Number(field("minutes").value),
    start: field("when").value === "now" ? "now" : moment.today(field("time").value),
    ...(part("visit").hidden ? {} : { visit: field("visit").value }),
    care: known ? codes : null,
    scent: scent === "yes",
    wishes: wishes(),
  };
}

function refuse(problem, instead = []) {
  const box = part("refusal");
  box.hidden = problem === null;
  if (problem !== null) {
    const options = (problem.options ?? []).filter((option) => option.room && option.room !== room.id);
    box.replaceChildren(
      el("p", {}, ...refused(problem)),
      ...(problem.scent_free_from ? [el("button", { type: "button", onclick: () => later(problem.scent_free_from) }, say("at_time", moment.clock(Date.parse(problem.scent_free_from))))] : []),
      ...options.map((option) => el("button", { type: "button", onclick: () => elsewhere(option.room) }, say("instead", named(option.room)))),
      ...instead,
    );
  }
}

const named = (id) => document.querySelector(`#lane-${CSS.escape(id)} .name`)?.textContent ?? id;

/** A refusal in words: each fault of a form it is not worth counting lines for. */
function refused(problem) {
  const known = problem.type === "not-airable" ? say("not_airable", room.name, moment.clock(Date.parse(problem.scent_free_from))) : say("refused")[problem.type];
  return known ? [known.replace("%s", room.name)] : (problem.errors ?? []).length ? problem.errors.map((fault) => `${amiss(fault)}. `) : [phrase(problem.detail ?? problem.title)];
}

function later(instant) {
  field("when").value = "at";
  field("time").value = moment.wall(Math.ceil(Date.parse(instant) / 60_000) * 60_000);
  refuse(null);
  mark = key();
}

async function elsewhere(id) {
  const other = (await get("/lanes")).find((lane) => lane.id === id);
  if (other) {
    room = other;
    dialog.querySelector("h2").textContent = room.name;
    mark = key();
    refuse(null);
    draw();
  }
}

form.addEventListener("change", (event) => {
  if (["usual", "treatment"].includes(event.target.name)) {
    choose(chosen());
  } else if (["minutes", "visit"].includes(event.target.name)) {
    draw();
  }
  if (event.target.name === "time") {
    field("when").value = "at";
  }
  mark = key(); // another wish
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (field("when").value === "at" && !field("time").value) {
    refuse({ detail: say("time_needed") });
    field("time").focus();
    return;
  }
  const button = form.querySelector(".first");
  button.disabled = true;
  try {
    const answer = await post("/sessions", body(), mark);
    dialog.close();
    started(answer);
  } catch (error) {
    refuse(error instanceof Refusal ? error.body : { detail: say("unreachable") });
  } finally {
    button.disabled = false;
  }
});

dialog.querySelector('[data-part="close"]').addEventListener("click", () => dialog.close());
