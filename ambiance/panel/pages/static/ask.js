// Asking people: forms that keep what was typed, the PIN once more, a word at the end, and the way back.

import { amiss, get, post, Refusal, sentence, Unreachable } from "./net.js";
import { el, phrase, say } from "./words.js";

export const given = JSON.parse(document.getElementById("given").textContent);
let names = 0;

/** Do it; where the PIN is wanted once more, ask for it and do it then. Gives null where somebody would rather not. */
export async function proven(act) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refusal) || error.body.type !== "pin-needed") {
      throw error;
    }
  }
  return (await askPin()) ? act() : null;
}

function askPin() {
  return new Promise((done) => {
    const pin = el("input", { type: "password", autocomplete: "current-password", maxlength: 64, required: true, id: "pin" });
    const wrong = el("p", { class: "fault", role: "alert" });
    let good = false;
    const form = el(
      "form",
      {
        class: "stack",
        onsubmit: async (event) => {
          event.preventDefault();
          wrong.textContent = "";
          try {
            await post("/me/proof", { pin: pin.value });
            good = true;
            box.close();
          } catch (error) {
            wrong.textContent = error instanceof Refusal && error.body.type === "wrong-pin" ? say("pin_wrong") : sentence(error);
            pin.select();
          }
        },
      },
      el("h2", { id: "pin-title" }, say("pin_title")),
      el("p", {}, say("pin_why")),
      el("label", { for: "pin" }, say("pin")),
      pin,
      wrong,
      el("div", { class: "acts" }, el("button", { class: "first" }, say("go_on")), el("button", { type: "button", onclick: () => box.close() }, say("never_mind"))),
    );
    const box = dialog("pin-title", form);
    box.addEventListener("close", () => done(good));
  });
}

/** A dialog that goes when it is closed; the focus goes back to where it was. */
export function dialog(title, ...inside) {
  const before = document.activeElement;
  const box = el("dialog", { "aria-labelledby": title }, ...inside);
  document.body.append(box);
  box.addEventListener("close", () => {
    box.remove();
    before?.focus?.();
  });
  box.showModal();
  return box;
}

/** Whether somebody means it. */
export function sure(question, yes) {
  return new Promise((done) => {
    let meant = false;
    const box = dialog(
      "sure-title",
      el("h2", { id: "sure-title" }, question),
      el(
        "div",
        { class: "acts" },
        el("button", { type: "button", class: "first", onclick: () => ((meant = true), box.close()) }, yes),
        el("button", { type: "button", onclick: () => box.close() }, say("never_mind")),
      ),
    );
    box.addEventListener("close", () => done(meant));
  });
}

export { sentence };

function spoken(error) {
  const words = sentence(error);
  return el("p", words === error.message ? { lang: "en" } : {}, words);
}

/**
 * A form. `fields`: { name, label, hint, kind: text|lines|number|time|choice|flag|password|hidden, value, options, low, high, step, unit }.
 * `submit(values)` may throw a Refusal: its faults are shown at their fields (`paths` says which path is whose), the rest on top.
 */
export function form({ fields, go, submit, paths = (name) => name, extra = [], live = null }) {
  const top = el("div", { class: "refusal", role: "alert", hidden: true });
  const rows = new Map();
  const node = el("form", { class: "stack", novalidate: true });
  for (const field of fields) {
    const id = `f${(names += 1)}`;
    const input = control(field, id);
    const fault = el("small", { class: "fault", id: `${id}-fault` });
    const hint = el("small", { class: "quiet", id: `${id}-hint` }, hinted(field));
    input.setAttribute("aria-describedby", `${id}-hint ${id}-fault`);
    rows.set(field.name, { field, input, fault });
    const label = el("label", { for: id }, field.label);
    node.append(field.kind === "flag" ? el("div", { class: "tick" }, input, label, hint, fault) : el("div", { class: "field" }, label, hint, input, fault));
  }
  const button = el("button", { class: "first" }, go);
  node.prepend(top);
  node.append(el("div", { class: "acts" }, button, ...extra));
  const values = () => Object.fromEntries([...rows].map(([name, { field, input }]) => [name, taken(field, input)]));
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear(top, rows);
    const wrong = [...rows.values()].find(({ field, input }) => misfit(field, input));
    if (wrong) {
      mark(wrong, misfit(wrong.field, wrong.input));
      wrong.input.focus();
      return;
    }
    button.disabled = true;
    try {
      await submit(values(), node);
    } catch (error) {
      refuse(error, top, rows, paths);
    } finally {
      free(button);
    }
  });
  if (live) {
    node.addEventListener("input", () => live(values()));
    node.addEventListener("change", () => live(values()));
  }
  node.values = values;
  return node;
}

/** A button may be used again; who used it stands on it still, unless they went elsewhere or the page did. */
export function free(button) {
  button.disabled = false;
  if (document.activeElement === document.body) {
    button.focus();
  }
}

function control(field, id) {
  if (field.kind === "choice") {
    return el(
      "select",
      { id, name: field.name },
      field.options.map(([value, words]) => el("option", { value, selected: value === (field.value ?? "") }, words)),
    );
  }
  if (field.kind === "lines") {
    return el("textarea", { id, name: field.name, rows: 3, autocomplete: "off", spellcheck: "false" }, field.value ?? "");
  }
  const kinds = { number: "number", flag: "checkbox", password: "password", time: "time" };
  return el("input", {
    id,
    name: field.name,
    type: kinds[field.kind] ?? "text",
    value: field.kind === "flag" ? null : (field.value ?? ""),
    checked: field.kind === "flag" && field.value === true,
    min: field.low,
    max: field.high,
    step: field.kind === "number" ? (field.step ?? "any") : null,
    maxlength: field.kind === "number" ? null : field.high,
    required: field.required ?? false,
    autocomplete: field.autocomplete ?? "off",
    inputmode: field.kind === "number" ? "decimal" : null,
  });
}

function hinted(field) {
  const range = field.kind === "number" && field.low !== undefined ? say("range", field.low, field.high, field.unit ?? "") : "";
  return [field.hint, range.trim()].filter(Boolean).join(" ");
}

function taken(field, input) {
  if (field.kind === "flag") {
    return input.checked;
  }
  if (field.kind === "number") {
    return input.value === "" ? null : Number(input.value);
  }
  return input.value.trim();
}

function misfit(field, input) {
  if (field.kind === "number" && input.value === "" && input.validity.badInput) {
    return say("no_number");
  }
  if (field.required && input.value.trim() === "") {
    return say("needed");
  }
  const value = Number(input.value);
  if (field.kind === "number" && input.value !== "" && (value < field.low || value > field.high)) {
    return say("range", field.low, field.high, field.unit ?? "");
  }
  return "";
}

function mark({ input, fault }, words, language) {
  input.setAttribute("aria-invalid", "true");
  fault.textContent = words;
  if (language) {
    fault.lang = language;
  }
}

function clear(top, rows) {
  top.hidden = true;
  top.replaceChildren();
  for (const { input, fault } of rows.values()) {
    input.removeAttribute("aria-invalid");
    fault.removeAttribute("lang");
    fault.textContent = "";
  }
}

/** English, where the reader's language has no words for what would do. */
const foreign = ({ wanted }) => (phrase(wanted) === wanted ? "en" : null);

function refuse(error, top, rows, paths) {
  const faults = error instanceof Refusal ? (error.body.errors ?? []) : [];
  let first = null;
  const rest = faults.filter((fault) => {
    const row = [...rows.entries()].find(([name]) => `${fault.path}.`.startsWith(`${paths(name)}.`));
    if (row) {
      mark(row[1], amiss(fault), foreign(fault));
      first ??= row[1].input;
    }
    return !row;
  });
  if (!faults.length || rest.length) {
    top.replaceChildren(
      ...(faults.length ? rest.map((fault) => el("p", { lang: foreign(fault) }, `${fault.path}: ${amiss(fault)}`)) : [spoken(error)]),
    );
    top.hidden = false;
  }
  first?.focus();
}

/** Write settings, show what is so `again`, and offer the way back. Says `words`, or whether it is in force. */
export async function keep(version, changes, again, words = null) {
  const done = await proven(() => post("/settings", { version, changes }));
  if (done) {
    await again();
    toast(done.applies === "at once" ? (words ?? say("kept_now")) : say("kept"), async () => {
      await post("/settings", { version: done.version, changes: done.before });
      await again();
    });
  }
  return done;
}

/** A refusal beside what was touched. */
export function refusal(error) {
  return el("div", { class: "refusal", role: "alert" }, spoken(error));
}

/** Do it, and say what went wrong where `node` stands. */
export async function attempt(node, act) {
  node.parentElement?.querySelector(":scope > .refusal")?.remove();
  try {
    return await proven(act);
  } catch (error) {
    node.after(refusal(error));
    return null;
  }
}

let fading = 0;

/** A word at the end; with `undo` the way back. */
export function toast(words, undo = null) {
  const node = document.getElementById("toast");
  clearTimeout(fading);
  node.replaceChildren(
    words,
    ...(undo
      ? [
          " ",
          el(
            "button",
            {
              type: "button",
              onclick: async () => {
                node.hidden = true;
                try {
                  await proven(undo);
                } catch (error) {
                  toast(sentence(error));
                }
              },
            },
            say("undo"),
          ),
        ]
      : []),
  );
  node.hidden = false;
  fading = setTimeout(() => (node.hidden = true), undo ? 20_000 : 5000);
}

/** A drawing of ours, put into the page so that its words are read. */
export async function picture(path) {
  const answer = await fetch(`/api/v1${path}`, { headers: { accept: "image/svg+xml" } });
  if (!answer.ok) {
    throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  }
  const svg = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  return document.importNode(svg, true);
}

/** Begin the controller again, and wait until it answers with what is written now. */
export async function restart(said) {
  const done = await proven(() => post("/restart", {}));
  if (done === null) {
    return false;
  }
  said(say("restarting"));
  const by = performance.now() + 60_000;
  while (performance.now() < by) {
    await new Promise((wait) => setTimeout(wait, 500));
    try {
      if (!(await get("/settings")).restart_needed) {
        return true;
      }
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) {
        throw error;
      }
    }
  }
  throw new Unreachable(say("unreachable"));
}

/** An instant in the house's zone, as the reader writes it. */
export function when(instant) {
  if (!instant) {
    return say("never");
  }
  const language = document.documentElement.lang;
  return new Intl.DateTimeFormat(navigator.language.startsWith(language) ? navigator.language : language, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: given.zone ?? "UTC",
  }).format(new Date(instant));
}

export const slug = (text) =>
  text
    .normalize("NFKD")
    .replace(/ß/g, "ss")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64);
