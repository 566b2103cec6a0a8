// The menu: the house's own names, with the ribbon before and after; and habits of staff that might become one.

import { attempt, form, picture, proven, slug, sure, toast } from "./ask.js";
import { get, post, remove } from "./net.js";
import { el, say, wide } from "./words.js";

const TRIMS = [
  ["light", -30, 30, "L*"],
  ["music", -12, 12, "dB"],
  ["warmer", -100, 100, "mired"],
];

export async function menu(again) {
  const [written, library, found] = await Promise.all([get("/menu"), get("/profiles"), get("/suggestions")]);
  const profiles = library.filter((profile) => !profile.id.startsWith("menu/"));
  const add = el(
    "button",
    { type: "button", class: "first", onclick: () => add.replaceWith(editor({ item: null, written, profiles, again, cancel: again })) },
    say("menu_add"),
  );
  return [
    ...found.map((each) => suggestion(each, written, again)),
    written.items.length ? el("ul", { class: "plain items" }, written.items.map((item) => line(item, written, profiles, again))) : el("p", {}, say("menu_empty")),
    el("p", {}, add),
  ];
}

function line(item, written, profiles, again) {
  const profile = profiles.find((each) => each.id === item.profile);
  const gone = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        const done = await attempt(acts, () => remove(`/menu/${item.id}`));
        if (done) {
          await again();
          toast(say("removed"), async () => {
            await put(item.id, done.before[`menu.${item.id}`]);
            await again();
          });
        }
      },
    },
    say("remove"),
    el("span", { class: "unseen" }, `: ${item.name}`),
  );
  const change = el(
    "button",
    { type: "button", onclick: () => node.replaceChildren(editor({ item, written, profiles, again, cancel: again })) },
    say("change"),
    el("span", { class: "unseen" }, `: ${item.name}`),
  );
  const acts = el("div", { class: "acts" }, change, gone);
  const ribbon = el("div", { class: "ribbon" });
  const node = el(
    "li",
    { class: "item", "data-item": item.id },
    el("h2", {}, item.name),
    el("p", { class: "quiet" }, [profile?.name ?? item.profile, say("minutes", item.minutes), ...trimmed(item)].join(" · ")),
    ribbon,
    acts,
  );
  draw(ribbon, item);
  return node;
}

function trimmed(item) {
  return [
    ...TRIMS.filter(([key]) => item[key]).map(([key]) => say(item[key] > 0 ? `more.${key}` : `less.${key}`, Math.abs(item[key]))),
    ...(item.scent === undefined || item.scent === null ? [] : [say("scent_most", say("scents")[item.scent])]),
  ];
}

async function draw(place, item) {
  // It is drawn as wide as its place, which has a width only once it stands in the page.
  await new Promise(requestAnimationFrame);
  const query = new URLSearchParams({ profile: item.profile, length: item.minutes, width: wide(place) });
  for (const key of ["light", "music", "warmer", "scent"]) {
    if (item[key] !== undefined && item[key] !== null) {
      query.set(key, item[key]);
    }
  }
  try {
    place.replaceChildren(await picture(`/ribbon.svg?${query}`));
  } catch {
    place.replaceChildren(el("p", { class: "quiet" }, say("no_ribbon")));
  }
}

const put = (id, item, version) => {
  const { id: _, ...rest } = item;
  return post(`/menu/${id}`, version ? { ...rest, version } : rest);
};

function editor({ item, written, profiles, again, cancel }) {
  const before = el("div", { class: "ribbon" });
  const after = el("div", { class: "ribbon", "aria-live": "off" });
  const start = item ?? { profile: profiles[0]?.id ?? "", minutes: profiles[0]?.default_minutes ?? 60 };
  let waiting = 0;
  const whole = (values) => ({
    name: values.name,
    profile: values.profile,
    minutes: values.minutes,
    light: values.light || null,
    music: values.music || null,
    warmer: values.warmer || null,
    scent: values.scent === "" ? null : Number(values.scent),
  });
  const node = form({
    go: say("keep"),
    fields: [
      { name: "name", label: say("menu_name"), hint: say("menu_name_hint"), kind: "text", value: item?.name ?? "", high: 80, required: true },
      { name: "profile", label: say("menu_profile"), kind: "choice", value: start.profile, options: profiles.map((each) => [each.id, `${each.name} · ${say("setting")[each.setting]}`]) },
      { name: "minutes", label: say("menu_minutes"), kind: "number", step: 1, low: 10, high: 240, unit: "min", value: start.minutes, required: true },
      ...TRIMS.map(([key, low, high, unit]) => ({ name: key, label: say(`trim.${key}`), hint: say(`trim_hint.${key}`), kind: "number", low, high, unit, value: start[key] ?? 0 })),
      {
        name: "scent",
        label: say("trim.scent"),
        kind: "choice",
        value: start.scent === undefined || start.scent === null ? "" : String(start.scent),
        options: [["", say("as_treatment")], ...[0, 1, 2, 3].map((n) => [String(n), say("scents")[n]])],
      },
    ],
    live: (values) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => draw(after, whole(values)), 250);
    },
    submit: async (values) => {
      const id = item?.id ?? unused(slug(values.name) || "item", written.items);
      const done = await proven(() => put(id, whole(values), written.version));
      if (done) {
        await again();
        toast(say("kept_now"), async () => {
          const was = done.before[`menu.${id}`];
          await (was ? put(id, was) : remove(`/menu/${id}`));
          await again();
        });
      }
    },
    extra: [el("button", { type: "button", onclick: cancel }, say("never_mind"))],
  });
  node.classList.add("editor");
  node.prepend(el("div", { class: "look" }, ...(item ? [el("p", { class: "quiet" }, say("before")), before] : []), el("p", { class: "quiet" }, say("after")), after));
  if (item) {
    draw(before, item);
  }
  draw(after, start);
  setTimeout(() => node.querySelector("input, select").focus(), 0);
  return node;
}

function unused(id, items) {
  let free = id;
  for (let n = 2; items.some((item) => item.id === free); n += 1) {
    free = `${id}-${n}`;
  }
  return free;
}

/** What staff change again and again, offered once. */
function suggestion(each, written, again) {
  const own = each.profile.startsWith("menu/") ? written.items.find((item) => `menu/${item.id}` === each.profile) : null;
  const plain = own ?? { profile: each.profile, minutes: each.minutes };
  const trims = Object.fromEntries(Object.entries(each.trims).map(([key, value]) => [key, value + (own?.[key] ?? 0)]));
  const id = own?.id ?? unused(`our-${slug(each.name)}`, written.items);
  const item = { ...plain, ...trims, name: own?.name ?? say("our", each.name) };
  const before = el("div", { class: "ribbon" });
  const after = el("div", { class: "ribbon" });
  const said = (answer) => post(`/suggestions/${each.id}`, { answer });
  const back = async () => {
    await said("ask");
    await again();
  };
  const take = async () => {
    const done = await put(id, item, written.version);
    await said("accept");
    return done;
  };
  const acts = el(
    "div",
    { class: "acts" },
    el(
      "button",
      {
        type: "button",
        class: "first",
        onclick: async () => {
          const done = await attempt(acts, take);
          if (done) {
            await again();
            toast(say("kept_now"), async () => {
              const was = done.before[`menu.${id}`];
              await (was ? put(id, was) : remove(`/menu/${id}`));
              await back();
            });
          }
        },
      },
      say("make_ours"),
    ),
    el(
      "button",
      {
        type: "button",
        onclick: async () => {
          if (await attempt(acts, () => said("decline"))) {
            await again();
            toast(say("not_again"), back);
          }
        },
      },
      say("no_thanks"),
    ),
  );
  draw(before, plain);
  draw(after, item);
  return el(
    "section",
    { class: "suggestion", "data-suggestion": each.id },
    el("h2", {}, say("make_this_our", each.name)),
    el("p", {}, say("habit", each.changed, each.sessions), " ", trimmed(each.trims).join(", "), "."),
    el("p", { class: "quiet" }, say("before")),
    before,
    el("p", { class: "quiet" }, say("after")),
    after,
    acts,
  );
}
