// Talking to the controller: every write carries a key, so that a tap counts once however often it has to be sent.

import { phrase, say } from "./words.js";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
const PATIENCE = 10_000; // after so many milliseconds a tap is no longer what somebody means
const WAITS = [300, 900, 2000, 4000];

/** The controller said no, with the reason; `body` is its problem document. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? String(status));
    this.status = status;
    this.body = body;
  }
}

/** Nobody answered in time: nothing has happened, and nothing will. */
export class Unreachable extends Error {}

/** What went wrong, as people say it; `about` is the room it is about. What the controller says of the rarest things is English. */
export function sentence(error, about = "") {
  if (!(error instanceof Refusal)) {
    return say("unreachable");
  }
  const known = say("refused")[error.body.type];
  return known ? known.replace("%s", about || say("this_room")).trim() : phrase(error.message);
}

/** One fault of a form: what was found, and what would do. */
export const amiss = ({ found, wanted }) => `${phrase(found.replace(/^(['"])(.*)\1$/, "$2"))} · ${phrase(wanted)}`;

export const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function once(method, path, body, mark) {
  const headers = { accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRF-Token"] = csrf;
    headers["Idempotency-Key"] = mark;
    headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers,
    body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401 && said.type !== "wrong-pin") {
    location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  }
  if (!answer.ok) {
    throw new Refusal(answer.status, said);
  }
  return said;
}

export const get = (path) => once("GET", path).catch(explain);

function explain(error) {
  throw error instanceof Refusal ? error : new Unreachable(error.message);
}

/** Say it until somebody answers; give up when it is too old to be meant. */
export async function tell(method, path, body, mark = key()) {
  const begun = performance.now();
  for (const wait of [...WAITS, null]) {
    try {
      return await once(method, path, body, mark);
    } catch (error) {
      if (error instanceof Refusal && error.status !== 503 && error.status !== 502) {
        throw error;
      }
      if (wait === null || performance.now() - begun + wait > PATIENCE) {
        explain(error);
      }
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}

export const post = (path, body, mark) => tell("POST", path, body, mark);
export const remove = (path, body) => tell("DELETE", path, body);
