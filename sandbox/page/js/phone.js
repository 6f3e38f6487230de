// One phone: status bar, WhatsApp's header, the chat, the composer.

import { h, svg } from "./dom.js";
import { api } from "./api.js";
import { badge, icon, logo } from "./icons.js";
import { createChat } from "./chat.js";
import { createComposer } from "./composer.js";
import { openListMenu, openSheet, sheetHead } from "./sheet.js";
import { openPlaces } from "./attach.js";
import { openBubbleMenu } from "./menu.js";
import { viewer } from "./media.js";
import { clock, statusBarTime, zoneOf } from "./time.js";

const TYPING_ENDS_AFTER = 25_000; // ms, as WhatsApp does
const READ_TOGETHER = 250; // ms in which several messages are marked read by one call

export function createPhone(first, { business, people, onUnread, onChange }) {
  let person = first;
  let watched = () => false;
  let typingTimer = null;
  let seenTimer = null;
  const zone = zoneOf(person);

  const screen = h("div", { class: "screen" });
  const state = h("span", { class: "head__state" }, "Business account");
  const time = h("span", { class: "status__time" });
  const toaster = h("div", { class: "toast", role: "status", "aria-live": "polite" });

  const chat = createChat({
    person, zone, businessName: business.name,
    watched: () => watched(),
    onUnread: (count) => onUnread(person.id, count),
    onSeen: markRead,
    tap: (bubble, option) => say({ tap: { wamid: bubble.id, id: option.id } }),
    say: (text) => toast(text),
    openList: (bubble) => openListMenu(screen, bubble, (row) => say({ tap: { wamid: bubble.id, id: row.id } })),
    shareContact: (bubble, option) => askToShare(() => say({ tap: { wamid: bubble.id, id: option.id } })),
    shareLocation: (bubble) => openPlaces(screen, person, (what) => say({ ...what, reply_to: bubble.id })),
    view: (media) => viewer(screen, media, business.name),
    menu: (bubble, row) => openBubbleMenu(screen, bubble, row, { say, toast, reply: (one) => composer.replyTo(one) }),
  });
  const composer = createComposer({ person: () => person, people, businessName: business.name, screen, say, toast });

  const nowhere = () => toast("Only this chat lives in the sandbox");
  screen.append(
    h("div", { class: "status", "aria-hidden": "true" }, time, h("span", { class: "status__signs" }, signs())),
    h("header", { class: "head" },
      h("button", { class: "head__back", type: "button", "aria-label": "Back", onclick: nowhere }, icon("back"), h("span", { class: "head__face" }, logo(38))),
      h("button", { class: "head__who", type: "button", "aria-label": `${business.name}, business info`, onclick: showInfo },
        h("span", { class: "head__name" }, business.name, badge()), state),
      h("button", { class: "icon-button head__video", type: "button", "aria-label": "Video call", onclick: nowhere }, icon("video")),
      h("button", { class: "icon-button", type: "button", "aria-label": "Voice call", onclick: nowhere }, icon("call", 23)),
      h("button", { class: "icon-button", type: "button", "aria-label": "More options", onclick: showInfo }, icon("menu"))),
    h("div", { class: "room" }, chat.element, composer.element),
    h("div", { class: "navbar", "aria-hidden": "true" }, h("i")),
    toaster);
  const element = h("section", { class: "phone", "data-person": person.id, "data-role": person.role, "aria-label": `Phone of ${person.name}`, "aria-busy": "true" }, screen);

  async function load() {
    const answer = await api.chat(person.id);
    chat.put(answer.messages || []);
    element.setAttribute("aria-busy", "false");
  }

  // Answers whether it went out; the message itself comes back as news.
  async function say(what) {
    try {
      const answer = await api.say(person.id, what);
      if (answer.wamid && !chat.has(answer.wamid)) setTimeout(() => !chat.has(answer.wamid) && load().catch(() => {}), 400);
      return true;
    } catch (error) {
      toast(error.message);
      return false;
    }
  }

  function markRead() {
    if (seenTimer) return;
    seenTimer = setTimeout(async () => {
      seenTimer = null;
      if (!watched()) return;
      try { await api.open(person.id); } catch { /* the next message tries again */ }
    }, READ_TOGETHER);
  }

  function setTyping(now) {
    clearTimeout(typingTimer);
    state.textContent = now ? "typing…" : "Business account";
    state.classList.toggle("head__state--typing", now);
    chat.setTyping(now);
    if (now) typingTimer = setTimeout(() => setTyping(false), TYPING_ENDS_AFTER);
  }

  function askToShare(share) {
    openSheet(screen, "Share contact info", (close) => [
      h("div", { class: "ask" },
        h("h2", {}, `Share your phone number with ${business.name}?`),
        h("p", {}, person.phone),
        h("div", { class: "ask__buttons" },
          h("button", { class: "text-button", type: "button", onclick: close }, "Cancel"),
          h("button", { class: "pill-button", type: "button", "data-testid": "share-contact", "data-focus": true, onclick: () => { close(); share(); } }, "Share"))),
    ]);
  }

  function showInfo() {
    openSheet(screen, "Business info", (close) => [
      sheetHead("Business info", close),
      h("div", { class: "info" },
        h("span", { class: "info__face" }, logo(84)),
        h("div", { class: "info__name" }, business.name, badge(18)),
        h("div", { class: "info__more" }, `Business account · ${business.number}`),
        h("div", { class: "info__line" }, h("b", {}, "This phone"), `${person.name}, ${person.phone_hidden ? "number hidden" : person.phone || "no number"}`),
        h("button", { class: "text-button", type: "button", onclick: () => { close(); onChange({ id: person.id, phone_hidden: !person.phone_hidden }); } },
          person.phone_hidden ? "Show my phone number" : "Hide my phone number"),
        h("button", { class: "text-button", type: "button", onclick: () => { close(); askToShare(() => say({ contact: true })); } }, "Share my contact info")),
    ]);
  }

  let toastTimer = null;
  function toast(text) {
    toaster.textContent = text;
    toaster.classList.add("toast--shown");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => toaster.classList.remove("toast--shown"), 2600);
  }

  function tick() {
    const now = statusBarTime(clock.now(), zone);
    if (time.textContent !== now) time.textContent = now;
  }

  function onEvent(event) {
    if (event.type === "bubble") {
      const bubble = event.bubble || event;
      chat.put([bubble], { news: true });
      if (bubble.from === "business") setTyping(false);
    } else if (event.type === "changed") {
      chat.put([event]);
    } else if (event.type === "status") {
      const wamid = event.id || event.wamid;
      if (!chat.setStatus(wamid, event.status)) load().catch(() => {});
    } else if (event.type === "typing") {
      setTyping(event.typing !== false);
    }
  }

  tick();
  return {
    element, load, onEvent, tick, toast, chat,
    get person() { return person; },
    update(changed) { person = { ...person, ...changed }; },
    watch(test) { watched = test; chat.watchedAgain(); },
    dayTurned: () => chat.draw(),
    focus: () => composer.focus(),
  };
}

function signs() {
  return svg("svg", { viewBox: "0 0 62 14", width: 62, height: 14 },
    svg("path", { d: "M1 6.2a9.6 9.6 0 0 1 14 0L8 13z", fill: "currentColor" }),
    svg("path", { d: "M33 1v12H21z", fill: "currentColor" }),
    svg("rect", { x: 43, y: 2.5, width: 15, height: 9, rx: 2.4, fill: "none", stroke: "currentColor", "stroke-width": 1.3 }),
    svg("rect", { x: 44.8, y: 4.3, width: 9, height: 5.4, rx: 1, fill: "currentColor" }),
    svg("path", { d: "M59.4 5.3v3.4c.8-.2 1.3-.9 1.3-1.7s-.5-1.5-1.3-1.7z", fill: "currentColor" }));
}
