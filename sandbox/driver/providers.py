"""The stand-ins with an address of their own: payment providers with their pages, and the mailbox."""

from __future__ import annotations

import base64
import html
import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from sandbox.driver.chat import Bubble, Http, NotSeen
from sandbox.driver.person import Person


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
