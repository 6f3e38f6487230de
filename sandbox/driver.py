"""Drives the sandbox from tests: reads like the conversation, waits for what must come, says what did not.

    world = World("http://127.0.0.1:8400")
    guest, owner = world.guest, world.owner
    guest.says("hi")
    guest.taps("Book a place")
    link = guest.sees("Pay").link
    world.stripe.pays(link)
    owner.taps("Confirm")
    assert guest.sees("Confirmed").media

A person's `sees` and `taps` look at what came after that person last did something; `old=True` and `since=`
look further back.
"""

from __future__ import annotations

import base64
import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

PATIENCE = 60.0  # seconds; only what does not come at all takes so long
POLL = 0.03
T = TypeVar("T")


class NotSeen(AssertionError):
    """Something that should have come did not come, or came and should not have."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message in a chat, as its phone shows it."""

    raw: dict[str, Any] = field(repr=False)

    @property
    def n(self) -> int:
        return int(self.raw["n"])

    @property
    def id(self) -> str:
        return str(self.raw["id"])

    @property
    def kind(self) -> str:
        return str(self.raw["kind"])

    @property
    def body(self) -> str:
        return _as_read(str(self.raw["body"] or ""))

    @property
    def status(self) -> str:
        return str(self.raw["status"])

    @property
    def by_business(self) -> bool:
        return bool(self.raw["from"] == "business")

    @property
    def media(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.raw["media"]
        return found

    @property
    def reactions(self) -> dict[str, str]:
        """The emoji on it, by who put it there: `person` or `business`."""
        return dict(self.raw["reactions"])

    @property
    def template(self) -> str | None:
        name: str | None = self.raw["template"]
        return name

    @property
    def options(self) -> list[str]:
        """The titles of everything that can be tapped."""
        return [_as_read(option["title"]) for option in self.raw["options"]]

    @property
    def link(self) -> str | None:
        """Where its button leads, else the first address in its text."""
        for option in self.raw["options"]:
            if option.get("url"):
                return str(option["url"])
        found = re.search(r"https?://[^\s<>*]+[^\s<>*_~.,)]", self.body)
        return found.group() if found else None

    @property
    def text(self) -> str:
        """Everything that can be read in it, line by line."""
        header = (self.raw["header"] or {}).get("text")
        rows = [option.get("description") for option in self.raw["options"]]
        file = (self.media or {}).get("filename")
        lines = [header, file, self.body, self.raw["footer"], self.raw["list_button"], *self.options, *rows]
        return _as_read("\n".join(str(line) for line in lines if line))

    def says(self, wanted: str | re.Pattern[str]) -> bool:
        """Is this text, or a match of this pattern, in it?"""
        if isinstance(wanted, re.Pattern):
            return bool(wanted.search(self.text))
        if wanted in self.text:
            return True
        try:
            return bool(re.search(wanted, self.text, re.DOTALL))
        except re.error:
            return False

    def __str__(self) -> str:
        who = "business" if self.by_business else "person"
        at = datetime.fromtimestamp(self.raw["at"], UTC).strftime("%H:%M:%S")
        lines = [f"{at} {who} ({self.kind}, {self.status}) {self.body}".replace("\n", "\n    ")]
        if self.media:
            lines.append(f"    [{self.media['mime']} {self.media['filename']}]")
        lines += [
            f"    [{option['title']}]{' → ' + option['url'] if option.get('url') else ''}"
            for option in self.raw["options"]
        ]
        return "\n".join(lines)


def _as_read(text: str) -> str:
    """As a person reads it: a space at which a phone may not begin a new line is a space."""
    return text.replace("\u00a0", " ")


class Http:
    """JSON over HTTP with errors that say what was refused."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.Client(base_url=self.base_url, timeout=60.0)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._read(self._client.get(path, params=params))

    def post(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        return self._read(self._client.post(path, json=given))

    def delete(self, path: str) -> dict[str, Any]:
        return self._read(self._client.delete(path))

    def bytes(self, path: str) -> bytes:
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.content

    def close(self) -> None:
        self._client.close()

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = {"error": answer.text[:300]}
        if answer.status_code >= 400:
            call = f"{answer.request.method} {answer.request.url}"
            raise NotSeen(f"{call}: {answer.status_code} {found.get('error', found)}")
        return dict(found)


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


class Clock:
    """The clock that product and stand-ins share."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._http.get("/api/state")["now"], UTC)

    def passes(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Lets time pass at once."""
        moved = self._http.post(
            "/api/clock", {"advance": ((days * 24 + hours) * 60 + minutes) * 60 + seconds}
        )
        return datetime.fromtimestamp(moved["now"], UTC)

    def moves_to(self, moment: datetime) -> datetime:
        """Lets time pass up to this moment."""
        return self.passes(seconds=(moment - self.now).total_seconds())

    def resets(self) -> None:
        self._http.post("/api/clock", {"reset": True})


class WhatsApp:
    """How the Cloud API behaves, and what it was asked."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def fault(
        self,
        kind: str | int,
        count: int = 1,
        *,
        to: Person | str | None = None,
        asynchronous: bool = False,
        seconds: float = 0,
        on: str | None = None,
        always: bool = False,
    ) -> None:
        """The next `count` sends (to that person) fail with this code, hang, or break off; or all of them."""
        person = to.id if isinstance(to, Person) else to
        given = {
            "kind": str(kind),
            "count": count,
            "to": person,
            "async": asynchronous,
            "seconds": seconds,
            "on": on,
            "always": always,
        }
        self._http.post("/api/faults", given)

    def heals(self) -> None:
        """No more faults."""
        self._http.delete("/api/faults")

    def webhooks(self, **switches: Any) -> dict[str, Any]:
        """duplicate=3, reorder=True, batch=5, rewrap=True, delay=1.5, drop=0.2, hold_statuses=True, …"""
        return self._http.post("/api/webhooks", switches)

    def behaves(self) -> None:
        """Webhooks as they should be."""
        calm = {"duplicate": 1, "reorder": False, "batch": 1, "rewrap": False, "delay": 0.0, "drop": 0.0}
        off = dict.fromkeys(
            ("hold_statuses", "paused", "forge", "bare_template_taps", "late_refusals"), False
        )
        self.webhooks(**calm, **off)

    def limits(self, **limits: float) -> dict[str, Any]:
        """per_second, pair_seconds, pair_burst other than WhatsApp's."""
        return self._http.post("/api/limits", limits)

    def template(self, name: str, status: str) -> None:
        """Meta approves, rejects, pauses or disables a template."""
        self._http.post("/api/templates", {"name": name, "status": status})

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """Every call and every webhook, oldest first."""
        return list(self._http.get("/api/log", after=after)["entries"])

    def sends(self, after: int = 0, *, to: Person | str | None = None) -> list[dict[str, Any]]:
        """Only the messages that were sent (to that person), whatever their outcome; no typing indicators."""
        person = to.id if isinstance(to, Person) else to
        calls = [
            each for each in self.log(after) if "outcome" in each and each["kind"] not in ("read", "typing")
        ]
        return [each for each in calls if person is None or each["to"] == person]


class StandIn:
    """A stand-in of the sandbox's at an address of its own, and how it behaves."""

    def __init__(self, http: Http) -> None:
        self.http = http

    def fault(
        self,
        kind: str | int,
        count: int = 1,
        *,
        path: str | None = None,
        seconds: float = 0,
        always: bool = False,
    ) -> None:
        """The next `count` calls (with this in method and path), or all of them, fail, hang, break off or lie."""
        given = {"kind": str(kind), "count": count, "path": path, "seconds": seconds, "always": always}
        self.http.post("/_sandbox/faults", given)

    def heals(self) -> None:
        self.http.delete("/_sandbox/faults")

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """Every call, oldest first."""
        return list(self.http.get("/_sandbox/log", after=after)["entries"])


class Provider(StandIn):
    """A payment provider: its page, and how its webhooks come."""

    def webhooks(self, **switches: Any) -> dict[str, Any]:
        """paused=True, duplicate=3, reorder=True, delay=1.5, drop=0.2, forge=True."""
        return self.http.post("/_sandbox/webhooks", switches)

    def behaves(self) -> None:
        self.webhooks(paused=False, duplicate=1, reorder=False, delay=0.0, drop=0.0, forge=False)

    def _acts(self, link: str | Bubble, action: str) -> dict[str, Any]:
        url = link.link if isinstance(link, Bubble) else link
        if not url:
            raise NotSeen(f"there is no link to follow in this message:\n{link}")
        return self.http.post(url, {"action": action})


class Stripe(Provider):
    """The hosted page, and how Stripe behaves."""

    def pays(self, link: str | Bubble) -> dict[str, Any]:
        """The guest's card is good."""
        return self._acts(link, "pay")

    def fails(self, link: str | Bubble) -> dict[str, Any]:
        """The card is refused; the page stays open."""
        return self._acts(link, "fail")

    def abandons(self, link: str | Bubble) -> dict[str, Any]:
        """The guest leaves the page without paying."""
        return self._acts(link, "abandon")

    def sessions(self, reference: str = "") -> list[dict[str, Any]]:
        """Sessions that mention this reference, newest first, each with its intent, charge and refunds."""
        return list(self.http.get("/_sandbox/sessions", reference=reference)["sessions"])

    def session(self, reference: str) -> dict[str, Any]:
        """The newest session of this booking."""
        if not (found := self.sessions(reference)):
            raise NotSeen(f"Stripe has no session for {reference!r}")
        return found[0]

    def holds_webhooks(self) -> None:
        """Events are made and kept back."""
        self.webhooks(paused=True)

    def releases_webhooks(self) -> None:
        """What was kept back goes out."""
        self.http.post("/_sandbox/webhooks/release", {})

    def settles_refund(self, refund: str, status: str) -> None:
        """A refund succeeds, or fails days later."""
        self.http.post(f"/_sandbox/refunds/{refund}", {"status": status})

    def disputes(self, reference: str) -> dict[str, Any]:
        """The cardholder takes the captured money of this booking back."""
        return self.http.post(
            "/_sandbox/disputes", {"payment_intent": self.session(reference)["intent"]["id"]}
        )

    def captures(self, reference: str) -> dict[str, Any]:
        """Somebody of the business takes the authorized money by hand, on Stripe's own dashboard."""
        return self.http.post(
            "/_sandbox/captures", {"payment_intent": self.session(reference)["intent"]["id"]}
        )


class Paytm(Provider):
    """The hosted page, the browser that comes back from it, and how Paytm behaves."""

    def __init__(self, http: Http, product_url: str) -> None:
        super().__init__(http)
        self._product_url = product_url

    def pays(self, link: str | Bubble, *, comes_back: bool = True) -> dict[str, str]:
        """The guest pays; returns what Paytm gave the browser for the product.

        Args:
            comes_back: the browser brings it. Else it was closed at once.
        """
        return self._acts_on_form(link, "pay", comes_back)

    def fails(self, link: str | Bubble, *, comes_back: bool = True) -> dict[str, str]:
        """The bank declines; the order is used up."""
        return self._acts_on_form(link, "fail", comes_back)

    def cancels(self, link: str | Bubble, *, comes_back: bool = True) -> dict[str, str]:
        """The guest cancels on Paytm's page; the order is used up."""
        return self._acts_on_form(link, "abandon", comes_back)

    def leaves_pending(self, link: str | Bubble, *, comes_back: bool = True) -> dict[str, str]:
        """The guest pays, and the bank does not say yet; it says so when `settles` is called."""
        return self._acts_on_form(link, "pending", comes_back)

    def settles(self, reference: str, *, paid: bool = True) -> None:
        """The bank says what became of the newest pending payment of this booking."""
        status = "TXN_SUCCESS" if paid else "TXN_FAILURE"
        self.http.post(f"/_sandbox/orders/{self.order(reference)['orderId']}", {"status": status})

    def brings(self, fields: dict[str, str]) -> httpx.Response:
        """A browser posts these fields to the product's callback."""
        return httpx.post(f"{self._product_url}/api/payments/paytm/callback", data=fields, timeout=60)

    def orders(self, reference: str = "") -> list[dict[str, Any]]:
        """Orders of this booking, newest first."""
        return list(self.http.get("/_sandbox/orders", reference=reference)["orders"])

    def order(self, reference: str) -> dict[str, Any]:
        """The newest one."""
        if not (found := self.orders(reference)):
            raise NotSeen(f"Paytm has no order for {reference!r}")
        return found[0]

    def opens(self, link: str | Bubble) -> tuple[str, dict[str, str]]:
        """What a browser finds behind the guest's link: a form that leads to Paytm's page."""
        url = link.link if isinstance(link, Bubble) else link
        page = httpx.get(str(url), timeout=60)
        if page.status_code != 200:
            raise NotSeen(f"{url} leads nowhere: {page.status_code}")
        return self.read_form(page.text)

    def read_form(self, page: str) -> tuple[str, dict[str, str]]:
        """Where a page's form leads, and the fields that it carries unseen."""
        action = re.search(r'<form[^>]* action="([^"]+)"', page)
        if action is None:
            raise NotSeen(f"there is no form on this page:\n{page[-900:]}")
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
        return html.unescape(action.group(1)), {name: html.unescape(value) for name, value in fields}

    def _acts_on_form(self, link: str | Bubble, action: str, comes_back: bool) -> dict[str, str]:
        address, fields = self.opens(link)
        page = httpx.post(address, data=fields, timeout=60)
        if 'data-status="open"' not in page.text:
            raise NotSeen(f"this page of Paytm's cannot be paid on:\n{page.text[-600:]}")
        origin = urlsplit(address)
        chosen = {**fields, "action": action, "stays": True}
        done = self.http.post(f"{origin.scheme}://{origin.netloc}/theia/pay", chosen)
        brought: dict[str, str] = done["fields"]
        if comes_back:
            httpx.post(str(done["callback"]), data=brought, timeout=60).raise_for_status()
        return brought


class Razorpay(Provider):
    """The page behind a payment link, the browser that comes back from it, and how Razorpay behaves."""

    def pays(self, link: str | Bubble, *, comes_back: bool = True) -> str:
        """The guest pays; returns the address at which the browser arrives.

        Args:
            comes_back: the browser goes there. Else it was closed at once.
        """
        to = str(self._acts(link, "pay")["redirect"])
        if comes_back:
            httpx.get(to, timeout=60).raise_for_status()
        return to

    def fails(self, link: str | Bubble) -> None:
        """The bank declines; the link stays open."""
        self._acts(link, "fail")

    def abandons(self, link: str | Bubble) -> None:
        """The guest leaves the page without paying."""
        self._acts(link, "abandon")

    def begins(self, link: str | Bubble) -> None:
        """The guest is at their bank when the page is left; `finishes` says that it has paid."""
        self._acts(link, "begin")

    def finishes(self, reference: str) -> None:
        """The bank has paid what was begun on this booking's newest link, be it closed by now."""
        self.http.post(f"/_sandbox/links/{self.link(reference)['id']}/finish", {})

    def links(self, reference: str = "") -> list[dict[str, Any]]:
        """Links of this booking, newest first, each with every attempt to pay it."""
        return list(self.http.get("/_sandbox/links", reference=reference)["links"])

    def link(self, reference: str) -> dict[str, Any]:
        """The newest one."""
        if not (found := self.links(reference)):
            raise NotSeen(f"Razorpay has no link for {reference!r}")
        return found[0]


class Mailbox(StandIn):
    """The mailbox that wallets write to, and how Gmail behaves.

    world.mailbox.pays(guest)                    # the wallet's mail for what the guest was asked for last
    world.mailbox.pays(guest, "part")            # any kind of the page: forged, twice, reversed, …
    """

    def __init__(self, page: Http, gmail: Http) -> None:
        super().__init__(gmail)
        self._page = page

    def pays(
        self,
        guest: Person,
        kind: str = "right",
        *,
        code: str | None = None,
        amount: str | None = None,
        issuer: str | None = None,
        sender: str | None = None,
        transaction_id: str | None = None,
    ) -> dict[str, Any]:
        """A mail comes for a transfer that this guest's chat asks for; returns what it says.

        Args:
            kind: right, no_reference, wrong, part, over, twice, again, reversed, forged, lookalike or forwarded.
            code: the reference of the transfer; the newest without one.
            amount: what was sent, as a decimal string, where it is not what the kind says.
            sender: who paid, where it is not the guest.
        """
        given = {
            "person": guest.id,
            "kind": kind,
            "code": code,
            "amount": amount,
            "issuer": issuer,
            "sender": sender,
            "transaction_id": transaction_id,
        }
        return self._page.post("/api/mailbox/send", {key: value for key, value in given.items() if value})

    def receives(self, raw: bytes, *, labels: tuple[str, ...] = ("INBOX", "UNREAD")) -> str:
        """A mail as it stands, with nothing of Gmail's on top; returns its id."""
        given = {"base64": base64.b64encode(raw).decode(), "labels": list(labels)}
        return str(self._page.post("/api/mailbox/raw", given)["id"])

    @property
    def mails(self) -> list[dict[str, Any]]:
        """What lies in the mailbox, the newest first; `read` once the product has fetched it."""
        return list(self._page.get("/api/mailbox")["mails"])

    def deletes(self, mail_id: str) -> None:
        """Somebody deletes a mail for good."""
        self._page.delete(f"/api/mailbox/mails/{mail_id}")

    def revokes(self) -> None:
        """Somebody takes the permission to read the mailbox away."""
        self._page.post("/api/mailbox/access", {"connected": False})

    def connects(self) -> None:
        """The permission is given again."""
        self._page.post("/api/mailbox/access", {"connected": True})


class World:
    """The sandbox behind one page address; everyone and everything in it."""

    def __init__(self, page_url: str) -> None:
        self.http = Http(page_url)
        state = self.http.get("/api/state")
        self.began_at = int(state["last"])
        self.product_url, self.whatsapp_url = str(state["product_url"]), str(state["whatsapp_url"])
        self.stripe_url, self.paytm_url = str(state["stripe_url"]), str(state["paytm_url"])
        self.razorpay_url = str(state["razorpay_url"])
        self.clock, self.whatsapp = Clock(self.http), WhatsApp(self.http)
        self.stripe = Stripe(Http(self.stripe_url))
        self.paytm = Paytm(Http(self.paytm_url), self.product_url)
        self.razorpay = Razorpay(Http(self.razorpay_url))
        self.gmail_url = str(state["gmail_url"])
        self.mailbox = Mailbox(self.http, Http(self.gmail_url))
        self._people: dict[str, Person] = {}

    def __getitem__(self, key: str) -> Person:
        """Somebody by short id."""
        if key not in self._people:
            self._people[key] = Person(self, key)
        return self._people[key]

    @property
    def guest(self) -> Person:
        return self["guest"]

    @property
    def owner(self) -> Person:
        return self["owner"]

    @property
    def admin(self) -> Person:
        return self["admin"]

    @property
    def owner2(self) -> Person:
        return self["owner2"]

    def person(
        self,
        name: str,
        phone: str | None = None,
        *,
        user_id: str | None = None,
        phone_hidden: bool = False,
        role: str = "guest",
    ) -> Person:
        """Another phone in the sandbox."""
        given = {"name": name, "phone": phone, "user_id": user_id, "role": role, "phone_hidden": phone_hidden}
        return self[self.http.post("/api/people", given)["id"]]

    @property
    def misbehaviour(self) -> list[str]:
        """What goes wrong on request at this moment, a sentence each."""
        return [each["says"] for each in self.http.get("/api/misbehaviour")["on"]]

    def behaves(self) -> None:
        """Everything as it should be, at WhatsApp and all providers."""
        self.http.delete("/api/misbehaviour")

    def eventually(self, look: Callable[[], T], *, within: float = PATIENCE, what: str = "it") -> T:
        """Looks again and again until the answer is true; returns it."""
        end = time.monotonic() + within
        while not (found := look()):
            if time.monotonic() > end:
                raise NotSeen(f"{what} did not happen within {within:g} s; last look: {found!r}")
            time.sleep(POLL)
        return found

    def settles(self, *, within: float = PATIENCE) -> None:
        """Waits until no webhook of WhatsApp's is under way."""
        self.eventually(
            lambda: self.http.get("/api/state")["pending_webhooks"] == 0, within=within, what="silence"
        )

    def close(self) -> None:
        self.http.close()
        self.stripe.http.close()
        self.paytm.http.close()
        self.razorpay.http.close()
        self.mailbox.http.close()
