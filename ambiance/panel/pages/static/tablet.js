// The tablet of one room: what hands need while they work, and nothing about whom they work on.
import { live } from "./live.js";
import * as moment from "./moment.js";
import { get, post, remove, Refusal, sentence } from "./net.js";
import { el, first, phrase, say } from "./words.js";

const $ = (id) => document.getElementById(id);
const tablet = $("tablet");
const room = tablet.dataset.room;
const MINUTE = 60_000;

let here = null; // the room's lane, as the controller last told it
let guest = false;
let ring = "";

// --- what is shown ---

async function look() {
  const [site, lane, display] = await Promise.all([
    get("/site"), get(`/rooms/${room}/lane?back=0&ahead=60`), get(`/rooms/${room}/display`).catch(() => ({})),
  ]);
  await seen({ site, lane, display });
}

async function seen({ site, lane, display }) {
  moment.set(site);
  here = { ...lane, display };
  await show();
}

async function show() {
  const session = here.ribbons.find((ribbon) => ribbon.session === here.session);
  const inside = session && ["running", "paused", "overrun", "ending"].includes(session.state);
  const evacuate = ["fire", "medical"].includes(here.emergency);
  guest &&= Boolean(inside && here.display.guest_controls);
  view(evacuate ? "exit" : guest ? "guest" : inside ? "busy" : "free");
  if (evacuate && $("exit-words").dataset.kind !== here.emergency) {
    $("exit-words").dataset.kind = here.emergency;
    $("exit-words").textContent = say(`exit.${here.emergency}`);
  }
  $("bright").setAttribute("aria-pressed", String(here.hands.includes("bright")));
  $("own").hidden = !inside || !here.display.guest_controls;
  $("own").setAttribute("aria-pressed", String(guest));
  if (!inside) {
    free(session);
    return;
  }
  $("begin").replaceChildren(); // once the guest is in, nothing here names a treatment, not even unseen
  const waits = here.waiting_for !== null;
  const doing = (name) => document.querySelector(`[data-do="${name}"]`);
  doing("exam").hidden = tablet.dataset.setting !== "clinical";
  doing("exam").setAttribute("aria-pressed", String(here.hands.includes("exam light")));
  doing("resume").hidden = session.state !== "paused";
  for (const name of ["stay", "advance", "another", "style"]) {
    doing(name).hidden = session.state === "paused";
    doing(name).disabled = session.state === "ending";
  }
  $("coming").dataset.waits = waits;
  $("where").textContent = here.phase ? say("where", here.phase, here.phases) : "";
  const held = here.hands.filter((hand) => hand !== "bright");
  $("held").dataset.on = held.length > 0;
  $("held").querySelector("span").textContent = held.length ? say("held", held.map(phrase).join(", ")) : "";
  $("scent").textContent = here.hands.includes("scent off") || !here.scent_now ? say("scent_off") : say("scent_on");
  await drawn(session);
  tick();
}

function view(name) {
  if (tablet.dataset.view === name) {
    return;
  }
  tablet.dataset.view = name;
  const had = document.activeElement?.closest("main");
  for (const id of ["free", "busy", "guest", "exit"]) {
    $(id).hidden = id !== name;
  }
  if (had) {
    $(name).querySelector("button:not([hidden])")?.focus(); // what had the keyboard is gone
  }
}

function free(session) {
  const coming = session ?? here.ribbons.find((ribbon) => ribbon.state === "scheduled");
  const soon = coming && Date.parse(coming.guest_from) - moment.now() < 60 * MINUTE;
  $("standing").textContent = say(`state.${here.state}`);
  const closed = ["out_of_order", "emergency"].includes(here.state);
  const buttons = [];
  if (["cleaning", "airing", "vacant_dirty"].includes(here.state)) {
    buttons.push([say("cleaned"), () => act(() => post(`/rooms/${room}/ready`), say("done"))]);
  }
  if (!closed && soon) {
    buttons.push([`${say("guest_here")} · ${moment.clock(Date.parse(coming.guest_from))}`, () => begin()]);
  } else if (!closed) {
    buttons.push(...(here.usual ?? []).slice(0, 3).map((usual) => [usual.name, () => begin(usual.id)]));
  }
  const known = [...$("begin").children].map((button) => button.textContent);
  if (buttons.length !== known.length || buttons.some(([words], n) => words !== known[n])) {
    $("begin").replaceChildren(...buttons.map(([words, does]) => el("button", { type: "button", onclick: does }, words)));
  }
}

const begin = (profile) => act(() => post(`/rooms/${room}/begin`, profile ? { profile } : {}), "");

async function drawn(session) {
  const mark = `${session.session} ${session.from} ${session.to} ${here.hands.join()} ${here.phase_ends_at}`;
  if (mark === ring) {
    return;
  }
  const answer = await fetch(`/api/v1/sessions/${session.session}/ribbon.svg?shape=ring`);
  if (answer.ok) {
    const picture = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    $("ring").replaceChildren(document.importNode(picture, true));
    ring = mark;
  }
}

function tick() {
  if (!here || tablet.dataset.view !== "busy") {
    return;
  }
  const session = here.ribbons.find((ribbon) => ribbon.session === here.session);
  if (!session) {
    return;
  }
  // A display that has to keep still moves once a minute.
  const now = here.display.still ? Math.floor(moment.now() / MINUTE) * MINUTE : moment.now();
  // Nothing is to come in an overrun: what counts then is by how much the last phase is over.
  const left = Math.ceil((Date.parse(session.state === "overrun" ? here.phase_ends_at : here.ends_at) - now) / MINUTE);
  $("left").textContent = left >= 0 ? left : `+${-left}`;
  $("unit").textContent = left >= 0 ? say("min_left") : say("min_over");
  const length = Number($("ring").firstElementChild?.dataset.length ?? 0) * 1000;
  const part = length ? Math.min(1, Math.max(0, (now - Date.parse(session.guest_from)) / length)) : 0;
  $("mark").style.transform = `rotate(${part * 360}deg)`;
  $("past").setAttribute("d", arc(Math.min(part, 0.9999)));
  coming(session, now, left);
}

function coming(session, now, left) {
  let words;
  if (session.state === "paused") {
    words = say("paused");
  } else if (here.waiting_for) {
    words = here.display.asks_first ? say("announce") : here.waiting_for === "end" ? say("wait_end") : say("wait");
  } else if (here.phase_ends_at) {
    const minutes = Math.max(0, Math.ceil((Date.parse(here.phase_ends_at) - now) / MINUTE));
    words = say(here.coming ? `coming.${here.coming}` : "coming.part", minutes);
  } else {
    words = "";
  }
  if (left === 10) {
    words = say("ten_left");
  }
  if ($("coming").textContent !== words) {
    $("coming").textContent = words;
  }
  // Minutes that pass are not called out; what somebody has to do is, once.
  const aloud = session.state === "paused" || here.waiting_for || left === 10 ? words : "";
  if ($("aloud").textContent !== aloud) {
    $("aloud").textContent = aloud;
  }
}

function arc(part) {
  const angle = 2 * Math.PI * part - Math.PI / 2;
  const [x, y] = [200 + 158 * Math.cos(angle), 200 + 158 * Math.sin(angle)];
  return part <= 0 ? "" : `M200 42A158 158 0 ${part > 0.5 ? 1 : 0} 1 ${x.toFixed(1)} ${y.toFixed(1)}`;
}

// --- what is done ---

async function act(what, words) {
  said("");
  try {
    await what();
    said(words);
  } catch (error) {
    // A tap that nobody heard in time is dropped, and says so: what it meant may be wrong by now.
    said(error instanceof Refusal ? sentence(error) : say("dropped"));
  }
  look().catch(() => {});
}

let fading = null;

function said(words) {
  $("said").textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => {
    $("said").textContent = "";
  }, 5000);
}

const trims = { light: 0, sound: 0 };
const ADJUST = {
  dimmer: ["light", -5], brighter: ["light", 5], quieter: ["sound", -3], louder: ["sound", 3],
};

function adjust(name) {
  const body = {
    dimmer: { light: -5 }, brighter: { light: 5 }, quieter: { music: -3 }, louder: { music: 3 }, mute: { music: "mute" }, scent: { scent: "off" },
    release: { release: true },
  }[name];
  if (ADJUST[name]) {
    // The value moves under the finger; what the controller says comes after it.
    const [zone, by] = ADJUST[name];
    trims[zone] += by;
    $(zone).textContent = `${trims[zone] > 0 ? "+" : ""}${trims[zone]}`;
    setTimeout(() => {
      trims[zone] = 0;
      $(zone).textContent = "";
    }, 3000);
  }
  act(() => post(`/rooms/${room}/adjust`, body), name === "release" ? say("given_back") : "");
}

let sure = 0;

function finish(button) {
  if (Date.now() - sure < 5000) {
    sure = 0;
    button.textContent = say("finish");
    act(() => post(`/sessions/${here.session}/end`), "");
  } else {
    sure = Date.now();
    button.textContent = say("finish_sure");
    setTimeout(() => {
      button.textContent = say("finish");
    }, 5000);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !here) {
    return;
  }
  const { do: verb, adjust: zone, guest: wish, style } = button.dataset;
  if (zone) {
    adjust(zone);
  } else if (verb === "finish") {
    finish(button);
  } else if (verb === "exam") {
    act(() => post(`/rooms/${room}/adjust`, { exam_light: !here.hands.includes("exam light") }), "");
  } else if (verb === "another") {
    act(() => post(`/rooms/${room}/adjust`, { another: true }), say("another"));
  } else if (verb === "style") {
    $("styles").showModal();
  } else if (verb === "stay") {
    act(() => post(`/sessions/${here.session}/stay`, { minutes: 3 }), say("stays"));
  } else if (verb) {
    act(() => post(`/sessions/${here.session}/${verb}`), "");
  } else if (button.id === "own" || wish === "back") {
    guest = !guest;
    show();
  } else if (wish) {
    const body = { light: { light: 15 }, sound: { music: "mute" }, scent: { scent: "off" } }[wish];
    act(() => post(`/rooms/${room}/adjust`, body), say("done"));
  } else if (style !== undefined) {
    $("styles").close();
    if (style) {
      act(() => post(`/rooms/${room}/adjust`, { style }), "");
    }
  }
});

$("bright").addEventListener("click", () => {
  const on = $("bright").getAttribute("aria-pressed") === "true";
  $("bright").setAttribute("aria-pressed", String(!on));
  act(() => (on ? remove(`/rooms/${room}/bright`) : post(`/rooms/${room}/bright`)), "");
});
$("call").addEventListener("click", () => act(() => post(`/rooms/${room}/call`), say("called")));

// --- staying awake, and in touch ---

live({
  news: (event) => (!event.room || event.room === room) && again(),
  again,
  state(now) {
    tablet.dataset.line = now;
    $("line").textContent = now === "live" ? "" : say("lost");
  },
});

let waiting = null;

function again() {
  clearTimeout(waiting);
  waiting = setTimeout(() => look().catch(() => setTimeout(again, 2000)), 80);
}

setInterval(tick, 1000);
setInterval(again, 30_000);

async function awake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // A browser that does not know it keeps its own time.
  }
}
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && awake());
document.addEventListener("pointerdown", awake, { once: true });
awake();

seen(first()).catch(() => {});
