// The paper clip: pictures, camera, a place, one's own contact.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { map } from "./media.js";
import { openSheet, sheetHead } from "./sheet.js";

const LARGEST = { image: 5_242_880, document: 104_857_600 }; // bytes, what WhatsApp takes

// Places on the way to the sample listings.
const PLACES = {
  PK: [
    { name: "Karimabad Bazaar", address: "Hunza, Gilgit-Baltistan", latitude: 36.3229, longitude: 74.6667 },
    { name: "Skardu Airport", address: "Skardu, Gilgit-Baltistan", latitude: 35.3355, longitude: 75.536 },
    { name: "Kalam Bazaar", address: "Kalam, Swat", latitude: 35.479, longitude: 72.5886 },
    { name: "Multan Cantonment Station", address: "Multan, Punjab", latitude: 30.1823, longitude: 71.4404 },
    { name: "Gwadar Marine Drive", address: "Gwadar, Balochistan", latitude: 25.1167, longitude: 62.3254 },
    { name: "Clifton Beach", address: "Clifton, Karachi", latitude: 24.7885, longitude: 67.0287 },
  ],
  IN: [
    { name: "Palolem Beach Road", address: "Canacona, Goa", latitude: 15.0118, longitude: 74.0231 },
    { name: "Munnar Bus Stand", address: "Munnar, Kerala", latitude: 10.0889, longitude: 77.0595 },
    { name: "Kaza Market", address: "Spiti, Himachal Pradesh", latitude: 32.2262, longitude: 78.0724 },
    { name: "Gateway of India", address: "Colaba, Mumbai", latitude: 18.922, longitude: 72.8347 },
  ],
};
const PICTURES = [["valley.jpg", "A valley"], ["beach.jpg", "A beach"], ["garden.jpg", "A garden"]];

function placesFor(person) {
  const indian = (person.phone || "").startsWith("+91") || (person.user_id || "").startsWith("IN.");
  return indian ? PLACES.IN : PLACES.PK;
}

export function openAttachments(screen, { person, people, say, sendSample, toast, onLocation, onPicture }) {
  openSheet(screen, "Attach", (close) => {
    const item = (name, picture, color, act) => h("button", { class: "attach", type: "button", "data-testid": `attach-${name.toLowerCase()}`, onclick: () => { close(); act(); } },
      h("span", { class: "attach__icon", style: `color:${color}` }, icon(picture, 26)), h("span", {}, name));
    return h("div", { class: "attach-grid" },
      item("Gallery", "gallery", "#0b74e5", () => openGallery(screen, { sendSample, onPicture, toast })),
      item("Camera", "shot", "#e5356f", () => pickPicture({ camera: true, onPicture, toast })),
      item("Screenshot", "receipt", "#128c7e", () => openScreenshots(screen, person, { onPicture, toast })),
      item("Location", "location", "#1a9f6c", () => onLocation()),
      item("Contact", "person", "#0795bd", () => openContacts(screen, person, people, say)),
      item("Document", "file", "#7a5cdb", () => openDocuments(screen, { say, sendSample, toast })),
      item("Audio", "headphones", "#e8710a", () => sendSample("audio", "voice.ogg", "audio/ogg")),
      item("Poll", "poll", "#f0b400", () => say({ unsupported: true })));
  }, { className: "sheet--attach" });
}

// What a wallet's picture of the transfer can show; the last one that was made can be sent once more.
const RECEIPTS = [
  ["right", "As it was asked for", "Amount, account and name are right"],
  ["less", "Too little", "The last digit was left out"],
  ["other_person", "To somebody else", "Another name and account"],
  ["pending", "Still pending", "The wallet has not sent it yet"],
  ["failed", "Failed", "Nothing was sent"],
];
let lastReceipt = null;

// A wallet's picture of the transfer that this chat was last asked for; no money moves.
function openScreenshots(screen, person, { onPicture, toast }) {
  openSheet(screen, "Screenshot of a transfer", (close) => [
    sheetHead("Screenshot of a transfer", close),
    h("div", { class: "sheet__body" },
      RECEIPTS.map(([kind, title, more]) => row("receipt", title, more, () => { close(); sendScreenshot(person, kind, { onPicture, toast }); })),
      lastReceipt && row("receipt", "The last one again", "The same picture, whoever sent it", () => { close(); onPicture(lastReceipt); })),
  ], { className: "sheet--list" });
}

async function sendScreenshot(person, kind, { onPicture, toast }) {
  const answer = await fetch(`/api/chats/${person.id}/receipt?kind=${kind}`);
  const found = await answer.json();
  if (!answer.ok) return toast("Nobody has asked for a transfer in this chat");
  lastReceipt = { url: `data:${found.mime};base64,${found.base64}`, base64: found.base64, mime: found.mime };
  onPicture(lastReceipt);
}

// A file of the page's own samples as base64.
export async function sample(name) {
  const blob = await (await fetch(`/page/samples/${name}`)).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1]);
    reader.onerror = () => reject(new Error("This file could not be read"));
    reader.readAsDataURL(blob);
  });
}

function openGallery(screen, { sendSample, onPicture, toast }) {
  openSheet(screen, "Gallery", (close) => [
    sheetHead("Gallery", close),
    h("div", { class: "gallery" },
      PICTURES.map(([file, name]) => h("button", { class: "gallery__one", type: "button", "aria-label": name, "data-testid": "sample-picture", onclick: async () => {
        close();
        onPicture({ url: `/page/samples/${file}`, base64: await sample(file), mime: "image/jpeg" });
      } }, h("img", { src: `/page/samples/${file}`, alt: "" }))),
      h("button", { class: "gallery__one", type: "button", "aria-label": "A video of a boat", "data-testid": "sample-video", onclick: () => { close(); sendSample("video", "boat.mp4", "video/mp4"); } },
        h("video", { src: "/page/samples/boat.mp4#t=0.1", preload: "metadata", muted: true, tabindex: "-1" }), h("span", { class: "film__play film__play--small" }, icon("play", 18)))),
    row("gallery", "From this device…", "JPEG or PNG, up to 5 MB", () => { close(); pickPicture({ onPicture, toast }); }),
  ], { className: "sheet--list" });
}

function openDocuments(screen, { say, sendSample, toast }) {
  openSheet(screen, "Send document", (close) => [
    sheetHead("Send document", close),
    h("div", { class: "sheet__body" },
      row("file", "id-card.pdf", "A sample of an identity card", () => { close(); sendSample("document", "id-card.pdf", "application/pdf", { filename: "id-card.pdf" }); }),
      row("gallery", "From this device…", "PDF, Office or text, up to 100 MB", () => { close(); pickDocument({ say, toast }); })),
  ], { className: "sheet--list" });
}

function openContacts(screen, person, people, say) {
  openSheet(screen, "Send contact", (close) => [
    sheetHead("Send contact", close),
    h("div", { class: "sheet__body" },
      row("person", `${person.name} (you)`, person.phone, () => { close(); say({ contact: true }); }),
      people.filter((one) => one.id !== person.id && one.phone).map((one) =>
        row("person", one.name, one.phone, () => { close(); say({ card: { name: one.name, phone: one.phone } }); }))),
  ], { className: "sheet--list" });
}

function row(picture, title, more, act, extra = "") {
  return h("button", { class: `place-row ${extra}`.trim(), type: "button", "data-testid": "place", onclick: act },
    h("span", { class: "place-row__icon" }, icon(picture, 22)),
    h("span", { class: "choice__text" }, h("span", { class: "choice__title", dir: "auto" }, title), h("span", { class: "choice__more", dir: "auto" }, more)));
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
    const [latitude, longitude] = ["Latitude", "Longitude"].map((name, i) =>
      h("input", { type: "number", step: "any", min: i ? -180 : -90, max: i ? 180 : 90, required: true, placeholder: name, "aria-label": name, class: "field" }));
    const named = h("input", { type: "text", maxlength: 100, placeholder: "Name (may stay empty)", "aria-label": "Name of the place", class: "field", dir: "auto" });
    const own = h("form", { class: "coordinates", onsubmit: (event) => { event.preventDefault(); send({ latitude: Number(latitude.value), longitude: Number(longitude.value), ...(named.value.trim() && { name: named.value.trim() }) }); } },
      named, latitude, longitude, h("button", { class: "text-button", type: "submit" }, "Send"));
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
