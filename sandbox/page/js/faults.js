// The misbehaviour panel: what may go wrong at WhatsApp and the payment providers, in sentences that the sandbox itself gives,
// what is on now (also said in a strip above the phones), and what happened lately.

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon } from "./icons.js";
import { longLabel } from "./time.js";

const LATER = "whatsapp"; // only WhatsApp can accept first and fail later
const ASK_AGAIN = 200; // ms in which several changes are asked for once

export function createFaults({ people, zone, onProblem }) {
  const count = h("span", { class: "tool__count", hidden: true });
  const opener = h("button", { class: "tool tool--faults", type: "button", "aria-expanded": "false", "aria-controls": "faults", "data-testid": "misbehaviour", onclick: () => show(panel.hidden) }, icon("sliders", 18), "Misbehaviour", count);
  const switches = new Map(); // "whatsapp/duplicate" → {show}
  const onNow = h("ul", { class: "wrongs", "aria-label": "On now" });
  const calm = h("button", { class: "tool tool--main", type: "button", hidden: true, onclick: clear }, "Clear all");
  const nothing = h("p", { class: "hint" }, "Nothing is on: WhatsApp, Gmail and the payment providers do all as they should.");
  const sections = h("div", {});
  const log = h("ol", { class: "log", "data-testid": "log" });
  const panel = h("aside", { class: "faults", id: "faults", hidden: true, "aria-label": "Misbehaviour" },
    h("div", { class: "faults__head" }, h("h2", {}, "Misbehaviour"), h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => { show(false); opener.focus(); } }, icon("close", 20))),
    nothing, onNow, calm, sections,
    h("section", { class: "faults__log" }, h("h3", {}, "Lately"), log),
    h("p", { class: "hint" }, "To start over with empty chats: stop the run, then ", h("code", {}, "make reset"), " and ", h("code", {}, "make run"), "."));
  const said = h("button", { class: "wrong__said", type: "button", "aria-controls": "faults", onclick: () => show(true) });
  const strip = h("div", { class: "wrong", role: "status", hidden: true, "data-testid": "wrong" }, icon("warning", 18), said,
    h("button", { class: "wrong__clear", type: "button", "data-testid": "clear-all", onclick: clear }, "Clear all"));

  // The tables are asked for once, when the panel is first opened.
  let known = null;
  async function build() {
    if (known) return;
    known = await api.misbehaviour();
    for (const [standIn, { name, switches: rows, faults, calls }] of Object.entries(known).filter(([key]) => key !== "on")) {
      sections.append(
        rows.length > 0 && h("section", {}, h("h3", {}, `${name}’s webhooks to Sarai`), rows.map((one) => row(standIn, one))),
        h("section", {}, h("h3", {}, `${name}’s answers to Sarai`), failForm(standIn, faults, calls)));
    }
    await reload();
  }

  function row(standIn, one) {
    const name = `${standIn}/${one.name}`;
    const send = (value) => attempt(() => api.webhooks(standIn, { [one.name]: value }));
    if (!one.unit) {
      const input = h("input", { type: "checkbox", role: "switch", "data-testid": `switch-${standIn}-${one.name}`, onchange: () => send(input.checked) });
      switches.set(name, (value) => { input.checked = Boolean(value); });
      return h("label", { class: "switch faults__row" }, h("span", { class: "faults__says" }, one.says), input, h("span", { class: "switch__track" }));
    }
    const scale = one.unit === "%" ? 100 : 1;
    const input = h("input", { class: "field field--small", type: "number", min: one.calm * scale, max: one.unit === "%" ? 100 : 600, step: one.unit === "seconds" ? 0.5 : 1, required: true, "data-testid": `switch-${standIn}-${one.name}`, "aria-label": one.says,
      onchange: () => input.reportValidity() && send(Number(input.value) / scale) });
    switches.set(name, (value) => { if (document.activeElement !== input) input.value = Math.round((value ?? one.calm) * scale * 10) / 10; });
    return h("label", { class: "faults__row" }, h("span", { class: "faults__says" }, one.says), input, h("span", { class: "faults__unit" }, one.unit));
  }

  function failForm(standIn, faults, calls) {
    const select = (label, options, props = {}) => h("select", { class: "field", "aria-label": label, ...props }, options.map(([id, name]) => h("option", { value: id }, name)));
    const often = select("How often", [["1", "The next"], ["2", "The next 2"], ["3", "The next 3"], ["10", "The next 10"], ["", "Every"]]);
    const what = select("What", Object.entries(calls));
    const whom = h("select", { class: "field", "aria-label": "To whom" });
    const kind = select("How it goes wrong", faults.map((one) => [one.name, /^\d/.test(one.name) ? `${one.name} · ${one.short}` : one.short]), { "data-testid": `fault-${standIn}`, onchange: refresh });
    const says = h("p", { class: "hint faults__meaning", "aria-live": "polite" });
    const seconds = h("input", { class: "field field--small", type: "number", min: 1, max: 300, step: 1, value: 10, "aria-label": "Seconds" });
    const wait = h("label", { class: "faults__row" }, h("span", {}, "for"), seconds, h("span", {}, "seconds"));
    const later = h("input", { type: "checkbox", role: "switch" });
    const laterRow = h("label", { class: "switch faults__row" }, h("span", { class: "faults__says" }, "Accept it first, and tell this by a later webhook."), later, h("span", { class: "switch__track" }));
    const chosen = () => faults.find((one) => one.name === kind.value);
    function refresh() {
      says.textContent = chosen().says;
      wait.hidden = !chosen().waits;
      laterRow.hidden = standIn !== LATER || what.value !== "" || !/^\d{3,}$/.test(kind.value) || kind.value === "502";
    }
    const fill = () => {
      const before = whom.value;
      whom.replaceChildren(h("option", { value: "" }, "to anyone"), ...people().map((one) => h("option", { value: one.id, selected: one.id === before }, `to ${one.name}`)));
    };
    whom.addEventListener("pointerdown", fill);
    whom.addEventListener("focus", fill);
    what.addEventListener("change", refresh);
    fill();
    refresh();
    return h("form", { class: "faults__form", onsubmit: (event) => {
      event.preventDefault();
      attempt(() => api.fault(standIn, {
        kind: kind.value,
        ...(often.value ? { count: Number(often.value) } : { always: true }),
        ...(what.value && { on: what.value }),
        ...(standIn === LATER && whom.value && { to: whom.value }),
        ...(chosen().waits && { seconds: Number(seconds.value) }),
        ...(!laterRow.hidden && later.checked && { async: true }),
      }));
    } },
    h("div", { class: "faults__row" }, often, what, standIn === LATER && whom),
    kind, says, wait, laterRow,
    h("div", { class: "faults__buttons" }, h("button", { class: "tool", type: "submit", "data-testid": `add-${standIn}` }, "Let it go wrong")));
  }

  async function attempt(act) {
    try { await act(); } catch (error) { onProblem(error.message); }
    await reload().catch(() => {});
  }
  function clear() { return attempt(() => api.behave()); }
  async function reload() { update(await api.state()); }

  let asking = null;
  function changed() {
    asking ||= setTimeout(() => { asking = null; reload().catch(() => {}); }, ASK_AGAIN);
  }

  function update(state) {
    const wrong = state.misbehaviour || [];
    const held = onNow.contains(document.activeElement) || strip.contains(document.activeElement);
    for (const [name, put] of switches) {
      const [standIn, one] = name.split("/");
      put((standIn === "whatsapp" ? state : state[standIn]).webhooks[one]);
    }
    onNow.replaceChildren(...wrong.map((one) => h("li", { class: "fault" }, h("span", {}, capital(one.says)),
      h("button", { class: "fault__end", type: "button", "aria-label": `Turn off: ${one.says}`, onclick: () => attempt(() => end(one)) }, icon("close", 16)))));
    nothing.hidden = wrong.length > 0;
    calm.hidden = onNow.hidden = strip.hidden = count.hidden = !wrong.length;
    count.textContent = String(wrong.length);
    said.textContent = wrong.length > 1 ? `${capital(wrong[0].says)}, and ${wrong.length - 1} more` : capital(wrong[0]?.says || "");
    said.title = wrong.map((one) => one.says).join("\n");
    document.body.classList.toggle("misbehaving", wrong.length > 0);
    // What was turned off is gone, and with it the place of whoever turned it off by the keyboard.
    if (held && (panel.hidden || !onNow.contains(document.activeElement))) (panel.hidden ? opener : panel.querySelector("button")).focus();
  }

  function end(one) {
    if (one.fault) return api.endFault(one.of, one.fault);
    return api.webhooks(one.of, { [one.switch]: known[one.of].switches.find((each) => each.name === one.switch).calm });
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
    } catch { /* asked again below */ }
    if (!panel.hidden) timer = setTimeout(follow, 1500);
  }

  function show(open) {
    panel.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("faults-open", open);
    clearTimeout(timer);
    if (!open) return;
    build().catch((error) => onProblem(error.message));
    follow();
    panel.querySelector("button").focus();
  }
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") { show(false); opener.focus(); } });

  return { opener, panel, strip, update, changed };
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

function logLine(entry, zone) {
  const { time } = longLabel(entry.at || 0, zone);
  if (entry.webhook) {
    return h("li", { class: entry.status === 200 ? "" : "log--bad" }, h("time", {}, time), ` ${entry.forged ? "forged " : ""}webhook × ${entry.webhook.length} → ${entry.status || "no answer"}`);
  }
  return h("li", { class: entry.outcome === "ok" ? "" : "log--bad" }, h("time", {}, time), ` ${entry.kind || "call"} to ${entry.to || "?"} → ${entry.outcome}`,
    entry.text && h("small", {}, String(entry.text).slice(0, 90)));
}
