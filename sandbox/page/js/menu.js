// What a long press on a message brings up: six emoji to react with, and what can be done with the message.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./markup.js";

const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

export function openBubbleMenu(screen, bubble, row, { say, reply, toast }) {
  const before = document.activeElement;
  const mine = bubble.reactions?.person;
  const close = () => {
    layer.remove();
    row.classList.remove("row--chosen");
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
  const act = (what) => () => { close(); what(); };
  const item = (name, picture, what) => h("button", { class: "bubble-menu__item", type: "button", role: "menuitem", onclick: act(what) }, icon(picture, 20), h("span", {}, name));
  const react = (emoji) => say({ reaction: { message_id: bubble.id, emoji: emoji === mine ? "" : emoji } });
  const items = [
    h("div", { class: "bubble-menu__emoji", role: "group", "aria-label": "React" }, QUICK.map((emoji) =>
      h("button", { type: "button", role: "menuitemradio", "aria-checked": String(emoji === mine), "aria-label": `React with ${emoji}`, onclick: act(() => react(emoji)) }, emoji))),
    h("div", { class: "bubble-menu__list" },
      item("Reply", "reply", () => reply(bubble)),
      bubble.body && item("Copy", "copy", () => copy(plain(bubble.body), toast)),
      bubble.from === "person" && item("Delete for everyone", "trash", () => say({ delete: bubble.id }))),
  ];
  const panel = h("div", { class: "bubble-menu", role: "menu", "aria-label": "Message options" }, items);
  const layer = h("div", { class: "bubble-menu-layer", onkeydown: (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(); }
    if (event.key === "Tab" || event.key.startsWith("Arrow")) { event.preventDefault(); step(panel, event.shiftKey || ["ArrowUp", "ArrowLeft"].includes(event.key) ? -1 : 1); }
  } }, h("div", { class: "bubble-menu__scrim", onclick: close }), panel);
  screen.append(layer);
  row.classList.add("row--chosen");
  place(screen, row, panel, bubble.from === "person");
  panel.querySelector("button").focus({ preventScroll: true });
}

function step(panel, by) {
  const stops = [...panel.querySelectorAll("button")];
  stops[(stops.indexOf(document.activeElement) + by + stops.length) % stops.length].focus();
}

// Below the message where there is room, else above it, never outside of the phone.
function place(screen, row, panel, right) {
  const frame = screen.getBoundingClientRect();
  const bubble = row.querySelector(".bubble").getBoundingClientRect();
  const below = bubble.bottom - frame.top + 6;
  const top = below + panel.offsetHeight < frame.height - 70 ? below : Math.max(60, bubble.top - frame.top - panel.offsetHeight - 6);
  panel.style.top = `${top}px`;
  panel.style[right ? "right" : "left"] = "12px";
}

async function copy(text, toast) {
  try { await navigator.clipboard.writeText(text); toast("Message copied"); } catch { toast("This browser does not let pages copy"); }
}
