"""Paytm's hosted page: the guest pays there and the money is ours at once; what came of it is asked, never believed.

One payment of ours is one order at Paytm, whose id ends with our payment's: an order id serves once, even where
the payment failed, so each attempt has its own. The page is reached by a form that carries a token, which lives
15 minutes and cannot be withdrawn; the guest's link is a page of ours that holds this form. Paytm cannot hold or
void money here: an owner's no is money owed back.

What has a signature of Paytm's is checked over the very text that came: of a JSON answer the text of its `body`.

Source: facts/payments.md sections 5.1 and 5.2.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final, TypeGuard
from urllib.parse import parse_qsl, quote, urlsplit

import tally
from integrations import paytm_checksum
from integrations.gateway import GatewayError, PaymentLink, TakesAtOnce, WebhookRefused
from integrations.http_pool import Answer, HttpPool, NotSent, OutcomeUnknown
from models.payment import PaymentFacts, PaymentNotice, PaymentOrder, PaymentState

CALLBACK_PATH: Final = "/api/payments/paytm/callback"
CALLBACK_ALIAS: Final = "/api/payments/callback"
PAGE_PATH: Final = "/pay/paytm"

TOKEN_LIVES: Final = timedelta(minutes=15)
# What was begun in a token's last moment is on Paytm's books by then.
SETTLES: Final = timedelta(seconds=30)

Json = Mapping[str, Any]

# Codes of an order's status that say nothing about the money, whatever status they come with.
_NOT_TRIED: Final = frozenset({"331", "334"})  # no such transaction: nobody has tried to pay the order
_CANNOT_SAY: Final = frozenset({"330", "335", "501"})  # our checksum, our mid, Paytm itself
# Refusals of an order that a person puts right in the settings; until then the work waits.
_SETTINGS: Final = frozenset({"2005", "2006"})
_TELLS: Final[Mapping[str, PaymentState]] = {
    "PENDING": PaymentState.PENDING,
    "TXN_FAILURE": PaymentState.FAILED,
    "TXN_SUCCESS": PaymentState.CAPTURED,
}
_CODE: Final = re.compile(r"\w{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PaymentForm:
    """What a browser posts to get to Paytm's page."""

    address: str
    fields: Mapping[str, str]


class PaytmGateway(TakesAtOnce):
    """Safe to use from many threads.

    Args:
        website: the name that Paytm gave the website, such as DEFAULT.
        callback_url: where Paytm tells what happened, browser and server alike.
        page_url: of our own page (`PAGE_PATH`), which leads the guest to Paytm's.
        api_url: Paytm's, its staging's, or a stand-in's.
    """

    name = "paytm"

    def __init__(
        self,
        *,
        mid: str,
        merchant_key: str,
        website: str,
        callback_url: str,
        page_url: str,
        api_url: str,
        connect_timeout: float = 4.0,
        answer_timeout: float = 25.0,
    ) -> None:
        self._mid = mid
        self._merchant_key = merchant_key
        self._website = website
        self._callback_url = callback_url
        self._page_url = page_url.rstrip("/")
        self._api_url = api_url.rstrip("/")
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout

    def create_link(self, order: PaymentOrder) -> PaymentLink:
        order_id = _order_id(order)
        # The same order asked for once more in the same words is the same page at Paytm.
        said = self._ask(
            f"/theia/api/v1/initiateTransaction?mid={quote(self._mid)}&orderId={quote(order_id)}",
            {
                "requestType": "Payment",
                "mid": self._mid,
                "websiteName": self._website,
                "orderId": order_id,
                "callbackUrl": self._callback_url,
                "txnAmount": {"value": _to_paytm(order), "currency": "INR"},
                "userInfo": {"custId": order.booking_code},
            },
        )
        token = said.body.get("txnToken")
        if said.status != "S" or not _is_word(token):
            is_fault = said.status in ("S", "U") or said.code == "501"
            raise GatewayError(
                f"paytm_{said.code}", retryable=is_fault or said.code in _SETTINGS, unknown=is_fault
            )
        # The answer is younger than its token: the page is never thought to be over too early.
        issued_at = said.at or datetime.now(UTC)
        return PaymentLink(
            reference=f"{order_id}~{int(issued_at.timestamp())}",
            url=f"{self._page_url}/{quote(order_id)}?token={quote(str(token), safe='')}",
            expires_at=issued_at + TOKEN_LIVES,
        )

    def look_up(self, order: PaymentOrder) -> PaymentFacts:
        facts = self._facts(order)
        if facts.state is not PaymentState.CREATED:
            return facts
        try:
            link = self.create_link(order)
        except GatewayError as error:
            if error.retryable:
                raise
            return replace(facts, state=PaymentState.FAILED, failure=error.code)
        return replace(facts, state=PaymentState.PENDING, reference=link.reference, url=link.url)

    def expire(self, order: PaymentOrder) -> PaymentFacts:
        """Paytm closes no page: it is open until its token has run out, and that is what is said."""
        facts = self._facts(order)
        if facts.state is not PaymentState.CREATED:
            return facts
        return replace(facts, state=PaymentState.EXPIRED)  # nobody was ever given its token

    def verify_webhook(self, body: bytes, signature: str | None, *, now: datetime) -> PaymentNotice:
        """The form that a guest's browser brings, or the JSON that Paytm's server sends; each holds its signature."""
        try:
            if body.lstrip()[:1] == b"{":
                return self._notice_of_server(body.decode())
            return self._notice_of_browser(body.decode())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise WebhookRefused("not a callback of Paytm's") from None

    def form(self, reference: str, url: str, *, now: datetime) -> PaymentForm | None:
        """The form behind a link of ours, as `create_link` made it; None once its token has run out."""
        order_id, _, issued_at = reference.partition("~")
        token = token_of(url)
        if not token or not issued_at.isdecimal():
            return None
        if now >= datetime.fromtimestamp(int(issued_at), UTC) + TOKEN_LIVES:
            return None
        return PaymentForm(
            f"{self._api_url}/theia/api/v1/showPaymentPage?mid={quote(self._mid)}&orderId={quote(order_id)}",
            {"mid": self._mid, "orderId": order_id, "txnToken": token},
        )

    def close(self) -> None:
        self._pool.close()

    # ---- callbacks -----------------------------------------------------------------------------

    def _notice_of_browser(self, text: str) -> PaymentNotice:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100, errors="strict")
        form = dict(pairs)
        if len(form) != len(pairs) or not paytm_checksum.is_signed_form(form, self._merchant_key):
            raise WebhookRefused("wrong checksum")
        proof = paytm_checksum.joined(form) + form[paytm_checksum.FIELD]
        return self._notice("callback", form, ("MID", "ORDERID", "TXNID", "STATUS"), proof)

    def _notice_of_server(self, text: str) -> PaymentNotice:
        members = _members(text)
        signature = json.loads(members["head"])["signature"]
        if not paytm_checksum.is_signed(members["body"], signature, self._merchant_key):
            raise WebhookRefused("wrong signature")
        body = json.loads(members["body"])
        told = {"status": (body.get("resultInfo") or {}).get("resultStatus"), **body}
        return self._notice(
            "webhook", told, ("mid", "orderId", "txnId", "status"), members["body"] + signature
        )

    def _notice(self, kind: str, told: Json, names: tuple[str, ...], proof: str) -> PaymentNotice:
        """Named by what the signature proves, so that the same proof in other words is no other event."""
        mid, order_id, txn_id, status = (told.get(name) for name in names)
        if mid != self._mid:
            raise WebhookRefused("for another merchant")
        status = status if _is_word(status) else "unknown"
        return PaymentNotice(
            external_id=hashlib.sha256(proof.encode()).hexdigest(),
            type=f"{kind}.{status}",
            tells=_TELLS.get(str(status)),
            payment_id=payment_of(order_id) if _is_word(order_id) else None,
            reference=order_id if _is_word(order_id) else None,
            intent=txn_id if _is_word(txn_id) else None,
        )

    # ---- an order's status ---------------------------------------------------------------------

    def _facts(self, order: PaymentOrder) -> PaymentFacts:
        """What Paytm says of the order; CREATED where nobody has tried to pay it and no page of it is known.

        Raises:
            GatewayError: it cannot say, or it speaks of something else than was asked.
        """
        order_id = _order_id(order)
        said = self._ask("/v3/order/status", {"mid": self._mid, "orderId": order_id})
        if said.status == "NO_RECORD_FOUND" or said.code in _NOT_TRIED:
            return _unpaid(order, said.at)
        if said.code in _CANNOT_SAY or said.status not in _TELLS:
            raise GatewayError(f"paytm_{said.code}", retryable=True, unknown=True)
        self._must_be_ours(order, said)
        facts = PaymentFacts(
            _TELLS[said.status],
            reference=order.reference or order_id,
            intent=said.body["txnId"] if _is_word(said.body.get("txnId")) else None,
            amount_minor=order.amount_minor,
            currency=order.currency,
        )
        if facts.state is PaymentState.CAPTURED:
            return _captured(facts, said.body)
        return replace(facts, failure=f"paytm_{said.code}")

    def _must_be_ours(self, order: PaymentOrder, said: _Said) -> None:
        """Another merchant's order, another order of ours or another amount is no news of this payment.

        Raises:
            GatewayError: it is asked again, and what does not change by that comes before a person.
        """
        wanted = {"mid": self._mid, "orderId": _order_id(order)}
        is_paid = said.status == "TXN_SUCCESS"
        for name, value in wanted.items():
            told = said.body.get(name)
            if told != value and (is_paid or told is not None):
                raise GatewayError(f"{name.lower()}_differs", retryable=True, unknown=True)
        if is_paid and _from_paytm(said.body.get("txnAmount")) != order.amount_minor:
            raise GatewayError("amount_differs", retryable=True, unknown=True)

    # ---- calls ---------------------------------------------------------------------------------

    def _ask(self, path: str, body: Json) -> _Said:
        """One call to Paytm, counted.

        Raises:
            GatewayError: nothing came of it that we can read.
        """
        began, outcome = time.monotonic(), "ok"
        try:
            return self._call(path, body)
        except GatewayError as error:
            outcome = error.code
            raise
        finally:
            tally.CALLS.add(self.name, outcome)
            tally.CALL_SECONDS.add(self.name, by=time.monotonic() - began)

    def _call(self, path: str, body: Json) -> _Said:
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        try:
            head = json.dumps({"signature": paytm_checksum.sign(text, self._merchant_key)})
        except ValueError:  # put right by a person; until then the work waits
            raise GatewayError("key_not_usable", retryable=True) from None
        wire = f'{{"head":{head},"body":{text}}}'.encode()
        try:
            answer = self._pool.exchange("POST", path, {"Content-Type": "application/json"}, wire)
        except NotSent as error:
            raise GatewayError("not_connected", retryable=True) from error
        except OutcomeUnknown as error:
            raise GatewayError("no_answer", retryable=True, unknown=True) from error
        if answer.status != 200:
            is_refused = answer.status < 500
            raise GatewayError(f"http_{answer.status}", retryable=True, unknown=not is_refused)
        try:
            return self._read(answer)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise GatewayError("unreadable_answer", retryable=True, unknown=True) from None

    def _read(self, answer: Answer) -> _Said:
        members = _members(answer.body.decode())
        head, body = json.loads(members.get("head", "{}")), json.loads(members["body"])
        signature = head.get("signature")  # not every refusal has one; where there is one it is right
        if signature and not paytm_checksum.is_signed(members["body"], signature, self._merchant_key):
            raise GatewayError("signature_differs", retryable=True, unknown=True)
        result = body["resultInfo"]
        code = str(result["resultCode"])
        return _Said(
            status=str(result["resultStatus"]),
            code=code if _CODE.fullmatch(code) else "unknown",
            body=body,
            at=_moment(head.get("responseTimestamp"), answer.headers.get("date")),
        )

    @cached_property
    def _pool(self) -> HttpPool:
        return HttpPool(
            self._api_url, connect_timeout=self._connect_timeout, answer_timeout=self._answer_timeout
        )


def token_of(url: str) -> str:
    """What a link of ours carries to Paytm's page; empty where it is none."""
    return dict(parse_qsl(urlsplit(url).query)).get("token", "")


def payment_of(order_id: str) -> int | None:
    """Our payment, by the end of the order's id; None where the order cannot be one of ours."""
    own = order_id.rpartition("-")[2]
    return int(own) if own.isascii() and own.isdecimal() and len(own) < 19 else None


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer of Paytm's.

    Attributes:
        at: by Paytm's own clock; None where it does not tell.
    """

    status: str
    code: str
    body: Json
    at: datetime | None


def _order_id(order: PaymentOrder) -> str:
    """Unique beyond our database: payment ids start again with every new one, a booking's code does not."""
    return f"{order.booking_code}-{order.payment_id}"


def _unpaid(order: PaymentOrder, at: datetime | None) -> PaymentFacts:
    """Nobody has tried to pay: how long somebody still can, by the token that the guest was given."""
    issued_at = (order.reference or "").partition("~")[2]
    if not issued_at.isdecimal():
        is_over = at is not None and at >= order.expires_at
        return PaymentFacts(PaymentState.EXPIRED if is_over else PaymentState.CREATED)
    until = datetime.fromtimestamp(int(issued_at), UTC) + TOKEN_LIVES + SETTLES
    if at is not None and at >= until:
        return PaymentFacts(PaymentState.EXPIRED, reference=order.reference)
    return PaymentFacts(PaymentState.PENDING, reference=order.reference, open_until=until)


def _captured(facts: PaymentFacts, body: Json) -> PaymentFacts:
    refunded = _from_paytm(body.get("refundAmt") or "0")
    if refunded <= 0:
        return facts
    is_all = facts.amount_minor is not None and refunded >= facts.amount_minor
    return replace(facts, state=PaymentState.REFUNDED if is_all else PaymentState.PART_REFUNDED)


def _to_paytm(order: PaymentOrder) -> str:
    """Rupees with two decimals.

    Raises:
        GatewayError: Paytm takes rupees of India alone, and some of them.
    """
    if order.currency != "INR" or order.amount_minor <= 0:
        raise GatewayError("amount_not_payable", retryable=False)
    return f"{order.amount_minor // 100}.{order.amount_minor % 100:02}"


_AMOUNT: Final = re.compile(r"[0-9]{1,13}(\.[0-9]{1,4})?")


def _from_paytm(told: Any) -> int:
    """Paise; -1 for what is no amount."""
    if not _AMOUNT.fullmatch(str(told)):
        return -1
    paise = Decimal(str(told)) * 100
    return int(paise) if paise == int(paise) else -1


def _moment(stamp: Any, date: str | None) -> datetime | None:
    """Seconds or milliseconds since 1970, as Paytm writes both; else what the answer's header says."""
    told = str(stamp)
    if told.isascii() and told.isdecimal() and len(told) in (10, 13):
        return datetime.fromtimestamp(int(told) / (1000 if len(told) == 13 else 1), UTC)
    try:
        moment = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    # “-0000” is how a machine in UTC says that it does not know where it stands.
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _members(text: str) -> dict[str, str]:
    """The members of a JSON object, each as the text that came: a signature is over that, not over its meaning.

    Raises:
        ValueError: not a JSON object, or one that says a thing twice.
    """
    decoder, found = json.JSONDecoder(), {}
    place = _past(_OPENS, text, 0)
    while True:
        name, place = decoder.raw_decode(text, place)
        start = _past(_COLON, text, place)
        _, place = decoder.raw_decode(text, start)
        if not isinstance(name, str) or name in found:
            raise ValueError
        found[name] = text[start:place]
        if _CLOSES.fullmatch(text, place):
            return found
        place = _past(_COMMA, text, place)


_OPENS, _COLON, _COMMA, _CLOSES = (
    re.compile(rf"[ \t\r\n]*{mark}[ \t\r\n]*") for mark in (r"\{", ":", ",", r"\}")
)


def _past(mark: re.Pattern[str], text: str, place: int) -> int:
    """The place behind this mark, which has to come next."""
    found = mark.match(text, place)
    if found is None:
        raise ValueError
    return found.end()


def _is_word(told: Any) -> TypeGuard[str]:
    """Whether it is an id or a name such as Paytm gives, which a row can hold."""
    return isinstance(told, str) and 0 < len(told) <= 300 and told.isprintable()
