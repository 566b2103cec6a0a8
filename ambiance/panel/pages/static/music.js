// Music: the folders of recordings with the right to play them, and what players with a library of their own call each style.

import { form, keep, toast } from "./ask.js";
import { folders } from "./folders.js";
import { get } from "./net.js";
import { el, say } from "./words.js";

const STYLES = ["calm", "deep", "bright", "own"];

export async function music(again) {
  const settings = await get("/settings");
  const names = settings.music;
  const players = settings.rooms.flatMap((room) => (room.devices ?? []).filter((device) => device.kind === "player"));
  const libraries = Object.keys(say("library_of")).filter(
    (dialect) => players.some((player) => player.dialect === dialect) || STYLES.some((style) => names[style]?.[dialect]),
  );
  return [
    folders(settings, again),
    el(
      "section",
      {},
      el("h2", {}, say("music_names")),
      el("p", { class: "quiet" }, say("music_why")),
      ...(libraries.length ? libraries.map((dialect) => of(dialect, settings, again)) : [el("p", {}, say("music_none"))]),
    ),
  ];
}

const written = (value) => (Array.isArray(value) ? value.join("\n") : (value ?? ""));

function of(dialect, { music: names, version }, again) {
  const path = (style) => `music.names.${style}.${dialect}`;
  return el(
    "div",
    { class: "library" },
    el("h3", {}, say("library_of")[dialect]),
    form({
      go: say("keep"),
      fields: STYLES.map((style) => ({
        name: style, label: say("music_style")[style], hint: say("music_hint")[style], kind: "lines", value: written(names[style]?.[dialect]),
      })),
      paths: path,
      submit: async (values) => {
        const changes = {};
        for (const style of STYLES) {
          const lines = values[style].split("\n").map((line) => line.trim()).filter(Boolean);
          if (lines.join("\n") !== written(names[style]?.[dialect])) {
            changes[path(style)] = lines.length > 1 ? lines : (lines[0] ?? null);
          }
        }
        if (!Object.keys(changes).length) {
          toast(say("nothing_changed"));
          return;
        }
        await keep(version, changes, again);
      },
    }),
  );
}
