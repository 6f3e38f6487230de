"""What wallets and banks write when money has come: the mail itself, before any mail server has touched it.

Shapes are those of real mails as public parsers describe them (the shared facts on payments, 1.1 and 1.2); people
and numbers are made up. A reversal is in our own words: nobody has shown a real one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from html import escape
from typing import Final

PAKISTAN: Final = timezone(timedelta(hours=5))
INDIA: Final = timezone(timedelta(hours=5, minutes=30))


@dataclass(frozen=True, slots=True)
class Paid:
    """A transfer as its receiver's wallet knows it.

    Attributes:
        remarks: what the payer wrote along; nothing where it is empty.
        reverses: this takes the transfer with the same transaction id back.
    """

    amount: Decimal
    currency: str
    sender: str
    payee: str
    account: str
    remarks: str
    transaction_id: str
    at: float
    reverses: bool = False


@dataclass(frozen=True, slots=True)
class Wallet:
    """Who writes, and how.

    Attributes:
        domain: that it signs for.
        write: subject, and the body as plain text and as HTML (or only one of them).
    """

    name: str
    sender: str
    domain: str
    currency: str
    zone: timezone
    new_id: Callable[[], str]
    write: Callable[[Paid, str], tuple[str, str, str]]

    def mail(self, paid: Paid, to: str) -> EmailMessage:
        """The mail about this transfer, with a Message-ID of its own."""
        when = datetime.fromtimestamp(paid.at, UTC).astimezone(self.zone)
        subject, plain, html = self.write(paid, when.isoformat())
        mail = EmailMessage()
        mail["From"] = formataddr((self.name, self.sender))
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(when)
        mail["Message-ID"] = f"<{secrets.token_hex(12)}@{self.domain}>"
        if plain:
            mail.set_content(plain)
            if html:
                mail.add_alternative(html, subtype="html")
        else:
            mail.set_content(html, subtype="html")
        return mail


def _rupees(amount: Decimal) -> str:
    """As wallets write it: no decimals where there are none."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _nayapay(paid: Paid, at: str) -> tuple[str, str, str]:
    when = datetime.fromisoformat(at)
    amount, moment = f"Rs. {_rupees(paid.amount)}", f"{when:%d %b %Y, %I:%M %p}"
    if paid.reverses:
        title, subject = "A transfer was reversed", f"{amount} from {paid.sender} has been reversed"
        label = "Amount Reversed"
    else:
        title, subject, label = "Cha-Ching!", f"You got {amount} from {paid.sender} 🎉", "Amount Received"
    sections: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
        ("AMOUNT DETAILS", ((label, amount), ("Service Fee (Incl. Tax)", "Rs. 0"))),
        ("TRANSACTION DETAILS", (("Transaction ID", paid.transaction_id),)),
        (
            "ADDITIONAL INFORMATION",
            (
                ("Source Acc. Title", paid.sender),
                ("Source Bank", "NayaPay"),
                ("Destination Acc. Title", paid.payee),
                ("Destination Bank", "NayaPay"),
                ("Destination Acc. Number", f"****{_tail(paid.account)}"),
                ("Channel", "NayaPay"),
                *((("Remarks", paid.remarks),) if paid.remarks else ()),
            ),
        ),
    )
    foot = "Do not reply to this email. Responses to this email are not monitored."
    lines = ["NayaPay", title, paid.sender, moment, amount]
    rows = [
        f'<h1>{title}</h1><p class="summary-title">{escape(paid.sender)}</p><p class="summary-text">{moment}</p>'
    ]
    for name, pairs in sections:
        lines += [name, *(part for pair in pairs for part in pair)]
        rows.append(f'<tr><td colspan="2"><span class="general-text-2">{name}</span></td></tr>')
        rows += [
            f'<tr><td><!--[if mso]><table><tr><td><![endif]--><p class="general-text-3">{key}</p></td>'
            f'<td align="right"><p class="general-text-3">{escape(value)}</p></td></tr>'
            for key, value in pairs
        ]
    html = f"<!DOCTYPE html><html><body><table>{chr(10).join(rows)}</table><p>{foot}</p></body></html>"
    return subject, "\n".join([*lines, foot, ""]), html


def _hdfc(paid: Paid, at: str) -> tuple[str, str, str]:
    when = datetime.fromisoformat(at)
    amount, tail = f"Rs. {paid.amount:.2f}", _tail(paid.account)
    vpa = f"{re.sub(r'[^a-z]', '', paid.sender.lower())[:12] or 'payer'}@ybl"
    if paid.reverses:
        what = (
            f"{amount} credited earlier to your account **{tail} by VPA {vpa} {escape(paid.sender)} has been "
            f"reversed on {when:%d-%m-%y}. Your UPI transaction reference number is {paid.transaction_id}."
        )
    else:
        what = (
            f"{amount} is successfully credited to your account **{tail} by VPA {vpa} {escape(paid.sender)} on "
            f"{when:%d-%m-%y}. Your UPI transaction reference number is {paid.transaction_id}."
        )
    remarks = f"<br>Remarks: {escape(paid.remarks)}" if paid.remarks else ""
    html = (
        f"<html><body>Dear Customer,<br><br>{what}{remarks}<br><br>Thank you for banking with us.<br>"
        "Warm Regards,<br>HDFC Bank</body></html>"
    )
    return "View: Account update for your HDFC Bank A/c", "", html


def _meezan(paid: Paid, at: str) -> tuple[str, str, str]:
    """It names no transaction id."""
    when = datetime.fromisoformat(at)
    verb = "reversed from" if paid.reverses else "received to"
    plain = "\n".join(
        (
            "Dear Customer,",
            "",
            f"PKR {paid.amount:,.2f} {verb} your account xxx{_tail(paid.account)} with the following details:",
            "",
            f"Beneficiary Account : {paid.sender.upper()} AC# RAAST PYMT {paid.remarks}".rstrip(),
            "Branch : SIR SYED ROAD BR KHI",
            f"Transaction Date : {when:%d-%b-%Y}",
            f"Transaction Time : {when:%H:%M}",
            "",
            "For Any Inquiry, Please do not hesitate to contact us at 111-331-331",
            "Copyright (c) 2005, Meezan Bank Limited",
            "",
        )
    )
    return "Credit Transaction Alert", plain, ""


def _easypaisa(paid: Paid, at: str) -> tuple[str, str, str]:
    when = datetime.fromisoformat(at)
    amount = f"Rs.{_rupees(paid.amount).replace(',', '')}"
    if paid.reverses:
        what = f"{amount} received from {paid.sender.upper()} has been reversed on {when:%d-%m-%Y} at {when:%H:%M:%S}."
    else:
        what = (
            f"You have received {amount} in your Easypaisa account ***{_tail(paid.account)} from "
            f"{paid.sender.upper()} via Raast Payment on {when:%d-%m-%Y} at {when:%H:%M:%S}."
        )
    remarks = f" Remarks: {paid.remarks}." if paid.remarks else ""
    return (
        "Easypaisa Money Transfer Receipt",
        f"Dear customer,\n\n{what}{remarks} Trx ID: {paid.transaction_id}\n",
        "",
    )


def _tail(account: str) -> str:
    """The last four digits that a mask leaves; some, where the account has none."""
    digits = re.sub(r"\D", "", account)
    return digits[-4:] if len(digits) >= 4 else "7722"


def _digits(count: int) -> Callable[[], str]:
    return lambda: str(secrets.randbelow(9 * 10 ** (count - 1)) + 10 ** (count - 1))


WALLETS: Final[dict[str, Wallet]] = {
    "nayapay": Wallet(
        "NayaPay", "service@nayapay.com", "nayapay.com", "PKR", PAKISTAN, lambda: secrets.token_hex(12), _nayapay
    ),
    "easypaisa": Wallet(
        "Easypaisa", "e.statement@telenorbank.pk", "telenorbank.pk", "PKR", PAKISTAN, _digits(11), _easypaisa
    ),
    "meezan": Wallet(
        "Meezan Bank Alert", "no-reply@meezanbank.com", "meezanbank.com", "PKR", PAKISTAN, lambda: "", _meezan
    ),
    "hdfc": Wallet(
        "HDFC Bank InstaAlerts", "alerts@hdfcbank.net", "hdfcbank.net", "INR", INDIA, _digits(12), _hdfc
    ),
}  # fmt: skip


def of(provider: str, currency: str) -> str:
    """Who tells of money on an account with this provider: itself, or for UPI and unknown ones a bank of the country."""
    wanted = re.sub(r"[^a-z]", "", provider.lower())
    for key, wallet in WALLETS.items():
        if key in wanted and wallet.currency == currency:
            return key
    return "hdfc" if currency == "INR" else "nayapay"


def money(shown: str) -> tuple[Decimal, str]:
    """The amount that a chat asks for, and its currency.

    Raises:
        ValueError: there is none in it.
    """
    found = re.search(r"\d[\d,]*(?:\.\d+)?", shown)
    if found is None:
        raise ValueError(f"no amount in {shown!r}")
    currency = "INR" if "₹" in shown or "INR" in shown else "PKR"
    return Decimal(found.group().replace(",", "")), currency


def reversal(paid: Paid, at: float) -> Paid:
    """The bank takes it back."""
    return replace(paid, at=at, reverses=True)
