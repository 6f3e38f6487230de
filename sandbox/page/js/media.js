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

export function viewer(screen, url, title) {
  const close = () => { view.remove(); before?.focus?.(); };
  const before = document.activeElement;
  const backButton = h("button", { class: "icon-button", type: "button", "aria-label": "Close photo", onclick: close }, icon("back"));
  const view = h("div", { class: "viewer", role: "dialog", "aria-modal": "true", "aria-label": "Photo", onkeydown: (event) => event.key === "Escape" && close() },
    h("div", { class: "viewer__bar" }, backButton, h("span", {}, title)),
    h("img", { src: url, alt: "Photo", onclick: close }));
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
