// Icons drawn for this page, 24 × 24, in the colour of the text around them.

import { svg } from "./dom.js";

const LINE = { fill: "none", stroke: "currentColor", "stroke-width": 1.9, "stroke-linecap": "round", "stroke-linejoin": "round" };

// name: [path for strokes, path for fills]
const SHAPES = {
  back: ["M19.5 12H5M11 5.5 4.5 12l6.5 6.5"],
  video: ["M4.6 6.2h8.8c.9 0 1.6.7 1.6 1.6v8.4c0 .9-.7 1.6-1.6 1.6H4.6c-.9 0-1.6-.7-1.6-1.6V7.8c0-.9.7-1.6 1.6-1.6zM15 10.6l5.2-3.3c.4-.2.8 0 .8.4v8.6c0 .4-.4.6-.8.4L15 13.4"],
  call: ["M7.4 3.8H5.2c-.8 0-1.5.7-1.4 1.5.5 8 6.9 14.4 14.9 14.9.8.1 1.5-.6 1.5-1.4v-2.4c0-.7-.5-1.2-1.1-1.4l-2.6-.6c-.5-.1-1 0-1.4.4l-1.5 1.6c-2.3-1.2-4.1-3-5.3-5.3l1.6-1.5c.4-.4.5-.9.4-1.4L9 5c-.2-.7-.8-1.2-1.6-1.2z"],
  menu: [null, "M12 7.6a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zm0 6.2a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zm0 6.2a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"],
  emoji: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 14.2c.8 1.6 2.3 2.5 4 2.5s3.2-.9 4-2.5", "M9 10.9a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6zm6 0a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6z"],
  keyboard: ["M4.8 6h14.4c1 0 1.8.8 1.8 1.8v8.4c0 1-.8 1.8-1.8 1.8H4.8c-1 0-1.8-.8-1.8-1.8V7.8C3 6.8 3.8 6 4.8 6zM8 14.8h8M6.6 9.4h.1M10.2 9.4h.1M13.8 9.4h.1M17.4 9.4h.1M6.6 12h.1M10.2 12h.1M13.8 12h.1M17.4 12h.1"],
  attach: ["M20 11.4 12.1 19.3c-2.1 2.1-5.4 2.1-7.4 0s-2-5.3 0-7.3l8.3-8.3c1.4-1.4 3.6-1.4 5 0s1.4 3.5 0 4.9l-8.2 8.2c-.7.7-1.8.7-2.5 0s-.7-1.7 0-2.4l7.3-7.3"],
  camera: ["M4.6 7.4h2.6c.4 0 .7-.2.9-.5l1-1.7c.2-.3.5-.5.9-.5h4c.4 0 .7.2.9.5l1 1.7c.2.3.5.5.9.5h2.6c.9 0 1.6.7 1.6 1.6v8.6c0 .9-.7 1.6-1.6 1.6H4.6c-.9 0-1.6-.7-1.6-1.6V9c0-.9.7-1.6 1.6-1.6zM12 16.4a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8z"],
  mic: ["M6 11.4c0 3.3 2.7 6 6 6s6-2.7 6-6M12 17.6v3.2", "M12 14.6c1.8 0 3.2-1.4 3.2-3.2V6.2C15.2 4.4 13.8 3 12 3S8.8 4.4 8.8 6.2v5.2c0 1.8 1.4 3.2 3.2 3.2z"],
  send: [null, "M3.4 20.4 21.3 12.7c.6-.3.6-1.1 0-1.4L3.4 3.6c-.6-.2-1.1.2-1 .8l1.3 6.1 9.3 1.5-9.3 1.5-1.3 6.1c-.1.6.4 1 1 .8z"],
  reply: [null, "M10 8.4V5.6c0-.6-.7-.9-1.2-.5L2.6 11c-.3.3-.3.8 0 1.1l6.2 5.8c.5.4 1.2.1 1.2-.5v-2.9c5 0 8.5 1.5 11 5-1-5.1-4-10.1-11-11.1z"],
  list: ["M9 6.5h11M9 12h11M9 17.5h11", "M5 8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zm0 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM5 19a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z"],
  open: ["M18.5 13.8v4.4c0 .9-.7 1.6-1.6 1.6H5.8c-.9 0-1.6-.7-1.6-1.6V7.1c0-.9.7-1.6 1.6-1.6h4.4M14 4.2h5.8V10M19.5 4.5l-8.3 8.3"],
  contact: ["M12 11.6a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6zM4.6 20c.5-3.5 3.6-5.6 7.4-5.6s6.9 2.1 7.4 5.6"],
  person: [null, "M12 11.8a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 6.7c0-2.9 3.6-4.9 8-4.9s8 2 8 4.9v.7c0 .6-.4 1-1 1H5c-.6 0-1-.4-1-1v-.7z"],
  location: [null, "M12 2.6c-3.9 0-7 3.1-7 6.9 0 4.7 5.1 10.2 6.4 11.5.3.4.9.4 1.2 0C13.9 19.7 19 14.2 19 9.5c0-3.8-3.1-6.9-7-6.9zm0 9.5a2.6 2.6 0 1 1 0-5.2 2.6 2.6 0 0 1 0 5.2z"],
  gallery: [null, "M5.5 4h13C19.9 4 21 5.1 21 6.5v11c0 1.4-1.1 2.5-2.5 2.5h-13C4.1 20 3 18.9 3 17.5v-11C3 5.1 4.1 4 5.5 4zm-.3 13h13.6l-4.5-6-3.4 4.4-2.4-2.9L5.2 17zM8.4 10a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z"],
  shot: [null, "M9.4 4.5 8 6.5H5C3.9 6.5 3 7.4 3 8.5v9c0 1.1.9 2 2 2h14c1.1 0 2-.9 2-2v-9c0-1.1-.9-2-2-2h-3l-1.4-2c-.2-.3-.5-.5-.9-.5h-3.4c-.4 0-.7.2-.9.5zM12 17a4.2 4.2 0 1 1 0-8.4 4.2 4.2 0 0 1 0 8.4z"],
  receipt: [null, "M6 2.5h12c.6 0 1 .4 1 1v18l-2.3-1.6-2.4 1.6-2.3-1.6-2.3 1.6-2.4-1.6L5 21.5v-18c0-.6.4-1 1-1zM8 7v1.6h8V7zm0 3.6v1.6h8v-1.6zm0 3.6v1.6h5v-1.6z"],
  file: [null, "M7 2.5h6.8c.5 0 .9.2 1.2.5l4.5 4.5c.3.3.5.7.5 1.2V19.5c0 1.1-.9 2-2 2H7c-1.1 0-2-.9-2-2v-15c0-1.1.9-2 2-2zM13.5 4v4.5H18zM8.5 12v1.6h7V12zm0 3.8v1.6h5v-1.6z"],
  download: ["M12 4v11M7 10.5l5 5 5-5M5 20h14"],
  down: ["m6 6 6 6 6-6M6 12.5l6 6 6-6"],
  caret: ["m7 10 5 5 5-5"],
  close: ["M6 6l12 12M18 6 6 18"],
  lock: [null, "M17 9.5V7.6C17 4.9 14.8 2.7 12 2.7S7 4.9 7 7.6v1.9c-.9.1-1.6.9-1.6 1.8V19c0 1 .8 1.8 1.8 1.8h9.6c1 0 1.8-.8 1.8-1.8v-7.7c0-.9-.7-1.7-1.6-1.8zM9 7.6c0-1.7 1.3-3 3-3s3 1.3 3 3v1.9H9V7.6z"],
  block: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12"],
  search: ["M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3 20.5 20.5"],
  plus: ["M12 5v14M5 12h14"],
  clock: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7v5.2l3.3 2"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  wrench: ["M20 7.5a4.7 4.7 0 0 1-6.3 5.2L7 19.4a1.7 1.7 0 0 1-2.4-2.4l6.7-6.7A4.7 4.7 0 0 1 16.5 4l-2.6 2.6.4 2.7 2.7.4L20 7.5z"],
  play: [null, "M7 4.6v14.8c0 .8.9 1.3 1.6.9l11.8-7.4c.6-.4.6-1.3 0-1.7L8.6 3.7c-.7-.4-1.6.1-1.6.9z"],
  pause: [null, "M7.5 4h2.6c.6 0 1 .4 1 1v14c0 .6-.4 1-1 1H7.5c-.6 0-1-.4-1-1V5c0-.6.4-1 1-1zm6.4 0h2.6c.6 0 1 .4 1 1v14c0 .6-.4 1-1 1h-2.6c-.6 0-1-.4-1-1V5c0-.6.4-1 1-1z"],
  headphones: ["M4 15v-2.6C4 7.8 7.6 4 12 4s8 3.8 8 8.4V15", "M5 13.6h1.6c.8 0 1.4.6 1.4 1.4v4c0 .8-.6 1.4-1.4 1.4H6c-1.4 0-2.5-1.1-2.5-2.5v-2.8c0-.8.7-1.5 1.5-1.5zm12.4 0H19c.8 0 1.5.7 1.5 1.5v2.8c0 1.4-1.1 2.5-2.5 2.5h-.6c-.8 0-1.4-.6-1.4-1.4v-4c0-.8.6-1.4 1.4-1.4z"],
  copy: ["M9.5 8.5h9c.8 0 1.5.7 1.5 1.5v9c0 .8-.7 1.5-1.5 1.5h-9c-.8 0-1.5-.7-1.5-1.5v-9c0-.8.7-1.5 1.5-1.5zM5 15.5c-.6 0-1-.4-1-1V5c0-.6.4-1 1-1h9.5c.6 0 1 .4 1 1"],
  form: ["M5.5 4h13c.8 0 1.5.7 1.5 1.5v13c0 .8-.7 1.5-1.5 1.5h-13c-.8 0-1.5-.7-1.5-1.5v-13C4 4.7 4.7 4 5.5 4zM8 9h8M8 13h8M8 17h4"],
  trash: ["M5 7h14M10 7V4.8h4V7M7 7l.8 12.2h8.4L17 7M10.2 10.5v5.5M13.8 10.5v5.5"],
  poll: ["M5 6.5h14M5 12h9M5 17.5h6"],
  pencil: ["M5 19l1-4L16.5 4.5a1.8 1.8 0 0 1 2.6 0l.4.4a1.8 1.8 0 0 1 0 2.6L9 18z"],
  mail: ["M4.6 5.5h14.8c.9 0 1.6.7 1.6 1.6v9.8c0 .9-.7 1.6-1.6 1.6H4.6c-.9 0-1.6-.7-1.6-1.6V7.1c0-.9.7-1.6 1.6-1.6zM3.6 6.6l8.4 6.6 8.4-6.6"],
  shield: ["M12 3.2 19 6v5.4c0 4.4-2.9 7.6-7 9.4-4.1-1.8-7-5-7-9.4V6zM8.8 12l2.3 2.3 4.2-4.5"],
  warning: ["M12 4 21 19.5H3zM12 10v4.2M12 16.9v.1"],
  sliders: ["M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"],
};

export function icon(name, size = 24) {
  const [stroke, fill] = SHAPES[name];
  const drawing = svg("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: `icon icon--${name}` });
  if (stroke) drawing.append(svg("path", { d: stroke, ...LINE }));
  if (fill) drawing.append(svg("path", { d: fill, fill: "currentColor", "fill-rule": "evenodd" }));
  return drawing;
}

// One tick, two ticks, two blue ticks (blue comes from the class), or a mark for what was not sent.
export function ticks(status) {
  if (status === "failed") {
    return svg("svg", { viewBox: "0 0 16 15", width: 14, height: 13, class: "ticks ticks--failed", role: "img", "aria-label": "Not sent" },
      svg("path", { d: "M8 13a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 4.7v3.5M8 10.3v.1", fill: "none", stroke: "currentColor", "stroke-width": 1.4, "stroke-linecap": "round" }));
  }
  const two = status !== "sent";
  const label = { sent: "Sent", delivered: "Delivered", read: "Read" }[status] || "Sent";
  const path = two ? "M1.1 6.6 4 9.6l6.2-7M7.3 8.8l.8.8 6.2-7" : "M3.1 6.6 6 9.6l6.2-7";
  return svg("svg", { viewBox: "0 0 16 12", width: 16, height: 12, class: `ticks ticks--${status}`, role: "img", "aria-label": label },
    svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.45, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

export function tail(side) {
  // One unit wider than what shows: it overlaps the bubble, so that no seam can open between them.
  const d = side === "in" ? "M9 0v13.2H8L1 3.7C-.1 2.2.7 0 2.6 0z" : "M0 0v13.2h1L8 3.7C9.1 2.2 8.3 0 6.4 0z";
  return svg("svg", { viewBox: "0 0 9 13.2", width: 9, height: 13, class: "tail", "aria-hidden": "true" },
    svg("path", { d, fill: "currentColor" }));
}

export function badge(size = 16) {
  const points = Array.from({ length: 24 }, (_, i) => {
    const radius = i % 2 ? 9.2 : 11;
    const angle = (Math.PI * i) / 12;
    return `${(12 + radius * Math.sin(angle)).toFixed(1)},${(12 - radius * Math.cos(angle)).toFixed(1)}`;
  }).join(" ");
  return svg("svg", { viewBox: "0 0 24 24", width: size, height: size, class: "badge", role: "img", "aria-label": "Verified" },
    svg("polygon", { points, fill: "#0086ff", stroke: "#0086ff", "stroke-width": 1.5, "stroke-linejoin": "round" }),
    svg("path", { d: "m7.8 12.3 2.9 2.9 5.7-6", fill: "none", stroke: "#fff", "stroke-width": 2.3, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

export function logo(size = 40) {
  return svg("svg", { viewBox: "0 0 40 40", width: size, height: size, class: "logo", "aria-hidden": "true" },
    svg("rect", { width: 40, height: 40, fill: "#0f5b4f" }),
    svg("path", { d: "M8 30V19.5C8 12.6 13.4 7.5 20 7.5s12 5.1 12 12V30z", fill: "#f6e7c8" }),
    svg("path", { d: "M13.5 30v-9.7c0-4 2.9-6.8 6.5-6.8s6.5 2.8 6.5 6.8V30z", fill: "#0f5b4f" }),
    svg("path", { d: "M17 30v-8.3c0-2 1.3-3.3 3-3.3s3 1.3 3 3.3V30z", fill: "#e0a84a" }),
    svg("path", { d: "M6 30h28v2.4H6z", fill: "#f6e7c8" }));
}

export function pdf() {
  return svg("svg", { viewBox: "0 0 26 32", width: 26, height: 32, class: "pdf", "aria-hidden": "true" },
    svg("path", { d: "M3 0h14l9 9v20c0 1.7-1.3 3-3 3H3c-1.7 0-3-1.3-3-3V3c0-1.7 1.3-3 3-3z", fill: "#e5454c" }),
    svg("path", { d: "M17 0l9 9h-7c-1.1 0-2-.9-2-2z", fill: "#f59da1" }),
    svg("text", { x: 13, y: 23.5, "text-anchor": "middle", fill: "#fff", "font-size": 8.5, "font-weight": 700, "font-family": "Arial, sans-serif" }, "PDF"));
}
