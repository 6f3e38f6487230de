// A small emoji keyboard; the phone's own font draws them.

import { h } from "./dom.js";

const EMOJI = [
  "😀 😃 😄 😁 😅 😂 🤣 😊 😇 🙂 😉 😍 😘 😋 😜 🤗 🤔 😐 😏 🙄 😬 😴 🤒 😎 🥳 😕 😟 😮 😳 🥺 😢 😭 😡 🤯",
  "👍 👎 👌 🙏 👋 👏 🙌 🤝 💪 ✌️ 🤞 👉 👆 ✋ 🫶 ❤️ 💚 💙 💛 💔 ⭐ 🌟 ✨ 🔥 💯 ✅ ❌ ⚠️ ❓ ❗",
  "🏡 🏠 🏖️ 🏞️ 🏏 🏊 🛏️ 🔑 🎟️ 📅 📍 🗺️ 🚗 ✈️ 🧳 ⏰ 💵 💳 🧾 📷 🎉 🎂 🎁 ☕ 🍽️ 🌙 ☀️ 🌧️ 🌴 🌸",
].join(" ").split(" ");

// `onSticker` sends the one sticker that the sandbox has.
export function emojiKeyboard(onPick, onSticker) {
  return h("div", { class: "emoji-keyboard", role: "group", "aria-label": "Emoji" },
    h("button", { class: "emoji-keyboard__sticker", type: "button", "aria-label": "Sticker: a cup of tea", "data-testid": "sticker", onclick: onSticker }, h("img", { src: "/page/samples/chai.webp", alt: "", width: 38, height: 38 })),
    EMOJI.map((one) => h("button", { type: "button", "aria-label": one, onclick: () => onPick(one) }, one)));
}
