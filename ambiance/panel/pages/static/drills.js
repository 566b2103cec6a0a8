// Drills of emergencies: begin one, confirm what people saw, and when each path was last proved.

import { attempt, toast, when } from "./ask.js";
import { get, post, remove } from "./net.js";
import { el, say } from "./words.js";

export async function drills(again) {
  const site = await get("/site");
  const running = new Map(site.drills_under_way.map((drill) => [drill.kind, drill]));
  return [el("p", {}, say("drill_why")), el("ul", { class: "plain" }, Object.entries(site.last_drills).map(([kind, last]) => one(kind, last, running.get(kind), site.drills_overdue.includes(kind), again)))];
}

function one(kind, last, running, overdue, again) {
  const button = el(
    "button",
    {
      type: "button",
      class: running ? "first" : "",
      onclick: async () => {
        const act = running ? () => remove("/emergency", { kind, drill: true }) : () => post("/emergency", { kind, drill: true });
        if (await attempt(button, act)) {
          await again();
          toast(running ? say("drill_confirmed") : say("drill_begun"));
        }
      },
    },
    running ? say("drill_confirm") : say("drill_begin"),
    el("span", { class: "unseen" }, `: ${say("emergency")[kind]}`),
  );
  const state = running ? say("drill_runs", when(running.until)) : overdue ? say("drill_due") : "";
  return el(
    "li",
    { class: "line", "data-drill": kind },
    el("span", { class: "what" }, el("b", {}, say("emergency")[kind]), el("small", {}, say("drill_do")[kind]), el("small", { class: "quiet" }, say("drill_last", when(last.at)), last.by ? ` (${say("role")[last.by] ?? last.by})` : ""), ...(state ? [el("small", { class: "waits" }, state)] : [])),
    button,
  );
}
