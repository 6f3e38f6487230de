// Pictures, documents, places and contact cards inside a bubble, and the full-screen picture.

import { h, svg, safeUrl } from "./dom.js";
import { icon, pdf } from "./icons.js";

export function picture(url, { alt = "Photo", onOpen, onLoad } = {}) {
  const image = h("img", { src: url, alt, decoding: "async" });
  const frame = h("button", { class: "picture", type: "button", "aria-label": `Open ${alt.toLowerCase()}`, onclick: () => onOpen?.(url) }, image);
  image.addEventListener("load", () => {
    // The app crops very tall and very wide pictures; the true shape is in the viewer.
    const shape = image.naturalWidth / image.naturalHeight || 1.5;
    frame.style.aspectRatio = String(Math.min(1.91, Math.max(0.78, shape)));
    onLoad?.();
  });
  image.addEventListener("error", () => { frame.classList.add("picture--broken"); image.alt = "This photo is no longer there"; });
  return frame;
}

// A video as a still with a play button on it.
export function film(media, { onOpen, onLoad } = {}) {
  const still = h("video", { src: `${media.url}#t=0.1`, preload: "metadata", muted: true, playsinline: true, tabindex: "-1" });
  const length = h("span", { class: "film__length" });
  const frame = h("button", { class: "picture film", type: "button", "aria-label": "Play video", onclick: () => onOpen?.() }, still,
    h("span", { class: "film__play" }, icon("play", 26)), length);
  still.addEventListener("loadedmetadata", () => {
    frame.style.aspectRatio = String(Math.min(1.91, Math.max(0.78, still.videoWidth / still.videoHeight || 1.5)));
    length.textContent = clockLabel(still.duration);
    onLoad?.();
  });
  return frame;
}

// A voice message (or a sound file): play, a wave that fills, how long it is.
export function sound(bubble, { mine }) {
  const audio = new Audio();
  audio.preload = "none";
  audio.src = bubble.media.url;
  const bars = Array.from({ length: 34 }, (_, i) => h("i", { style: `height:${wave(bubble.id, i)}%` }));
  const length = h("span", { class: "sound__length" }, lengthOf(bubble.media));
  const button = h("button", { class: "sound__play", type: "button", "aria-label": "Play voice message", onclick: () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()) }, icon("play", 26));
  const showPlaying = (on) => {
    button.replaceChildren(icon(on ? "pause" : "play", 26));
    button.setAttribute("aria-label", on ? "Pause voice message" : "Play voice message");
  };
  audio.addEventListener("play", () => showPlaying(true));
  audio.addEventListener("pause", () => showPlaying(false));
  audio.addEventListener("timeupdate", () => {
    const part = audio.duration && Number.isFinite(audio.duration) ? audio.currentTime / audio.duration : 0;
    bars.forEach((bar, i) => bar.classList.toggle("played", i / bars.length < part));
    length.textContent = clockLabel(audio.currentTime);
  });
  audio.addEventListener("ended", () => bars.forEach((bar) => bar.classList.remove("played")));
  const face = h("span", { class: `sound__face${bubble.status === "read" ? " sound__face--read" : ""}` },
    h("span", { class: "sound__circle" }, icon(bubble.voice ? "person" : "headphones", 28)), bubble.voice && h("span", { class: "sound__mic" }, icon("mic", 16)));
  const line = h("span", { class: "sound__line" }, h("span", { class: "sound__wave", "aria-hidden": "true" }, bars), length);
  return h("div", { class: "sound", "data-testid": "sound" }, ...(mine ? [face, button, line] : [button, line, face]));
}

// The same message always shows the same wave: loud in the middle of words, quiet between them.
function wave(seed, i) {
  let value = 7;
  for (const char of `${seed}${i}`) value = (value * 31 + char.charCodeAt(0)) % 997;
  return Math.round(16 + 84 * Math.abs(Math.sin(i / 2.1)) * (0.35 + (value % 100) / 155));
}

// A small file at 16 kbit a second, as the app itself guesses before it has the sound.
const lengthOf = (media) => clockLabel(Math.max(1, (media.size || 0) * 8 / 15_000));

function clockLabel(seconds) {
  const whole = Number.isFinite(seconds) ? Math.floor(seconds + 0.001) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function viewer(screen, media, title) {
  const close = () => { view.remove(); before?.focus?.(); };
  const before = document.activeElement;
  const film_ = media.mime?.startsWith("video/");
  const backButton = h("button", { class: "icon-button", type: "button", "aria-label": film_ ? "Close video" : "Close photo", onclick: close }, icon("back"));
  const view = h("div", { class: "viewer", role: "dialog", "aria-modal": "true", "aria-label": film_ ? "Video" : "Photo", onkeydown: (event) => event.key === "Escape" && close() },
    h("div", { class: "viewer__bar" }, backButton, h("span", {}, title)),
    film_ ? h("video", { src: media.url, controls: true, autoplay: true, playsinline: true }) : h("img", { src: media.url, alt: "Photo", onclick: close }));
  screen.append(view);
  backButton.focus();
}

export function documentCard(media) {
  const name = media.filename || "document";
  const type = (name.match(/\.(\w{1,5})$/)?.[1] || media.mime?.split("/").pop() || "file").toUpperCase();
  const details = h("span", { class: "document__details" }, [sizeLabel(media.size), type].filter(Boolean).join(" • "));
  if (type === "PDF") {
    countPages(media.url).then((pages) => {
      if (!pages) return;
      details.textContent = [`${pages} ${pages === 1 ? "page" : "pages"}`, sizeLabel(media.size), type].filter(Boolean).join(" • ");
    });
  }
  return h("a", { class: "document", href: safeUrl(media.url), target: "_blank", rel: "noopener", "data-testid": "document", "aria-label": `Open ${name}` },
    type === "PDF" ? pdf() : h("span", { class: "document__sheet" }, type.slice(0, 4)),
    h("span", { class: "document__text" }, h("span", { class: "document__name" }, name), details),
    h("span", { class: "document__load" }, icon("download", 18)));
}

function sizeLabel(size) {
  if (!size) return "";
  return size < 1_000_000 ? `${Math.max(1, Math.round(size / 1000))} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

// The count stands in the file in clear text for the PDFs we meet; where it does not, the card leaves it out.
const pageCounts = new Map();
async function countPages(url) {
  if (!pageCounts.has(url)) {
    pageCounts.set(url, (async () => {
      try {
        const response = await fetch(url);
        if (!response.ok) return 0;
        return ((await response.text()).match(/\/Type\s*\/Page(?![a-zA-Z])/g) || []).length;
      } catch {
        return 0;
      }
    })());
  }
  return pageCounts.get(url);
}

// A drawn town around the pin: the same place always gets the same streets.
export function map({ latitude = 0, longitude = 0 }) {
  let seed = Math.abs(Math.round(latitude * 7919 + longitude * 104729)) % 2147483647 || 1;
  const random = (low, high) => { seed = (seed * 48271) % 2147483647; return low + (high - low) * (seed / 2147483647); };
  const lines = [];
  for (let x = random(10, 40); x < 300; x += random(32, 58)) lines.push(`M${x.toFixed(0)} -10L${(x + random(-18, 18)).toFixed(0)} 170`);
  for (let y = random(10, 30); y < 160; y += random(26, 44)) lines.push(`M-10 ${y.toFixed(0)}L310 ${(y + random(-14, 14)).toFixed(0)}`);
  const bend = random(20, 130);
  const main = `M-10 ${bend}C80 ${random(20, 130)} 180 ${random(40, 140)} 310 ${random(10, 150)}`;
  const park = `M${random(20, 80)} ${random(10, 40)}l${random(40, 70)} ${random(4, 12)} ${random(-10, 4)} ${random(30, 46)} ${random(-60, -40)} ${random(-8, 4)}z`;
  const sea = `M310 160V${random(70, 110)}C270 ${random(90, 120)} 250 ${random(120, 140)} ${random(190, 220)} 160z`;
  return svg("svg", { viewBox: "0 0 300 150", preserveAspectRatio: "xMidYMid slice", class: "map", role: "img", "aria-label": "Map" },
    svg("rect", { width: 300, height: 150, fill: "#f2efe9" }),
    svg("path", { d: park, fill: "#cfe8c6" }),
    svg("path", { d: sea, fill: "#aad7ee" }),
    svg("path", { d: lines.join(""), stroke: "#fff", "stroke-width": 5, fill: "none" }),
    svg("path", { d: lines.join(""), stroke: "#e3ddd3", "stroke-width": 0.8, fill: "none", "stroke-dasharray": "1 0", opacity: 0.9 }),
    svg("path", { d: main, stroke: "#e9bf6a", "stroke-width": 9, fill: "none" }),
    svg("path", { d: main, stroke: "#fbe3a4", "stroke-width": 7, fill: "none" }),
    svg("ellipse", { cx: 150, cy: 79, rx: 7, ry: 2.6, fill: "#000", opacity: 0.22 }),
    svg("path", { d: "M150 79c-2-8-15-15.6-15-28a15 15 0 0 1 30 0c0 12.4-13 20-15 28z", fill: "#e0403a", stroke: "#b52f2b", "stroke-width": 0.8 }),
    svg("circle", { cx: 150, cy: 51, r: 5.6, fill: "#8f1f1c" }));
}

export function locationCard(place) {
  const address = `https://www.google.com/maps?q=${place.latitude},${place.longitude}`;
  return h("a", { class: "place", href: address, target: "_blank", rel: "noopener", "aria-label": `Open map${place.name ? `: ${place.name}` : ""}` }, map(place));
}

export function contactCard(contact) {
  return h("div", { class: "contact" },
    h("span", { class: "contact__face" }, icon("person", 30)),
    h("span", { class: "contact__name" }, contact.name || contact.phone || "Contact"));
}
