// The site's time: its clock may run ahead of ours, in a demonstration even faster.

let origin = { site: Date.now(), here: performance.now(), speed: 1 };
let zone = "UTC";
const language = navigator.language.startsWith(document.documentElement.lang) ? navigator.language : document.documentElement.lang;

const TIME = { hour: "2-digit", minute: "2-digit" };
const made = new Map();

/** A formatter costs more than all it will ever write: each is made once. */
function written(name, locale, how) {
  const key = `${name} ${zone}`;
  if (!made.has(key)) {
    made.set(key, new Intl.DateTimeFormat(locale, { ...how, timeZone: zone }));
  }
  return made.get(key);
}

/** Set the clock from what `GET /site` says. */
export function set(site) {
  origin = { site: Date.parse(site.now), here: performance.now(), speed: site.speed ?? 1 };
  zone = site.timezone;
}

/** The site's present, in milliseconds. */
export const now = () => origin.site + (performance.now() - origin.here) * origin.speed;

/** How many of the site's seconds pass in one of ours. */
export const speed = () => origin.speed;

/** An instant as people say it here: 14:35. */
export const clock = (instant) => written("clock", language, TIME).format(instant);

/** The same for a field of type time, whoever reads the page: 14:35. */
export const wall = (instant) => written("wall", "en-GB", { ...TIME, hourCycle: "h23" }).format(instant);

/** The instant of a wall-clock time today at the site, as ISO; tomorrow where it has passed by more than two hours. */
export function today(hhmm) {
  const [hours, minutes] = hhmm.split(":").map(Number);
  const at = now();
  const [h, m] = wall(at).split(":").map(Number);
  let ahead = (hours - h) * 60 + (minutes - m);
  if (ahead < -120) {
    ahead += 24 * 60;
  }
  return new Date(Math.floor(at / 60_000) * 60_000 + ahead * 60_000).toISOString();
}
