// The page: three slots with a phone each, tabs on a narrow screen, one bare phone for pictures of it
// (?person=guest&bare=1).
//
// Hooks that browser tests may rely on: [data-person] on each phone; inside it data-testid "composer", "send",
// "attach", "bubble" (with data-kind, data-from, data-status, data-wamid), "body", "option" (its text is the exact
// title; data-option-id), "list-button" and, once that is open, "row" (data-option-id), "row-title", "sheet-send";
// "bubble-menu", "reactions", "sound", "recording", "typing", "jump"; on the page "clock", "log", "misbehaviour" (opens its panel), "wrong" (the strip that says what is
// on), "clear-all", "switch-whatsapp-duplicate" and its like, "fault-stripe" and "add-stripe" and theirs.

import { h, remembered } from "./dom.js";
import { api } from "./api.js";
import { icon, logo } from "./icons.js";
import { createPhone } from "./phone.js";
import { createCaption, ROLES } from "./people.js";
import { createClock } from "./topbar.js";
import { createFaults } from "./faults.js";
import { listen } from "./live.js";
import { clock, dayKey, zoneOf } from "./time.js";

const query = new URLSearchParams(location.search);
const bare = query.get("bare") === "1";
const narrow = matchMedia("(max-width: 1099px)");

let people = [];
let business = { name: "Sarai", number: "" };
const phones = new Map(); // person id → phone
const slots = []; // {element, caption, tab, personId}
let active = 0;
let faults, timepiece, offline;

start();

async function start() {
  document.body.classList.toggle("bare", bare);
  const root = document.getElementById("sandbox");
  let state;
  for (;;) {
    try { state = await api.state(); break; } catch (error) {
      root.replaceChildren(h("p", { class: "waiting" }, `${error.message}. Trying again…`));
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
  people = state.people;
  clock.set(state.now);
  if (state.business) business = { name: state.business.name, number: spaced(state.business.number) };
  root.replaceChildren();
  if (bare) buildBare(root);
  else build(root, state);
  listen({ onEvent, onCatchUp: catchUp, onLine: (up) => offline && (offline.hidden = up) });
  setInterval(tick, 500);
  tick();
  document.addEventListener("visibilitychange", () => phones.forEach((phone) => phone.chat.watchedAgain()));
  narrow.addEventListener("change", () => phones.forEach((phone) => phone.chat.watchedAgain()));
}

function buildBare(root) {
  const person = people.find((one) => one.id === query.get("person")) || people[0];
  const slot = { element: h("div", { class: "slot slot--active" }), personId: person.id };
  slots.push(slot);
  root.append(slot.element);
  hold(slot, person.id);
}

function build(root, state) {
  const stage = h("main", { class: "stage", "aria-label": "Phones" });
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Phones" });
  timepiece = createClock({ zone: () => zoneOf(people[0]), onMoved: moved, onProblem: say });
  faults = createFaults({ people: () => people, zone: () => zoneOf(people[0]), onProblem: say });
  const tools = h("div", { class: "tools", id: "tools" }, timepiece.element, h("a", { class: "tool", href: "/mailbox", "data-testid": "mailbox" }, icon("mail", 18), "Mailbox"), faults.opener);
  const more = h("button", { class: "icon-button bar__more", type: "button", "aria-label": "Sandbox tools", "aria-expanded": "false", "aria-controls": "tools", onclick: () => {
    const open = document.body.classList.toggle("tools-open");
    more.setAttribute("aria-expanded", String(open));
  } }, icon("wrench", 22));
  offline = h("div", { class: "offline", role: "status", hidden: true }, "The sandbox does not answer. Trying again…");
  root.append(
    h("header", { class: "bar" }, h("span", { class: "brand", title: "To start over: make reset, then make run" }, logo(26), h("b", {}, "Sarai"), " sandbox"), tabs, more, tools),
    faults.panel, faults.strip, offline, stage);

  const wanted = startingPeople();
  wanted.forEach((id, index) => {
    const slot = { element: h("div", { class: "slot", role: "tabpanel" }), personId: id };
    slots.push(slot);
    slot.caption = createCaption({
      people: () => people,
      current: () => personOf(slot.personId),
      onChoose: (chosen, added) => choose(index, chosen, added),
      onSave: savePerson,
    });
    slot.dot = h("span", { class: "tab__count", hidden: true });
    slot.tabName = h("span", {});
    slot.tab = h("button", { class: "tab", type: "button", role: "tab", onclick: () => activate(index), onkeydown: (event) => step(event, index) }, slot.tabName, slot.dot);
    tabs.append(slot.tab);
    slot.holder = h("div", { class: "slot__phone" });
    slot.element.append(slot.caption.element, slot.holder);
    stage.append(slot.element);
    hold(slot, id);
  });
  const asked = wanted.indexOf(query.get("person"));
  activate(asked >= 0 ? asked : 0);
  faults.update(state);
  timepiece.setOffset(state.offset || 0);
}

function startingPeople() {
  const known = (id) => people.some((one) => one.id === id);
  const kept = (remembered.get("phones") || []).filter(known);
  const ids = kept.length === 3 && new Set(kept).size === 3 ? kept : [];
  for (const role of Object.keys(ROLES)) if (ids.length < 3) { const one = people.find((p) => p.role === role && !ids.includes(p.id)); if (one) ids.push(one.id); }
  for (const one of people) if (ids.length < 3 && !ids.includes(one.id)) ids.push(one.id);
  const asked = query.get("person");
  if (asked && known(asked) && !ids.includes(asked)) ids[0] = asked;
  return ids;
}

const personOf = (id) => people.find((one) => one.id === id);

function hold(slot, personId) {
  slot.personId = personId;
  if (!phones.has(personId)) {
    const made = createPhone(personOf(personId), { business, people: () => people, onUnread, onChange: savePerson });
    phones.set(personId, made);
    made.watch(() => watched(personId));
    made.load().catch((error) => made.toast(error.message));
  }
  const phone = phones.get(personId);
  (slot.holder || slot.element).replaceChildren(phone.element);
  phone.chat.follow();
  slot.caption?.refresh();
  if (slot.tabName) slot.tabName.textContent = ROLES[personOf(personId).role] || personOf(personId).name;
}

// Seen by a person: on a page that is in front, in the open tab or on the wide table of three.
function watched(personId) {
  if (document.visibilityState === "hidden") return false;
  const index = slots.findIndex((slot) => slot.personId === personId);
  return index >= 0 && (bare || !narrow.matches || index === active);
}

function activate(index) {
  active = index;
  slots.forEach((slot, i) => {
    slot.element.classList.toggle("slot--active", i === index);
    slot.tab.setAttribute("aria-selected", String(i === index));
    slot.tab.tabIndex = i === index ? 0 : -1;
  });
  phones.get(slots[index].personId).chat.watchedAgain();
}

function step(event, index) {
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!move) return;
  const next = (index + move + slots.length) % slots.length;
  activate(next);
  slots[next].tab.focus();
}

async function choose(index, personId, added) {
  if (added && !personOf(personId)) people.push(added);
  const elsewhere = slots.findIndex((slot) => slot.personId === personId);
  const before = slots[index].personId;
  if (elsewhere >= 0 && elsewhere !== index) {
    // The same chat cannot be on two phones: the two people change places.
    slots[elsewhere].holder.replaceChildren();
    hold(slots[index], personId);
    hold(slots[elsewhere], before);
  } else {
    hold(slots[index], personId);
  }
  remembered.set("phones", slots.map((slot) => slot.personId));
}

async function savePerson(change) {
  try {
    const known = personOf(change.id);
    setPeople([{ ...known, ...(await api.savePerson({ name: known.name, role: known.role, ...change })) }]);
  } catch (error) {
    say(error.message);
    slots.forEach((slot) => slot.caption?.refresh());
  }
}

function setPeople(changed) {
  for (const one of changed) {
    const index = people.findIndex((known) => known.id === one.id);
    if (index >= 0) people[index] = { ...people[index], ...one };
    else people.push(one);
    phones.get(one.id)?.update(one);
  }
  slots.forEach((slot) => slot.caption?.refresh());
}

function onUnread(personId, count) {
  const slot = slots.find((one) => one.personId === personId);
  if (!slot?.dot) return;
  slot.dot.hidden = !count;
  slot.dot.textContent = String(count);
}

function onEvent(event) {
  if (event.type === "clock") return moved(event);
  if (event.type === "misbehaviour") return faults?.changed();
  if (event.type === "people") return api.state().then((state) => setPeople(state.people), () => {});
  phones.get(event.person)?.onEvent(event);
}

async function catchUp() {
  const state = await api.state();
  clock.set(state.now);
  setPeople(state.people);
  faults?.update(state);
  timepiece?.setOffset(state.offset || 0);
  await Promise.all([...phones.values()].map((phone) => phone.load()));
}

function moved(answer) {
  clock.set(answer.now);
  timepiece?.setOffset(answer.offset || 0);
  tick();
}

// 15550001111 → +1 555 000 1111
function spaced(number) {
  const parts = String(number).match(/^(\d+?)(\d{3})(\d{3})(\d{4})$/);
  return parts ? `+${parts.slice(1).join(" ")}` : `+${number}`;
}

let day = "";
function tick() {
  timepiece?.tick();
  phones.forEach((phone) => phone.tick());
  const today = dayKey(clock.now(), "UTC") + dayKey(clock.now(), zoneOf(people[0]));
  if (day && day !== today) phones.forEach((phone) => phone.dayTurned());
  day = today;
}

function say(text) {
  phones.get(slots[active].personId)?.toast(text);
}
