// The assistant: from what speaks on the broker to one working room, by name, by touch, by eye and by ear.

import { attempt, form, given, proven, restart, sentence, slug } from "./ask.js";
import { ByLevels } from "./levels.js";
import { get, post, remove } from "./net.js";
import { shown, TRIALS, trial, worded } from "./trial.js";
import { el, say } from "./words.js";

const content = document.getElementById("content");
const steps = document.getElementById("steps");
const STEPS = ["room", "devices", "which", "light", "sound", "done"];
const query = new URLSearchParams(location.search);
/** What is known so far. After the devices are written it is all in the file: whoever comes back goes on from there. */
const house = { settings: null, room: null, like: null };

function at(step) {
  steps.replaceChildren(
    ...STEPS.map((each, n) =>
      el("li", { "aria-current": each === step ? "step" : null, class: n < STEPS.indexOf(step) ? "past" : "" }, say("step")[each]),
    ),
  );
}

function show(step, ...nodes) {
  at(step);
  content.replaceChildren(...nodes);
  const head = content.querySelector("h2");
  head?.setAttribute("tabindex", "-1");
  head?.focus();
  scrollTo(0, 0);
}

async function write(changes) {
  house.settings = await get("/settings");
  const done = await proven(() => post("/settings", { version: house.settings.version, changes }));
  if (done) {
    house.settings = await get("/settings");
    house.room = house.settings.rooms.find((room) => room.id === house.room.id);
  }
  return done;
}

/** Whether the room stands in the file: then its id is settled. */
const written = () => house.settings.rooms.some((room) => room.id === house.room?.id);

function name() {
  const room = house.room ?? {};
  const likes = house.settings.rooms.filter((each) => each.id !== room.id);
  show(
    "room",
    el("h2", {}, say("s.room")),
    el("p", {}, say("s.room_why")),
    form({
      go: say("next"),
      fields: [
        { name: "name", label: say("room_name"), hint: say("s.name_hint"), kind: "text", high: 80, required: true, value: room.name ?? "" },
        { name: "area", label: say("room_area"), hint: say("s.area_hint"), kind: "text", high: 80, value: room.area ?? "" },
        { name: "setting", label: say("s.setting"), hint: say("s.setting_hint"), kind: "choice", value: room.setting ?? house.like?.setting ?? given.setting, options: ["spa", "clinical"].map((each) => [each, say("setting_long")[each]]) },
        ...(likes.length
          ? [{ name: "like", label: say("s.like"), hint: say("s.like_hint"), kind: "choice", value: house.like?.id ?? "", options: [["", say("s.like_none")], ...likes.map((each) => [each.id, each.name ?? each.id])] }]
          : []),
      ],
      submit: async (values) => {
        house.like = likes.find((each) => each.id === values.like) ?? null;
        const id = written() ? room.id : free(slug(values.name) || "room");
        const { full_light_lux, full_volume_dba, usual, borders, volume_m3, air_changes, grace, unconfirmed } = house.like ?? {};
        house.room = { full_light_lux, full_volume_dba, usual, borders, volume_m3, air_changes, grace, unconfirmed, ...room, id, name: values.name, area: values.area || undefined, setting: values.setting };
        await look();
      },
    }),
  );
}

function free(id) {
  let found = id;
  for (let n = 2; house.settings.rooms.some((room) => room.id === found); n += 1) {
    found = `${id}-${n}`;
  }
  return found;
}

async function look() {
  show("devices", el("h2", {}, say("s.devices")), el("p", { role: "status" }, say("s.looking")));
  let found;
  try {
    found = await proven(() => post("/devices/found", { seconds: 4 }));
  } catch (error) {
    found = [];
    show("devices", el("h2", {}, say("s.devices")), el("p", { class: "refusal", role: "alert" }, sentence(error)), el("div", { class: "acts" }, again(), ...back()));
    return;
  }
  listed(found ?? []);
}

const again = () => el("button", { type: "button", onclick: look }, say("s.look_again"));
const back = () => (written() ? [] : [el("button", { type: "button", onclick: name }, say("back"))]);

/** Rooms that nobody made yet, of which devices say that they are theirs: where none says so of this one, it may be it, whatever it is called. */
function claims(found) {
  const free = found.filter((each) => each.entries.length && each.configured === null && native(each) && each.room && !here(each));
  const open = !written() && !found.some((each) => native(each) && here(each));
  const rooms = [...new Set(free.map((each) => each.room))].filter((id) => open && !house.settings.rooms.some((room) => room.id === id));
  return rooms.map((id) =>
    el(
      "div",
      { class: "line", "data-claim": id },
      el("span", {}, say("s.claimed", id, free.filter((each) => each.room === id).length)),
      el(
        "button",
        {
          type: "button",
          onclick: () => {
            house.room.id = id;
            listed(found);
          },
        },
        say("s.it_is", house.room.name),
        el("span", { class: "unseen" }, `: ${id}`),
      ),
    ),
  );
}

function listed(found) {
  const useful = found.filter((each) => each.entries.length && fits(each));
  const known = house.room.devices ?? [];
  const theirs = claims(found);
  const claimed = theirs.map((node) => node.dataset.claim);
  const elsewhere = found.filter((each) => each.entries.length && !fits(each) && (each.configured !== null || !claimed.includes(each.room))).length;
  const others = [...theirs, ...(elsewhere ? [el("p", { class: "quiet" }, say("s.elsewhere", elsewhere))] : [])];
  if (!useful.length && !known.length) {
    const why = el("ul", {}, ["power", "broker", "wait"].map((each) => el("li", {}, say("s.nothing_why")[each])));
    const said = theirs.length ? [el("p", {}, say("s.nothing_here", house.room.name))] : [el("p", {}, say("s.nothing")), why];
    show("devices", el("h2", {}, say("s.devices")), ...said, ...others, el("div", { class: "acts" }, again(), ...back()));
    return;
  }
  const picks = useful.map((each) => ({ each, ...pick(each, useful.filter((other) => here(other)).length) }));
  const go = el(
    "button",
    {
      type: "button",
      class: "first",
      onclick: async () => {
        const devices = [...known];
        for (const { each, taken, kind } of picks.filter((one) => one.taken.checked)) {
          if (taken.checked && each.configured !== `${house.room.id}/${each.id}`) {
            const entry = each.entries[Number(kind?.value ?? 0)];
            devices.push(device(each, entry, devices));
          }
        }
        if (!devices.length) {
          acts.parentElement.querySelector(":scope > .refusal")?.remove();
          acts.after(el("p", { class: "refusal", role: "alert" }, say("s.choose_one")));
          return;
        }
        const { id, ...rest } = house.room;
        if (await attempt(acts, () => write({ [`rooms.${id}`]: { ...rest, devices } }))) {
          await begin();
        }
      },
    },
    say("s.take"),
  );
  const acts = el("div", { class: "acts" }, go, again(), ...back());
  show(
    "devices",
    el("h2", {}, say("s.devices")),
    el("p", {}, say("s.devices_why", house.room.name)),
    ...(known.length ? [el("p", { class: "quiet" }, say("s.known", known.map((each) => each.id).join(", ")))] : []),
    el("ul", { class: "plain" }, picks.map(({ node }) => node)),
    ...others,
    acts,
  );
}

const here = (each) => each.room === house.room.id;
const native = (each) => each.entries[0]?.dialect === "native";

/** Free to be taken: in no room yet; what speaks our own dialect says itself which room it belongs to. */
function fits(each) {
  return each.configured === null && (!native(each) || here(each));
}

function pick(each, ours) {
  const id = `pick-${slug(each.topic)}`;
  const taken = el("input", { type: "checkbox", id, checked: here(each) || (ours === 0 && each.room === null && each.entries.length === 1) });
  const kind =
    each.entries.length > 1
      ? el("select", { "aria-label": say("s.what_is", each.name) }, each.entries.map((entry, n) => el("option", { value: String(n) }, say("kind")[entry.kind])))
      : null;
  const entry = () => each.entries[Number(kind?.value ?? 0)];
  const said = el("small", { class: "quiet", role: "status" });
  const show = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        show.disabled = true;
        said.textContent = say("showing")[entry().kind] ?? "";
        const last = await attempt(acts, () => shown(house.room.id, device(each, entry(), house.room.devices ?? [])));
        said.textContent = last ? `${worded(last)} ${say("s.was_it", house.room.name)}` : "";
        show.disabled = false;
        taken.focus();
      },
    },
    say("trial.light"),
    el("span", { class: "unseen" }, `: ${each.name}`),
  );
  const acts = el("div", { class: "acts" }, ...(kind ? [kind] : []), show);
  const fit = () => {
    show.firstChild.textContent = say("trial")[entry().kind] ?? "";
    show.hidden = !(entry().kind in TRIALS);
  };
  kind?.addEventListener("change", fit);
  fit();
  const there = { true: say("s.there"), false: say("s.away"), null: "" }[String(each.online)];
  const node = el(
    "li",
    { class: "line found", "data-found": each.name },
    el("div", { class: "tick" }, taken, el("label", { for: id }, el("b", {}, each.name), " ", kind ? "" : say("kind")[each.entries[0].kind]), el("small", { class: "quiet" }, [each.model || (each.family === "native" ? "" : each.family), there].filter(Boolean).join(" · "))),
    acts,
    said,
  );
  return { node, taken, kind };
}

function device(each, entry, others) {
  const { unsure: _, options, topic, dialect, kind, ...keys } = entry;
  let id = each.id;
  for (let n = 2; others.some((other) => other.id === id); n += 1) {
    id = `${each.id}-${n}`;
  }
  const like = house.like?.devices?.find((other) => other.kind === kind && (other.role ?? "ambient") === (keys.role ?? "ambient"));
  return {
    id,
    kind,
    ...(dialect === "native" ? {} : { dialect, topic }),
    ...keys,
    ...(kind === "light" && like?.lowest ? { lowest: like.lowest } : {}),
    ...(Object.keys(options ?? {}).length ? { options } : {}),
  };
}

/** With the room in the file the controller plays it; where it cannot before a start, it begins again. */
async function begin() {
  const said = el("p", { role: "status" }, say("s.joining"));
  show("which", el("h2", {}, say("s.which")), said);
  try {
    if (!house.settings.restart_needed || (await restart((words) => (said.textContent = words)))) {
      history.replaceState(null, "", `/setup?room=${house.room.id}`);
      which();
      return;
    }
  } catch (error) {
    said.textContent = sentence(error);
  }
  said.after(el("div", { class: "acts" }, el("button", { type: "button", class: "first", onclick: begin }, say("restart"))));
}

function which() {
  const devices = house.room.devices ?? [];
  const rows = devices.map((each) => ({ each, ...asked(each) }));
  const hand = el("input", { type: "checkbox", id: "hand", checked: house.room.hand_light === true });
  const acts = el(
    "div",
    { class: "acts" },
    el(
      "button",
      {
        type: "button",
        class: "first",
        onclick: async () => {
          const changes = {};
          for (const { each, role, over } of rows) {
            const path = `rooms.${house.room.id}.devices.${each.id}`;
            if (role?.value === "out") {
              changes[path] = null;
            } else if (each.kind === "light" && role && (role.value !== (each.role ?? "ambient") || over.checked !== (each.supine_view === true))) {
              changes[`${path}.role`] = role.value;
              changes[`${path}.supine_view`] = over.checked || null;
            }
          }
          if (hand.checked !== (house.room.hand_light === true)) {
            changes[`rooms.${house.room.id}.hand_light`] = hand.checked || null;
          }
          if (!Object.keys(changes).length || (await attempt(acts, () => write(changes)))) {
            eye();
          }
        },
      },
      say("next"),
    ),
    el("button", { type: "button", onclick: look }, say("s.more_devices")),
  );
  show(
    "which",
    el("h2", {}, say("s.which")),
    el("p", {}, say("s.which_why")),
    el("ul", { class: "plain" }, rows.map(({ node }) => node)),
    el("div", { class: "tick" }, hand, el("label", { for: "hand" }, say("s.hand")), el("small", { class: "quiet" }, say("s.hand_why"))),
    acts,
  );
}

/** One device: a touch that makes it show itself, and what it turned out to be. */
function asked(each) {
  const said = el("small", { class: "quiet", role: "status" });
  const light = each.kind === "light";
  const roles = light ? ["ambient", "accent", "exam", "out"] : ["in", "out"];
  const role = el(
    "select",
    { id: `role-${each.id}` },
    roles.map((value) => el("option", { value, selected: value === (light ? (each.role ?? "ambient") : "in") }, say("place")[value])),
  );
  const over = el("input", { type: "checkbox", id: `over-${each.id}`, checked: each.supine_view === true });
  const button = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        button.disabled = true;
        said.textContent = say("showing")[each.kind];
        const last = await attempt(row, () => trial(house.room.id, each.id, TRIALS[each.kind]));
        said.textContent = last ? `${worded(last)} ${say("then_choose")[each.kind] ?? ""}` : "";
        button.disabled = false;
        role.focus();
      },
    },
    say("trial")[each.kind],
    el("span", { class: "unseen" }, `: ${each.id}`),
  );
  const row = el("div", { class: "acts" }, button, el("label", { class: "unseen", for: role.id }, say("s.what_is", each.id)), role);
  const node = el(
    "li",
    { class: "line asked", "data-device": each.id },
    el("span", { class: "what" }, el("b", {}, each.id), el("small", { class: "quiet" }, say("kind")[each.kind])),
    row,
    said,
    ...(light ? [el("div", { class: "tick" }, over, el("label", { for: over.id }, say("s.over")))] : []),
  );
  return { node, role, over };
}

/** What is being tried is given back to its room. */
const ended = (devices) => Promise.all(devices.map((each) => remove(`/rooms/${house.room.id}/devices/${each.id}/test`).catch(() => null)));

function eye() {
  const lamps = (house.room.devices ?? []).filter((each) => each.kind === "light" && each.role !== "exam");
  if (!lamps.length) {
    ear();
    return;
  }
  const levels = new ByLevels({
    kind: "light",
    from: levelsOf(lamps),
    tell: (percent) => Promise.all(lamps.map((lamp) => trial(house.room.id, lamp.id, { do: "level", brightness: percent, seconds: 600 }))),
    end: () => ended(lamps),
    skip: ear,
    done: async (said, acts) => {
      const found = await attempt(acts, () => post("/calibration", { setting: house.room.setting ?? given.setting, light: said }));
      if (!found) {
        return;
      }
      if (found.apart.length && !levels.warned) {
        levels.warn();
        return;
      }
      const path = `rooms.${house.room.id}`;
      const changes = { [`${path}.full_light_lux`]: found.full_light_lux };
      for (const lamp of lamps) {
        changes[`${path}.devices.${lamp.id}.lowest`] = found.lowest;
      }
      if (await attempt(acts, () => write(changes))) {
        levels.leave(ear);
      }
    },
  });
  show("light", ...levels.nodes);
  levels.begin();
}

/** Where the levels stand to begin with: what a spa or a clinic talks and works in, as far as the room's full light is known. */
function levelsOf(lamps) {
  const clinical = (house.room.setting ?? given.setting) === "clinical";
  const full = house.room.full_light_lux ?? (clinical ? 500 : 300);
  const [talking, massage] = clinical ? [300, 80] : [150, 15];
  const clamp = (lux) => Math.min(100, Math.max(0.5, (100 * lux) / full));
  return { talking: clamp(talking), massage: clamp(massage), least: Math.max(...lamps.map((lamp) => lamp.lowest ?? 1.5)) };
}

function ear() {
  const players = (house.room.devices ?? []).filter((each) => each.kind === "player");
  if (!players.length) {
    last();
    return;
  }
  const levels = new ByLevels({
    kind: "sound",
    from: null,
    tell: (percent) => Promise.all(players.map((each) => trial(house.room.id, each.id, { do: "level", volume: percent, seconds: 600 }))),
    end: () => ended(players),
    skip: last,
    done: async (said, acts) => {
      const body = { setting: house.room.setting ?? given.setting, sound: said, taper: players[0].taper ?? "cubic" };
      const found = await attempt(acts, () => post("/calibration", body));
      if (!found) {
        return;
      }
      if (found.apart.length && !levels.warned) {
        levels.warn();
        return;
      }
      if (await attempt(acts, () => write({ [`rooms.${house.room.id}.full_volume_dba`]: found.full_volume_dba }))) {
        levels.leave(last);
      }
    },
  });
  show("sound", ...levels.nodes);
  levels.begin();
}

async function last() {
  const library = (await get("/profiles")).filter((each) => each.setting === (house.room.setting ?? given.setting));
  const options = [["", say("none")], ...library.map((each) => [each.id, each.name])];
  const usual = house.room.usual ?? [library.find((each) => each.modality === "swedish")?.id].filter(Boolean);
  const path = `rooms.${house.room.id}`;
  show(
    "done",
    el("h2", {}, say("s.done")),
    el("p", {}, say("s.done_why")),
    form({
      go: say("s.finish"),
      fields: [
        ...[0, 1, 2].map((n) => ({ name: `usual${n}`, label: say("usual_n", n + 1), kind: "choice", options, value: usual[n] ?? "" })),
        { name: "borders", label: say("s.borders"), hint: say("s.borders_why"), kind: "choice", value: house.room.borders ?? "auto", options: ["auto", "hands", "clock"].map((each) => [each, say("border")[each]]) },
        { name: "volume_m3", label: say("s.volume"), hint: say("s.volume_why"), kind: "number", low: 5, high: 2000, unit: "m³", value: house.room.volume_m3 ?? 30 },
      ],
      paths: (field) => (field.startsWith("usual") ? `${path}.usual` : `${path}.${field}`),
      submit: async (values, node) => {
        const chosen = [...new Set([values.usual0, values.usual1, values.usual2].filter(Boolean))];
        const done = await write({ [`${path}.usual`]: chosen, [`${path}.borders`]: values.borders, [`${path}.volume_m3`]: values.volume_m3 });
        if (done && (!house.settings.restart_needed || (await restart((words) => node.after(el("p", { role: "status" }, words)))))) {
          ready();
        }
      },
    }),
  );
}

function ready() {
  at("end");
  for (const step of steps.children) {
    step.className = "past";
  }
  content.replaceChildren(
    el("h2", { tabindex: -1 }, say("s.ready", house.room.name ?? house.room.id)),
    el("p", {}, say("s.ready_why")),
    el("div", { class: "acts" }, el("a", { class: "button first", href: "/" }, say("s.to_desk")), el("a", { class: "button", href: `/setup?like=${house.room.id}` }, say("s.another")), el("a", { class: "button", href: "/settings/screens" }, say("s.pair_tablet"))),
  );
  content.querySelector("h2").focus();
}

try {
  house.settings = await get("/settings");
  house.room = house.settings.rooms.find((room) => room.id === query.get("room")) ?? null;
  house.like = house.settings.rooms.find((room) => room.id === query.get("like")) ?? null;
  if (house.room) {
    await begin();
  } else {
    name();
  }
} catch (error) {
  content.replaceChildren(el("p", { class: "refusal", role: "alert" }, sentence(error)));
}
