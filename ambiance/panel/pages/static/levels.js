// Three levels set with − and +, one after another: by eye for light, by ear for sound.

import { proven, sentence } from "./ask.js";
import { el, say } from "./words.js";

const ASKED = ["talking", "massage", "least"];
const START = { light: { talking: 50, massage: 5, least: 1.5 }, sound: { talking: 38, massage: 34, least: 28 } };
const FLOOR = { light: 0.1, sound: 5 };
const CEILING = { light: 100, sound: 70 };
const SETTLE = 350; // milliseconds after the last tap before devices are told

/** Lightness as eyes have it (CIE 1976), so that every tap looks like the same step. */
const lightness = (percent) => (percent > 0.8856 ? 116 * Math.cbrt(percent / 100) - 16 : 9.033 * percent);
const output = (star) => (star > 8 ? 100 * ((star + 16) / 116) ** 3 : star / 9.033);

export class ByLevels {
  constructor({ kind, from, tell, end, skip, done }) {
    Object.assign(this, { kind, tell, end, warned: false });
    this.levels = { ...START[kind], ...from };
    this.n = 0;
    this.title = el("h2", {}, say(`by.${kind}`));
    this.question = el("p", { class: "question", id: "question", role: "status" });
    this.value = el("output", { class: "level", "aria-live": "polite" });
    this.said = el("p", { role: "status", class: "quiet" });
    this.less = el("button", { type: "button", class: "big", onclick: () => this.move(-1), "aria-label": say(`less_of.${kind}`) }, "−");
    this.more = el("button", { type: "button", class: "big", onclick: () => this.move(1), "aria-label": say(`more_of.${kind}`) }, "+");
    this.next = el("button", { type: "button", class: "first", onclick: () => this.on(done) }, say("so_it_is"));
    this.before = el("button", { type: "button", onclick: () => this.back() }, say("back"));
    this.acts = el("div", { class: "acts" }, this.next, this.before, el("button", { type: "button", onclick: () => this.leave(skip) }, say("skip")));
    this.nodes = [this.title, el("p", {}, say(`by_why.${kind}`)), this.question, el("div", { class: "stepper", role: "group", "aria-labelledby": "question" }, this.less, this.value, this.more), this.said, this.acts];
  }

  begin() {
    this.n = 0;
    this.ask();
  }

  ask() {
    this.question.textContent = say(`by_ask.${this.kind}`)[ASKED[this.n]];
    this.before.hidden = this.n === 0;
    if (this.n > 0) {
      const before = this.levels[ASKED[this.n - 1]];
      const mine = this.levels[ASKED[this.n]];
      this.levels[ASKED[this.n]] = Math.min(mine, this.kind === "light" ? before * 0.9 : before);
    }
    this.shown();
    this.send();
  }

  move(way) {
    const now = this.levels[ASKED[this.n]];
    let then;
    if (this.kind === "light") {
      const step = lightness(now) <= 12 ? 1 : 3;
      then = output(lightness(now) + way * step);
    } else {
      then = now + way * 2;
    }
    this.levels[ASKED[this.n]] = Math.min(CEILING[this.kind], Math.max(FLOOR[this.kind], then));
    this.shown();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.send(), SETTLE);
  }

  shown() {
    const level = this.levels[ASKED[this.n]];
    this.value.textContent = `${level.toLocaleString(document.documentElement.lang, { maximumFractionDigits: level < 10 ? 1 : 0 })} %`;
  }

  async send() {
    this.said.textContent = say(`going.${this.kind}`);
    const mine = (this.turn = (this.turn ?? 0) + 1);
    try {
      await proven(() => this.tell(Math.round(this.levels[ASKED[this.n]] * 100) / 100));
      if (mine === this.turn) {
        this.said.textContent = say(`there.${this.kind}`);
      }
    } catch (error) {
      if (mine === this.turn) {
        this.said.textContent = `${say("not_now")} ${sentence(error)}`;
      }
    }
  }

  back() {
    this.n = Math.max(0, this.n - 1);
    this.ask();
    if (this.before.hidden) {
      this.next.focus();
    }
  }

  /** Whoever goes on gives the devices back. */
  leave(to) {
    clearTimeout(this.waiting);
    this.turn = -1;
    this.end();
    to();
  }

  warn() {
    this.warned = true;
    this.said.textContent = say(`apart.${this.kind}`);
  }

  on(done) {
    if (this.n < ASKED.length - 1) {
      this.n += 1;
      this.ask();
      return;
    }
    const said = Object.fromEntries(ASKED.map((name) => [name, Math.round(this.levels[name] * 1000) / 1000]));
    done(said, this.acts);
  }
}
