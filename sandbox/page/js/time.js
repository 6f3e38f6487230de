// The product's time, shown as each phone would show it: in the zone of its owner's country.

const ZONES = [
  ["+92", "PK", "Asia/Karachi"],
  ["+91", "IN", "Asia/Kolkata"],
  ["+971", "AE", "Asia/Dubai"],
  ["+966", "SA", "Asia/Riyadh"],
  ["+880", "BD", "Asia/Dhaka"],
  ["+44", "GB", "Europe/London"],
  ["+49", "DE", "Europe/Berlin"],
  ["+81", "JP", "Asia/Tokyo"],
  ["+55", "BR", "America/Sao_Paulo"],
  ["+1", "US", "America/New_York"],
];

let ahead = 0; // seconds the product's clock is ahead of this browser's

export const clock = {
  set(now) { ahead = now - Date.now() / 1000; },
  now() { return Date.now() / 1000 + ahead; },
};

export function zoneOf(person) {
  const found = ZONES.find(([prefix, country]) =>
    person.phone ? person.phone.startsWith(prefix) : (person.user_id || "").startsWith(`${country}.`));
  return found ? found[2] : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const formats = new Map();
function format(zone, key, options, seconds) {
  const name = `${zone}/${key}`;
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(name).format(new Date(seconds * 1000));
}

const CLOCK = { hour: "numeric", minute: "2-digit", hour12: true };
export function timeLabel(seconds, zone) {
  return format(zone, "time", CLOCK, seconds).replace(/^0:/, "12:").toLowerCase();
}

export function statusBarTime(seconds, zone) {
  return timeLabel(seconds, zone).replace(/\s?[ap]m$/, "");
}

export function dayKey(seconds, zone) {
  return format(zone, "day", { year: "numeric", month: "2-digit", day: "2-digit" }, seconds);
}

export function dayLabel(seconds, zone) {
  const day = dayKey(seconds, zone);
  const now = clock.now();
  if (day === dayKey(now, zone)) return "Today";
  if (day === dayKey(now - 86400, zone)) return "Yesterday";
  return format(zone, "long", { day: "numeric", month: "long", year: "numeric" }, seconds);
}

export function longLabel(seconds, zone) {
  const day = format(zone, "weekday", { weekday: "short", day: "numeric", month: "short", year: "numeric" }, seconds);
  const time = format(zone, "full", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }, seconds);
  return { day: day.replace(",", ""), time, place: zone.split("/").pop().replace("_", " ") };
}

// “2026-11-22T14:30” as it reads on a wall in this zone, in seconds: guessed as UTC, then mended by what is shown there.
export function secondsOf(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  let guess = wanted;
  for (let round = 0; round < 2; round += 1) guess += wanted - Date.parse(`${localLabel(guess / 1000, zone)}Z`);
  return guess / 1000;
}

// The same the other way round, as a date field wants it.
export function localLabel(seconds, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(seconds * 1000);
  const part = Object.fromEntries(parts.map((one) => [one.type, one.value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

export function spanLabel(seconds) {
  const sign = seconds < 0 ? "–" : "+";
  let rest = Math.round(Math.abs(seconds));
  const parts = [];
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${unit}`);
  }
  return parts.length ? sign + parts.join(" ") : "";
}
