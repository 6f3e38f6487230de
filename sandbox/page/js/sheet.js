// What slides up from the bottom of a phone: a list message's rows, attachments, the places to send.

import { h } from "./dom.js";
import { icon } from "./icons.js";

// Shows `panel` over the phone's screen; Escape, the dark area and the returned function close it.
export function openSheet(screen, label, build, { className = "" } = {}) {
  const before = document.activeElement;
  const close = () => {
    layer.classList.add("sheet-layer--leaving");
    setTimeout(() => layer.remove(), 160);
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
  const panel = h("div", { class: `sheet ${className}`.trim(), role: "dialog", "aria-modal": "true", "aria-label": label });
  const layer = h("div", { class: "sheet-layer", onkeydown: (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(); }
    if (event.key === "Tab") keepInside(event, panel);
  } }, h("div", { class: "scrim", onclick: close }), panel);
  panel.append(...[build(close)].flat());
  screen.querySelectorAll(".sheet-layer").forEach((old) => old.remove());
  screen.append(layer);
  (panel.querySelector("[data-focus]") || panel.querySelector("button, input"))?.focus({ preventScroll: true });
  return close;
}

function keepInside(event, panel) {
  const stops = [...panel.querySelectorAll("button:not(:disabled), input, a[href], textarea, select")];
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (stops.length && document.activeElement === edge) {
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }
}

export function sheetHead(title, close) {
  return h("div", { class: "sheet__head" },
    h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: close }, icon("close", 22)),
    h("h2", { dir: "auto" }, title));
}

export function openListMenu(screen, bubble, onSend) {
  const sections = bubble.sections?.length ? bubble.sections : [{ title: "", rows: (bubble.options || []).filter((o) => o.kind === "row") }];
  const group = `rows-${bubble.id}`;
  let chosen = null;
  openSheet(screen, bubble.list_button || "Options", (close) => {
    const send = h("button", { class: "pill-button", type: "button", disabled: true, "data-testid": "sheet-send", onclick: () => { close(); onSend(chosen); } }, "Send");
    const rows = sections.map((section) => h("div", { class: "sheet__section", role: "radiogroup", "aria-label": section.title || bubble.list_button || "Options" },
      section.title && h("h3", { dir: "auto" }, section.title),
      section.rows.map((row) => h("label", { class: "choice", "data-testid": "row", "data-option-id": row.id },
        h("span", { class: "choice__text" },
          h("span", { class: "choice__title", dir: "auto", "data-testid": "row-title" }, row.title),
          row.description && h("span", { class: "choice__more", dir: "auto" }, row.description)),
        h("input", { type: "radio", name: group, value: row.id, "aria-label": row.title, onchange: () => { chosen = row; send.disabled = false; } }),
        h("span", { class: "radio", "aria-hidden": "true" })))));
    return [sheetHead(bubble.list_button || "Options", close), h("div", { class: "sheet__body" }, rows), h("div", { class: "sheet__foot" }, send)];
  }, { className: "sheet--list" });
}
