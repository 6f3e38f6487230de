// WhatsApp's text formatting as DOM: *bold* _italic_ ~strike~ `code` ```mono```, lists, quotes, links, big emoji.
// Each line finds its own direction (dir=auto), so Urdu reads from the right and English from the left.

import { h, safeUrl } from "./dom.js";

const READ_MORE_AFTER = 768; // characters, where the app itself cuts
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u20e3\s])+$/u;
const RIGHT_TO_LEFT = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

const INLINE = new RegExp([
  "```(?<mono>[^]+?)```",
  "`(?<code>[^`\\n]+)`",
  "(?<url>(?:https?:\\/\\/|www\\.)[^\\s<>]*[^\\s<>.,;:!?'\"*_~)\\]])",
  "(?<mail>[\\w.+-]+@[\\w-]+\\.[\\w.-]*\\w)",
  "(?<phone>\\+\\d[\\d \\u00a0-]{7,16}\\d)",
  ...[["bold", "\\*"], ["italic", "_"], ["strike", "~"]].map(([name, mark]) =>
    `(?<![\\p{L}\\p{N}${mark}])${mark}(?=\\S)(?<${name}>[^${mark}\\n]*?[^\\s${mark}])${mark}(?![\\p{L}\\p{N}${mark}])`),
].join("|"), "gu");

const TAGS = { bold: "strong", italic: "em", strike: "s" };

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) nodes.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    nodes.push(piece(match.groups, match[0]));
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

function piece(groups, whole) {
  if (groups.mono !== undefined) return h("code", { class: "mono" }, groups.mono.replace(/^\n|\n$/g, ""));
  if (groups.code !== undefined) return h("code", { class: "code" }, groups.code);
  if (groups.url !== undefined) {
    const address = safeUrl(whole.startsWith("www.") ? `https://${whole}` : whole);
    return address ? h("a", { href: address, target: "_blank", rel: "noopener" }, whole) : whole;
  }
  if (groups.mail !== undefined || groups.phone !== undefined) return h("span", { class: "link" }, whole);
  const name = Object.keys(TAGS).find((key) => groups[key] !== undefined);
  return h(TAGS[name], {}, inline(groups[name]));
}

const LINES = [
  { kind: "bullet", test: /^\s*[-*•]\s+(.*)$/ },
  { kind: "number", test: /^\s*(\d{1,3})\.\s+(.*)$/ },
  { kind: "quote", test: /^>\s?(.*)$/ },
];

function line(text) {
  if (text.trim() === "") return h("div", { class: "line line--empty" }, h("br"));
  for (const { kind, test } of LINES) {
    const found = text.match(test);
    if (!found) continue;
    const rest = found[found.length - 1];
    if (kind === "number") {
      return h("div", { class: "line line--item", dir: direction(rest) },
        h("span", { class: "marker" }, `${found[1]}.`), h("span", {}, inline(rest)));
    }
    if (kind === "bullet") {
      return h("div", { class: "line line--item", dir: direction(rest) },
        h("span", { class: "marker marker--dot" }, "•"), h("span", {}, inline(rest)));
    }
    return h("div", { class: "line line--quote", dir: "auto" }, inline(rest));
  }
  return h("div", { class: "line", dir: "auto" }, inline(text));
}

const direction = (text) => (RIGHT_TO_LEFT.test(text) ? "rtl" : "ltr");

function lines(text) {
  // A ``` block may span lines: it is kept whole, everything else is read line by line.
  const parts = text.split(/(```(?:(?!```)[^])*\n(?:(?!```)[^])*```)/);
  const made = [];
  for (const part of parts) {
    if (!part) continue;
    if (/^```[^]+```$/.test(part) && part.includes("\n")) {
      made.push(h("div", { class: "line" }, inline(part)));
    } else {
      const trimmed = made.length ? part.replace(/^\n/, "") : part;
      const rows = trimmed.replace(/\n$/, parts.length > 1 ? "" : "\n").split("\n");
      if (trimmed) made.push(...rows.map(line));
    }
  }
  return made;
}

// Text of a bubble. `spacer` keeps room for the time on the last line; right-to-left text keeps a line for it.
export function messageText(text, { onGrow, long = READ_MORE_AFTER } = {}) {
  const emoji = emojiCount(text);
  const box = h("div", { class: `text${emoji ? ` text--emoji text--emoji-${emoji}` : ""}`, "data-testid": "body" });
  const full = () => { box.replaceChildren(...lines(text)); finish(box, text); };
  if ([...text].length <= long + 100) {
    full();
    return box;
  }
  const head = text.slice(0, long).replace(/\s+\S*$/, "");
  box.append(...lines(head));
  const more = h("button", { class: "more", type: "button", onclick: () => { full(); onGrow?.(); } }, "Read more");
  const last = box.lastElementChild;
  (last.classList.contains("line--item") ? last.lastElementChild : last).append("… ", more);
  finish(box, text);
  return box;
}

function finish(box, text) {
  const last = text.trimEnd().split("\n").pop() || "";
  const end = box.lastElementChild;
  if (!end || RIGHT_TO_LEFT.test(last) || end.querySelector(".mono") || end.classList.contains("line--quote")) {
    box.classList.add("text--own-line");
    return;
  }
  box.classList.remove("text--own-line");
  (end.classList.contains("line--item") ? end.lastElementChild : end).append(h("span", { class: "spacer", "aria-hidden": "true" }));
}

// One to three emoji alone are drawn large.
function emojiCount(text) {
  if (!text || text.length > 40 || !EMOJI_ONLY.test(text) || /^[\d\s]*$/.test(text)) return 0;
  const count = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text.replace(/\s/g, ""))].length;
  return count <= 3 ? count : 0;
}

// Plain words of a formatted text, for quotes and labels.
export function plain(text) {
  return (text || "").replace(/```|(?<![\p{L}\p{N}])[*_~](?=\S)|(?<=\S)[*_~](?![\p{L}\p{N}])/gu, "").trim();
}
