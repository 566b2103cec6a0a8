// The folders of recordings a room's own player may play, each with its licence and proof. They are written as one list.

import { attempt, form, keep } from "./ask.js";
import { el, say } from "./words.js";

const STYLES = ["calm", "deep", "bright", "own"];
const LICENCES = ["own", "royalty_free", "business_service", "public_domain"];
const PATH = "music.folders";

export function folders(settings, again) {
  const { folders: written, version } = settings;
  const write = (list, words) => keep(version, { [PATH]: list }, again, words);
  const add = el(
    "button",
    { type: "button", class: "first", onclick: () => add.replaceWith(editor({}, written.length, (made) => write([...written, made], say("kept")), again)) },
    say("folder_add"),
  );
  const swapped = (n, ...made) => [...written.slice(0, n), ...made, ...written.slice(n + 1)];
  return el(
    "section",
    {},
    el("h2", {}, say("folders")),
    el("p", { class: "quiet" }, say("folders_why")),
    written.length
      ? el("ul", { class: "plain" }, written.map((folder, n) => line(folder, n, (...made) => write(swapped(n, ...made), say(made.length ? "kept" : "removed")), again)))
      : el("p", {}, say("folders_none")),
    el("p", {}, add),
  );
}

function line(folder, n, write, again) {
  const of = () => el("span", { class: "unseen" }, `: ${folder.path}`);
  const acts = el(
    "div",
    { class: "acts" },
    el("button", { type: "button", onclick: () => node.replaceChildren(editor(folder, n, write, again)) }, say("change"), of()),
    el("button", { type: "button", onclick: () => attempt(acts, () => write()) }, say("remove"), of()),
  );
  const told = [
    say("music_style")[folder.style ?? "calm"],
    ...(folder.bpm ? [say("folder_tempo", ...folder.bpm)] : []),
    ...(folder.tags ?? []),
  ];
  const right = `${say("licence")[folder.licence] ?? folder.licence}: ${folder.proof}`;
  const node = el("li", { class: "line", "data-folder": folder.path }, el("div", { class: "what" }, el("b", {}, folder.path), el("small", {}, right), el("small", { class: "quiet" }, told.join(" · "))), acts);
  return node;
}

function editor(folder, n, write, cancel) {
  const node = form({
    go: say("keep"),
    fields: [
      { name: "path", label: say("folder_path"), hint: say("folder_path_hint"), kind: "text", value: folder.path, high: 200, required: true },
      { name: "style", label: say("folder_style"), kind: "choice", value: folder.style ?? "calm", options: STYLES.map((each) => [each, say("music_style")[each]]) },
      { name: "licence", label: say("folder_licence"), hint: say("folder_licence_hint"), kind: "choice", value: folder.licence, options: LICENCES.map((each) => [each, say("licence")[each]]) },
      { name: "proof", label: say("folder_proof"), hint: say("folder_proof_hint"), kind: "text", value: folder.proof, high: 200, required: true },
      { name: "tags", label: say("folder_tags"), hint: say("folder_tags_hint"), kind: "text", value: (folder.tags ?? []).join(", ") },
      { name: "bpm", label: say("folder_low"), hint: say("folder_tempo_hint"), kind: "number", value: folder.bpm?.[0], low: 20, high: 250, unit: "BPM" },
      { name: "high", label: say("folder_high"), kind: "number", value: folder.bpm?.[1], low: 20, high: 250, unit: "BPM" },
    ],
    paths: (name) => `${PATH}.${n}.${name === "high" ? "bpm" : name}`,
    submit: async ({ tags, bpm, high, ...values }) => {
      const list = tags.split(",").map((tag) => tag.trim().toLowerCase()).filter(Boolean);
      const tempo = [bpm, high].filter((each) => each !== null);
      await write({ ...values, ...(list.length ? { tags: list } : {}), ...(tempo.length ? { bpm: tempo } : {}) });
    },
    extra: [el("button", { type: "button", onclick: cancel }, say("never_mind"))],
  });
  setTimeout(() => node.querySelector("input").focus(), 0);
  return node;
}
