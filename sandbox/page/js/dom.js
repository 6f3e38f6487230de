// Make elements without a framework: h("button", {class: "x", onclick: f}, "text", child).
// Everything a person typed goes through text nodes, never through innerHTML.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) {
    if (value !== undefined && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

// Keep what a person chose on this device; a browser that forbids storage only forgets it.
export const remembered = {
  get(key) {
    try { return JSON.parse(localStorage.getItem(`sarai.${key}`)); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(`sarai.${key}`, JSON.stringify(value)); } catch { /* forgotten */ }
  },
};

// A link is only ever a web page: a message must not smuggle in javascript: or file: addresses.
export function safeUrl(url) {
  try {
    const parsed = new URL(url, location.href);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}
