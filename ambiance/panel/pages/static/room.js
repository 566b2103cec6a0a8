// Everything a desk can do with one room, in one place: the course drawn large, the verbs, the zones, who decided what.
import { get, key, post, remove, sentence } from "./net.js";
import * as moment from "./moment.js";
import { el, phrase, say, wide } from "./words.js";

const dialog = document.getElementById("room");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);

let room = null;
let told = () => {};

/** Open a room; `done(words)` is called after each thing that was done. */
export function open(where, done) {
  room = where;
  told = done;
  part("said").textContent = "";
  part("why").open = part("check").open = false;
  if (!dialog.open) {
    dialog.showModal();
  }
  show();
}

/** The room changed while it is open. */
export function renew(where) {
  if (dialog.open && room?.id === where.id) {
    room = where;
    show();
  }
}

let drawn = "";

async function show() {
  dialog.querySelector("h2").textContent = room.name;
  part("state").textContent = document.querySelector(`#lane-${CSS.escape(room.id)} .state`)?.textContent ?? "";
  part("notes").replaceChildren(...[...document.querySelectorAll(`#lane-${CSS.escape(room.id)} .notes span`)].map((note) => el("li", { class: note.className }, note.textContent)));
  verbs();
  coming();
  const live = room.ribbons.find((ribbon) => ribbon.session === room.session && ribbon.state !== "scheduled");
  for (const button of dialog.querySelectorAll("[data-adjust]")) {
    button.disabled = !live && !["bright", "brighter", "scent"].includes(button.dataset.adjust);
  }
  part("release").hidden = room.hands.length === 0;
  part("exam").hidden = room.setting !== "clinical";
  for (const [name, hand] of Object.entries({ bright: "bright", exam: "exam light", mute: "muted", scent: "scent off" })) {
    dialog.querySelector(`[data-adjust=${name}]`).setAttribute("aria-pressed", String(room.hands.includes(hand)));
  }
  await ribbon(live ?? room.ribbons.findLast((each) => each.state === "scheduled"));
}

async function ribbon(live) {
  course = live;
  tick();
  const mark = live ? `${live.session} ${live.svg.length} ${live.to}` : "";
  if (mark !== drawn) {
    drawn = mark;
    part("ribbon").replaceChildren();
    if (live) {
      const answer = await fetch(`/api/v1/sessions/${live.session}/ribbon.svg?shape=full&width=${wide(part("ribbon"))}`);
      if (answer.ok) {
        const picture = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
        part("ribbon").replaceChildren(document.importNode(picture, true), el("i", { class: "now", "aria-hidden": "true" }));
        tick();
      }
    }
  }
}

let course = null;

/** A line where now is, on a course that has begun. */
function tick() {
  const line = part("ribbon").querySelector(".now");
  if (dialog.open && line && course) {
    const [from, to] = [Date.parse(course.from), Date.parse(course.to)];
    const gone = (moment.now() - from) / (to - from);
    line.hidden = gone < 0 || gone > 1;
    line.style.left = `${gone * 100}%`;
  }
}

setInterval(tick, 1000);

const VERBS = {
  preparing: ["advance", "cancel"], waiting: ["advance", "cancel"], running: ["advance", "stay", "extend", "pause", "end"], paused: ["resume", "end"],
  overrun: ["stay", "extend", "end"], ending: ["end"],
};

function verbs() {
  const live = room.ribbons.find((ribbon) => ribbon.session === room.session);
  const names = live ? (VERBS[live.state] ?? []) : [];
  const mark = [room.id, room.state, live?.session, live?.state].join(" ");
  if (part("verbs").dataset.mark === mark) {
    return; // what is under a finger, or has the keyboard, stays where it is
  }
  part("verbs").dataset.mark = mark;
  const had = part("verbs").contains(document.activeElement);
  part("verbs").replaceChildren(
    ...names.map((name) => el("button", { type: "button", onclick: () => act(name, live.session) }, say(`verb.${name}`))),
    ...(live && live.state !== "ending" ? [move(live.session)] : []),
    ...(!live && ["cleaning", "airing", "vacant_dirty"].includes(room.state) ? [el("button", { type: "button", onclick: () => send("/ready", {}, say("done.ready")) }, say("go.ready"))] : []),
  );
  if (had) {
    (part("verbs").querySelector("button") ?? part("close")).focus();
  }
}

function move(session) {
  const others = [...document.querySelectorAll("li.lane")].map((lane) => [lane.dataset.room, lane.querySelector(".name").textContent]);
  const list = el("select", { "aria-label": say("verb.move") }, el("option", { value: "" }, say("verb.move")),
    ...others.filter(([id]) => id !== room.id).map(([id, name]) => el("option", { value: id }, name)));
  list.addEventListener("change", () => list.value && attempt(() => post(`/sessions/${session}/move`, { room: list.value }), say("done.move")));
  return list;
}

/** Sessions that are about to be cancelled, each with its timer: news of the room must not take the way back away. */
const going = new Map();
const rows = new Map();

function coming() {
  const booked = room.ribbons.filter((ribbon) => ribbon.state === "scheduled");
  part("coming").hidden = booked.length === 0;
  const list = part("coming").querySelector("ul");
  for (const [session, row] of rows) {
    if (!booked.some((ribbon) => ribbon.session === session)) {
      row.node.remove();
      rows.delete(session);
    }
  }
  for (const ribbon of booked) {
    const row = rows.get(ribbon.session) ?? booking(ribbon.session);
    row.words.textContent = `${moment.clock(Date.parse(ribbon.guest_from))}  ${ribbon.name}, ${say("minutes", ribbon.minutes)}`;
    row.button.textContent = say(going.has(ribbon.session) ? "undo" : "verb.cancel");
    row.button.setAttribute("aria-describedby", row.words.id);
    if (!row.node.isConnected) {
      list.append(row.node);
    }
  }
}

function booking(session) {
  const words = el("span", { id: `booked-${session}` });
  const button = el("button", { type: "button", onclick: () => cancel(session) });
  const row = { words, button, node: el("li", {}, words, button) };
  rows.set(session, row);
  return row;
}

// A booking is taken off only after a moment in which it can be taken back: what was known of the guest could not be written again.
function cancel(session) {
  if (going.has(session)) {
    clearTimeout(going.get(session));
    going.delete(session);
    part("said").textContent = say("uncancelled");
  } else {
    part("said").textContent = say("cancelling");
    going.set(session, setTimeout(() => {
      going.delete(session);
      attempt(() => post(`/sessions/${session}/cancel`), say("done.cancel"));
    }, 6000));
  }
  coming();
}

async function act(name, session) {
  const minutes = { stay: 5, extend: 10 }[name];
  await attempt(() => post(`/sessions/${session}/${name}`, minutes ? { minutes } : {}), say(`done.${name}`));
}

const send = (path, body, words) => attempt(() => post(`/rooms/${room.id}${path}`, body, key()), words);

async function attempt(what, words) {
  part("said").textContent = "";
  try {
    const answer = await what();
    const moved = answer.end_moved_s ? ` ${say(answer.end_moved_s > 0 ? "end_later" : "end_sooner", Math.round(Math.abs(answer.end_moved_s) / 60))}` : "";
    part("said").textContent = words + moved;
    told(room.id, words + moved);
  } catch (error) {
    part("said").textContent = sentence(error, room.name);
  }
}

const ADJUST = {
  dimmer: { light: -5 }, brighter: { light: 5 }, quieter: { music: -3 }, louder: { music: 3 }, mute: { music: "mute" }, scent: { scent: "off" },
  exam: { exam_light: true }, release: { release: true },
};

dialog.addEventListener("click", (event) => {
  const name = event.target.closest("[data-adjust]")?.dataset.adjust;
  if (name === "bright") {
    const on = room.hands.includes("bright");
    attempt(() => (on ? remove(`/rooms/${room.id}/bright`) : post(`/rooms/${room.id}/bright`)), say(on ? "done.dim" : "done.bright"));
  } else if (name === "exam") {
    send("/adjust", { exam_light: !room.hands.includes("exam light") }, say("done.adjust"));
  } else if (name) {
    send("/adjust", ADJUST[name], say("done.adjust"));
  }
});

part("why").addEventListener("toggle", async () => {
  if (part("why").open) {
    const why = await get(`/rooms/${room.id}/why`).catch(() => ({}));
    part("why").querySelector("tbody").replaceChildren(
      ...Object.entries(why).flatMap(([device, attributes]) =>
        Object.entries(attributes).map(([attribute, because]) =>
          el("tr", {}, el("th", { scope: "row" }, device), el("td", {}, say("attribute")[attribute] ?? attribute), el("td", {}, shown(because.value)),
            el("td", {}, say("layer")[because.layer] ?? because.layer), el("td", { class: "quiet" }, phrase(because.source))))),
    );
  }
});

part("check").addEventListener("toggle", async () => {
  if (part("check").open) {
    const list = part("check").querySelector("ul");
    list.replaceChildren(el("li", {}, say("checking")));
    try {
      const check = await get(`/rooms/${room.id}/check`);
      list.replaceChildren(...check.devices.map((device) =>
        el("li", { class: device.ok ? "" : "fault" }, phrase(`${device.name} ${device.words}`),
          ...(device.tank ? [el("button", { type: "button", onclick: (event) => refilled(device, event.target) }, say("refilled"))] : []))));
    } catch (error) {
      list.replaceChildren(el("li", {}, sentence(error, room.name)));
    }
  }
});

async function refilled(device, button) {
  try {
    await post(`/rooms/${room.id}/devices/${device.device}/refilled`);
    button.replaceWith(el("span", { role: "status" }, say("done.adjust")));
  } catch (error) {
    button.replaceWith(el("span", { role: "alert" }, sentence(error, room.name)));
  }
}

const figure = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, useGrouping: false });
const shown = (value) => (value === null ? "–" : typeof value === "number" ? figure.format(value) : typeof value === "boolean" ? say(value ? "yes" : "no") : String(value));

dialog.querySelector('[data-part="close"]').addEventListener("click", () => dialog.close());
