// The library: every treatment with its lengths, what its author remarks, and its ribbon.

import { picture } from "./ask.js";
import { get } from "./net.js";
import { el, say, wide } from "./words.js";

export async function library() {
  const profiles = await get("/profiles");
  if (!profiles.length) {
    return [el("p", {}, say("library_empty"))];
  }
  const find = el("input", { type: "search", id: "find", autocomplete: "off" });
  const none = el("p", { role: "status", class: "quiet" });
  const nodes = profiles.filter((profile) => !profile.id.startsWith("menu/")).map((profile) => [profile, shown(profile)]);
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const [profile, node] of nodes) {
      node.hidden = !`${profile.name} ${profile.id} ${profile.remarks}`.toLowerCase().includes(wanted);
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("details:not([hidden])");
    }
    none.textContent = nodes.every(([, node]) => node.hidden) ? say("nothing_found") : "";
  });
  const groups = ["spa", "clinical"].map((setting) =>
    el("section", {}, el("h2", {}, say("setting")[setting]), ...nodes.filter(([profile]) => profile.setting === setting).map(([, node]) => node)),
  );
  return [el("div", { class: "field" }, el("label", { for: "find" }, say("find_treatment")), find), none, ...groups];
}

function shown(profile) {
  const ribbon = el("div", { class: "ribbon" });
  const lengths = profile.lengths.map((minutes) =>
    el("button", { type: "button", "aria-pressed": String(minutes === profile.default_minutes), onclick: (event) => chosen(event.currentTarget, minutes) }, say("minutes", minutes)),
  );
  function chosen(button, minutes) {
    for (const each of lengths) {
      each.setAttribute("aria-pressed", String(each === button));
    }
    draw(minutes);
  }
  async function draw(minutes) {
    try {
      ribbon.replaceChildren(await picture(`/profiles/${profile.id}/ribbon.svg?minutes=${minutes}&width=${wide(ribbon)}`));
    } catch {
      ribbon.replaceChildren(el("p", { class: "quiet" }, say("no_ribbon")));
    }
  }
  const node = el(
    "details",
    { class: "treatment" },
    el("summary", {}, profile.name, " ", el("small", { class: "quiet" }, profile.lengths.map((minutes) => say("minutes", minutes)).join(" · "))),
    el("p", { lang: "en" }, profile.remarks),
    el("div", { class: "acts", role: "group", "aria-label": say("menu_minutes") }, lengths),
    ribbon,
  );
  node.addEventListener("toggle", () => node.open && !ribbon.children.length && draw(profile.default_minutes));
  return node;
}
