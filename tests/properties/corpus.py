"""What people type and send: sensible, senseless, in any writing, and what WhatsApp has besides words."""

from __future__ import annotations

import random
from typing import Any, Final

GUEST: Final = (
    "hi", "menu", "menu", "back", "cancel", "help", "language", "book", "my bookings", "ticket", "yes", "no", "haan ji",
    "nahi", "{place}", "{place}", "sea view", "25 dec", "24 to 26 dec", "25/12 for 2 nights", "next saturday", "kal",
    "parson", "jumma", "fri to sun", "1 nov", "5-12", "december", "31 feb", "next month", "2", "4", "1", "five",
    "2 adults and 1 child", "7 guests", "40 people", "two nights", "a week", "10 nights", "Ali Khan", "my name is sara",
    "10", "10am", "half past ten", "subah 10 baje", "shaam 6", "noon", "2 hours", "dedh ghanta", "day", "night",
    "full day", "full night", "raat", "poora din", "saturday night", "tomorrow 10am for 2 hours, 3 people",
    "pay", "pay by card", "card", "bank transfer", "i have paid", "paid", "mene paise bhej diye", "change", "other dates",
    "cancel {code}", "ticket {code}", "{code}", "where is it?", "directions", "contact the owner", "5 stars", "5", "3",
    "talk to a person", "agent", "thanks", "ok", "👍", "शुक्रिया", "شکریہ", "نمستے", "मेनू", "مینو", "english", "urdu",
    "हिन्दी", "xyzzy", "?", "", " ", "\n", "x" * 5000, "%s {0} {name} \\n * _ ~ ```", "'; DROP TABLE bookings; --",
    "0", "-1", "99999999999999999999", "03001234567", "1.5", "٤", "१०", "farmhouse for 20 on saturday night, ali",
    "SUMMER10", "skip", "none", "12345-1234567-1", "maybe", "not sure 5 or 6", "forget me", "stop",
)  # fmt: skip
OWNER: Final = (
    "hi", "menu", "help", "today", "calendar", "calendar december", "requests", "pending", "confirm", "approve", "decline",
    "confirm {code}", "decline {code}", "request {code}", "{code}", "block 24-26 dec", "block tomorrow", "block",
    "block 31 feb", "unblock 24-26 dec", "unblock", "unblock all", "price", "price sat 12000", "price 0", "price sat -5",
    "price sat 12k", "earnings", "check in {code}", "check in 7K3QX", "checkin", "yes", "no", "1", "fully booked",
    "slot unavailable", "other", "because of the rain", "back", "{place}",
)  # fmt: skip
ADMIN: Final = (
    "hi", "menu", "help", "pending", "booking {code}", "{code}", "verify {code}", "verify", "reject {code} no such money",
    "reject {code}", "approve {code}", "approve", "decline {code} not possible", "decline {code}", "confirm {code}",
    "stuck", "failed", "stats today", "stats", "find {phone}", "find ayesha", "find", "reply {phone} we are on it",
    "reply {phone}", "reply", "pause bot {phone}", "resume {phone}", "resume", "pause bot", "on duty", "off duty",
    "unmatched", "refunds", "refund {code}", "earnings", "yes", "no", "verify BK-20261120-00000", "booking", "1",
)  # fmt: skip

NODES: Final[tuple[dict[str, Any], ...]] = (
    {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "sha256": "x"}},
    {"type": "image", "image": {"id": "2", "mime_type": "image/jpeg", "caption": "my payment"}},
    {"type": "document", "document": {"id": "3", "filename": "receipt.pdf", "mime_type": "application/pdf"}},
    {"type": "audio", "audio": {"id": "4", "voice": True}},
    {"type": "video", "video": {"id": "5"}},
    {"type": "sticker", "sticker": {"id": "6"}},
    {"type": "location", "location": {"latitude": 25.1, "longitude": 62.3, "name": "Gwadar"}},
    {"type": "location"},
    {
        "type": "contacts",
        "contacts": [{"name": {"formatted_name": "X"}, "phones": [{"phone": "+923009999999"}]}],
    },
    {"type": "contacts", "contacts": []},
    {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}},
    {"type": "unsupported", "errors": [{"code": 131051}]},
    {"type": "order", "order": {}},
    {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}},
    {
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "nonsense:1:2", "title": "?"}},
    },
    {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "", "title": ""}}},
    {"type": "button", "button": {"text": "?"}},
    {"type": "text", "text": {}},
    {},
)

_LETTERS: Final = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x600, 0x6FF), (0x900, 0x97F), (0x4E00, 0x4E80), (0x1F300, 0x1F64F), (0x200B, 0x2069),
    (0x300, 0x36F), (0x1, 0x1F),
)  # fmt: skip


def scrawl(chance: random.Random) -> str:
    """Some letters of some writings, joined by nothing that anybody meant."""
    low, high = chance.choice(_LETTERS)
    words = (
        "".join(chr(chance.randint(low, high)) for _ in range(chance.randint(1, 12)))
        for _ in range(chance.randint(1, 6))
    )
    return " ".join(words)
