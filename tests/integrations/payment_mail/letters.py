"""Mails as Gmail hands them out: its own headers on top, then what the sender wrote."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from email.header import Header
from typing import Any

from integrations.payment_mail import PaymentMail

TAKEN_IN = (
    "Delivered-To: owner@gmail.com",
    "Received: by 2002:a05:9365:24a9:b0:ad4:1f8:825 with SMTP id zAFDTaR06sVD; Fri, 20 Nov 2026 01:05:21 -0800 (PST)",
    "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=nayapay.com",
    "Return-Path: <bounce@sender.example>",
    "Received: from mta1.sender.example (mta1.sender.example. [203.0.113.1])\r\n"
    "        by mx.google.com with ESMTPS id x1 for <owner@gmail.com>; Fri, 20 Nov 2026 01:05:21 -0800 (PST)",
)
PASSED = "mx.google.com; dkim=pass header.i=@{0} header.s=s1; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from={0}"
RECEIPT = (
    "Cha-Ching!\n20 Nov 2026, 02:05 PM\nAmount Received\nRs. 2,500\nTransaction ID\n6565f0a1c2b3d4e5f6a7b8c9\n"
    "Source Acc. Title\nSANA TARIQ\n"
)


def letter(
    body: bytes | str = RECEIPT,
    *,
    sender: str = "NayaPay <service@nayapay.com>",
    subject: str = "You got Rs. 2,500 from SANA TARIQ",
    date: str = "Fri, 20 Nov 2026 14:05:20 +0500",
    result: str | None = PASSED.format("nayapay.com"),
    above: tuple[str, ...] = TAKEN_IN,
    below: tuple[str, ...] = (),
    content: tuple[str, ...] = ("Content-Type: text/plain; charset=utf-8",),
) -> bytes:
    """A mail, by default a real receipt.

    Args:
        result: what Gmail's own Authentication-Results says; None for none.
        above, below: header lines over and under it.
    """
    head = [
        *above,
        *([f"Authentication-Results: {result}"] if result is not None else []),
        *below,
        f"From: {sender}",
        f"Subject: {subject if subject.isascii() else Header(subject, 'utf-8').encode()}",
        f"Date: {date}",
        "Message-ID: <1@sender.example>",
        *content,
    ]
    text = body.encode() if isinstance(body, str) else body
    return "\r\n".join([*head, "", ""]).encode() + text


def of_case(case: Mapping[str, Any]) -> bytes:
    """A mail of a line in one of the files of wordings; Gmail vouches for its sender's domain."""
    domain = case["from"].rpartition("@")[2].rstrip(">")
    kind = "html" if case.get("html") else "plain"
    return letter(
        base64.encodebytes(case["text"].encode()),
        sender=case["from"],
        subject=case["subject"],
        date=case["date"],
        result=PASSED.format(domain),
        content=(f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: base64"),
    )


def shown(mail: PaymentMail, field: str) -> object:
    """A field as the files of wordings write it."""
    value = getattr(mail, field)
    if field == "amount" and value is not None:
        return f"{value:.2f}"
    return value.isoformat() if field == "occurred_at" and value is not None else value
