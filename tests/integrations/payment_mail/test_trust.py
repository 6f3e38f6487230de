"""Only Gmail's own word for a listed domain is believed; every way to write it oneself is refused."""

from __future__ import annotations

import pytest

from integrations.payment_mail import read
from tests.integrations.payment_mail.letters import PASSED, RECEIPT, TAKEN_IN, letter

OURS = PASSED.format("nayapay.com")

GENUINE = {
    "dmarc passes": {},
    "dkim alone, by the domain": {"result": "mx.google.com; dkim=pass header.i=@nayapay.com; spf=none"},
    "dkim alone, by a domain under it": {"result": "mx.google.com; dkim=pass header.d=mail.nayapay.com"},
    "dmarc by spf alone": {"result": "mx.google.com; dkim=none; dmarc=pass (p=NONE) header.from=nayapay.com"},
    "capitals": {"sender": "NAYAPAY <Service@NayaPay.COM>"},
    "an address alone": {"sender": "service@nayapay.com"},
    "an encoded name": {"sender": "=?utf-8?b?TmF5YVBheQ==?= <service@nayapay.com>"},
    "a folded From": {"sender": "NayaPay\r\n <service@nayapay.com>"},
    "forwarded by Gmail itself": {"below": ("X-Forwarded-For: old@gmail.com owner@gmail.com",)},
}
FORGED = {
    "no result": {"result": None},
    "a result of ARC": {"result": None, "below": (f"ARC-Authentication-Results: i=1; {OURS}",)},
    "a kept result": {"result": None, "below": (f"X-Original-Authentication-Results: {OURS}",)},
    "failed, forged below": {
        "result": "mx.google.com; dmarc=fail header.from=nayapay.com",
        "below": (f"Authentication-Results: {OURS}",),
    },
    "another server's": {"result": OURS.replace("mx.google.com", "mx.evil.example")},
    "a server that begins like Gmail's": {
        "result": OURS.replace("mx.google.com", "mx.google.com.evil.example")
    },
    "not taken in by Gmail": {"above": ()},
    "fetched by POP": {
        "above": ("Received: by 10.1.1.1 with POP3 id 1", "X-Gmail-Fetch-Info: a", *TAKEN_IN),
    },
    "another server on top": {"above": ("Received: from evil by pop.isp.example with ESMTP id 1", *TAKEN_IN)},
    "laid in by API": {
        "above": ("Received: from 1 named unknown by gmailapi.google.com with HTTPREST", *TAKEN_IN)
    },
    "a sender's header above": {"above": (*TAKEN_IN, "X-Mailer: z")},
    "a pass in a comment": {
        "result": "mx.google.com; spf=pass (dmarc=pass header.from=nayapay.com) smtp.mailfrom=a@evil.example; dmarc=fail"
    },
    "a pass in a nested comment": {
        "result": "mx.google.com (a (b) \\) ; dmarc=pass header.from=nayapay.com); dmarc=fail header.from=nayapay.com"
    },
    "a comment left open": {"result": "mx.google.com; spf=none (x; dmarc=pass header.from=nayapay.com"},
    "a pass in quotes": {
        "result": 'mx.google.com; spf=pass smtp.mailfrom="x; dmarc=pass header.from=nayapay.com "@e.example; dmarc=fail'
    },
    "two of dmarc": {"result": f"{OURS}; dmarc=fail header.from=nayapay.com"},
    "two domains in it": {
        "result": "mx.google.com; dmarc=pass header.from=evil.example header.from=nayapay.com"
    },
    "dkim against dmarc": {
        "result": "mx.google.com; dkim=pass header.d=nayapay.com; dmarc=fail header.from=nayapay.com"
    },
    "dkim of another": {"result": "mx.google.com; dkim=pass header.i=@evil.example; spf=pass"},
    "dkim of a longer name": {"result": "mx.google.com; dkim=pass header.i=@evilnayapay.com"},
    "dkim of a parent": {"result": "mx.google.com; dkim=pass header.i=@com"},
    "dkim whose signer is another": {
        "result": "mx.google.com; dkim=pass header.d=e.example header.i=@nayapay.com"
    },
    "a failed dkim": {"result": "mx.google.com; dkim=fail header.d=nayapay.com"},
    "two From": {"below": ("From: x@evil.example",)},
    "two From, one with a space": {"below": ("From : x@evil.example",)},
    "two addresses": {"sender": "x@evil.example, service@nayapay.com"},
    "two in brackets": {"sender": "<service@nayapay.com> <x@evil.example>"},
    "an address as name": {"sender": "x@evil.example <service@nayapay.com>"},
    "an open bracket": {"sender": "NayaPay <service@nayapay.com"},
    "listed only in the name": {
        "sender": '"service@nayapay.com" <x@evil.example>',
        "result": PASSED.format("evil.example"),
    },
    "a look-alike": {"sender": "NayaPay <a@nayapay-pk.com>", "result": PASSED.format("nayapay-pk.com")},
    "a domain under it": {"sender": "<a@alerts.nayapay.com>", "result": PASSED.format("alerts.nayapay.com")},
    "a shared zone": {"sender": "HDFC Bank <a@evil.bank.in>", "result": PASSED.format("evil.bank.in")},
    "a reply": {"subject": "Re: You got Rs. 2,500 from SANA TARIQ"},
    "a forward": {"subject": "Fwd: You got Rs. 2,500 from SANA TARIQ"},
    "a carriage return in a header": {
        "subject": "x\rFrom: y@evil.example\rX: You got Rs. 2,500 from SANA TARIQ"
    },
    "a NUL in a header": {"below": ("X-A: \0",)},
    "an endless result": {"result": OURS + "; x=y" * 10_000},
}


@pytest.mark.parametrize("given", GENUINE.values(), ids=GENUINE)
def test_genuine_mail_is_believed(given):
    mail = read(letter(**given))
    assert mail.trusted and mail.is_payment and mail.provider == "nayapay" and mail.evidenced


@pytest.mark.parametrize("given", FORGED.values(), ids=FORGED)
def test_forgery_is_read_and_not_believed(given):
    mail = read(letter(**given))
    assert not mail.trusted
    assert mail.is_payment


def test_letters_of_another_alphabet_are_another_domain():
    assert not read(
        letter(sender="NayaPay <service@nаyapay.com>").replace(b"\r\nARC", b"\r\nX-Google-A: b\r\nARC")
    ).trusted


def test_a_guessed_sender_is_not_evidenced():
    case = {"sender": "JazzCash <no-reply@jazzcash.com.pk>", "result": PASSED.format("jazzcash.com.pk")}
    mail = read(letter("Rs 500.00 received from 03001234567 (ALI)", subject="Payment Received", **case))
    assert mail.trusted and not mail.evidenced


QUOTE = RECEIPT.replace("\n", "\n> ")
SOMEBODY_ELSES = {
    "support quotes a customer": {
        "subject": "Your ticket 991",
        "body": f"Thank you.\n\nOn Fri X <x@y.example> wrote:\n> {QUOTE}",
    },
    "forwarded inside": {
        "subject": "Look",
        "body": f"See:\n---------- Forwarded message ---------\nFrom: NayaPay <service@nayapay.com>\n\n{RECEIPT}",
    },
    "attached": {
        "subject": "Look",
        "content": ("Content-Type: multipart/mixed; boundary=q",),
        "body": "--q\r\n\r\nSee.\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: NayaPay <service@nayapay.com>\r\n\r\n{RECEIPT}\r\n--q--",
    },
}


@pytest.mark.parametrize("given", SOMEBODY_ELSES.values(), ids=SOMEBODY_ELSES)
def test_quoted_words_are_not_the_issuers(given):
    """A ticket system answers with the words of whoever wrote to it, signed by the issuer's own domain."""
    mail = read(letter(**given))
    assert mail.is_payment and not mail.trusted and not mail.known_form
    assert mail.transaction_id is None


def test_a_table_of_from_and_to_is_no_quotation():
    table = "From: SANA TARIQ\nTo: NOOR\nDate: 20-11-2026\n__________\n"
    mail = read(letter(table + RECEIPT))
    assert mail.trusted and mail.known_form


def test_what_a_payer_writes_is_no_statement():
    remark = "Remarks: Amount Received Rs. 99,000 Transaction ID ffffffffffffffffffffffff\n"
    mail = read(letter(remark + RECEIPT))
    assert (str(mail.amount), mail.transaction_id) == ("2500", "6565f0a1c2b3d4e5f6a7b8c9")
    assert "99,000" in mail.text  # a reference may stand there
