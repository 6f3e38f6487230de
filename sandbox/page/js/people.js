// Who holds which phone: the caption of a phone, the menu of people, and a form for a new one.

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon } from "./icons.js";

export const ROLES = { guest: "Guest", owner: "Owner", admin: "Admin" };

// Countries with made-up numbers; the sandbox knows how they begin.
const COUNTRIES = { PK: "Pakistan", IN: "India", AE: "United Arab Emirates", SA: "Saudi Arabia", BD: "Bangladesh", GB: "United Kingdom", DE: "Germany", US: "United States", JP: "Japan", BR: "Brazil" };
const GREETINGS = { "": "nothing yet", hi: "hi (English)", "سلام": "سلام (Urdu)", "नमस्ते": "नमस्ते (Hindi)", salam: "salam (Urdu in Latin letters)", "مرحبا": "مرحبا (Arabic)", hallo: "hallo (German)" };

export function createCaption({ people, current, onChoose, onSave }) {
  const label = h("span", { class: "caption__label" });
  const opener = h("button", { class: "caption__person", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => toggle() }, label, icon("caret", 18));
  const hide = h("input", { type: "checkbox", role: "switch", onchange: () => onSave({ id: current().id, phone_hidden: hide.checked }) });
  const menu = h("div", { class: "menu", role: "menu", hidden: true });
  const element = h("div", { class: "caption" },
    h("div", { class: "caption__who" }, opener, menu),
    h("label", { class: "switch" }, hide, h("span", { class: "switch__track" }), h("span", {}, "Hide phone number")));

  function toggle(open = menu.hidden) {
    if (open) fill();
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector("button").focus();
  }
  function fill() {
    menu.replaceChildren(
      ...people().map((person) => h("button", {
        type: "button", role: "menuitemradio", "aria-checked": String(person.id === current().id), class: "menu__item",
        onclick: () => { toggle(false); onChoose(person.id); },
      }, h("span", {}, h("b", {}, person.name), h("small", {}, `${ROLES[person.role] || person.role} · ${person.phone_hidden ? "number hidden" : person.phone || person.user_id}`)),
      person.id === current().id && icon("check", 18))),
      h("button", { type: "button", role: "menuitem", class: "menu__item menu__item--add", "data-testid": "rename", onclick: () => { toggle(false); rename(current(), onSave); } }, icon("pencil", 18), `Rename ${current().name}`),
      h("button", { type: "button", role: "menuitem", class: "menu__item menu__item--add menu__item--last", "data-testid": "add-person", onclick: () => { toggle(false); addPerson(onChoose, current().role); } }, icon("plus", 18), "Add a person"));
  }
  element.addEventListener("keydown", (event) => { if (event.key === "Escape" && !menu.hidden) { toggle(false); opener.focus(); } });
  document.addEventListener("pointerdown", (event) => { if (!menu.hidden && !element.contains(event.target)) toggle(false); });

  function refresh() {
    const person = current();
    label.replaceChildren(h("span", { class: "caption__role" }, ROLES[person.role] || person.role), ` ${person.name}`);
    hide.checked = Boolean(person.phone_hidden);
    hide.setAttribute("aria-label", `Hide ${person.name}'s phone number`);
    hide.disabled = !person.phone;
  }
  refresh();
  return { element, refresh };
}

const field = (name, props = {}) => h("input", { class: "field", name, autocomplete: "off", ...props });
const select = (name, options, chosen) => h("select", { class: "field", name }, Object.entries(options).map(([id, label]) => h("option", { value: id, selected: id === chosen }, label)));

// A form over the page; `save` gives its data back and may refuse with a sentence.
function ask(title, fields, button, save) {
  const problem = h("p", { class: "dialog__problem", role: "alert" });
  const form = h("form", { method: "dialog", class: "dialog__form", onsubmit: async (event) => {
    event.preventDefault();
    try { await save(new FormData(form)); dialog.close(); } catch (error) { problem.textContent = error.message; }
  } },
  h("h2", {}, title), fields, problem,
  h("div", { class: "dialog__buttons" },
    h("button", { type: "button", class: "tool", onclick: () => dialog.close() }, "Cancel"),
    h("button", { type: "submit", class: "tool tool--main" }, button)));
  const dialog = h("dialog", { class: "dialog", "aria-label": title, onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}

function rename(person, onSave) {
  ask("Rename", h("label", {}, "Name", field("name", { required: true, maxlength: 60, value: person.name, dir: "auto" })), "Rename",
    (data) => onSave({ id: person.id, name: String(data.get("name")).trim() }));
}

function addPerson(onAdded, role = "guest") {
  ask("Add a person", [
    h("label", {}, "Name", field("name", { required: true, maxlength: 60, placeholder: "Omar Sheikh", dir: "auto" })),
    h("label", {}, "Is a", select("role", ROLES, role)),
    h("label", {}, "Lives in", select("country", COUNTRIES, "PK")),
    h("label", {}, "Phone", field("phone", { placeholder: "left empty: one is made up", pattern: "\\+[0-9 ]{8,18}", title: "With the country's code, for example +92 300 0000400" })),
    h("label", {}, "Says first", select("hello", GREETINGS, "")),
    h("label", { class: "switch" }, h("input", { type: "checkbox", name: "hidden", role: "switch" }), h("span", { class: "switch__track" }), h("span", {}, "Hide phone number: only a user id is seen")),
  ], "Add", async (data) => {
    const phone = String(data.get("phone")).replace(/\s/g, "");
    const person = await api.savePerson({ name: String(data.get("name")).trim(), role: data.get("role"), country: data.get("country"), phone_hidden: data.has("hidden"), ...(phone && { phone }) });
    onAdded(person.id, person);
    if (data.get("hello")) await api.say(person.id, { text: data.get("hello") });
  });
}
