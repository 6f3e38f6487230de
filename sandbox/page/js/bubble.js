// One message as WhatsApp draws it.

import { h, safeUrl } from "./dom.js";
import { icon, tail, ticks } from "./icons.js";
import { contactCard, documentCard, film, locationCard, picture, sound } from "./media.js";
import { messageText, plain } from "./markup.js";
import { timeLabel } from "./time.js";

const OPTION_ICONS = { reply: "reply", url: "open", contact: "contact", location: "location", phone: "call", copy: "copy", flow: "form" };
const NAMES = { image: "Photo", video: "Video", audio: "Voice message", sticker: "Sticker", location: "Location", contacts: "Contact", deleted: "Deleted message" };
const UNSUPPORTED = {
  in: "You received a message but your version of WhatsApp doesn't support it.",
  out: "Poll",
};
const LONG_PRESS = 550; // ms
const DELETED = { in: "This message was deleted", out: "You deleted this message" };

// `chat` gives: zone, find(wamid), tap(bubble, option), openList(bubble), shareContact(), shareLocation(), view(media),
// menu(bubble, row), say(text), grew().
export function drawBubble(bubble, { first, chat }) {
  const side = bubble.from === "person" ? "out" : "in";
  const options = optionRows(bubble, chat);
  const wide = options.length || bubble.header?.type === "image" || ["image", "video", "audio", "document", "location", "contacts"].includes(bubble.kind);
  const reactions = Object.values(bubble.reactions || {});
  const box = h("div", { class: "bubble" },
    first && bubble.kind !== "sticker" && tail(side),
    bubble.forwarded && h("div", { class: "forwarded" }, icon("reply", 15), "Forwarded"),
    quote(bubble, chat),
    ...content(bubble, chat),
    options.length > 0 && h("div", { class: "options" }, options),
    bubble.kind !== "deleted" && h("button", { class: "bubble__more", type: "button", "aria-label": "Message options", "aria-haspopup": "menu", "data-testid": "bubble-menu", onclick: () => chat.menu(bubble, row) }, icon("caret", 18)),
    reactions.length > 0 && h("span", { class: "reactions", "data-testid": "reactions", role: "img", "aria-label": `Reactions: ${reactions.join(" ")}` }, [...new Set(reactions)].join(""), reactions.length > 1 && h("i", {}, String(reactions.length))));
  const row = h("article", {
    class: `row row--${side}${first ? " row--first" : ""}${wide ? " row--wide" : ""} row--${bubble.kind}${bubble.voice ? " row--voice" : ""}${reactions.length ? " row--reacted" : ""}`,
    "data-testid": "bubble",
    "data-kind": bubble.kind,
    "data-from": bubble.from,
    "data-wamid": bubble.id,
    "data-status": bubble.status,
    "data-template": bubble.template,
    "aria-label": `${side === "out" ? "You" : chat.businessName}, ${timeLabel(bubble.at, chat.zone)}`,
    ...longPress((target) => {
      // A link, a film's own controls or chosen text want the press for themselves.
      if (target.closest("a, video") || String(getSelection()) || row.classList.contains("row--chosen")) return false;
      if (bubble.kind !== "deleted") chat.menu(bubble, row);
      return true;
    }),
  }, box);
  return row;
}

// The mouse's second button, and a finger that stays: not every phone tells the page of the latter by itself.
function longPress(act) {
  let timer = null;
  const end = () => clearTimeout(timer);
  return {
    oncontextmenu: (event) => { end(); if (act(event.target)) event.preventDefault(); },
    ontouchstart: (event) => { end(); timer = setTimeout(() => act(event.target), LONG_PRESS); },
    ontouchmove: end,
    ontouchend: end,
    ontouchcancel: end,
  };
}

function content(bubble, chat) {
  const kind = bubble.kind;
  const footer = bubble.footer && h("div", { class: "footer" }, bubble.footer, h("span", { class: "spacer", "aria-hidden": "true" }));
  const top = header(bubble, chat);
  if (kind === "image" && bubble.media) {
    const shown = picture(bubble.media.url, { onOpen: () => chat.view(bubble.media), onLoad: chat.grew });
    if (!bubble.body) return [h("div", { class: "bare-picture" }, shown, meta(bubble, chat))];
    return [shown, words(bubble, chat)];
  }
  if (kind === "video" && bubble.media) {
    const shown = film(bubble.media, { onOpen: () => chat.view(bubble.media), onLoad: chat.grew });
    if (!bubble.body) return [h("div", { class: "bare-picture" }, shown, meta(bubble, chat))];
    return [shown, words(bubble, chat)];
  }
  if (kind === "sticker" && bubble.media) {
    const image = h("img", { class: "sticker", src: bubble.media.url, alt: "Sticker", width: 150, height: 150, onload: () => chat.grew() });
    return [image, h("div", { class: "sticker__meta" }, meta(bubble, chat))];
  }
  if (kind === "audio" && bubble.media) return [sound(bubble, { mine: bubble.from === "person" }), meta(bubble, chat, "meta--sound")];
  if (kind === "deleted") {
    return [h("div", { class: "content" },
      h("div", { class: "text text--unsupported", "data-testid": "body" }, icon("block", 16), " ", DELETED[bubble.from === "person" ? "out" : "in"], h("span", { class: "spacer" })),
      meta(bubble, chat))];
  }
  if (kind === "document" && bubble.media) return [documentCard(bubble.media), words(bubble, chat)];
  if (kind === "location") {
    const place = placeOf(bubble);
    if (!place.name && !place.address) return [h("div", { class: "bare-picture" }, locationCard(place), meta(bubble, chat, "meta--on-map"))];
    return [locationCard(place), h("div", { class: "content" },
      h("div", { class: "place__text" },
        place.name && h("div", { class: "place__name", dir: "auto" }, place.name, !place.address && h("span", { class: "spacer" })),
        place.address && h("div", { class: "place__address", dir: "auto" }, place.address, h("span", { class: "spacer" }))),
      meta(bubble, chat))];
  }
  if (kind === "contacts") {
    const contact = contactOf(bubble, chat);
    return [contactCard(contact), h("div", { class: "content content--meta" }, meta(bubble, chat)),
      h("div", { class: "options options--side" },
        h("button", { class: "option", type: "button", onclick: () => chat.say(`${contact.name} ${contact.phone || ""}`.trim()) }, h("span", {}, "Message")),
        bubble.from === "business" && h("button", { class: "option", type: "button", onclick: () => chat.say(`${contact.name} is not kept: the sandbox has no address book`) }, h("span", {}, "Add contact")))];
  }
  if (kind === "unsupported") {
    return [h("div", { class: "content" },
      h("div", { class: "text text--unsupported", "data-testid": "body" }, icon(bubble.from === "person" ? "poll" : "block", 16), " ", UNSUPPORTED[bubble.from === "person" ? "out" : "in"], h("span", { class: "spacer" })),
      meta(bubble, chat))];
  }
  return [...top, words(bubble, chat, footer)];
}

function header(bubble, chat) {
  const head = bubble.header;
  if (!head) return [];
  if (head.type === "image" && head.url) return [picture(head.url, { onOpen: () => chat.view(bubble.media), onLoad: chat.grew })];
  if (head.type === "video" && head.url) return [film(bubble.media, { onOpen: () => chat.view(bubble.media), onLoad: chat.grew })];
  if (head.type === "location") {
    const place = placeOf(bubble);
    return [locationCard(place), h("div", { class: "place__text place__text--head" },
      place.name && h("div", { class: "place__name", dir: "auto" }, place.name),
      place.address && h("div", { class: "place__address", dir: "auto" }, place.address))];
  }
  if (head.type === "document") return [documentCard({ ...bubble.media, url: head.url, filename: head.filename })];
  if (head.text) return [h("div", { class: "heading", dir: "auto" }, head.text)];
  return [];
}

function words(bubble, chat, footer) {
  const text = bubble.body ? messageText(bubble.body, { onGrow: chat.grew }) : null;
  // With a footer the time stands beside the footer, so the text needs no room for it.
  if (footer && text) text.classList.add("text--above-footer");
  return h("div", { class: `content${text || footer ? "" : " content--meta"}` }, text, footer, meta(bubble, chat));
}

function meta(bubble, chat, extra = "") {
  const when = h("time", { datetime: new Date(bubble.at * 1000).toISOString() }, timeLabel(bubble.at, chat.zone));
  const ticked = bubble.from === "person" && bubble.kind !== "deleted";
  return h("div", { class: `meta ${extra}`.trim() }, when, ticked && ticks(tickOf(bubble)));
}

// What stands in the chat has reached WhatsApp: one tick, until the business has it too.
const tickOf = (bubble) => (bubble.status === "pending" ? "sent" : bubble.status);

export function setTicks(row, bubble) {
  row.dataset.status = bubble.status;
  row.querySelector(".meta .ticks")?.replaceWith(ticks(tickOf(bubble)));
  row.querySelector(".sound__face")?.classList.toggle("sound__face--read", bubble.status === "read");
}

function optionRows(bubble, chat) {
  const rows = [];
  if (bubble.kind === "list") {
    rows.push(h("button", { class: "option", type: "button", "data-testid": "list-button", "aria-haspopup": "dialog", onclick: () => chat.openList(bubble) },
      icon("list", 20), h("span", { dir: "auto" }, bubble.list_button || "Options")));
  }
  for (const option of bubble.options || []) {
    if (option.kind === "row") continue;
    const name = OPTION_ICONS[option.kind] || "reply";
    const inner = [icon(name, 20), h("span", { dir: "auto" }, option.title)];
    const hooks = { class: "option", "data-testid": "option", "data-option-id": option.id, "data-option-kind": option.kind };
    const address = option.kind === "url" && safeUrl(option.url);
    if (address) rows.push(h("a", { ...hooks, href: address, target: "_blank", rel: "noopener" }, inner));
    else {
      const act = option.kind === "contact" ? () => chat.shareContact(bubble, option) : option.kind === "location" ? () => chat.shareLocation(bubble) : LOCAL[option.kind] ? () => LOCAL[option.kind](option, chat) : () => chat.tap(bubble, option);
      rows.push(h("button", { ...hooks, type: "button", onclick: act }, inner));
    }
  }
  return rows;
}

// What a phone does by itself, without a word to the business.
const LOCAL = {
  copy: async (option, chat) => {
    try { await navigator.clipboard.writeText(option.code); chat.say("Code copied"); } catch { chat.say(option.code); }
  },
  phone: (option, chat) => chat.say(`Would call ${option.phone}`),
  flow: (option, chat) => chat.say("Forms are not part of the sandbox"),
};

// A word or two for a message without text.
export function summary(bubble) {
  const words = plain(bubble.body).replace(/\s*\n\s*/g, " ");
  return words || (bubble.kind === "document" && bubble.media?.filename) || NAMES[bubble.kind] || "Message";
}

export const thumbOf = (bubble) => (bubble.header?.type === "image" ? bubble.header.url : ["image", "sticker"].includes(bubble.kind) ? bubble.media?.url : null);

function quote(bubble, chat) {
  const original = bubble.reply_to && chat.find(bubble.reply_to);
  if (!original) return null;
  const mine = original.from === "person";
  const thumb = thumbOf(original);
  return h("button", { class: `quote${mine ? " quote--mine" : ""}`, type: "button", "aria-label": "Show the message this answers", onclick: () => chat.show(original.id) },
    h("span", { class: "quote__text" },
      h("span", { class: "quote__who" }, mine ? "You" : chat.businessName),
      h("span", { class: "quote__what", dir: "auto" }, summary(original).slice(0, 160))),
    thumb && h("img", { src: thumb, alt: "", class: "quote__thumb" }));
}

function placeOf(bubble) {
  const place = bubble.location || {};
  return { latitude: place.latitude ?? 0, longitude: place.longitude ?? 0, name: place.name || "", address: place.address || "" };
}

function contactOf(bubble, chat) {
  const contact = bubble.contact || {};
  return { name: contact.name?.formatted_name || bubble.body || chat.person.name, phone: contact.phones?.[0]?.phone };
}
