"""The forms that issuers are known to write: a file per issuer, in the words of mails that were seen.

Only what facts/payments.md calls evidenced, or the labelled mails show, is a form. To add one: a real mail, its
wording here, and the mail (made anonymous) among the labelled ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from integrations.payment_mail.forms import (
    abl,
    axis,
    easypaisa,
    faysal,
    hdfc,
    icici,
    jazzcash,
    kotak,
    meezan,
    nayapay,
    paytm,
    phonepe,
    sadapay,
    sbi,
    ubl,
)
from integrations.payment_mail.forms.form import Form, read_by
from integrations.payment_mail.reading import Page, Reading

FORMS: Final[Mapping[str, Sequence[Form]]] = {
    "nayapay": nayapay.FORMS,
    "meezan": meezan.FORMS,
    "faysal": faysal.FORMS,
    "ubl": ubl.FORMS,
    "abl": abl.FORMS,
    "easypaisa": easypaisa.FORMS,
    "jazzcash": jazzcash.FORMS,
    "sadapay": sadapay.FORMS,
    "hdfc": hdfc.FORMS,
    "icici": icici.FORMS,
    "sbi": sbi.FORMS,
    "axis": axis.FORMS,
    "kotak": kotak.FORMS,
    "paytm": paytm.FORMS,
    "phonepe": phonepe.FORMS,
}


def read_known(page: Page) -> Reading | None:
    """Read the mail as its issuer is known to write; None where it wrote something else."""
    return read_by(FORMS.get(page.issuer.name, ()), page) if page.issuer else None
