"""The sandbox as a whole: everybody and everything in it, its clock, and how WhatsApp behaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sandbox.driver.chat import PATIENCE, POLL, Http, NotSeen
from sandbox.driver.person import Person
from sandbox.driver.providers import Mailbox, Paytm, Razorpay, Stripe

T = TypeVar("T")


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
