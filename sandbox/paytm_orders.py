"""Paytm's books: orders, the one transaction that each can have, and the codes that it answers with.

Only codes that Paytm documents: see facts/payments.md section 5.1 and Paytm's pages on Initiate Transaction and
Transaction Status.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from sandbox.store import Store

Order = dict[str, Any]
Json = dict[str, Any]

INDIA = timezone(timedelta(hours=5, minutes=30))
TOKEN_LIVES = 15 * 60.0
BANK_ANSWERS = 60.0  # A payment that is left pending on the page comes through after so long.
MANDATORY = ("requestType", "mid", "websiteName", "orderId", "callbackUrl", "txnAmount", "userInfo")
ORDER_ID = re.compile(r"[A-Za-z0-9@_.-]{1,50}")
AMOUNT = re.compile(r"\d{1,8}\.\d{2}")
INITIATE = {
    "0000": ("S", "Success"),
    "0002": ("S", "Success Idempotent"),
    "325": ("F", "Duplicate order id"),
    "501": ("U", "System Error"),
    "1001": ("F", "Request parameters are not valid"),
    "1007": ("F", "Missing mandatory element"),
    "1008": ("F", "Pipe character is not allowed"),
    "2005": ("F", "Checksum provided is invalid"),
    "2006": ("F", "Mid is invalid"),
    "2007": ("F", "Txn amount is invalid"),
    "2013": ("F", "Mid in the query param doesn't match with the Mid send in the request"),
    "2014": ("F", "OrderId in the query param doesn't match with the OrderId send in the request"),
    "2023": ("F", "Repeat Request Inconsistent"),
}
STATUS = {
    "01": ("TXN_SUCCESS", "Txn Success"),
    "141": ("TXN_FAILURE", "User has not completed transaction."),
    "227": (
        "TXN_FAILURE",
        "Your payment has been declined by your bank. Please contact your bank for any queries. If money has been"
        " deducted from your account, your bank will inform us within 48 hrs and we will refund the same",
    ),
    "330": ("TXN_FAILURE", "Paytm checksum mismatch."),
    "331": ("NO_RECORD_FOUND", "No Record Found"),
    "334": ("TXN_FAILURE", "Invalid Order ID"),
    "335": ("TXN_FAILURE", "Mid is invalid"),
    "402": (
        "PENDING",
        "Looks like the payment is not complete. Please wait while we confirm the status with your bank.",
    ),
    "501": ("TXN_FAILURE", "Server Down"),
}
OUTCOMES = {"pay": "01", "fail": "227", "abandon": "141", "pending": "402"}


class Refused(Exception):
    """Paytm does not do this; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Orders:
    """All orders of the one merchant.

    Args:
        tell: called with each order whose transaction began, ended or came through.
    """

    def __init__(
        self, store: Store, now: Callable[[], float], mid: str, tell: Callable[[Order], None]
    ) -> None:
        self._store, self._now, self._mid, self._tell = store, now, mid, tell
        self._all: dict[str, Order] = store.load("paytm-order")

    def all(self) -> list[Order]:
        """Newest first."""
        return list(self._all.values())[::-1]

    def initiate(self, body: Json, query: dict[str, str]) -> tuple[str, Order]:
        """Open an order; the code is another one where the same was asked before.

        Raises:
            Refused: with the code of Paytm's table.
        """
        wanted = self._wanted(body, query)
        known = self._all.get(wanted["orderId"])
        if known is None:
            return "0000", self._keep(wanted | self._token() | {"txn": None})
        if known["txn"]:
            raise Refused("325")
        if any(known[name] != value for name, value in wanted.items()):
            raise Refused("2023")
        if self._now() < known["issued"] + TOKEN_LIVES:
            return "0002", known
        return "0000", self._keep(known | self._token())

    def _wanted(self, body: Json, query: dict[str, str]) -> Order:
        """What is asked for, if all of it is there and fits."""
        flat = _flat(body)
        for name, code in (("mid", "2013"), ("orderId", "2014")):
            if query.get(name) != flat[name]:
                raise Refused(code)
        if not AMOUNT.fullmatch(flat["value"]) or float(flat["value"]) < 1:
            raise Refused("2007")
        parts = urlsplit(flat["callbackUrl"])
        is_address = parts.scheme in ("http", "https") and bool(parts.netloc)
        is_ours = flat["requestType"] == "Payment" and flat["currency"] == "INR"
        if not is_address or not is_ours or not ORDER_ID.fullmatch(flat["orderId"]):
            raise Refused("1001")
        kept = ("orderId", "value", "callbackUrl", "custId", "websiteName")
        return {name: flat[name] for name in kept}

    def _token(self) -> Order:
        return {"txnToken": secrets.token_hex(16) + f"{int(self._now() * 1000)}", "issued": self._now()}

    def open_page(self, order_id: str, token: str) -> Order:
        """The order that this token opens.

        Raises:
            Refused: another token, or one that has run out.
        """
        order = self._all.get(order_id)
        if order is None or not secrets.compare_digest(order["txnToken"].encode(), token.encode()):
            raise Refused("1006")
        if not order["txn"] and self._now() >= order["issued"] + TOKEN_LIVES:
            raise Refused("1006")
        return order

    def act(self, order: Order, action: str, *, stays: bool) -> Order:
        """What the guest does on the page; once, for an order id serves once.

        Args:
            stays: a pending payment stays so until somebody settles it.
        """
        if order["txn"]:
            raise Refused("325")
        at = datetime.fromtimestamp(self._now(), INDIA)
        order["txn"] = {
            "txnId": f"{at:%Y%m%d}{secrets.randbelow(10**27):027d}",
            "bankTxnId": f"{secrets.randbelow(10**12):012d}" if action == "pay" else "",
            "date": f"{at:%Y-%m-%d %H:%M:%S}.0",
            "code": OUTCOMES[action],
            "due": self._now() + BANK_ANSWERS if action == "pending" and not stays else None,
        }
        self._keep(order)
        self._tell(order)
        return order

    def settle(self, order: Order, code: str) -> Order:
        """The bank says, after all, what became of a pending payment."""
        if not order["txn"] or order["txn"]["code"] != "402":
            raise ValueError("only a pending payment can be settled")
        order["txn"] |= {"code": code, "due": None, "bankTxnId": f"{secrets.randbelow(10**12):012d}"}
        self._keep(order)
        self._tell(order)
        return order

    def find(self, order_id: str) -> Order | None:
        return self._all.get(order_id)

    def tick(self) -> None:
        """Banks that have taken their time answer."""
        now = self._now()
        for order in self.all():
            if order["txn"] and order["txn"]["due"] and order["txn"]["due"] <= now:
                self.settle(order, "01")

    def status(self, order_id: str) -> Json:
        """The body of an order's status."""
        order = self._all.get(order_id)
        if order is None:
            return result(STATUS, "334")
        if not order["txn"]:
            return result(STATUS, "331")
        txn = order["txn"]
        return result(STATUS, txn["code"]) | {
            "txnId": txn["txnId"],
            "bankTxnId": txn["bankTxnId"],
            "orderId": order["orderId"],
            "txnAmount": order["value"],
            "txnType": "SALE",
            "gatewayName": "PPBL",
            "bankName": "",
            "mid": self._mid,
            "paymentMode": "UPI",
            "refundAmt": "0.00",
            "txnDate": txn["date"],
        }

    def form(self, order: Order) -> dict[str, str]:
        """What the browser brings back to the merchant, unsigned."""
        txn = order["txn"]
        status, message = STATUS[txn["code"]]
        return {
            "MID": self._mid,
            "ORDERID": order["orderId"],
            "TXNID": txn["txnId"],
            "TXNAMOUNT": order["value"],
            "CURRENCY": "INR",
            "STATUS": status,
            "RESPCODE": txn["code"],
            "RESPMSG": message,
            "BANKTXNID": txn["bankTxnId"],
            "TXNDATE": txn["date"],
            "GATEWAYNAME": "PPBL",
            "BANKNAME": "",
            "PAYMENTMODE": "UPI",
        }

    def webhook(self, order: Order) -> Json:
        """The body of what Paytm's server tells the merchant's."""
        told = self.status(order["orderId"])
        return {
            **{key: value for key, value in told.items() if key != "resultInfo"},
            "currency": "INR",
            "status": told["resultInfo"]["resultStatus"],
            "respCode": told["resultInfo"]["resultCode"],
            "respMsg": told["resultInfo"]["resultMsg"],
        }

    def _keep(self, order: Order) -> Order:
        self._all[order["orderId"]] = order
        self._store.put("paytm-order", order["orderId"], order)
        return order


def _flat(body: Json) -> dict[str, str]:
    """Every parameter that has to be there, by its own name.

    Raises:
        Refused: one is missing, or is no text.
    """
    if any(not body.get(name) for name in MANDATORY):
        raise Refused("1007")
    if not all(isinstance(body[name], dict) for name in ("txnAmount", "userInfo")):
        raise Refused("1001")
    amount, user = body["txnAmount"], body["userInfo"]
    inner = {"value": amount.get("value"), "currency": amount.get("currency"), "custId": user.get("custId")}
    flat = {name: body[name] for name in MANDATORY[:5]} | inner
    if not all(flat.values()):
        raise Refused("1007")
    if not all(isinstance(value, str) for value in flat.values()):
        raise Refused("1001")
    if any("|" in value for value in flat.values()):
        raise Refused("1008")
    return flat


def result(table: dict[str, tuple[str, str]], code: str) -> Json:
    status, message = table[code]
    return {"resultInfo": {"resultStatus": status, "resultCode": code, "resultMsg": message}}
