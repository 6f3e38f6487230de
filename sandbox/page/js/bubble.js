// One message as WhatsApp draws it.

import { h, safeUrl } from "./dom.js";
import { icon, tail, ticks } from "./icons.js";
import { contactCard, documentCard, locationCard, picture } from "./media.js";
import { messageText, plain } from "./markup.js";
import { timeLabel } from "./time.js";

const OPTION_ICONS = { reply: "reply", url: "open", contact: "contact", location: "location" };
const UNSUPPORTED = {
  in: "You received a message but your version of WhatsApp doesn't support it.",
  out: "This message can't be shown here.",
};

// `chat` gives: zone, find(wamid), tap(bubble, option), openList(bubble), shareContact(), shareLocation(), view(url), grew().
export function drawBubble(bubble, { first, chat }) {
  const side = bubble.from === "person" ? "out" : "in";
  const options = optionRows(bubble, chat);
  const wide = options.length || bubble.header?.type === "image" || ["image", "document", "location", "contacts"].includes(bubble.kind);
  const box = h("div", { class: "bubble" },
    first && tail(side),
    quote(bubble, chat),
    ...content(bubble, chat),
    options.length > 0 && h("div", { class: "options" }, options));
  return h("article", {
    class: `row row--${side}${first ? " row--first" : ""}${wide ? " row--wide" : ""} row--${bubble.kind}`,
    "data-testid": "bubble",
    "data-kind": bubble.kind,
    "data-from": bubble.from,
    "data-wamid": bubble.id,
    "data-status": bubble.status,
    "data-template": bubble.template,
    "aria-label": `${side === "out" ? "You" : chat.businessName}, ${timeLabel(bubble.at, chat.zone)}`,
  }, box);
}

function content(bubble, chat) {
  const kind = bubble.kind;
  const footer = bubble.footer && h("div", { class: "footer" }, bubble.footer, h("span", { class: "spacer", "aria-hidden": "true" }));
  const top = header(bubble, chat);
  if (kind === "image" && bubble.media) {
    const shown = picture(bubble.media.url, { onOpen: chat.view, onLoad: chat.grew });
    if (!bubble.body) return [h("div", { class: "bare-picture" }, shown, meta(bubble, chat))];
    return [shown, words(bubble, chat)];
  }
  if (kind === "document" && bubble.media) return [documentCard(bubble.media), words(bubble, chat)];
  if (kind === "location") {
    const place = placeOf(bubble);
    if (!place.name && !place.address) return [h("div", { class: "bare-picture" }, locationCard(place), meta(bubble, chat, "meta--on-map"))];
    return [locationCard(place), h("div", { class: "content" },
      h("div", { class: "place__text" },
        place.name && h("div", { class: "place__name", dir: "auto" }, place.name),
        h("div", { class: "place__address", dir: "auto" }, place.address || "", h("span", { class: "spacer" }))),
      meta(bubble, chat))];
  }
  if (kind === "contacts") {
    const contact = contactOf(bubble, chat);
    return [contactCard(contact), h("div", { class: "content content--meta" }, meta(bubble, chat)),
      h("div", { class: "options" }, h("button", { class: "option", type: "button", onclick: () => chat.say(`${contact.name} ${contact.phone || ""}`.trim()) }, h("span", {}, "Message")))];
  }
  if (kind === "unsupported") {
    return [h("div", { class: "content" },
      h("div", { class: "text text--unsupported", "data-testid": "body" }, icon("block", 16), " ", UNSUPPORTED[bubble.from === "person" ? "out" : "in"], h("span", { class: "spacer" })),
      meta(bubble, chat))];
  }
  return [...top, words(bubble, chat, footer)];
}

function header(bubble, chat) {
  const head = bubble.header;
  if (!head) return [];
  if (head.type === "image" && head.url) return [picture(head.url, { onOpen: chat.view, onLoad: chat.grew })];
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
  return h("div", { class: `meta ${extra}`.trim() }, when, bubble.from === "person" && ticks(bubble.status));
}

export function setTicks(row, bubble) {
  row.dataset.status = bubble.status;
  row.querySelector(".meta .ticks")?.replaceWith(ticks(bubble.status));
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
      const act = option.kind === "contact" ? () => chat.shareContact(bubble, option) : option.kind === "location" ? () => chat.shareLocation() : () => chat.tap(bubble, option);
      rows.push(h("button", { ...hooks, type: "button", onclick: act }, inner));
    }
  }
  return rows;
}

function quote(bubble, chat) {
  const original = bubble.reply_to && chat.find(bubble.reply_to);
  if (!original) return null;
  const mine = original.from === "person";
  const thumb = original.header?.type === "image" ? original.header.url : original.kind === "image" ? original.media?.url : null;
  const what = plain(original.body).replace(/\s*\n\s*/g, " ") || { image: "Photo", document: original.media?.filename, location: "Location" }[original.kind] || "Message";
  return h("button", { class: `quote${mine ? " quote--mine" : ""}`, type: "button", "aria-label": "Show the message this answers", onclick: () => chat.show(original.id) },
    h("span", { class: "quote__text" },
      h("span", { class: "quote__who" }, mine ? "You" : chat.businessName),
      h("span", { class: "quote__what", dir: "auto" }, what.slice(0, 160))),
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
