// The slim bar above the phones: the product's clock and how to move it on.

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon } from "./icons.js";
import { clock, localLabel, longLabel, secondsOf, spanLabel } from "./time.js";

const STEPS = [["+15 min", 900], ["+1 h", 3600], ["+1 day", 86_400]];

export function createClock({ zone, onMoved, onProblem }) {
  const day = h("span", { class: "clock__day" });
  const time = h("span", { class: "clock__time" });
  const offset = h("span", { class: "clock__offset", hidden: true });
  const back = h("button", { class: "tool", type: "button", hidden: true, title: "Back to the real time", onclick: () => move({ reset: true }) }, "Real time");
  const date = h("input", { class: "field clock__date", type: "datetime-local", required: true, "aria-label": "Date and time", "data-testid": "clock-date" });
  const custom = h("form", { class: "popover", hidden: true, onsubmit: (event) => {
    event.preventDefault();
    const by = secondsOf(date.value, zone()) - clock.now();
    if (by <= 0) return onProblem("The clock moves forward only; “Real time” takes it back");
    show(false);
    move({ advance: by });
  } },
  date, h("button", { class: "tool tool--main", type: "submit" }, "Move on"));
  const opener = h("button", { class: "tool", type: "button", "aria-expanded": "false", "data-testid": "clock-to", onclick: () => show(custom.hidden) }, "To a date…");
  const element = h("div", { class: "clock", role: "group", "aria-label": "The product's clock" },
    h("span", { class: "clock__now", "data-testid": "clock" }, icon("clock", 18), time, day, offset),
    h("span", { class: "clock__steps" },
      STEPS.map(([name, seconds]) => h("button", { class: "tool", type: "button", "aria-label": `Move the clock on by ${name.slice(1)}`, onclick: () => move({ advance: seconds }) }, name)),
      h("span", { class: "clock__custom" }, opener, custom), back));

  function show(open) {
    custom.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open) return;
    date.value = localLabel(clock.now() + 3600, zone()).slice(0, 14) + "00";
    date.min = localLabel(clock.now(), zone());
    date.focus();
  }
  document.addEventListener("pointerdown", (event) => { if (!custom.hidden && !custom.parentElement.contains(event.target)) show(false); });
  element.addEventListener("keydown", (event) => { if (event.key === "Escape" && !custom.hidden) { show(false); opener.focus(); } });

  async function move(change) {
    try { onMoved(await api.clock(change)); } catch (error) { onProblem(error.message); }
  }

  return {
    element,
    tick() {
      const now = longLabel(clock.now(), zone());
      time.textContent = now.time;
      day.textContent = `${now.day} · ${now.place}`;
    },
    setOffset(seconds) {
      const span = spanLabel(seconds);
      offset.hidden = back.hidden = !span;
      offset.textContent = span;
    },
  };
}
