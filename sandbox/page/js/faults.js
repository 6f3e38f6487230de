// The misbehaviour panel: how webhooks reach the product, which sends WhatsApp refuses, and what happened lately.

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon } from "./icons.js";
import { longLabel } from "./time.js";

const CODES = [
  ["500", "500 · server error"], ["503", "503 · unavailable"], ["429", "429 · too many requests"],
  ["130429", "130429 · rate of the number"], ["131056", "131056 · rate to one person"],
  ["131047", "131047 · 24-hour window closed"], ["131026", "131026 · undeliverable"],
  ["131049", "131049 · not delivered, engagement"], ["131053", "131053 · media failed"],
  ["190", "190 · token refused"], ["hang", "hang · no answer"], ["slow", "slow · done, answered late"],
  ["reset", "reset · cut, not done"], ["lost_answer", "lost answer · done, then cut"],
];
const WAITING = new Set(["hang", "slow"]);
const LATER = new Set(["131047", "131026", "131049", "131053"]); // may also come as a later `failed` status

const SWITCHES = [
  { name: "duplicate", label: "Send each one", after: "times", kind: "number", min: 1, max: 10, calm: 1 },
  { name: "batch", label: "Put together", after: "in one call", kind: "number", min: 1, max: 50, calm: 1 },
  { name: "delay", label: "Wait", after: "seconds", kind: "number", min: 0, max: 600, step: 0.5, calm: 0 },
  { name: "drop", label: "Lose", after: "% on the way", kind: "number", min: 0, max: 100, calm: 0, scale: 100 },
  { name: "reorder", label: "In the wrong order", kind: "switch" },
  { name: "rewrap", label: "Repeat in another envelope", kind: "switch" },
  { name: "hold_statuses", label: "Hold back statuses", kind: "switch" },
  { name: "paused", label: "Pause all of them", kind: "switch" },
  { name: "late_refusals", label: "Refusals as a later status", kind: "switch" },
  { name: "bare_template_taps", label: "Template taps without context", kind: "switch" },
];

export function createFaults({ people, zone, onProblem }) {
  const count = h("span", { class: "tool__count", hidden: true });
  const opener = h("button", { class: "tool tool--faults", type: "button", "aria-expanded": "false", "aria-controls": "faults", onclick: () => show(panel.hidden) }, icon("sliders", 18), "Misbehaviour", count);
  const switches = new Map();
  const active = h("div", { class: "faults__active" });
  const log = h("ol", { class: "log", "data-testid": "log" });
  const panel = h("aside", { class: "faults", id: "faults", hidden: true, "aria-label": "Misbehaviour" },
    h("div", { class: "faults__head" }, h("h2", {}, "Misbehaviour"), h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => { show(false); opener.focus(); } }, icon("close", 20))),
    h("section", {}, h("h3", {}, "Webhooks to the product"), SWITCHES.map(control), h("button", { class: "tool", type: "button", onclick: () => calm() }, "All as it should be")),
    h("section", {}, h("h3", {}, "Messages from the product"), failForm(), active),
    h("section", { class: "faults__log" }, h("h3", {}, "Lately"), log),
    h("p", { class: "hint" }, "To start over with empty chats: stop the run, then ", h("code", {}, "make reset"), " and ", h("code", {}, "make run"), "."));

  function control(one) {
    if (one.kind === "switch") {
      const input = h("input", { type: "checkbox", role: "switch", onchange: () => send({ [one.name]: input.checked }) });
      switches.set(one.name, { input, show: (value) => { input.checked = Boolean(value); } });
      return h("label", { class: "switch faults__row" }, input, h("span", { class: "switch__track" }), h("span", {}, one.label));
    }
    const scale = one.scale || 1;
    const input = h("input", { class: "field field--small", type: "number", min: one.min, max: one.max, step: one.step || 1, "aria-label": `${one.label} … ${one.after}`,
      onchange: () => input.reportValidity() && send({ [one.name]: Number(input.value) / scale }) });
    switches.set(one.name, { input, show: (value) => { if (document.activeElement !== input) input.value = Math.max(one.min, Math.round((value ?? one.calm) * scale * 10) / 10); } });
    return h("label", { class: "faults__row" }, h("span", {}, one.label), input, h("span", {}, one.after));
  }

  function failForm() {
    const code = h("select", { class: "field", "aria-label": "Fail with", onchange: () => refresh() }, CODES.map(([id, name]) => h("option", { value: id }, name)), h("option", { value: "" }, "another code…"));
    const other = h("input", { class: "field", type: "text", inputmode: "numeric", pattern: "[0-9]{3,7}", placeholder: "code", "aria-label": "Other code", hidden: true });
    const times = h("input", { class: "field field--small", type: "number", min: 1, max: 1000, value: 1, "aria-label": "How many times" });
    const whom = h("select", { class: "field", "aria-label": "To whom" });
    const seconds = h("input", { class: "field field--small", type: "number", min: 0, max: 300, step: 1, value: 10, "aria-label": "Seconds" });
    const wait = h("label", { class: "faults__row", hidden: true }, h("span", {}, "for"), seconds, h("span", {}, "seconds"));
    const later = h("input", { type: "checkbox", role: "switch" });
    const laterRow = h("label", { class: "switch faults__row" }, later, h("span", { class: "switch__track" }), h("span", {}, "Answer 200 first, fail later"));
    const fill = () => {
      const chosen = whom.value;
      whom.replaceChildren(h("option", { value: "" }, "anyone"), ...people().map((one) => h("option", { value: one.id, selected: one.id === chosen }, one.name)));
    };
    const refresh = () => {
      other.hidden = code.value !== "";
      other.required = code.value === "";
      wait.hidden = !WAITING.has(code.value);
      laterRow.hidden = code.value !== "" && !LATER.has(code.value);
    };
    whom.addEventListener("pointerdown", fill);
    whom.addEventListener("focus", fill);
    fill();
    refresh();
    return h("form", { class: "faults__form", onsubmit: async (event) => {
      event.preventDefault();
      const kind = code.value || other.value;
      await attempt(async () => {
        await api.fault({ kind, count: Number(times.value), ...(whom.value && { to: whom.value }), ...(WAITING.has(kind) && { seconds: Number(seconds.value) }), ...(!laterRow.hidden && later.checked && { async: true }) });
        await reload();
      });
    } },
    h("label", { class: "faults__row" }, h("span", {}, "Fail the next"), times, h("span", {}, "to"), whom),
    h("label", { class: "faults__row" }, h("span", {}, "with"), code, other), wait, laterRow,
    h("div", { class: "faults__buttons" }, h("button", { class: "tool tool--main", type: "submit" }, "Add"),
      h("button", { class: "tool", type: "button", onclick: () => attempt(async () => { await api.clearFaults(); await reload(); }) }, "Clear all")));
  }

  async function attempt(act) {
    try { await act(); } catch (error) { onProblem(error.message); await reload().catch(() => {}); }
  }
  function send(change) { return attempt(async () => { await api.webhooks(change); await reload(); }); }
  const calm = () => send(Object.fromEntries(SWITCHES.map((one) => [one.name, one.kind === "switch" ? false : one.calm])));
  async function reload() { update(await api.state()); }

  function update(state) {
    const hooks = state.webhooks || {};
    for (const [name, one] of switches) one.show(hooks[name]);
    const faults = state.faults || [];
    active.replaceChildren(...faults.map((fault) => h("div", { class: "fault" },
      h("b", {}, fault.kind), ` × ${fault.count ?? 1}${fault.to ? ` to ${fault.to}` : ""}${fault.seconds ? ` for ${fault.seconds} s` : ""}${fault.async ? ", later" : ""}`)));
    const wrong = SWITCHES.filter((one) => (one.kind === "switch" ? hooks[one.name] : (hooks[one.name] ?? one.calm) > one.calm)).length + faults.length;
    count.textContent = String(wrong);
    count.hidden = !wrong;
  }

  // The log is only asked for while somebody looks at it.
  let timer = null;
  let lastSeen = 0;
  async function follow() {
    try {
      const answer = await api.log(lastSeen);
      for (const entry of (answer.entries || []).slice(-60)) {
        log.prepend(logLine(entry, zone()));
      }
      lastSeen = answer.last ?? lastSeen;
      while (log.children.length > 60) log.lastChild.remove();
      await reload();
    } catch { /* asked again below */ }
    if (!panel.hidden) timer = setTimeout(follow, 1500);
  }

  function show(open) {
    panel.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("faults-open", open);
    clearTimeout(timer);
    if (open) follow();
  }
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") { show(false); opener.focus(); } });

  return { opener, panel, update };
}

function logLine(entry, zone) {
  const { time } = longLabel(entry.at || 0, zone);
  if (entry.webhook) {
    return h("li", { class: entry.status === 200 ? "" : "log--bad" }, h("time", {}, time), ` webhook × ${entry.webhook.length} → ${entry.status || "no answer"}`);
  }
  return h("li", { class: entry.outcome === "ok" ? "" : "log--bad" }, h("time", {}, time), ` ${entry.kind || "call"} to ${entry.to || "?"} → ${entry.outcome}`,
    entry.text && h("small", {}, String(entry.text).slice(0, 90)));
}
