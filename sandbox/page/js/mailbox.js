// The mailbox: what the chats ask for, a button for each mail that may come for it, and what lies in the box.
//
// Hooks for browser tests: [data-code] on each transfer, data-testid "kind-right" and its like in it; on the page
// "access" (takes the permission away and gives it back), "letter" (data-mail, data-read), "letter-text", "said".

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon, logo } from "./icons.js";
import { listen } from "./live.js";
import { clock, dayLabel, timeLabel, zoneOf } from "./time.js";

const TOGETHER = 250; // ms in which several changes are looked at once
const SAID_FOR = 4000;

const root = document.getElementById("mailbox");
const opened = new Set(); // mails that somebody looks at
const typed = new Map(); // "code/field" → what stands in it
const unfolded = new Set();
let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
let parts;

start();

async function start() {
  for (;;) {
    try {
      const state = await api.state();
      zone = zoneOf(state.people[0]);
      break;
    } catch (error) {
      root.replaceChildren(h("p", { class: "waiting" }, `${error.message}. Trying again…`));
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
  build();
  await look();
  listen({ onEvent: soon, onCatchUp: look, onLine: (up) => { parts.offline.hidden = up; } });
}

function build() {
  parts = {
    address: h("span", { class: "mailbox__address" }),
    access: h("div", { class: "access" }),
    transfers: h("div", {}),
    letters: h("div", {}),
    offline: h("div", { class: "offline", role: "status", hidden: true }, "The sandbox does not answer. Trying again…"),
  };
  root.replaceChildren(
    h("header", { class: "bar" },
      h("a", { class: "brand", href: "/", title: "Back to the phones", "aria-label": "Back to the phones" }, icon("back", 20), logo(26), h("span", { class: "brand__words" }, h("b", {}, "Sarai"), " sandbox")),
      h("div", { class: "mailbox__where" }, h("h1", {}, "Mailbox"), parts.address),
      parts.access),
    parts.offline,
    h("main", { class: "mailbox__columns" },
      h("section", { "aria-label": "Transfers" }, h("h2", {}, "Transfers that are asked for"),
        h("p", { class: "mailbox__hint" }, "Tap what the wallet writes. Sarai finds the mail within seconds."), parts.transfers),
      h("section", { "aria-label": "Mails" }, h("h2", {}, "In the mailbox"),
        h("p", { class: "mailbox__hint" }, "A shield: Gmail vouches for the sender. A tick: Sarai has fetched the mail."), parts.letters)));
}

let asking = null;
function soon(event) {
  if (event.type === "clock") clock.set(event.now);
  asking ||= setTimeout(() => { asking = null; look().catch(() => {}); }, TOGETHER);
}

async function look() {
  const state = await api.mailbox();
  clock.set(state.now);
  parts.address.textContent = state.address;
  parts.access.replaceChildren(...access(state));
  keepFocus(parts.transfers, () => parts.transfers.replaceChildren(...transfers(state)));
  keepFocus(parts.letters, () => parts.letters.replaceChildren(letters(state)));
  for (const id of opened) fill(id).catch(() => opened.delete(id));
}

// What is drawn anew takes the place of whoever works with the keyboard along.
function keepFocus(part, draw) {
  const key = part.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  draw();
  if (key) part.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function access(state) {
  return [
    h("span", { class: `access__state${state.connected ? "" : " access__state--off"}`, role: "status" }, state.connected ? "Connected" : "Disconnected"),
    h("button", { class: "tool", type: "button", "data-testid": "access", onclick: () => attempt(() => api.mailboxAccess(!state.connected), state.connected ? "Sarai may not read the mailbox any more" : "Sarai may read the mailbox again") }, state.connected ? "Revoke" : "Allow again"),
  ];
}

function transfers(state) {
  if (!state.transfers.length) {
    return [h("div", { class: "nothing" }, icon("receipt", 34), "No chat asks for a transfer yet. Let a guest book a place and tap ", h("b", {}, "Pay by transfer"), ".")];
  }
  const read = new Map(state.mails.map((one) => [one.id, one.read]));
  return state.transfers.map((one) => transfer(one, state, read));
}

function transfer(one, state, read) {
  const key = (name) => `${one.person}/${one.code}/${one.amount}/${name}`;
  const field = (name, label, props = {}) => h("label", {}, label, h("input", { class: "field", "data-key": key(name), value: typed.get(key(name)) || "", oninput: (event) => typed.set(key(name), event.target.value), ...props }));
  const issuer = h("select", { class: "field", "data-key": key("issuer"), onchange: (event) => typed.set(key("issuer"), event.target.value) },
    state.issuers.map((each) => h("option", { value: each.id, selected: each.id === (typed.get(key("issuer")) || one.issuer) }, each.name)));
  const paid = one.sent.some((each) => !["forged", "lookalike", "forwarded"].includes(each.kind));
  const button = (kind) => h("button", {
    class: `tool${kind.name === "right" ? " tool--main" : ""}${kind.trusted ? "" : " tool--bad"}`, type: "button", title: kind.says,
    "data-testid": `kind-${kind.name}`, "data-key": key(kind.name),
    disabled: !paid && ["twice", "reversed"].includes(kind.name),
    onclick: () => attempt(() => api.sendMail({
      person: one.person, code: one.code, kind: kind.name, issuer: issuer.value,
      ...(typed.get(key("amount")) && { amount: typed.get(key("amount")) }),
      ...(typed.get(key("sender")) && { sender: typed.get(key("sender")) }),
    }), `${kind.shown}: the mail is in the box`),
  }, kind.shown);
  return h("article", { class: "transfer", "data-code": one.code },
    h("div", { class: "transfer__head" }, h("span", { class: "transfer__name", dir: "auto" }, one.name), h("span", { class: "transfer__amount" }, one.amount)),
    h("div", { class: "transfer__about" }, h("span", { class: "transfer__code" }, one.code), h("span", { dir: "auto" }, `to ${one.provider}, ${one.account}`), h("span", {}, `asked ${when(one.at)}`)),
    h("div", { class: "kinds" }, state.kinds.filter((kind) => kind.trusted).map(button)),
    h("div", { class: "kinds" }, state.kinds.filter((kind) => !kind.trusted).map(button)),
    h("details", { class: "transfer__more", open: unfolded.has(key("")), ontoggle: (event) => (event.target.open ? unfolded.add(key("")) : unfolded.delete(key(""))) },
      h("summary", {}, "Who writes, who paid, how much"),
      h("div", { class: "transfer__fields" }, h("label", {}, "Written by", issuer), field("sender", "Paid by", { placeholder: one.name }), field("amount", "Amount", { placeholder: one.value, inputmode: "decimal", pattern: "[0-9]+([.][0-9]{1,2})?" }))),
    one.sent.length > 0 && h("ul", { class: "transfer__sent", "aria-label": "Sent so far" }, one.sent.map((each) =>
      h("li", {}, state.kinds.find((kind) => kind.name === each.kind)?.shown || each.kind, read.get(each.mail) && icon("check", 14)))));
}

function letters(state) {
  if (!state.mails.length) return h("div", { class: "nothing" }, icon("mail", 34), "No mail has come yet.");
  return h("ul", { class: "letters" }, state.mails.map(letter));
}

function letter(one) {
  const name = one.from.replace(/\s*<[^>]*>$/, "").replace(/^"|"$/g, "") || "(nobody)";
  const isOpen = opened.has(one.id);
  const row = h("button", { class: "letter__row", type: "button", "aria-expanded": String(isOpen), "data-key": one.id, onclick: () => { if (!opened.delete(one.id)) opened.add(one.id); look().catch((error) => say(error.message, true)); } },
    h("span", { class: `letter__mark${one.passes ? "" : " letter__mark--fails"}`, title: one.passes ? "Gmail vouches for the sender" : "Gmail does not vouch for the sender" }, icon(one.passes ? "shield" : "warning", 17)),
    h("span", { class: "letter__from", dir: "auto" }, name), h("time", { class: "letter__time" }, when(one.at)),
    h("span", { class: "letter__subject", dir: "auto" }, one.subject || "(no subject)"),
    h("span", { class: "letter__fetched" }, one.read ? [icon("check", 14), "fetched"] : "waiting"));
  return h("li", { class: `letter${one.read ? " letter--read" : ""}`, "data-testid": "letter", "data-mail": one.id, "data-read": String(one.read) }, row, isOpen && h("div", { class: "letter__open" }));
}

async function fill(id) {
  const place = () => parts.letters.querySelector(`[data-mail="${CSS.escape(id)}"] .letter__open`);
  if (!place()) return;
  const one = await api.mail(id);
  place()?.replaceChildren(
    h("dl", { class: "letter__head" }, one.head.map(({ name, value }) => [h("dt", {}, name), h("dd", {}, value)])),
    h("pre", { class: "letter__text", dir: "auto", tabindex: "0", "data-testid": "letter-text" }, one.text),
    h("div", { class: "letter__buttons" }, h("button", { class: "tool", type: "button", onclick: () => { opened.delete(id); attempt(() => api.deleteMail(id), "The mail is gone for good"); } }, icon("trash", 16), "Delete")));
}

function when(seconds) {
  const day = dayLabel(seconds, zone);
  return day === "Today" ? timeLabel(seconds, zone) : `${day}, ${timeLabel(seconds, zone)}`;
}

async function attempt(act, done) {
  try { await act(); say(done); } catch (error) { say(error.message, true); }
  await look().catch(() => {});
}

let silence = null;
function say(text, bad = false) {
  document.querySelector(".said")?.remove();
  document.body.append(h("div", { class: `said${bad ? " said--bad" : ""}`, role: bad ? "alert" : "status", "data-testid": "said" }, text));
  clearTimeout(silence);
  silence = setTimeout(() => document.querySelector(".said")?.remove(), SAID_FOR);
}
