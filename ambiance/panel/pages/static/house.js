// The settings of the house: one section a page; each is a function that fills its place.

import { access } from "./access.js";
import { given, restart, sentence, toast } from "./ask.js";
import { drills } from "./drills.js";
import { fields } from "./fields.js";
import { library } from "./library.js";
import { menu } from "./menu.js";
import { music } from "./music.js";
import { get } from "./net.js";
import { rooms } from "./rooms.js";
import { el, say } from "./words.js";

const content = document.getElementById("content");
const notice = document.getElementById("notice");
const SECTIONS = { "": fields, rooms, menu, music, library, drills, ...access };

/** In what the controller still runs with something older; offered to be mended wherever it can be seen. */
async function look() {
  const { restart_needed: old, restart_for: waits, fields } = await get("/settings");
  document.querySelector("header .site").textContent = fields.find((field) => field.path === "site.name").value;
  const parts = [...new Set(waits.map((path) => say("waits")[path] ?? say("waits")[path.split(".")[0]]))];
  const said = el("p", {}, `${say("restart_for", parts.join(", "))} ${say("restart_needed")}`);
  const button = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        button.disabled = true;
        try {
          if (await restart((words) => (said.textContent = words))) {
            location.reload();
          }
        } catch (error) {
          toast(sentence(error));
        }
        button.disabled = false;
      },
    },
    say("restart"),
  );
  notice.replaceChildren(...(old ? [el("div", { class: "notice", role: "status" }, said, button)] : []));
}

/** What was touched last: a control is disabled while it works, and has lost the focus by the time the section is filled anew. */
let touched = null;
content.addEventListener("focusin", (event) => (touched = event.target));

const alike = (node) => [...content.querySelectorAll(node.localName)].filter((each) => likeness(each) === likeness(node));
const likeness = (node) => `${node.closest("[data-fold]")?.dataset.fold}/${node.name || node.textContent}`;

/** Fill the section; what was open stays open, and the focus stays where it was, or goes to what the section begins with. */
async function show() {
  const open = new Set([...content.querySelectorAll("details[open][data-fold]")].map((each) => each.dataset.fold));
  const here = touched?.isConnected ? touched : null;
  const nth = here ? alike(here).indexOf(here) : 0;
  try {
    const filled = await SECTIONS[given.here](show);
    const lost = here && [document.body, here].includes(document.activeElement);
    content.replaceChildren(...filled);
    for (const each of content.querySelectorAll("details[data-fold]")) {
      each.open ||= open.has(each.dataset.fold);
    }
    if (lost) {
      (alike(here)[nth] ?? document.getElementById("main")).focus();
    }
  } catch (error) {
    content.replaceChildren(el("p", { class: "refusal", role: "alert" }, sentence(error)));
  }
  await look().catch(() => null);
}

show();
