// A treatment played in a room that is drawn, by the very messages its devices would be told.
import { Twins } from "./twins.js";
import { draw, stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const said = JSON.parse($("said").textContent);
const picture = $("picture");

let score = null; // what the controller says the devices would hear
let twins = null;
let at = 0; // seconds from the guest's entering
let speed = 60;
let running = false;
let before = null;

async function open() {
  const profile = $("profile").value;
  const minutes = $("minutes").value;
  const visit = profile.startsWith("clinical/") ? `&visit=${$("visit").value}` : "";
  $("visits").hidden = !profile.startsWith("clinical/");
  status(said.fetching);
  const answer = await fetch(`/api/v1/profiles/${profile}/rehearsal?minutes=${minutes}${visit}&width=${Math.min(1600, Math.max(280, $("ribbon").clientWidth))}`);
  const body = await answer.json();
  if (!answer.ok) {
    running = false;
    status(body.detail);
    return;
  }
  score = body;
  twins = new Twins(score);
  stage(picture, score);
  $("ribbon").innerHTML = score.svg;
  $("where").min = Math.round(score.start);
  $("where").max = Math.round(score.end);
  seek(score.start);
  play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  const address = new URL(location);
  address.searchParams.set("profile", profile);
  address.searchParams.set("minutes", minutes);
  history.replaceState(null, "", address);
}

function lengths() {
  const chosen = $("profile").selectedOptions[0];
  const known = chosen.dataset.lengths.split(" ");
  const wanted = $("minutes").value || chosen.dataset.usual;
  $("minutes").replaceChildren(...known.map((length) => new Option(said.minutes.replace("%s", length), length)));
  $("minutes").value = known.includes(wanted) ? wanted : chosen.dataset.usual;
}

function play(on) {
  running = on && score !== null;
  before = null;
  $("play").textContent = running ? said.pause : said.play;
  if (running) {
    requestAnimationFrame(frame);
  }
}

function seek(to) {
  at = Math.min(score.end, Math.max(score.start, to));
  show(true);
}

function frame(now) {
  if (!running) {
    return;
  }
  if (before !== null) {
    at += (Math.min(250, now - before) / 1000) * speed;
  }
  before = now;
  if (at >= score.end) {
    at = score.end;
    play(false);
  }
  show(false);
  requestAnimationFrame(frame);
}

let phase = null;

function show(jumped) {
  const room = twins.at(at);
  draw(picture, room);
  const part = (at - score.start) / (score.end - score.start);
  $("now").style.left = `${part * 100}%`;
  $("where").value = Math.round(at);
  const here = score.phases.findLast((each) => each.start <= at) ?? score.phases[0];
  const clock = `${at < 0 ? "−" : ""}${Math.floor(Math.abs(at) / 60)}:${String(Math.floor(Math.abs(at) % 60)).padStart(2, "0")}`;
  $("clock").textContent = clock;
  $("light").textContent = `${Math.round(room.lux)} lx · ${Math.round(room.kelvin)} K`;
  $("sound").textContent = room.dba === null ? said.silent : `${Math.round(room.dba)} dBA`;
  $("scent").textContent = room.mist > 0 ? said.scent[room.mist] : said.none;
  $("where").setAttribute("aria-valuetext", `${clock}, ${here.name}`);
  if (here !== phase || jumped) {
    phase = here;
    $("phase").textContent = here.name;
    // Said aloud only at a pace at which it can be heard out; whoever moves the slider hears its own words.
    status(running && !jumped && speed <= 10 ? `${here.name}: ${$("light").textContent}, ${$("sound").textContent}` : "");
  }
  const heard = twins.heard;
  $("messages").replaceChildren(
    ...heard.slice(-6).map((line) => {
      const row = document.createElement("li");
      row.textContent = `${line.device}  ${JSON.stringify(line.payload)}`;
      return row;
    }),
  );
}

function status(words) {
  $("status").textContent = words;
}

$("profile").addEventListener("change", () => {
  lengths();
  open();
});
$("minutes").addEventListener("change", open);
$("visit").addEventListener("change", open);
$("play").addEventListener("click", () => {
  if (score !== null && at >= score.end) {
    seek(score.start);
  }
  play(!running);
});
$("where").addEventListener("input", () => score && seek(Number($("where").value)));
$("speed").addEventListener("change", () => {
  speed = Number($("speed").value);
});

const asked = new URL(location).searchParams;
if (asked.has("profile") && [...$("profile").options].some((option) => option.value === asked.get("profile"))) {
  $("profile").value = asked.get("profile");
}
if (asked.has("speed")) {
  $("speed").value = asked.get("speed");
}
speed = Number($("speed").value) || 60;
lengths();
if (asked.has("minutes")) {
  $("minutes").value = asked.get("minutes");
  lengths();
}
open();
