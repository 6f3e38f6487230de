// The line one writes on: emoji, a field that grows, clip, camera, and a microphone that turns into send.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { emojiKeyboard } from "./emoji.js";
import { openAttachments, openPictureCheck, openPlaces, pickPicture, readPicture } from "./attach.js";

const TALLEST = 132; // px, six lines

export function createComposer({ person, screen, say, toast }) {
  const field = h("textarea", { class: "composer__field", rows: 1, placeholder: "Message", "aria-label": "Message", "data-testid": "composer", dir: "auto", autocomplete: "off", enterkeyhint: "send", maxlength: 4096 });
  const action = h("button", { class: "round-button composer__send", type: "button", "data-testid": "send" });
  const emojiButton = h("button", { class: "icon-button", type: "button", "aria-label": "Emoji", "aria-expanded": "false" });
  const camera = h("button", { class: "icon-button composer__camera", type: "button", "aria-label": "Camera", onclick: () => pickPicture({ camera: true, onPicture, toast }) }, icon("camera"));
  const clip = h("button", { class: "icon-button composer__clip", type: "button", "aria-label": "Attach", "data-testid": "attach", onclick: () => attach() }, icon("attach"));
  const keyboard = emojiKeyboard((one) => { insert(one); });
  keyboard.hidden = true;
  const element = h("footer", { class: "composer" },
    h("div", { class: "composer__line" }, h("div", { class: "composer__box" }, emojiButton, field, clip, camera), action),
    keyboard);

  function onPicture(picture) { openPictureCheck(screen, picture, say); }
  function attach() {
    openAttachments(screen, { person: person(), say, toast, onPicture, onLocation: () => openPlaces(screen, person(), say) });
  }

  function refresh() {
    const writing = field.value.trim() !== "";
    element.classList.toggle("composer--writing", writing);
    if (action.dataset.mode !== String(writing)) {
      action.dataset.mode = String(writing);
      action.setAttribute("aria-label", writing ? "Send" : "Voice message");
      action.replaceChildren(icon(writing ? "send" : "mic", writing ? 22 : 24));
    }
    field.style.height = "";
    if (field.value && field.scrollHeight > field.clientHeight) field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    field.style.overflowY = field.scrollHeight > TALLEST ? "auto" : "hidden";
  }

  function insert(text) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    refresh();
  }

  function showEmoji(shown) {
    keyboard.hidden = !shown;
    emojiButton.setAttribute("aria-expanded", String(shown));
    emojiButton.replaceChildren(icon(shown ? "keyboard" : "emoji"));
  }

  async function send() {
    const text = field.value.trim();
    if (!text) return toast("Voice messages are not part of the sandbox");
    field.value = "";
    refresh();
    field.focus({ preventScroll: true });
    const sent = await say({ text });
    // What could not be sent is given back, unless something new is being written.
    if (!sent && field.value === "") { field.value = text; refresh(); }
  }

  field.addEventListener("input", refresh);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); if (field.value.trim()) send(); }
    if (event.key === "Escape" && !keyboard.hidden) showEmoji(false);
  });
  field.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files || [])].find((one) => one.type.startsWith("image/"));
    if (file) { event.preventDefault(); readPicture(file, { onPicture, toast }); }
  });
  emojiButton.addEventListener("click", () => showEmoji(keyboard.hidden));
  action.addEventListener("click", send);
  // A tap on the round button must not take the focus, or a phone's keyboard would close after each message.
  action.addEventListener("mousedown", (event) => event.preventDefault());
  showEmoji(false);
  refresh();
  return { element, focus: () => field.focus({ preventScroll: true }), refresh };
}
