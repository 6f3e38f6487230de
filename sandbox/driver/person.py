"""Somebody with a phone: what they say and tap, and what they see."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.driver.chat import PATIENCE, POLL, Bubble, NotSeen

if TYPE_CHECKING:
    from sandbox.driver.world import World

T = TypeVar("T")


class Person:
    """One of the phones."""

    def __init__(self, world: World, key: str) -> None:
        self._world, self._http, self.id = world, world.http, key
        self._acted = world.began_at

    def __repr__(self) -> str:
        return f"Person({self.id!r})"

    @property
    def card(self) -> dict[str, Any]:
        """Name, role, phone, user id and whether the number is hidden."""
        return next(each for each in self._http.get("/api/state")["people"] if each["id"] == self.id)

    @property
    def name(self) -> str:
        return str(self.card["name"])

    @property
    def phone(self) -> str:
        return str(self.card["phone"])

    @property
    def user_id(self) -> str:
        return str(self.card["user_id"])

    # What a person does.

    def says(self, text: str) -> None:
        """Types a message and sends it."""
        self._say({"text": text})

    def taps(
        self, title: str, *, old: bool = False, in_message: Bubble | None = None, within: float = PATIENCE
    ) -> str | None:
        """Taps a button or a row by its title; returns the address if it is a link.

        Looks in what came since the person last did something. `old`: in the newest message that offers it,
        however old. `in_message`: in that one.
        """
        since = 0 if old else self._acted
        bubble = in_message or self._until(
            lambda: self._newest(lambda each: title in each.options, since),
            within,
            f"an option {title!r}",
            since,
        )
        if title not in bubble.options:
            raise NotSeen(f"{self.name} cannot tap {title!r} in this message:\n{bubble}")
        return self._say({"tap": {"wamid": bubble.id, "title": title}}).get("url")

    def taps_id(self, option_id: str, *, in_message: Bubble | None = None) -> None:
        """Taps an option by its id, in any message unless one is named."""
        self._say({"tap": {"wamid": in_message.id if in_message else None, "id": option_id}})

    def shares_contact(self) -> None:
        """Sends their own number, as WhatsApp's button for it does."""
        self._say({"contact": True})

    def shares_location(self, latitude: float, longitude: float, name: str = "", address: str = "") -> None:
        place = {"latitude": latitude, "longitude": longitude}
        self._say({"location": place | {k: v for k, v in (("name", name), ("address", address)) if v}})

    def sends_image(self, data: bytes, *, mime: str = "image/jpeg", caption: str = "") -> None:
        self._say({"image": {"base64": base64.b64encode(data).decode(), "mime": mime, "caption": caption}})

    def sends_screenshot(self, *, amount: str | None = None, kind: str = "right", caption: str = "") -> bytes:
        """Sends a wallet's screenshot of the transfer that the newest instructions ask for; returns the picture.

        Args:
            amount: what it shows, where it is not what was asked for.
            kind: right, less, other_person, pending or failed (`sandbox.receipt.Kind`).
        """
        asked = {"kind": kind} | ({"amount": amount} if amount else {})
        shown = self._http.get(f"/api/chats/{self.id}/receipt", **asked)
        data = base64.b64decode(shown["base64"])
        self.sends_image(data, mime=str(shown["mime"]), caption=caption)
        return data

    def sends_document(
        self, data: bytes, *, filename: str, mime: str = "application/pdf", caption: str = ""
    ) -> None:
        file = {
            "base64": base64.b64encode(data).decode(),
            "mime": mime,
            "filename": filename,
            "caption": caption,
        }
        self._say({"document": file})

    def sends_voice(self, data: bytes, *, mime: str = "audio/ogg; codecs=opus") -> None:
        """Holds the microphone and speaks."""
        self._say({"audio": {"base64": base64.b64encode(data).decode(), "mime": mime, "voice": True}})

    def sends_file(self, kind: str, data: bytes, *, mime: str, caption: str = "") -> None:
        """Sends a `video`, an `audio` file or a `sticker`."""
        self._say({kind: {"base64": base64.b64encode(data).decode(), "mime": mime, "caption": caption}})

    def sends_card(self, name: str, phone: str) -> None:
        """Sends somebody's contact out of the address book."""
        self._say({"card": {"name": name, "phone": phone}})

    def replies(self, text: str, *, to: Bubble) -> None:
        """Swipes this message and answers it."""
        self._say({"text": text, "reply_to": to.id})

    def reacts(self, emoji: str, *, to: Bubble) -> None:
        """Puts an emoji on this message; an empty one takes it off."""
        self._say({"reaction": {"message_id": to.id, "emoji": emoji}})

    def deletes(self, bubble: Bubble) -> None:
        """Deletes an own message for everyone."""
        self._say({"delete": bubble.id})

    def sends_unsupported(self) -> None:
        """Sends something that the Cloud API does not carry, a poll perhaps."""
        self._say({"unsupported": True})

    def sends_raw(self, node: dict[str, Any]) -> None:
        """Sends a message node as it is, for kinds that have no verb here."""
        self._say({"raw": node})

    def opens_chat(self) -> None:
        """Looks at the chat: blue ticks for all that the business wrote."""
        self._http.post(f"/api/chats/{self.id}/open", {})

    def hides_phone(self, hidden: bool = True) -> None:
        """The business no longer sees the number, only the business-scoped user id."""
        self._http.post("/api/people", {"id": self.id, "phone_hidden": hidden})

    def changes_number(self, phone: str, user_id: str) -> None:
        """A new number, and with it a new user id; WhatsApp tells the business."""
        self._http.post(f"/api/people/{self.id}/number", {"phone": phone, "user_id": user_id})

    # What a person sees.

    def sees(
        self,
        wanted: str | re.Pattern[str] = "",
        *,
        within: float = PATIENCE,
        since: Bubble | int | None = None,
        kind: str | None = None,
    ) -> Bubble:
        """Waits for a business message with this text or pattern, newer than what the person did last."""
        after = self._acted if since is None else since if isinstance(since, int) else since.n
        what = f"{kind or 'a message'} with {wanted!r}"
        return self._until(
            lambda: self._newest(lambda each: each.says(wanted) and kind in (None, each.kind), after),
            within,
            what,
            after,
        )

    def sees_nothing(
        self, *, for_: float = 1.0, like: str | re.Pattern[str] = "", since: Bubble | int | None = None
    ) -> None:
        """Nothing new (like this) comes for so many seconds, counted from now or from `since`."""
        after = self._last_n() if since is None else since if isinstance(since, int) else since.n
        end = time.monotonic() + for_
        while time.monotonic() < end:
            if bubble := self._newest(lambda each: each.says(like), after):
                raise NotSeen(f"{self.name} should have seen nothing, but:\n{bubble}")
            time.sleep(POLL)

    def sees_once(
        self, wanted: str | re.Pattern[str], *, within: float = PATIENCE, settle: float = 0.7
    ) -> Bubble:
        """As `sees`, and no second one follows."""
        bubble = self.sees(wanted, within=within)
        time.sleep(settle)
        found = [each for each in self.business_messages(self._acted) if each.says(wanted)]
        if len(found) != 1:
            raise NotSeen(f"{self.name} saw {wanted!r} {len(found)} times:\n{self.screen()}")
        return bubble

    @property
    def last(self) -> Bubble:
        """The newest message of the business."""
        if (found := self._newest(lambda each: True, 0)) is None:
            raise NotSeen(f"{self.name} has heard nothing yet")
        return found

    @property
    def last_link(self) -> str:
        """Where the newest link leads."""
        found = self._newest(lambda each: each.link is not None, 0)
        if found is None or found.link is None:
            raise NotSeen(f"{self.name} was sent no link:\n{self.screen()}")
        return found.link

    @property
    def mark(self) -> int:
        """Here and now in this chat, for `since=`."""
        return self._last_n()

    @property
    def is_typed_to(self) -> bool:
        """Does the phone show “typing…”?"""
        return bool(self.card["typing"])

    def chat(self, since: int = 0) -> list[Bubble]:
        """All bubbles, oldest first."""
        found = self._http.get(f"/api/chats/{self.id}", after=since)["messages"]
        return [Bubble(each) for each in found]

    def business_messages(self, since: int = 0) -> list[Bubble]:
        """What reached the phone from the business."""
        return [each for each in self.chat(since) if each.by_business and each.status != "failed"]

    def file(self, bubble: Bubble) -> bytes:
        """The bytes of a bubble's picture or document."""
        if bubble.media is None:
            raise NotSeen(f"no file in this message:\n{bubble}")
        return self._http.bytes(bubble.media["url"])

    def screen(self, last: int = 12) -> str:
        """The chat as text, newest at the bottom."""
        return f"--- {self.id}'s chat ---\n" + "\n".join(str(each) for each in self.chat()[-last:])

    def _say(self, what: dict[str, Any]) -> dict[str, Any]:
        said = self._http.post(f"/api/chats/{self.id}/say", what)
        # A link that is opened leaves no bubble, and nothing to wait from.
        self._acted = int(said.get("n") or self._acted)
        return said

    def _newest(self, wanted: Callable[[Bubble], bool], since: int) -> Bubble | None:
        return next((each for each in reversed(self.business_messages(since)) if wanted(each)), None)

    def _last_n(self) -> int:
        return int(self._http.get(f"/api/chats/{self.id}", after=2**40)["last"])

    def _until(self, look: Callable[[], T | None], within: float, what: str, since: int) -> T:
        end = time.monotonic() + within
        while (found := look()) is None:
            if time.monotonic() > end:
                raise NotSeen(
                    f"{self.name} did not see {what} within {within:g} s (after {since}).\n{self.screen()}"
                )
            time.sleep(POLL)
        return found
