"""From the raw mail to what it says and whether it may be believed."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from integrations.payment_mail import issuers, trust
from integrations.payment_mail.envelope import Envelope, Words, open_envelope
from integrations.payment_mail.fields import without_remarks
from integrations.payment_mail.folding import fold, fold_html
from integrations.payment_mail.forms import read_known
from integrations.payment_mail.generic import read_any
from integrations.payment_mail.reading import Page, Reading
from integrations.payment_mail.shape import Event, PaymentMail

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_SUBJECT: Final = 500
MOST_TEXT: Final = 20_000  # of one body that is read; a payment's mail has a thousand letters

_QUOTE: Final = re.compile(
    r"^(?:-{2,} ?(?:forwarded message|original message|forwarded by)\b.*|begin forwarded message:?|"
    r"from:[^\n]*\n(?:(?:sent|date|to|cc):[^\n]*\n){0,4}subject:[^\n]*|on [^\n]{5,120}(?:\n[^\n]{0,80})?wrote:|> ?.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_HEAD: Final = re.compile(r"\A\s*(?:(?:from|date|sent|subject|to|cc): ?[^\n]*\n){1,6}", re.IGNORECASE)
_HANDED_ON: Final = re.compile(r"\s*(?:re|aw|sv|fw|fwd|wg|tr)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)

log = structlog.get_logger(__name__)


def read(raw: bytes) -> PaymentMail:
    """Read one mail as Gmail hands it out (format=raw, decoded).

    Always an answer, within two seconds, whatever the bytes: what cannot be read comes back as an untrusted
    mail of event OTHER. Nothing is remembered between mails and nothing is fetched.
    """
    try:
        return _read(open_envelope(raw[:MOST_BYTES]))
    except Exception as error:  # a mail must never stop the mails behind it
        log.error("payment_mail.unread", error=type(error).__name__, why=_place(error))
        return _mail(Reading(Event.OTHER), provider=issuers.UNKNOWN, is_known=False, text="")


def _place(error: Exception) -> str:
    """Where it went wrong; a whole traceback could carry words of the mail into the log."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _read(envelope: Envelope) -> PaymentMail:
    subject = fold(envelope.decoded("subject"))[:MOST_SUBJECT].replace("\n", " ")
    bodies = [_folded(words) for words in envelope.words]
    own = [_own_words(body) for body in bodies]
    sender = trust.sender(envelope)
    domain = sender.rpartition("@")[2] if sender else ""
    issuer = issuers.of_domain(domain)
    is_handed_on = bool(_HANDED_ON.match(subject))
    claimed = issuer or issuers.claimed(
        fold(envelope.decoded("from")), subject, *(own[:1] or [""]), *bodies[:1]
    )
    country = claimed.country if claimed else issuers.country_of(domain)

    def page(text: str) -> Page:
        return Page(_bare(subject), text, envelope.date, claimed, country)

    reading, is_known = _best([page(without_remarks(body)) for body in own or [""]])
    if reading.event is Event.OTHER and (quoted := _quoted(envelope, bodies)):
        told = _best([page(part) for part in quoted])[0]
        if told.event is not Event.OTHER:  # what somebody else is said to have written
            reading, is_handed_on = replace(told, transaction_id=None), True
    return _mail(
        reading,
        provider=claimed.name if claimed else issuers.UNKNOWN,
        is_known=is_known and not is_handed_on,
        is_trusted=issuer is not None and not is_handed_on and trust.is_vouched_for(envelope, domain),
        is_evidenced=issuer is not None and domain in issuer.evidenced,
        text="\n".join([subject, *dict.fromkeys(own)])[:MOST_TEXT],
        message_id=envelope.message_id,
    )


def _best(pages: Sequence[Page]) -> tuple[Reading, bool]:
    """The reading of the text whose form is known, else of the one that says most; and whether it is known."""
    for page in pages:
        known = read_known(page)
        if known is not None:
            return known, True
    return max((read_any(page) for page in pages), key=_fullness), False


def _fullness(reading: Reading) -> int:
    facts = (
        reading.amount,
        reading.transaction_id,
        reading.sender_name,
        reading.sender_phone,
        reading.account_tail,
    )
    return (reading.event is not Event.OTHER) * 10 + sum(fact is not None for fact in facts)


def _folded(words: Words) -> str:
    return (fold_html(words.text) if words.is_html else fold(words.text))[:MOST_TEXT]


def _own_words(body: str) -> str:
    """What stands above the first quotation."""
    quote = _QUOTE.search(body)
    return body[: quote.start()] if quote else body


def _quoted(envelope: Envelope, bodies: Sequence[str]) -> list[str]:
    inside = [_QUOTED_HEAD.sub("", body[quote.end() :]) for body in bodies if (quote := _QUOTE.search(body))]
    return [part for part in [*inside, *(_folded(words) for words in envelope.attached[:3])] if part.strip()]


def _bare(subject: str) -> str:
    """The subject without the marks of a reply or a forward."""
    for _ in range(3):
        subject = _HANDED_ON.sub("", subject, count=1).strip()
    return subject


def _mail(
    reading: Reading,
    *,
    provider: str,
    is_known: bool,
    text: str,
    is_trusted: bool = False,
    is_evidenced: bool = False,
    message_id: str | None = None,
) -> PaymentMail:
    return PaymentMail(
        provider=provider,
        event=reading.event,
        is_payment=reading.event is Event.CREDIT and reading.amount is not None,
        direction=reading.direction,
        amount=reading.amount,
        currency=reading.currency,
        transaction_id=reading.transaction_id,
        sender_name=reading.sender_name,
        sender_phone=reading.sender_phone,
        occurred_at=reading.occurred_at,
        occurred_precision=reading.occurred_precision,
        account_tail=reading.account_tail,
        trusted=is_trusted,
        text=text,
        message_id=message_id,
        known_form=is_known,
        reverses=reading.reverses,
        evidenced=is_evidenced,
    )
