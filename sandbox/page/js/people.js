// Who holds which phone: the caption of a phone, the menu of people, and a form for a new one.

import { h } from "./dom.js";
import { api } from "./api.js";
import { icon } from "./icons.js";

export const ROLES = { guest: "Guest", owner: "Owner", admin: "Admin" };

export function createCaption({ people, current, onChoose, onHide }) {
  const label = h("span", { class: "caption__label" });
  const opener = h("button", { class: "caption__person", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => toggle() }, label, icon("caret", 18));
  const hide = h("input", { type: "checkbox", role: "switch", onchange: () => onHide(current().id, hide.checked) });
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
      h("button", { type: "button", role: "menuitem", class: "menu__item menu__item--add", onclick: () => { toggle(false); addPerson(onChoose, current().role); } }, icon("plus", 18), "Add a person"));
  }
  element.addEventListener("keydown", (event) => { if (event.key === "Escape" && !menu.hidden) { toggle(false); opener.focus(); } });
  document.addEventListener("pointerdown", (event) => { if (!menu.hidden && !element.contains(event.target)) toggle(false); });

  function refresh() {
    const person = current();
    label.replaceChildren(h("span", { class: "caption__role" }, ROLES[person.role] || person.role), ` ${person.name}`);
    hide.checked = Boolean(person.phone_hidden);
    hide.setAttribute("aria-label", `Hide ${person.name}'s phone number`);
  }
  refresh();
  return { element, refresh };
}

function addPerson(onAdded, role = "guest") {
  const field = (name, props = {}) => h("input", { class: "field", name, autocomplete: "off", ...props });
  const problem = h("p", { class: "dialog__problem", role: "alert" });
  const form = h("form", { method: "dialog", class: "dialog__form", onsubmit: save },
    h("h2", {}, "Add a person"),
    h("label", {}, "Name", field("name", { required: true, maxlength: 60, placeholder: "Omar Sheikh" })),
    h("label", {}, "Phone", field("phone", { placeholder: "left empty: one is made up", pattern: "\\+[0-9 ]{8,18}", title: "With the country's code, for example +92 300 0000400" })),
    h("label", {}, "Is a", h("select", { class: "field", name: "role" }, Object.entries(ROLES).map(([id, name]) => h("option", { value: id, selected: id === role }, name)))),
    h("label", { class: "switch" }, h("input", { type: "checkbox", name: "hidden", role: "switch" }), h("span", { class: "switch__track" }), h("span", {}, "Hide phone number")),
    problem,
    h("div", { class: "dialog__buttons" },
      h("button", { type: "button", class: "tool", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "submit", class: "tool tool--main" }, "Add")));
  const dialog = h("dialog", { class: "dialog", "aria-label": "Add a person", onclose: () => dialog.remove() }, form);

  async function save(event) {
    event.preventDefault();
    const data = new FormData(form);
    const phone = String(data.get("phone")).replace(/\s/g, "");
    try {
      const person = await api.savePerson({ name: String(data.get("name")).trim(), role: data.get("role"), phone_hidden: data.has("hidden"), ...(phone && { phone }) });
      dialog.close();
      onAdded(person.id, person);
    } catch (error) {
      problem.textContent = error.message;
    }
  }
  document.body.append(dialog);
  dialog.showModal();
}
