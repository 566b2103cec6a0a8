// The lanes: a room a row, its sessions as ribbons on one axis of time, and at the right what comes next.
import * as moment from "./moment.js";
import { el, icon, phrase, say } from "./words.js";

export const BACK = 60;
export const AHEAD = 180;
const MINUTE = 60_000;

const ICON = {
  ready: "ready", prepping: "ready", waiting_client: "guest", in_session: "use", paused: "pause", overrun: "late", ending: "leave",
  cleaning: "clean", airing: "air", vacant_dirty: "clean", out_of_order: "closed", emergency: "alarm",
};

const lanes = new Map();

let wide = 0;
/** How wide an axis is: told by the browser once it has laid out everything; asking it lane by lane would make it do so each time. */
const axes = new ResizeObserver((seen) => {
  wide = seen.at(-1).contentRect.width || wide;
  for (const here of lanes.values()) {
    place(here, moment.now());
  }
});

/** Build or renew one lane; `act(room, verb)` is called for its one action, `open(room)` for everything else. `bare`: without its ribbons yet. */
export function lane(list, room, { act, open, bare }) {
  let here = lanes.get(room.id);
  if (!here) {
    const go = el("button", { type: "button", class: "go" });
    const name = el("button", { type: "button", class: "name" });
    here = {
      node: el("li", { class: "lane", id: `lane-${room.id}`, tabindex: "-1", "data-room": room.id }),
      state: el("span", { class: "state" }),
      name,
      notes: el("span", { class: "notes" }),
      track: el("div", { class: "track" }),
      left: el("span", { class: "left" }),
      go,
      ribbons: new Map(),
    };
    here.node.append(
      el("div", { class: "who" }, name, here.state, here.notes), here.track, el("div", { class: "next" }, here.left, go),
    );
    name.addEventListener("click", () => open(here.room));
    here.track.addEventListener("click", () => open(here.room));
    go.addEventListener("click", () => act(here.room, here.verb));
    lanes.set(room.id, here);
    list.append(here.node);
    axes.observe(here.track);
  }
  // What has not changed is left alone; before a booking, time alone changes what comes next.
  const mark = room.next_booking ? null : JSON.stringify({ ...room, countdown: 0 });
  here.room = room;
  if (mark !== null && mark === here.mark && !bare) {
    return;
  }
  here.mark = bare ? null : mark;
  here.verb = verb(room);
  here.name.textContent = room.name;
  here.name.setAttribute("aria-label", say("open", room.name));
  here.node.dataset.state = room.emergency ? "emergency" : room.state;
  here.state.replaceChildren(icon(ICON[here.node.dataset.state] ?? "ready"), el("span", {}, stateWords(room)));
  here.notes.replaceChildren(...notes(room).map(([kind, text]) => el("span", { class: kind }, text)));
  here.notes.title = notes(room).map(([, text]) => text).join("\n");
  here.go.textContent = here.verb ? say(`go.${here.verb}`) : "";
  here.go.hidden = !here.verb;
  here.go.setAttribute("aria-label", here.verb ? `${say(`go.${here.verb}`)}, ${room.name}` : "");
  if (!bare) {
    ribbons(here);
  }
  tick(here);
}

/** What comes next in a room: the one thing its right end offers. A silent call for help is acknowledged before all else. */
export function verb(room) {
  if (room.emergency) {
    return "reset";
  }
  switch (room.state) {
    case "prepping": case "waiting_client": return "guest";
    case "paused": return "resume";
    case "overrun": return "end";
    case "ending": return "close";
    case "in_session": return room.waiting_for ? (room.waiting_for === "end" ? "end" : "go") : "extend";
    case "cleaning": case "airing": case "vacant_dirty": return room.session ? null : "ready";
    case "out_of_order": return "open";
    default: {
      const soon = room.next_booking && Date.parse(room.next_booking) - moment.now() < 60 * MINUTE;
      return soon ? "guest" : "start";
    }
  }
}

function stateWords(room) {
  const until = room.ends_at ? moment.clock(Date.parse(room.ends_at)) : "";
  const coming = room.next_booking ? moment.clock(Date.parse(room.next_booking)) : "";
  if (room.emergency) {
    return say(`emergency.${room.emergency}`);
  }
  switch (room.state) {
    case "in_session": return say("state.in_session", until);
    case "prepping": return say("state.prepping", coming || until);
    case "airing": return room.airing_until ? say("state.airing_until", moment.clock(Date.parse(room.airing_until))) : say("state.airing");
    case "ready": return coming ? say("state.ready_next", coming) : say("state.ready");
    default: return say(`state.${room.state}`);
  }
}

function notes(room) {
  const said = [];
  if (room.emergency && room.emergency_confirmed === false) {
    said.push(["fault", say("not_confirmed", (room.emergency_waiting ?? []).map(phrase).join(" "))]);
  }
  said.push(...room.faults.map((fault) => ["fault", phrase(fault)]));
  said.push(...(room.notes ?? []).map((note) => ["note", phrase(note)]));
  if (room.waiting_for) {
    said.push(["waits", say(`waits.${room.waiting_for}`) === `waits.${room.waiting_for}` ? say("waits.border") : say(`waits.${room.waiting_for}`)]);
  }
  if (room.hands.length) {
    said.push(["hands", say("hands", room.hands.map(phrase).join(", "))]);
  }
  if (room.scent_free_from) {
    said.push(["scent", say("scent_free", moment.clock(Date.parse(room.scent_free_from)))]);
  }
  return said;
}

/** Put its ribbons on a lane that was built bare. */
export function ribbons(here) {
  const seen = new Set();
  for (const ribbon of here.room.ribbons) {
    seen.add(ribbon.session);
    let drawn = here.ribbons.get(ribbon.session);
    if (!drawn) {
      drawn = { node: el("div", { class: "slot" }), svg: null };
      here.ribbons.set(ribbon.session, drawn);
      here.track.append(drawn.node);
    }
    drawn.from = Date.parse(ribbon.from);
    drawn.to = Date.parse(ribbon.to);
    drawn.node.dataset.state = ribbon.state;
    if (drawn.svg !== ribbon.svg) {
      // Our own controller drew it; as a document of its own kind it cannot hold anything that runs.
      const picture = new DOMParser().parseFromString(ribbon.svg, "image/svg+xml").documentElement;
      drawn.label = el("span", { class: "label" }, ribbon.name);
      drawn.node.replaceChildren(document.importNode(picture, true), drawn.label);
      drawn.svg = ribbon.svg;
    }
  }
  for (const [session, drawn] of here.ribbons) {
    if (!seen.has(session)) {
      drawn.node.remove();
      here.ribbons.delete(session);
    }
  }
}

/** Move everything on with the time: ribbons, and what is left. */
export function tick(only) {
  const now = moment.now();
  for (const here of only ? [only] : lanes.values()) {
    place(here, now);
    const { text, words } = left(here.room, now);
    const name = `${here.room.name}: ${[here.state.textContent, words].filter(Boolean).join(", ")}`;
    if (here.node.getAttribute("aria-label") !== name) {
      here.left.replaceChildren(el("span", { "aria-hidden": "true" }, text), el("span", { class: "unseen" }, words));
      here.node.setAttribute("aria-label", name);
    }
  }
}

/** Put the ribbons of a lane, and their names, where they belong on the axis. */
function place(here, now) {
  const start = now - BACK * MINUTE;
  const span = (BACK + AHEAD) * MINUTE;
  const inOrder = [...here.ribbons.values()].sort((one, other) => one.from - other.from);
  for (const [n, drawn] of inOrder.entries()) {
    drawn.node.style.left = `${((drawn.from - start) / span) * 100}%`;
    drawn.node.style.width = `${((drawn.to - drawn.from) / span) * 100}%`;
    // The name stays in sight when its beginning has left the axis.
    drawn.label.style.marginLeft = `${Math.max(0, ((start - drawn.from) / (drawn.to - drawn.from)) * 100)}%`;
    // It ends where the next ribbon begins; a scrap of a name says nothing.
    const until = Math.min(inOrder[n + 1]?.from ?? Infinity, start + span);
    const [free, after] = [Math.max(start, drawn.from), drawn.to].map((from) => Math.round(((until - from) / span) * wide - 12));
    drawn.label.hidden = free < 64;
    drawn.label.style.setProperty("--free", `${free}px`);
    // Where lanes are low it stands behind its ribbon, not on it.
    drawn.label.style.setProperty("--after", `${after}px`);
    drawn.node.dataset.name = after < 64 ? "on" : "after";
  }
}

function left(room, now) {
  if (!room.ends_at) {
    return { text: "", words: "" };
  }
  // Nothing is to come in an overrun: what counts then is by how much the last phase is over.
  const minutes = Math.ceil((Date.parse(room.state === "overrun" ? room.phase_ends_at : room.ends_at) - now) / MINUTE);
  return minutes >= 0
    ? { text: String(minutes), words: say("left", minutes) }
    : { text: `+${-minutes}`, words: say("over", -minutes) };
}

export const all = () => [...lanes.values()];
export const of = (id) => lanes.get(id);

/** The house has these rooms, in this order, and no others. */
export function only(list, ids) {
  for (const [id, here] of lanes) {
    if (!ids.includes(id)) {
      here.node.remove();
      lanes.delete(id);
    }
  }
  const nodes = ids.map((id) => lanes.get(id).node);
  if (nodes.some((node, n) => list.children[n] !== node)) {
    list.append(...nodes);
  }
}

/** Lanes whose name or state holds the words stay, the others step back. */
export function filter(words) {
  const wanted = words.trim().toLowerCase();
  for (const here of lanes.values()) {
    here.node.hidden = wanted !== "" && !`${here.room.name} ${here.room.area} ${here.state.textContent}`.toLowerCase().includes(wanted);
  }
}
