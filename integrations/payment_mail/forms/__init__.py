"""The forms that issuers are known to write: a file per issuer, each a reader over one normalised text."""

from __future__ import annotations

from integrations.payment_mail.reading import Page, Reading


def read_known(page: Page) -> Reading | None:
    """Read the mail as its issuer is known to write; None where it wrote something else."""
    return None
