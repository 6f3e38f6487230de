// One conversation on one phone: its messages in order, dates between them, scrolling, unread ones.

import { h } from "./dom.js";
import { icon, tail } from "./icons.js";
import { drawBubble, setTicks } from "./bubble.js";
import { dayKey, dayLabel } from "./time.js";

const NEAR_THE_END = 80; // px from the bottom that still count as reading along
const DRAWN_AT_ONCE = 200; // older ones appear when one scrolls up to them
const NOTICE = "This business uses a secure service from Meta to manage this chat. Tap to learn more.";

export function createChat(context) {
  const bubbles = new Map(); // wamid → bubble
  const drawn = new Map(); // wamid → {key, element}
  let following = true;
  let unseen = 0;
  let unread = null; // {id, count}: the line above what came while nobody looked
  let most = DRAWN_AT_ONCE;
  let typing = false;

  const list = h("div", { class: "messages", role: "log", "aria-label": `Chat of ${context.person.name} with ${context.businessName}`, "aria-live": "polite" });
  const scroller = h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Messages", onscroll: onScroll }, list);
  const count = h("span", { class: "jump__count" });
  const jump = h("button", { class: "jump", type: "button", "aria-label": "To the newest message", hidden: true, "data-testid": "jump", onclick: () => toEnd(true) }, icon("down", 22), count);
  const element = h("div", { class: "chat" }, scroller, jump);
  const typingRow = h("div", { class: "row row--in row--first row--typing", "data-testid": "typing", "aria-label": `${context.businessName} is typing` },
    h("div", { class: "bubble" }, tail("in"), h("span", { class: "dots" }, h("i"), h("i"), h("i"))));
  new ResizeObserver(() => following && toEnd()).observe(list);
  new ResizeObserver(() => following && toEnd()).observe(scroller);

  const inside = { ...context, find: (wamid) => bubbles.get(wamid), show, grew: () => following && toEnd() };

  function put(incoming, { news = false } = {}) {
    let said = 0;
    for (const bubble of incoming) {
      if (!bubbles.has(bubble.id) && bubble.from === "business" && !lost(bubble)) said += 1;
      bubbles.set(bubble.id, { ...bubbles.get(bubble.id), ...bubble });
    }
    if (said) setTyping(false);
    if (news && said && (!following || !context.watched())) {
      if (!context.watched()) {
        if (!unseen) unread = { id: incoming.find((one) => one.from === "business").id, count: 0 };
        if (unread) unread.count += said;
      }
      unseen += said;
    }
    if (news && incoming.some((one) => one.from === "person")) {
      following = true;
      unread = null;
    }
    draw();
  }

  function setStatus(wamid, status) {
    const bubble = bubbles.get(wamid);
    if (!bubble) return false;
    bubble.status = status;
    draw();
    return true;
  }

  function setTyping(now) {
    if (typing === now) return;
    typing = now;
    if (typing) list.append(typingRow);
    else typingRow.remove();
    markFirst(typingRow, inOrder().at(-1));
  }

  const inOrder = () => [...bubbles.values()].sort((a, b) => a.n - b.n);
  // What WhatsApp could not deliver never reaches the phone; the sandbox says so between the messages.
  const lost = (bubble) => bubble.from === "business" && bubble.status === "failed";

  function markFirst(row, previous) {
    row.classList.toggle("row--first", previous?.from !== "business");
  }

  function draw() {
    const nodes = [];
    let day = null;
    let from = null;
    for (const bubble of inOrder().slice(-most)) {
      const today = dayKey(bubble.at, context.zone);
      if (today !== day) {
        nodes.push(chip(`day-${today}`, dayLabel(bubble.at, context.zone), "chip chip--day"));
        if (day === null) nodes.push(chip("notice", NOTICE, "chip chip--notice"));
        day = today;
        from = null;
      }
      if (bubble.id === unread?.id) {
        nodes.push(chip("unread", `${unread.count} unread ${unread.count === 1 ? "message" : "messages"}`, "chip chip--unread"));
        from = null;
      }
      if (lost(bubble)) {
        nodes.push(chip(`lost-${bubble.id}`, `Not delivered: ${bubble.error ? `${bubble.error.code} · ${bubble.error.title}` : "failed"}`, "chip chip--lost"));
        from = null;
        continue;
      }
      nodes.push(rowOf(bubble, bubble.from !== from));
      from = bubble.from;
    }
    if (!nodes.length) nodes.push(chip("day-now", "Today", "chip chip--day"), chip("notice", NOTICE, "chip chip--notice"));
    if (typing) nodes.push(typingRow);
    arrange(list, nodes);
    if (following) toEnd();
    showJump();
  }

  function rowOf(bubble, first) {
    const { status, ...rest } = bubble;
    const quoted = Boolean(bubble.reply_to && bubbles.has(bubble.reply_to));
    const known = drawn.get(bubble.id);
    const same = known && known.first === first && known.quoted === quoted
      && (known.bubble === bubble || known.key === JSON.stringify(rest));
    if (!same) {
      const made = drawBubble(bubble, { first, chat: inside });
      drawn.set(bubble.id, { bubble, first, quoted, status, key: JSON.stringify(rest), element: made });
      return made;
    }
    // A new tick must not redraw the bubble (and reload its picture) under the person's finger.
    if (known.status !== status) setTicks(known.element, bubble);
    Object.assign(known, { bubble, status });
    return known.element;
  }

  const chips = new Map();
  function chip(name, text, className) {
    if (!chips.has(name)) chips.set(name, h("div", { class: className }));
    const element_ = chips.get(name);
    const label = name === "notice" ? [icon("lock", 11), ` ${text}`] : [text];
    if (element_.dataset.text !== text) {
      element_.dataset.text = text;
      element_.replaceChildren(h("span", {}, label));
    }
    return element_;
  }

  function onScroll() {
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    following = left < NEAR_THE_END;
    if (following && context.watched()) seen();
    if (scroller.scrollTop < 300 && bubbles.size > most) drawOlder();
    showJump();
  }

  function drawOlder() {
    const below = scroller.scrollHeight - scroller.scrollTop;
    most += DRAWN_AT_ONCE;
    draw();
    scroller.scrollTop = scroller.scrollHeight - below;
  }

  function seen() {
    if (unseen) { unseen = 0; context.onUnread(0); }
    const waiting = inOrder().some((one) => one.from === "business" && !["read", "failed"].includes(one.status));
    if (waiting) context.onSeen();
  }

  function showJump() {
    jump.hidden = following;
    count.textContent = unseen ? String(unseen) : "";
    count.hidden = !unseen;
    context.onUnread(unseen);
  }

  function toEnd(smooth = false) {
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    if (context.watched()) seen();
  }

  function show(wamid) {
    if (bubbles.has(wamid) && !drawn.get(wamid)?.element.isConnected) { most = bubbles.size; draw(); }
    const row = drawn.get(wamid)?.element;
    if (!row) return;
    following = false;
    row.scrollIntoView({ block: "center", behavior: "smooth" });
    row.classList.add("row--found");
    setTimeout(() => row.classList.remove("row--found"), 1400);
  }

  return {
    element, put, setStatus, setTyping, draw, toEnd,
    has: (wamid) => bubbles.has(wamid),
    follow() { following = true; toEnd(); },
    watchedAgain() { if (following) toEnd(); showJump(); },
  };
}

// Put `nodes` into `parent` in this order, touching only what moved, so that nothing flickers or loses focus.
function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}
