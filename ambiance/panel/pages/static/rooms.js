// The rooms of the house: what each is called and offers, its devices to try, and the way to the assistant.

import { attempt, form, given, keep, sure } from "./ask.js";
import { get } from "./net.js";
import { tried } from "./trial.js";
import { el, say } from "./words.js";

export async function rooms(again) {
  const [settings, library] = await Promise.all([get("/settings"), get("/profiles")]);
  const add = el("p", {}, el("a", { class: "button first", href: "/setup" }, say("add_room")));
  if (!settings.rooms.length) {
    return [el("p", {}, say("no_rooms")), add];
  }
  return [...settings.rooms.map((room) => shown(room, settings, library, again)), add];
}

function shown(room, settings, library, again) {
  const path = `rooms.${room.id}`;
  const live = !settings.restart_for.includes(path);
  const write = (changes, words) => keep(settings.version, changes, again, words);
  const fits = library.filter((profile) => profile.id.startsWith("menu/") || profile.setting === (room.setting ?? profile.setting));
  const options = [["", say("none")], ...fits.map((profile) => [profile.id, profile.name])];
  const usual = room.usual ?? [];
  const of = () => el("span", { class: "unseen" }, `: ${room.name ?? room.id}`);
  const remove = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        if (await sure(say("sure_room", room.name ?? room.id), say("remove"))) {
          await attempt(remove, () => write({ [path]: null }, say("removed")));
        }
      },
    },
    say("remove_room"),
    of(),
  );
  return el(
    "details",
    { class: "fold", "data-fold": room.id, open: settings.rooms.length === 1 },
    el("summary", {}, el("h2", {}, room.name ?? room.id), el("small", { class: "quiet" }, room.area ?? "")),
    el("p", { class: "quiet" }, facts(room)),
    form({
      go: say("keep"),
      fields: [
        { name: "name", label: say("room_name"), kind: "text", value: room.name ?? room.id, high: 80, required: true },
        { name: "area", label: say("room_area"), kind: "text", value: room.area ?? "", high: 80 },
        ...[0, 1, 2].map((n) => ({ name: `usual${n}`, label: say("usual_n", n + 1), kind: "choice", options, value: usual[n] ?? "" })),
      ],
      paths: (name) => (name.startsWith("usual") ? `${path}.usual` : `${path}.${name}`),
      submit: async (values) => {
        const chosen = [values.usual0, values.usual1, values.usual2].filter(Boolean);
        const changes = { [`${path}.name`]: values.name, [`${path}.area`]: values.area || null, [`${path}.usual`]: [...new Set(chosen)] };
        await write(changes);
      },
      extra: [
        el("a", { class: "button", href: `/setup?room=${room.id}` }, say("set_up_again"), of()),
        el("a", { class: "button", href: `/setup?like=${room.id}` }, say("copy_room"), of()),
        remove,
      ],
    }),
    el(
      "details",
      { "data-fold": `${room.id}/devices` },
      el("summary", {}, say("devices_of", (room.devices ?? []).length)),
      live
        ? el("ul", { class: "plain" }, (room.devices ?? []).map((device) => tried(room.id, device)))
        : el("p", { class: "quiet" }, say("after_restart")),
    ),
    limits(room, settings, write),
  );
}

/** What this room goes less far in than the house; a key that is left empty is the house's. */
function limits(room, settings, write) {
  const own = room.limits ?? {};
  const all = settings.fields.filter((field) => field.path.startsWith("limits."));
  const key = (field) => field.path.slice("limits.".length);
  const unit = (field) => say("unit")[field.unit] ?? field.unit;
  const path = `rooms.${room.id}.limits`;
  const mine = all.filter((field) => key(field) in own);
  return el(
    "details",
    { "data-fold": `${room.id}/limits` },
    el("summary", {}, say("limits_of", mine.length)),
    el("p", { class: "quiet" }, say("limits_why")),
    ...(given.role === "admin"
      ? [
          form({
            go: say("keep"),
            fields: all.map((field) => ({
              name: key(field),
              label: say("field")[field.path],
              hint: say("of_house", `${figure(field.value)} ${unit(field)}`),
              kind: "number",
              value: own[key(field)],
              low: field.low,
              high: field.high,
              unit: unit(field),
            })),
            paths: (name) => `${path}.${name}`,
            submit: async (values) => {
              const said = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
              const one = Object.entries(values).filter(([name, value]) => (own[name] ?? null) !== value);
              if (!Object.keys(said).length || !room.limits) {
                await write({ [path]: Object.keys(said).length ? said : null });
              } else {
                await write(Object.fromEntries(one.map(([name, value]) => [`${path}.${name}`, value])));
              }
            },
          }),
        ]
      : [
          el("dl", { class: "facts" }, mine.flatMap((field) => [el("dt", {}, say("field")[field.path]), el("dd", {}, `${figure(own[key(field)])} ${unit(field)}`)])),
          el("p", { class: "quiet" }, say("for_admins")),
        ]),
  );
}

const figure = (value) => value.toLocaleString(document.documentElement.lang);

function facts(room) {
  const light = room.full_light_lux ? say("full_light", figure(room.full_light_lux)) : say("light_unset");
  const sound = room.full_volume_dba ? say("full_volume", figure(room.full_volume_dba)) : say("sound_unset");
  return `${light} ${sound}`;
}
