// The paper clip: pictures, camera, a place, one's own contact.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { map } from "./media.js";
import { openSheet, sheetHead } from "./sheet.js";

const LARGEST = { image: 5_242_880, document: 104_857_600 }; // bytes, what WhatsApp takes

const PLACES = {
  PK: [
    { name: "Clifton Beach", address: "Clifton, Karachi", latitude: 24.7885, longitude: 67.0287 },
    { name: "Gadap Road", address: "Gadap Town, Karachi", latitude: 25.0389, longitude: 67.201 },
    { name: "Liberty Market", address: "Gulberg III, Lahore", latitude: 31.5102, longitude: 74.3441 },
    { name: "Faisal Mosque", address: "E-8, Islamabad", latitude: 33.7297, longitude: 73.0372 },
  ],
  IN: [
    { name: "Gateway of India", address: "Colaba, Mumbai", latitude: 18.922, longitude: 72.8347 },
    { name: "Calangute Beach", address: "Calangute, Goa", latitude: 15.5439, longitude: 73.7553 },
    { name: "Lonavala Station", address: "Lonavala, Maharashtra", latitude: 18.7481, longitude: 73.4072 },
    { name: "India Gate", address: "New Delhi", latitude: 28.6129, longitude: 77.2295 },
  ],
};

function placesFor(person) {
  const indian = (person.phone || "").startsWith("+91") || (person.user_id || "").startsWith("IN.");
  return indian ? PLACES.IN : PLACES.PK;
}

export function openAttachments(screen, { person, say, toast, onLocation, onPicture }) {
  openSheet(screen, "Attach", (close) => {
    const item = (name, picture, color, act) => h("button", { class: "attach", type: "button", "data-testid": `attach-${name.toLowerCase()}`, onclick: () => { close(); act(); } },
      h("span", { class: "attach__icon", style: `color:${color}` }, icon(picture, 26)), h("span", {}, name));
    return h("div", { class: "attach-grid" },
      item("Gallery", "gallery", "#0b74e5", () => pickPicture({ onPicture, toast })),
      item("Camera", "shot", "#e5356f", () => pickPicture({ camera: true, onPicture, toast })),
      item("Location", "location", "#1a9f6c", () => onLocation()),
      item("Contact", "person", "#0795bd", () => say({ contact: true })),
      item("Document", "file", "#7a5cdb", () => pickDocument({ say, toast })));
  }, { className: "sheet--attach" });
}

export function pickPicture({ camera = false, onPicture, toast }) {
  const input = h("input", { type: "file", accept: "image/jpeg,image/png", capture: camera ? "environment" : null, hidden: true, "data-testid": "picture-file" });
  input.addEventListener("change", () => {
    if (input.files[0]) readPicture(input.files[0], { onPicture, toast });
    input.remove();
  });
  document.body.append(input);
  input.click();
}

export function readPicture(file, { onPicture, toast }) {
  if (file.size > LARGEST.image) return toast("This picture is larger than 5 MB");
  read(file, toast, (url, base64) => onPicture({ url, base64, mime: file.type || "image/jpeg" }));
}

function pickDocument({ say, toast }) {
  const input = h("input", { type: "file", accept: ".pdf,.txt,.doc,.docx,.xls,.xlsx,.ppt,.pptx", hidden: true, "data-testid": "document-file" });
  input.addEventListener("change", () => {
    const file = input.files[0];
    input.remove();
    if (!file) return;
    if (file.size > LARGEST.document) toast("This document is larger than 100 MB");
    else read(file, toast, (_, base64) => say({ document: { base64, mime: file.type || "application/pdf", filename: file.name } }));
  });
  document.body.append(input);
  input.click();
}

function read(file, toast, done) {
  const reader = new FileReader();
  reader.onload = () => done(reader.result, String(reader.result).split(",")[1]);
  reader.onerror = () => toast("This file could not be read");
  reader.readAsDataURL(file);
}

// The app's own step before a picture leaves: see it, write a caption, send.
export function openPictureCheck(screen, picture, send) {
  const close = () => check.remove();
  const caption = h("input", { type: "text", class: "check__caption", placeholder: "Add a caption…", "aria-label": "Caption", maxlength: 1024, dir: "auto", "data-testid": "caption",
    onkeydown: (event) => event.key === "Enter" && done() });
  const done = () => { close(); send({ image: { base64: picture.base64, mime: picture.mime, ...(caption.value.trim() && { caption: caption.value.trim() }) } }); };
  const check = h("div", { class: "viewer", role: "dialog", "aria-modal": "true", "aria-label": "Send photo", onkeydown: (event) => event.key === "Escape" && close() },
    h("div", { class: "viewer__bar" }, h("button", { class: "icon-button", type: "button", "aria-label": "Discard photo", onclick: close }, icon("close"))),
    h("img", { src: picture.url, alt: "Photo to send" }),
    h("div", { class: "check" }, caption,
      h("button", { class: "round-button", type: "button", "aria-label": "Send photo", "data-testid": "picture-send", onclick: done }, icon("send", 22))));
  screen.append(check);
  caption.focus({ preventScroll: true });
}

export function openPlaces(screen, person, say) {
  const places = placesFor(person);
  openSheet(screen, "Send location", (close) => {
    const send = (place) => { close(); say({ location: place }); };
    const row = (picture, title, more, act, extra = "") => h("button", { class: `place-row ${extra}`.trim(), type: "button", "data-testid": "place", onclick: act },
      h("span", { class: "place-row__icon" }, icon(picture, 22)),
      h("span", { class: "choice__text" }, h("span", { class: "choice__title" }, title), h("span", { class: "choice__more" }, more)));
    const [latitude, longitude] = ["Latitude", "Longitude"].map((name, i) =>
      h("input", { type: "number", step: "any", min: i ? -180 : -90, max: i ? 180 : 90, required: true, placeholder: name, "aria-label": name, class: "field" }));
    const own = h("form", { class: "coordinates", onsubmit: (event) => { event.preventDefault(); send({ latitude: Number(latitude.value), longitude: Number(longitude.value) }); } },
      latitude, longitude, h("button", { class: "text-button", type: "submit" }, "Send"));
    const { latitude: here, longitude: there } = places[0];
    return [
      sheetHead("Send location", close),
      h("div", { class: "sheet__body" },
        h("div", { class: "sheet__map" }, map(places[0])),
        row("location", "Send your current location", "Accurate to 14 metres", () => send({ latitude: here, longitude: there }), "place-row--current"),
        h("h3", {}, "Nearby places"),
        places.map((place) => row("location", place.name, place.address, () => send(place))),
        h("h3", {}, "Anywhere else"), own),
    ];
  }, { className: "sheet--list" });
}
