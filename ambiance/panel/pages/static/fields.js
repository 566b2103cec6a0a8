// What is true of the whole house.

import { form, given, keep, toast } from "./ask.js";
import { get } from "./net.js";
import { el, say } from "./words.js";

const GROUPS = ["site", "limits", "evening", "retention"];

export async function fields(again) {
  const settings = await get("/settings");
  return GROUPS.map((group) => {
    const mine = settings.fields.filter((field) => field.path.startsWith(`${group}.`));
    const open = mine.filter((field) => field.who === "manager" || given.role === "admin");
    const shut = mine.filter((field) => !open.includes(field));
    return el(
      "section",
      {},
      el("h2", {}, say(`group.${group}`)),
      el("p", { class: "quiet" }, say(`why.${group}`)),
      ...(shut.length
        ? [el("dl", { class: "facts" }, shut.flatMap((field) => [el("dt", {}, say("field")[field.path]), el("dd", {}, worded(field))])), el("p", { class: "quiet" }, say("for_admins"))]
        : []),
      ...(open.length ? [edited(open, settings.version, again)] : []),
    );
  });
}

function worded(field) {
  if (field.kind === "choice") {
    return say(`option.${field.value}`);
  }
  if (field.kind === "either") {
    return say("either")[String(field.value)];
  }
  return `${field.value} ${say("unit")[field.unit] ?? field.unit}`.trim();
}

function edited(open, version, again) {
  return form({
    go: say("keep"),
    fields: open.map((field) => ({
      name: field.path,
      label: say("field")[field.path],
      hint: say("hint")[field.path],
      kind: { whole: "number", either: "choice" }[field.kind] ?? field.kind,
      step: field.kind === "whole" ? 1 : "any",
      value: field.kind === "either" && field.value !== null ? String(field.value) : field.value,
      low: field.low ?? undefined,
      high: field.high ?? undefined,
      unit: say("unit")[field.unit] ?? field.unit,
      options:
        field.kind === "either"
          ? ["null", "true", "false"].map((each) => [each === "null" ? "" : each, say("either")[each]])
          : field.options.map((option) => [option, say(`option.${option}`)]),
      required: !["flag", "either"].includes(field.kind),
    })),
    submit: async (values) => {
      const said = (field) => (field.kind === "either" ? ({ true: true, false: false }[values[field.path]] ?? null) : values[field.path]);
      const changes = Object.fromEntries(open.filter((field) => said(field) !== field.value).map((field) => [field.path, said(field)]));
      if (!Object.keys(changes).length) {
        toast(say("nothing_changed"));
        return;
      }
      await keep(version, changes, again);
    },
  });
}
