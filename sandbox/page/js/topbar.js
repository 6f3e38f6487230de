// The slim bar above the phones: the product's clock and how to move it on.

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon } from "./icons.js";
import { clock, longLabel, spanLabel } from "./time.js";

const STEPS = [["+15 min", 900], ["+1 h", 3600], ["+8 h", 28_800], ["+1 day", 86_400]];

export function createClock({ zone, onMoved, onProblem }) {
  const day = h("span", { class: "clock__day" });
  const time = h("span", { class: "clock__time" });
  const offset = h("span", { class: "clock__offset", hidden: true });
  const back = h("button", { class: "tool", type: "button", hidden: true, title: "Back to the real time", onclick: () => move({ reset: true }) }, "Real time");
  const amount = h("input", { class: "field field--small", type: "number", min: 1, max: 999, value: 2, "aria-label": "How many" });
  const unit = h("select", { class: "field field--small", "aria-label": "Unit" },
    [["minutes", 60], ["hours", 3600], ["days", 86_400]].map(([name, size]) => h("option", { value: size, selected: name === "hours" }, name)));
  const custom = h("form", { class: "popover", hidden: true, onsubmit: (event) => { event.preventDefault(); show(false); move({ advance: Number(amount.value) * Number(unit.value) }); } },
    amount, unit, h("button", { class: "tool tool--main", type: "submit" }, "Move on"));
  const opener = h("button", { class: "tool", type: "button", "aria-expanded": "false", onclick: () => show(custom.hidden) }, "Custom…");
  const element = h("div", { class: "clock", role: "group", "aria-label": "The product's clock" },
    h("span", { class: "clock__now", "data-testid": "clock" }, icon("clock", 18), time, day, offset),
    h("span", { class: "clock__steps" },
      STEPS.map(([name, seconds]) => h("button", { class: "tool", type: "button", "aria-label": `Move the clock on by ${name.slice(1)}`, onclick: () => move({ advance: seconds }) }, name)),
      h("span", { class: "clock__custom" }, opener, custom), back));

  function show(open) {
    custom.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) amount.select();
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
