// A small emoji keyboard; the phone's own font draws them.

import { h } from "./dom.js";

const EMOJI = [
  "😀 😃 😄 😁 😅 😂 🤣 😊 😇 🙂 😉 😍 😘 😋 😜 🤗 🤔 😐 😏 🙄 😬 😴 🤒 😎 🥳 😕 😟 😮 😳 🥺 😢 😭 😡 🤯",
  "👍 👎 👌 🙏 👋 👏 🙌 🤝 💪 ✌️ 🤞 👉 👆 ✋ 🫶 ❤️ 💚 💙 💛 💔 ⭐ 🌟 ✨ 🔥 💯 ✅ ❌ ⚠️ ❓ ❗",
  "🏡 🏠 🏖️ 🏞️ 🏏 🏊 🛏️ 🔑 🎟️ 📅 📍 🗺️ 🚗 ✈️ 🧳 ⏰ 💵 💳 🧾 📷 🎉 🎂 🎁 ☕ 🍽️ 🌙 ☀️ 🌧️ 🌴 🌸",
].join(" ").split(" ");

export function emojiKeyboard(onPick) {
  return h("div", { class: "emoji-keyboard", role: "group", "aria-label": "Emoji" },
    EMOJI.map((one) => h("button", { type: "button", "aria-label": one, onclick: () => onPick(one) }, one)));
}
