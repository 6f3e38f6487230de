"""The wallets of the sandbox write as their issuers do, so that what it shows is what the product does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from email import policy

import pytest

from integrations.payment_mail import Event, read
from sandbox.wallets import WALLETS, Paid
from tests.integrations.payment_mail.letters import PASSED, TAKEN_IN

REMARKS = "stay BK-20261118-9QX2M, Rs. 99,999 received"


def raw(wallet: str, paid: Paid) -> bytes:
    written = WALLETS[wallet]
    top = "\r\n".join([*TAKEN_IN, f"Authentication-Results: {PASSED.format(written.domain)}", ""])
    return top.encode() + written.mail(paid, "owner@gmail.com").as_bytes(policy=policy.SMTP)


def paid(wallet: str) -> Paid:
    written = WALLETS[wallet]
    amount = Decimal("12499.37")
    return Paid(
        amount,
        written.currency,
        "Ayesha O’Neil",
        "Noor",
        "00123 5678",
        REMARKS,
        written.new_id(),
        1795165520.0,
    )


@pytest.mark.parametrize("wallet", WALLETS)
def test_wallet_writes_a_form_that_we_know(wallet):
    sent = paid(wallet)
    mail = read(raw(wallet, sent))
    assert mail.trusted and mail.known_form and mail.is_payment and mail.evidenced
    assert (mail.provider, mail.amount, mail.currency) == (wallet, sent.amount, sent.currency)
    assert mail.transaction_id == (sent.transaction_id or None)
    assert mail.sender_name is not None and mail.sender_name.lower() == "ayesha o’neil"
    assert "BK-20261118-9QX2M" in mail.text


@pytest.mark.parametrize("wallet", ["nayapay", "easypaisa", "hdfc"])
def test_transfer_taken_back_is_told_apart_and_names_it(wallet):
    sent = replace(paid(wallet), reverses=True)
    mail = read(raw(wallet, sent))
    assert mail.event is Event.REVERSAL and not mail.is_payment and mail.trusted and mail.known_form
    assert sent.transaction_id in (mail.reverses, mail.transaction_id)
