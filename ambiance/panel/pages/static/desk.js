// The front desk: lanes of time that are right within a second, whatever the line does.
import { AHEAD, all, BACK, filter, lane, of, only, ribbons, tick } from "./lanes.js";
import * as moment from "./moment.js";
import { get, post, remove, sentence } from "./net.js";
import { el, first, phrase, say } from "./words.js";

const list = document.getElementById("lanes");
const board = document.getElementById("board");
const banner = document.getElementById("banner");
const MINUTE = 60_000;
const [TOUCH, LEAST] = [44, 41]; // pixels of a lane

// The sheets are fetched once the lanes stand: nobody opens one before.
let rooms = null;
const sheets = {
  start: () => import("./start.js"),
  room: async () => (rooms = await import("./room.js")),
};

async function open(where) {
  try {
    (await sheets.room()).open(where, renewed);
  } catch (error) {
    say_it(sentence(error), true);
  }
}

// --- what is there ---

function put(room, bare = false) {
  lane(list, room, { act, open, bare });
  rooms?.renew(room);
}

function stand(site, lanes, bare = false) {
  moment.set(site);
  document.getElementById("drill").hidden = !site.drills_overdue.length;
  document.getElementById("none").hidden = lanes.length > 0;
  settle(lanes.length);
  lanes.forEach((room) => put(room, bare));
  only(list, lanes.map((room) => room.id));
  axis();
}

const everything = async () => stand(...(await Promise.all([get("/site"), get(`/lanes?back=${BACK}&ahead=${AHEAD}`)])));

const waiting = new Map();

/** Look at a room again, once for all that happens to it in a tenth of a second. */
function again(id) {
  if (!waiting.has(id)) {
    waiting.set(id, setTimeout(async () => {
      waiting.delete(id);
      try {
        put(await get(`/rooms/${id}/lane?back=${BACK}&ahead=${AHEAD}`));
      } catch (error) {
        if (error.status === undefined) {
          setTimeout(() => again(id), 1000);
        }
      }
    }, 100));
  }
}

function renewed(id, words) {
  say_it(words);
  again(id);
}

const CALLS = { desk_called: () => "called", emergency_began: (event) => `raised.${event.kind}`, emergency_repeated: (event) => `raised.${event.kind}` };
const called = new Map();

/** A call from a room; what is raised in many rooms at once is one call. */
function call(what, room) {
  if (!called.has(what)) {
    called.set(what, new Set());
    setTimeout(() => {
      const names = [...called.get(what)];
      called.delete(what);
      say_it(say(what, names.length > 1 && names.length === all().length ? say("whole_house") : names.join(", ")), true);
    }, 300);
  }
  called.get(what).add(room);
}

const listening = {
  news(event) {
    // A room that is not on the board yet comes with all others, in its place.
    for (const id of [event.room, event.to].filter((each) => each && of(each))) {
      again(id);
    }
    if (event.room && event.type in CALLS) {
      call(CALLS[event.type](event), of(event.room)?.room.name ?? event.room);
    }
    if (!event.room) {
      retry(everything);
    }
  },
  again: () => retry(everything),
  state(now) {
    board.dataset.line = now;
    banner.hidden = now === "live";
    banner.textContent = now === "live" ? "" : say("reconnecting");
  },
};

async function retry(what, wait = 500) {
  try {
    await what();
  } catch {
    setTimeout(() => retry(what, Math.min(8000, wait * 2)), wait);
  }
}

// --- how it lies ---

let settled = "";

/** Measured only when something is new, and before forty lanes would have to be laid out for it. */
function settle(count) {
  const now = `${count} ${innerWidth} ${innerHeight}`;
  if (now === settled) {
    return;
  }
  settled = now;
  const columns = innerWidth >= 1200 && count > 20 ? 2 : 1;
  const rows = Math.ceil(count / columns);
  board.style.setProperty("--columns", columns);
  board.style.setProperty("--rows", rows);
  board.dataset.low = String(rows > 12 || innerWidth <= 760);
  board.dataset.dense = rows > 12 ? "very" : rows > 6 ? "some" : "no";
  // A finger's breadth each; a little less where that saves the whole house from being scrolled.
  const room = Math.floor((innerHeight - list.getBoundingClientRect().top - scrollY) / rows);
  board.style.setProperty("--least", `${room >= LEAST ? Math.min(room, TOUCH) : TOUCH}px`);
}

function axis() {
  const now = moment.now();
  const first = now - BACK * MINUTE;
  const span = (BACK + AHEAD) * MINUTE;
  for (const line of document.querySelectorAll(".axis")) {
    const marks = [];
    for (let at = Math.ceil(first / (30 * MINUTE)) * 30 * MINUTE; at < first + span; at += 30 * MINUTE) {
      const mark = el("span", { class: at % (60 * MINUTE) === 0 ? "hour" : "half" }, at % (60 * MINUTE) === 0 ? moment.clock(at) : "");
      mark.style.left = `${((at - first) / span) * 100}%`;
      marks.push(mark);
    }
    line.replaceChildren(...marks);
  }
  document.getElementById("clock").textContent = moment.clock(now);
}

setInterval(() => tick(), 1000);
setInterval(axis, 5000);
setInterval(() => retry(everything), 60_000);
// In an emergency every second counts, and what devices confirm is no news that is kept.
setInterval(() => all().filter((here) => here.room.emergency).forEach((here) => again(here.room.id)), 2000);
addEventListener("resize", () => settle(all().length));

// --- what is done ---

async function act(room, verb) {
  if (verb === "start") {
    try {
      (await sheets.start()).open(room, (answer) => {
        again(room.id);
        say_it([say("started", room.name), ...(answer.warnings ?? []).map(phrase)].join(" "));
      });
    } catch (error) {
      say_it(sentence(error), true);
    }
    return;
  }
  if (verb === "reset") {
    alarm(room.id);
    return;
  }
  const session = room.session;
  const does = {
    guest: () => post(`/rooms/${room.id}/begin`),
    go: () => post(`/sessions/${session}/advance`),
    extend: () => post(`/sessions/${session}/extend`, { minutes: 10 }),
    resume: () => post(`/sessions/${session}/resume`),
    end: () => post(`/sessions/${session}/end`),
    close: () => post(`/sessions/${session}/end`),
    ready: () => post(`/rooms/${room.id}/ready`),
    open: () => remove(`/rooms/${room.id}/out-of-order`),
  }[verb];
  try {
    const answer = await does();
    const moved = answer.end_moved_s ? ` ${say(answer.end_moved_s > 0 ? "end_later" : "end_sooner", Math.round(Math.abs(answer.end_moved_s) / 60))}` : "";
    say_it(`${room.name}: ${say(`done.${verb}`)}${moved}`);
  } catch (error) {
    say_it(sentence(error, room.name), true);
  }
  again(room.id);
}

const fading = {};

/** A word at the foot of the page. What is grave interrupts who listens to the page, and stays longer. */
function say_it(words, grave = false) {
  const node = document.getElementById(grave ? "grave" : "toast");
  node.textContent = words;
  node.hidden = false;
  clearTimeout(fading[node.id]);
  fading[node.id] = setTimeout(() => {
    node.hidden = true;
  }, grave ? 12_000 : 6000);
}

// --- emergencies ---

const emergency = document.getElementById("emergency");

function alarm(room = "") {
  const where = emergency.querySelector("select");
  where.replaceChildren(el("option", { value: "" }, say("whole_house")), ...all().map((here) => el("option", { value: here.room.id }, here.room.name)));
  where.value = room;
  emergency.querySelector("[data-part=said]").textContent = "";
  emergency.showModal();
}

document.getElementById("alarm").addEventListener("click", () => alarm());
emergency.addEventListener("click", async (event) => {
  const kind = event.target.closest("[data-kind]")?.dataset.kind;
  const reset = event.target.closest("[data-reset]");
  const where = emergency.querySelector("select").value;
  const said = emergency.querySelector("[data-part=said]");
  if (event.target.closest("[data-part=close]")) {
    emergency.close();
  } else if (kind || reset) {
    try {
      await (reset ? remove("/emergency", where ? { room: where } : {}) : post("/emergency", { kind, ...(where ? { room: where } : {}) }));
      said.textContent = say(reset ? "done.reset" : "done.emergency");
    } catch (error) {
      said.textContent = sentence(error);
    }
    retry(everything);
  }
});

// --- by keyboard ---

const search = document.getElementById("search");
search.addEventListener("input", () => filter(search.value));
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    search.value = "";
    filter("");
    search.blur();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    visible()[0]?.node.focus();
  }
});

const visible = () => all().filter((here) => !here.node.hidden);

function step(by) {
  const shown = visible();
  const here = shown.findIndex((each) => each.node.contains(document.activeElement));
  shown[Math.min(shown.length - 1, Math.max(0, here < 0 ? 0 : here + by))]?.node.focus();
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) {
    return;
  }
  const here = all().find((each) => each.node.contains(document.activeElement));
  const rows = Number(board.style.getPropertyValue("--rows")) || 1;
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    ArrowRight: () => step(rows),
    ArrowLeft: () => step(-rows),
    Home: () => visible()[0]?.node.focus(),
    End: () => visible().at(-1)?.node.focus(),
    "/": () => search.focus(),
    "?": () => document.getElementById("help").showModal(),
    s: () => here && act(here.room, "start"),
    e: () => here?.room.session && act(here.room, "extend"),
    g: () => here?.room.session && act(here.room, "go"),
    r: () => here && act(here.room, "ready"),
    Enter: () => document.activeElement === here?.node && open(here.room),
  };
  if (keys[event.key]) {
    if (event.key !== "Enter" || document.activeElement === here?.node) {
      event.preventDefault();
    }
    keys[event.key]();
  }
});

for (const close of document.querySelectorAll("#help [data-part=close]")) {
  close.addEventListener("click", () => close.closest("dialog").close());
}

// --- from here on it lives ---

// Names and buttons first: on a slow tablet the pictures of forty rooms take longer to draw than all else.
const laid = first();
stand(laid.site, laid.lanes, true);
const bare = all();
setTimeout(fill, 0);

function fill() {
  for (const here of bare.splice(0, 5)) {
    ribbons(here);
    tick(here);
  }
  if (bare.length) {
    setTimeout(fill, 0);
    return;
  }
  retry(async () => (await import("./live.js")).live(listening));
  requestIdleCallback(() => Promise.all([sheets.start(), sheets.room()]).catch(() => {}));
}
