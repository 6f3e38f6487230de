"""Reads mails and prints what each says: one JSON object a line, with the field names of the labelled sets.

python -m integrations.payment_mail FILE…
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import structlog

from integrations.payment_mail import PaymentMail, read
from models.money import Money, exponent


def main(files: Sequence[str]) -> int:
    """Print a line for each file in its order; one that cannot be opened is named and the rest goes on."""
    seen: dict[object, str] = {}
    failures = 0
    for name in files:
        try:
            raw = Path(name).read_bytes()
        except OSError as error:
            print(f"{name}: {error.strerror}", file=sys.stderr)
            failures += 1
            continue
        sys.stdout.buffer.write(orjson.dumps(line(Path(name).name, read(raw), seen)) + b"\n")
        sys.stdout.buffer.flush()
    return 1 if failures else 0


def line(name: str, mail: PaymentMail, seen: dict[object, str]) -> Mapping[str, Any]:
    """One mail as it is printed.

    Args:
        seen: what earlier files were, by identity; this one is added.
    """
    first = [seen.setdefault(key, name) for key in _identities(mail)]
    return {
        "file": name,
        "provider": mail.provider,
        "event": mail.event,
        "is_payment": mail.is_payment,
        "direction": mail.direction,
        "amount": _amount(mail),
        "currency": mail.currency,
        "transaction_id": mail.transaction_id,
        "sender_name": mail.sender_name,
        "sender_phone": mail.sender_phone,
        "occurred_at": mail.occurred_at.isoformat() if mail.occurred_at else None,
        "occurred_precision": mail.occurred_precision,
        "trusted": mail.trusted,
        "account_tail": mail.account_tail,
        "duplicate_of": next((file for file in first if file != name), None),
        "known_form": mail.known_form,
        "reverses": mail.reverses,
    }


def _identities(mail: PaymentMail) -> Iterator[object]:
    """What makes two mails the same payment; only where both may be believed, else a forger could claim an id first."""
    if mail.trusted and mail.is_payment:
        if mail.transaction_id:
            yield mail.provider, mail.transaction_id
        if mail.message_id:
            yield mail.message_id


def _amount(mail: PaymentMail) -> str | None:
    if mail.amount is None or mail.currency is None:
        return None
    try:
        return Money.parse(str(mail.amount), mail.currency).to_decimal_string()
    except ValueError:
        return f"{mail.amount:.{exponent(mail.currency)}f}"


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sys.exit(main(sys.argv[1:]))
