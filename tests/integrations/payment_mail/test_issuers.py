"""The table of issuers: exact domains, each known for one issuer alone."""

from __future__ import annotations

import re

import pytest

from integrations.payment_mail import issuers
from integrations.payment_mail.forms import FORMS


def test_each_domain_belongs_to_one_issuer():
    domains = [domain for issuer in issuers.issuers().values() for domain in issuer.domains]
    assert len(domains) == len(set(domains))
    for domain in domains:
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain)
        assert domain not in ("gmail.com", "google.com", "bank.in", "co.in", "com.pk")


def test_no_domain_is_evidenced_and_guessed():
    for issuer in issuers.issuers().values():
        assert not issuer.evidenced & issuer.guessed and issuer.domains and issuer.names


def test_forms_are_of_listed_issuers():
    assert set(FORMS) <= set(issuers.issuers())


@pytest.mark.parametrize(
    ("said", "issuer"),
    [
        ("NayaPay Alerts <a@nayapay-pk.com>", "nayapay"),
        ("nayapayalerts.example", "nayapay"),
        ("HDFC Bank InstaAlerts", "hdfc"),
        ("UBL Digital", "ubl"),
        ("Received from NayaPay by HBL", "nayapay"),
    ],
)
def test_who_a_mail_claims_to_be_from(said, issuer):
    found = issuers.claimed(said)
    assert found is not None and found.name == issuer


@pytest.mark.parametrize("said", ["Newsletter <news@shop.example>", "Able Publishers", "stable", ""])
def test_a_word_that_only_holds_a_name_claims_nothing(said):
    assert issuers.claimed(said) is None
