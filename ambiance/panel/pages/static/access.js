// Who may come in: staff, screens, tokens; and who did what.

import { attempt, dialog, form, given, proven, sure, toast, when } from "./ask.js";
import { get, post, remove } from "./net.js";
import { el, say } from "./words.js";

const roles = (names) => names.map((name) => [name, say("role")[name]]);

async function staff(again) {
  const people = await get("/staff");
  return [
    el("ul", { class: "plain" }, people.map((person) => one(person, again))),
    el("h2", {}, say("staff_add")),
    form({
      go: say("add"),
      fields: [
        { name: "name", label: say("name"), kind: "text", high: 80, required: true },
        { name: "role", label: say("role_label"), kind: "choice", value: "therapist", options: roles(["desk", "therapist", "manager", "admin"]) },
        { name: "pin", label: say("first_pin"), hint: say("pin_hint"), kind: "password", high: 64, required: true, autocomplete: "new-password" },
      ],
      submit: async (values) => {
        if (await proven(() => post("/staff", values))) {
          await again();
          toast(say("added"));
        }
      },
    }),
  ];
}

function one(person, again) {
  const acts = el("div", { class: "acts" });
  const role = el(
    "select",
    {
      "aria-label": `${say("role_label")}: ${person.name}`,
      onchange: async () => {
        if (await attempt(acts, () => post(`/staff/${person.id}/role`, { role: role.value }))) {
          toast(say("kept_now"));
        } else {
          role.value = person.role;
        }
      },
    },
    roles(["desk", "therapist", "manager", "admin"]).map(([value, words]) => el("option", { value, selected: value === person.role }, words)),
  );
  acts.append(
    role,
    el("button", { type: "button", onclick: () => newPin(person) }, say("new_pin"), el("span", { class: "unseen" }, `: ${person.name}`)),
    el(
      "button",
      {
        type: "button",
        onclick: async () => {
          if ((await sure(say("sure_person", person.name), say("remove"))) && (await attempt(acts, () => remove(`/staff/${person.id}`)))) {
            await again();
            toast(say("removed"));
          }
        },
      },
      say("remove"),
      el("span", { class: "unseen" }, `: ${person.name}`),
    ),
  );
  return el("li", { class: "line" }, el("b", {}, person.name), acts);
}

function newPin(person) {
  const box = dialog(
    "new-pin",
    el("h2", { id: "new-pin" }, say("new_pin_of", person.name)),
    form({
      go: say("keep"),
      fields: [{ name: "pin", label: say("pin"), hint: say("pin_hint"), kind: "password", high: 64, required: true, autocomplete: "new-password" }],
      submit: async (values) => {
        if (await proven(() => post(`/staff/${person.id}/pin`, values))) {
          box.close();
          toast(say("kept_now"));
        }
      },
      extra: [el("button", { type: "button", onclick: () => box.close() }, say("never_mind"))],
    }),
  );
}

async function screens(again) {
  const paired = await get("/screens");
  const room = (id) => (id === null ? say("desk") : say("tablet_of", given.rooms.find((each) => each.id === id)?.name ?? id));
  const offered = el("div", { class: "offered", role: "status" });
  return [
    paired.length
      ? el("ul", { class: "plain" }, paired.map((screen) => line(screen.name ? `${screen.name} · ${room(screen.room)}` : room(screen.room), say("paired", when(screen.paired_at), screen.paired_by), say("revoke"), say("sure_screen"), () => remove(`/screens/${screen.id}`), say("revoked"), again)))
      : el("p", {}, say("no_screens")),
    el("h2", {}, say("pair")),
    el("p", { class: "quiet" }, say("pair_how")),
    form({
      go: say("pair_go"),
      fields: [
        { name: "room", label: say("pair_what"), kind: "choice", value: "", options: [["", say("desk")], ...given.rooms.map((each) => [each.id, say("tablet_of", each.name)])] },
        { name: "name", label: say("pair_name"), hint: say("pair_name_hint"), kind: "text", high: 80 },
      ],
      submit: async (values) => {
        const code = await proven(() => post("/screens/codes", { room: values.room || null, name: values.name }));
        if (code) {
          const qr = document.importNode(new DOMParser().parseFromString(code.qr, "image/svg+xml").documentElement, true);
          qr.setAttribute("role", "img");
          qr.setAttribute("aria-label", say("qr"));
          offered.replaceChildren(
            el("p", {}, say("pair_code", new URL(code.url).host)),
            el("p", { class: "code" }, code.code),
            qr,
            el("p", { class: "quiet" }, say("until", when(code.expires_at))),
          );
          watch(paired.length, again);
        }
      },
    }),
    offered,
  ];
}

/** Show the new screen once it is there. */
async function watch(before, again) {
  for (let n = 0; n < 150; n += 1) {
    await new Promise((wait) => setTimeout(wait, 2000));
    const now = await get("/screens").catch(() => []);
    if (now.length > before) {
      await again();
      toast(say("paired_now"));
      return;
    }
  }
}

function line(title, more, word, question, act, done, again) {
  const button = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        if ((await sure(question, word)) && (await attempt(button, act))) {
          await again();
          toast(done);
        }
      },
    },
    word,
    el("span", { class: "unseen" }, `: ${title}`),
  );
  return el("li", { class: "line" }, el("span", { class: "what" }, el("b", {}, title), el("small", { class: "quiet" }, more)), button);
}

async function tokens(again) {
  const known = await get("/tokens");
  const shown = el("div", { class: "offered", role: "status" });
  return [
    shown,
    known.length
      ? el("ul", { class: "plain" }, known.map((token) => line(token.name || token.id, [say("role")[token.role] ?? token.role, token.room].filter(Boolean).join(" · "), say("revoke"), say("sure_token"), () => remove(`/tokens/${token.id}`), say("revoked"), again)))
      : el("p", {}, say("no_tokens")),
    el("h2", {}, say("token_add")),
    form({
      go: say("token_go"),
      fields: [
        { name: "name", label: say("token_name"), hint: say("token_name_hint"), kind: "text", high: 80, required: true },
        { name: "role", label: say("may"), kind: "choice", value: "integration", options: roles(["integration", "desk", "therapist", "manager", "room"]) },
        { name: "room", label: say("only_room"), kind: "choice", value: "", options: [["", say("every_room")], ...given.rooms.map((each) => [each.id, each.name])] },
      ],
      submit: async (values, node) => {
        const made = await proven(() => post("/tokens", { ...values, room: values.room || null }));
        if (made) {
          node.reset();
          const code = el("code", { tabindex: 0 }, made.token);
          shown.replaceChildren(
            el("p", {}, say("token_once")),
            el("p", { class: "secret" }, code),
            el("div", { class: "acts" }, el("button", { type: "button", onclick: () => navigator.clipboard.writeText(made.token).then(() => toast(say("copied"))) }, say("copy")), el("button", { type: "button", onclick: again }, say("noted"))),
          );
          code.focus();
        }
      },
    }),
  ];
}

async function audit() {
  const rows = el("ul", { class: "plain", "aria-label": say("log_caption") });
  const more = el("button", { type: "button", onclick: () => page() }, say("older"));
  let below = null;
  async function page() {
    const found = await get(`/audit?limit=50${below ? `&below=${below}` : ""}`);
    rows.append(...found.map(entered));
    below = found.at(-1)?.n ?? below;
    more.hidden = found.length < 50;
  }
  await page();
  return rows.children.length ? [rows, more] : [el("p", {}, say("no_log"))];
}

function entered(entry) {
  const [who, id] = named(entry.who);
  const [whom] = named(entry.subject);
  const keys = [...new Set([...Object.keys(entry.before), ...Object.keys(entry.after)])];
  return el(
    "li",
    { class: "line entry" },
    el(
      "span",
      { class: "what" },
      el("span", {}, el("b", { title: id }, who), `: ${say("act")[entry.what] ?? entry.what}`, whom && whom !== keys.join(", ") ? ` (${whom})` : ""),
      el("small", { class: "quiet" }, when(entry.at)),
      el("small", { class: "said" }, told(entry, keys)),
    ),
  );
}

/** A name without the id that stands behind it. */
function named(text) {
  const found = /^(.*) \(([a-z]-[0-9a-f]+)\)$/.exec(text);
  if (found) {
    return [found[1], found[2]];
  }
  const [, kind, rest] = /^(one-time link|address|token|)(.*)$/s.exec(text);
  return [`${kind && say("doer")[kind]}${rest}`, null];
}

function told(entry, keys) {
  return keys.map((key) => `${key}: ${text(entry.before[key])} → ${text(entry.after[key])}`).join("; ");
}

function text(value) {
  const said = value === undefined || value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return said.length > 80 ? `${said.slice(0, 77)}…` : said;
}

export const access = { staff, screens, tokens, audit };
