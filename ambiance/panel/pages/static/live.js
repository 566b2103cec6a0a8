// News as it happens. A line that was lost is taken up again without a reload: whoever listens is told to look at everything anew.
// Read by fetch rather than EventSource, so that heartbeats are heard too and a line that is only silent is found out.

const SILENT = 25_000; // milliseconds without a heartbeat after which the line is taken for dead

/** Calls `news(event, type)` for each event, `again()` whenever something may have been missed, `state("live" | "lost")` on each change. */
export function live({ news, again, state }) {
  let control = null;
  let heard = 0;
  let last = null;
  let now = null;
  let wait = 300;
  let timer = null;

  function be(next) {
    if (now !== next) {
      now = next;
      state(next);
    }
  }

  function lost() {
    be("lost");
    control?.abort();
    control = null;
    clearTimeout(timer);
    timer = setTimeout(open, wait);
    wait = Math.min(8000, wait * 2);
  }

  async function open() {
    clearTimeout(timer);
    control?.abort();
    const mine = (control = new AbortController());
    try {
      const headers = last === null ? {} : { "Last-Event-ID": last };
      const answer = await fetch("/api/v1/events?board", { headers, signal: mine.signal, cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) {
        location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
        return;
      }
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      heard = Date.now();
      wait = 300;
      be("live");
      again();
      await read(answer.body.pipeThrough(new TextDecoderStream()).getReader());
    } catch {
      // Cut, refused or asleep: all the same to whoever looks.
    }
    if (control === mine) {
      lost();
    }
  }

  async function read(reader) {
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      heard = Date.now();
      text += value;
      const parts = text.split("\n\n");
      text = parts.pop();
      parts.forEach(hear);
    }
  }

  function hear(block) {
    let type = "message";
    let data = "";
    for (const line of block.split("\n")) {
      const [field, ...rest] = line.split(": ");
      if (field === "event") {
        type = rest.join(": ");
      } else if (field === "data") {
        data += rest.join(": ");
      } else if (field === "id") {
        last = rest.join(": ");
      }
    }
    if (data) {
      news(JSON.parse(data), type);
    }
  }

  setInterval(() => control && Date.now() - heard > SILENT && lost(), 3000);
  addEventListener("online", open);
  addEventListener("offline", lost);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && Date.now() - heard > SILENT && open());
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
