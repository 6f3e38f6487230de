"""Sends wallets' mails for the transfers that the chats ask for: the right one, and whatever else may come.

What was asked for is read off the instructions in the chats, as a guest reads it; what the product makes of a mail
is its own business.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from email.message import EmailMessage
from typing import Any, Final

from sandbox import wallets
from sandbox.line import Line
from sandbox.mails import ADDRESS, Arrival, Mails, Stored, text_of
from sandbox.people import Person
from sandbox.receipt import Transfer, all_asked_for
from sandbox.store import Store
from sandbox.wallets import WALLETS, Paid

LOOKALIKE: Final = "secure-alerts.example"
STRANGER: Final = "mail.example"


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that may come for a transfer, in words for the page; `trusted` if Gmail will vouch for it."""

    name: str
    shown: str
    says: str
    trusted: bool = True


KINDS: Final = (
    Kind("right", "Right", "The amount that was asked for, with the code."),
    Kind("no_reference", "Without the code", "The amount that was asked for; the guest wrote nothing along."),
    Kind("wrong", "Another amount", "An amount that nobody was asked for, and no code."),
    Kind("part", "Half of it", "Half of the amount, with the code."),
    Kind("over", "Too much", "A tenth too much, with the code."),
    Kind("twice", "The same again", "The last mail about this transfer comes a second time."),
    Kind("again", "Paid again", "A second payment: the same amount and code, another transaction."),
    Kind("reversed", "Reversed", "The bank takes the last payment back."),
    Kind("forged", "Forged", "Looks right, and its signature is wrong.", trusted=False),
    Kind("lookalike", "Look-alike sender", "Signed all right, by another domain.", trusted=False),
    Kind("forwarded", "Forwarded", "The guest forwards what looks like a wallet's mail.", trusted=False),
)  # fmt: skip


class NothingAsked(ValueError):
    """This chat was never asked for such a transfer."""


class Postman:
    """Knows what was asked for, and what was sent for it."""

    def __init__(self, line: Line, mails: Mails, store: Store) -> None:
        self._line, self._mails, self._store = line, mails, store
        self._sent: dict[str, dict[str, Any]] = store.load("mail-sent")

    def transfers(self) -> list[dict[str, Any]]:
        """All that the chats ask for, the newest first, and what was sent for each."""
        found: list[dict[str, Any]] = []
        for person in self._line.people:
            seen: set[tuple[str, str]] = set()
            for bubble, asked in all_asked_for(self._line.chats.of(person.id)):
                if (asked.code, asked.amount) in seen:
                    continue
                seen.add((asked.code, asked.amount))
                amount, currency = wallets.money(asked.amount)
                found.append(
                    {
                        **asdict(asked),
                        "person": person.id,
                        "name": person.name,
                        "at": bubble["at"],
                        "issuer": wallets.of(asked.provider, currency),
                        "currency": currency,
                        "value": str(amount),
                        "sent": [
                            {"mail": number, "kind": sent["kind"]}
                            for number, sent in self._sent.items()
                            if (sent["person"], sent["code"]) == (person.id, asked.code)
                        ],
                    }
                )
        return sorted(found, key=lambda each: float(each["at"]), reverse=True)

    def send(self, person: Person, given: Mapping[str, Any]) -> dict[str, Any]:
        """One mail for what this chat was asked for.

        Args:
            given: `kind`; `code` of the transfer where it is not the newest; `amount`, `issuer`, `sender` where
                they are not the usual ones.

        Raises:
            NothingAsked: the chat knows no such transfer.
            ValueError: a kind or an issuer that nobody knows, or nothing that could come again.
        """
        kind = str(given.get("kind") or "right")
        if kind not in {each.name for each in KINDS}:
            raise ValueError(f"unknown kind of mail {kind!r}")
        asked = self._asked(person, str(given.get("code") or ""))
        _, currency = wallets.money(asked.amount)
        issuer = str(given.get("issuer") or wallets.of(asked.provider, currency))
        if issuer not in WALLETS:
            raise ValueError(f"unknown issuer {issuer!r}")
        paid = self._paid(kind, person, asked, issuer, given)
        mail, arrival = _as_it_comes(kind, issuer, paid, person)
        stored = self._mails.take_in(mail, arrival)
        self._note(stored, kind, person, asked, issuer, paid)
        self._line.hub.tell("mailbox")
        return {
            "id": stored["id"],
            "kind": kind,
            "issuer": issuer,
            "amount": str(paid.amount),
            "currency": paid.currency,
            "transaction_id": paid.transaction_id,
            "reference": paid.remarks,
        }

    def _asked(self, person: Person, code: str) -> Transfer:
        for _, asked in all_asked_for(self._line.chats.of(person.id)):
            if code in ("", asked.code):
                return asked
        raise NothingAsked("nobody has asked for such a transfer in this chat")

    def _paid(
        self, kind: str, person: Person, asked: Transfer, issuer: str, given: Mapping[str, Any]
    ) -> Paid:
        """What the guest has sent, or what is said of it."""
        now = self._line.clock.now()
        if kind in ("twice", "reversed"):
            last = self._last(person, asked.code)
            return last if kind == "twice" else wallets.reversal(last, now)
        amount, currency = wallets.money(asked.amount)
        paid = Paid(
            amount=Decimal(str(given["amount"])) if given.get("amount") else amount,
            currency=currency,
            sender=str(given.get("sender") or person.name),
            payee=asked.title,
            account=asked.account,
            remarks=asked.code,
            transaction_id=str(given.get("transaction_id") or WALLETS[issuer].new_id()),
            at=now,
        )
        step = Decimal(1) if currency == "PKR" else Decimal("0.01")
        match kind:
            case "no_reference":
                return replace(paid, remarks="")
            case "wrong":
                return replace(paid, amount=amount + 1111, remarks="") if not given.get("amount") else paid
            case "part":
                return replace(paid, amount=(amount / 2).quantize(step)) if not given.get("amount") else paid
            case "over":
                more = (amount / 10).quantize(step)
                return replace(paid, amount=amount + more) if not given.get("amount") else paid
            case _:
                return paid

    def _last(self, person: Person, code: str) -> Paid:
        for sent in reversed(self._sent.values()):
            if (sent["person"], sent["code"]) == (person.id, code) and sent["is_money"]:
                return Paid(**{**sent["paid"], "amount": Decimal(sent["paid"]["amount"])})
        raise ValueError("nothing was paid yet that this could be about")

    def _note(
        self, stored: Stored, kind: str, person: Person, asked: Transfer, issuer: str, paid: Paid
    ) -> None:
        trusted = next(each.trusted for each in KINDS if each.name == kind)
        sent = {
            "kind": kind,
            "person": person.id,
            "code": asked.code,
            "issuer": issuer,
            "is_money": trusted and not paid.reverses,
            "paid": {**asdict(paid), "amount": str(paid.amount)},
        }
        self._sent[stored["id"]] = sent
        self._store.put("mail-sent", stored["id"], sent)


def _as_it_comes(kind: str, issuer: str, paid: Paid, person: Person) -> tuple[EmailMessage, Arrival]:
    """The mail, and by which way it reaches the mailbox."""
    wallet = WALLETS[issuer]
    match kind:
        case "forged":
            mail = wallet.mail(paid, ADDRESS)
            # A forger writes Gmail's own word on it as well; Gmail's real one comes on top of that.
            mail["Authentication-Results"] = (
                f"mx.google.com; dkim=pass header.i=@{wallet.domain} header.s=s1 header.b=f0f0f0f0; "
                f"dmarc=pass (p=REJECT) header.from={wallet.domain}"
            )
            return mail, Arrival(signed_by=None, sent_from=STRANGER)
        case "lookalike":
            domain = f"{wallet.domain.partition('.')[0]}-{LOOKALIKE}"
            other = replace(wallet, sender=f"{wallet.sender.partition('@')[0]}@{domain}", domain=domain)
            return other.mail(paid, ADDRESS), Arrival(signed_by=domain, sent_from=domain)
        case "forwarded":
            return _forwarded(wallet.mail(paid, ADDRESS), person), Arrival(STRANGER, STRANGER)
        case _:
            return wallet.mail(paid, ADDRESS), Arrival(wallet.domain, wallet.domain)


def _forwarded(original: EmailMessage, person: Person) -> EmailMessage:
    """As a phone forwards a mail: its head and its words, in a mail of the guest's own."""
    mail = EmailMessage()
    mail["From"] = f"{person.name} <{person.id}@{STRANGER}>"
    mail["To"] = ADDRESS
    mail["Subject"] = f"Fwd: {original['Subject']}"
    mail["Date"] = str(original["Date"])
    mail["Message-ID"] = f"<{secrets.token_hex(12)}@{STRANGER}>"
    head = "\n".join(f"{name}: {original[name]}" for name in ("From", "Date", "Subject", "To"))
    mail.set_content(
        f"I have paid, see below\n\n---------- Forwarded message ---------\n{head}\n\n{text_of(original)}"
    )
    return mail
