// Trying a device: a touch, and what it says of itself while it does it.

import { free, proven } from "./ask.js";
import { Refusal, sentence, Unreachable } from "./net.js";
import { el, say } from "./words.js";

const csrf = document.querySelector('meta[name="csrf"]').content;
export const TRIALS = {
  light: { do: "identify" },
  player: { do: "tone", dba: 45 },
  diffuser: { do: "puff" },
  warmer: { do: "puff" },
  fan: { do: "walk" },
  climate: { do: "walk" },
  button: { do: "walk" },
};

/** Try it; `heard(line)` for each line as it comes. Gives the last one. */
export const trial = (room, device, body, heard) => lines(`/rooms/${room}/devices/${device}/test`, body, heard);

/** Have a thing show itself that belongs to no room yet. Gives the last line of what it did. */
export const shown = (room, device) => lines("/devices/found/test", { room, device });

async function lines(path, body, heard = () => null) {
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method: "POST",
      headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(120_000),
    });
  } catch (error) {
    throw new Unreachable(error.message);
  }
  if (!answer.ok) {
    throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let last = null;
  for (;;) {
    const { done, value } = await reader.read();
    rest += value ?? "";
    const parts = rest.split("\n");
    rest = parts.pop();
    for (const line of parts.filter(Boolean)) {
      last = JSON.parse(line);
      heard(last);
    }
    if (done) {
      return last;
    }
  }
}

/** What a line says, in the reader's words; the device's own words are English. */
export function worded(line) {
  return line === null ? say("verdict.bad") : say("verdict")[line.verdict];
}

/** One device of a room with its touch, and what came of it. */
export function tried(room, device, more = []) {
  const said = el("small", { class: "quiet", role: "status" });
  const button = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        button.disabled = true;
        said.textContent = say("trying");
        try {
          const last = await proven(() => trial(room, device.id, TRIALS[device.kind]));
          said.textContent = last ? worded(last) : "";
          said.title = last?.words ?? "";
        } catch (error) {
          said.textContent = error instanceof Refusal ? `${say("not_now")} ${sentence(error)}` : say("unreachable");
        }
        free(button);
      },
    },
    say("trial")[device.kind],
    el("span", { class: "unseen" }, `: ${device.id}`),
  );
  return el(
    "li",
    { class: "device", "data-device": device.id },
    el("span", { class: "what" }, el("b", {}, device.id), el("small", { class: "quiet" }, say("kind")[device.kind])),
    ...more,
    button,
    said,
  );
}
