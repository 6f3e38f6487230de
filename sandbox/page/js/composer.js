// The line one writes on: emoji, a field that grows, clip, camera, and a microphone that turns into send.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { emojiKeyboard } from "./emoji.js";
import { openAttachments, openPictureCheck, openPlaces, pickPicture, readPicture, sample } from "./attach.js";
import { summary, thumbOf } from "./bubble.js";

const TALLEST = 132; // px, six lines

export function createComposer({ person, people, businessName, screen, say: sayPlain, toast }) {
  let answered = null; // the message that the next one replies to
  let recording = null; // when the microphone was opened, and the timer that shows it
  const field = h("textarea", { class: "composer__field", rows: 1, placeholder: "Message", "aria-label": "Message", "data-testid": "composer", dir: "auto", autocomplete: "off", enterkeyhint: "send", maxlength: 4096 });
  const action = h("button", { class: "round-button composer__send", type: "button", "data-testid": "send" });
  const emojiButton = h("button", { class: "icon-button", type: "button", "aria-label": "Emoji", "aria-expanded": "false" });
  const camera = h("button", { class: "icon-button composer__camera", type: "button", "aria-label": "Camera", onclick: () => pickPicture({ camera: true, onPicture, toast }) }, icon("camera"));
  const clip = h("button", { class: "icon-button composer__clip", type: "button", "aria-label": "Attach", "data-testid": "attach", onclick: () => attach() }, icon("attach"));
  const keyboard = emojiKeyboard((one) => { insert(one); }, () => { showEmoji(false); sendSample("sticker", "chai.webp", "image/webp"); });
  keyboard.hidden = true;
  const answering = h("div", { class: "answering", hidden: true });
  const recorded = h("span", { class: "recording__time" }, "0:00");
  const recorder = h("div", { class: "recording", hidden: true, role: "group", "aria-label": "Voice message", "data-testid": "recording" },
    h("button", { class: "icon-button", type: "button", "aria-label": "Discard voice message", onclick: () => record(false) }, icon("trash")),
    h("i", { class: "recording__dot", "aria-hidden": "true" }), recorded, h("span", { class: "recording__says" }, "Recording…"));
  const line = h("div", { class: "composer__box" }, answering, h("div", { class: "composer__row" }, emojiButton, field, clip, camera));
  const element = h("footer", { class: "composer" }, h("div", { class: "composer__line" }, line, recorder, action), keyboard);

  // An answer quotes its message once, whatever it is that is sent.
  async function say(what) {
    const about = answered;
    replyTo(null);
    const sent = await sayPlain(about ? { ...what, reply_to: about.id } : what);
    if (!sent && about) replyTo(about);
    return sent;
  }

  function replyTo(bubble) {
    answered = bubble;
    answering.hidden = !bubble;
    line.classList.toggle("composer__box--answering", Boolean(bubble));
    if (!bubble) return;
    const thumb = thumbOf(bubble);
    answering.replaceChildren(h("div", { class: `quote${bubble.from === "person" ? " quote--mine" : ""}` },
      h("span", { class: "quote__text" }, h("span", { class: "quote__who" }, bubble.from === "person" ? "You" : businessName), h("span", { class: "quote__what", dir: "auto" }, summary(bubble).slice(0, 120))),
      thumb && h("img", { src: thumb, alt: "", class: "quote__thumb" }),
      h("button", { class: "answering__end", type: "button", "aria-label": "Do not reply to this message", onclick: () => { replyTo(null); field.focus({ preventScroll: true }); } }, icon("close", 16))));
    field.focus({ preventScroll: true });
  }

  async function sendSample(kind, file, mime, more = {}) {
    try { await say({ [kind]: { base64: await sample(file), mime, ...more } }); } catch (error) { toast(error.message); }
  }

  // The microphone records nothing: what is sent is a sample, as long as it lasts.
  function record(on) {
    clearInterval(recording?.timer);
    recording = on ? { from: Date.now(), timer: setInterval(showRecorded, 250) } : null;
    recorder.hidden = !on;
    line.hidden = on;
    if (on) showRecorded();
    refresh();
    (on ? action : field).focus({ preventScroll: true });
  }
  function showRecorded() {
    const seconds = Math.floor((Date.now() - recording.from) / 1000);
    recorded.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  function onPicture(picture) { openPictureCheck(screen, picture, say); }
  function attach() {
    openAttachments(screen, { person: person(), people: people(), say, sendSample, toast, onPicture, onLocation: () => openPlaces(screen, person(), say) });
  }

  function refresh() {
    const writing = field.value.trim() !== "" || recording !== null;
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
    if (recording) {
      record(false);
      return sendSample("audio", "voice.ogg", "audio/ogg; codecs=opus", { voice: true });
    }
    const text = field.value.trim();
    if (!text) return record(true);
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
    else if (event.key === "Escape" && answered) replyTo(null);
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
  return { element, focus: () => field.focus({ preventScroll: true }), refresh, replyTo };
}
