"""The business's own accounts, to which guests transfer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from models.session import Session

FROM_SETTINGS: Final = "settings"  # the slug of the account that PAYMENT_PROVIDER_EMAIL names
BEFORE_ALL: Final = -1  # the position of the first account


@dataclass(frozen=True, slots=True)
class Payee:
    """An account that money is transferred to.

    Attributes:
        provider: whose account it is: NayaPay, JazzCash, a bank; as people call it.
        title: the name it is held under, which the payer's app shows before sending.
        account: number, IBAN or UPI id, as it is typed.
        currencies: what it takes; nothing for any.
        listings: slugs of the places whose guests pay to it; nothing for all.
    """

    id: int
    slug: str
    provider: str
    title: str
    account: str
    currencies: Sequence[str]
    listings: Sequence[str]

    @classmethod
    def get(cls, session: Session, payee_id: int) -> Payee:
        return cls(*session.execute(_ONE, {"id": payee_id}).one())

    @classmethod
    def serving(cls, session: Session, listing_id: int) -> Payee | None:
        """Where the guests of this place pay to: the account that is named for it first, else the first that fits."""
        row = session.execute(_SERVING, {"listing_id": listing_id}).first()
        return cls(*row) if row is not None else None


_COLUMNS = ", ".join(f"p.{column.name}" for column in fields(Payee))
_ONE = text(f"SELECT {_COLUMNS} FROM payees p WHERE p.id = :id")
_SERVING = text(
    f"SELECT {_COLUMNS} FROM payees p JOIN listings l ON l.id = :listing_id WHERE p.active "
    "AND (p.listings = '[]' OR p.listings ? l.slug) AND (p.currencies = '[]' OR p.currencies ? l.currency) "
    "ORDER BY p.listings = '[]', p.currencies = '[]', p.position, p.id LIMIT 1"
)


def load(session: Session, entries: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Create or update the accounts of a listings file; one that left the file stays as it is.

    Raises:
        KeyError: an account without slug, provider, title or account.
    """
    for position, entry in enumerate(entries):
        write(
            session,
            slug=entry["slug"],
            provider=entry["provider"],
            title=entry["title"],
            account=str(entry["account"]),
            currencies=[entry["currency"]] if "currency" in entry else entry.get("currencies", []),
            listings=entry.get("listings", []),
            position=position,
            active=entry.get("active", True),
            now=now,
        )


def write(
    session: Session,
    *,
    slug: str,
    provider: str,
    title: str,
    account: str,
    now: datetime,
    currencies: Sequence[str] = (),
    listings: Sequence[str] = (),
    position: int = 0,
    active: bool = True,
) -> None:
    """The account with this slug, as it is said to be now."""
    session.execute(
        _WRITE,
        {
            "slug": slug,
            "provider": provider,
            "title": title,
            "account": account,
            "currencies": orjson.dumps(list(currencies)).decode(),
            "listings": orjson.dumps(list(listings)).decode(),
            "position": position,
            "active": active,
            "now": now,
        },
    )


_WRITE = text(
    "INSERT INTO payees (slug, provider, title, account, currencies, listings, position, active, updated_at) "
    "VALUES (:slug, :provider, :title, :account, :currencies, :listings, :position, :active, :now) "
    "ON CONFLICT (slug) DO UPDATE SET provider = excluded.provider, title = excluded.title, "
    "account = excluded.account, currencies = excluded.currencies, listings = excluded.listings, "
    "position = excluded.position, active = excluded.active, updated_at = excluded.updated_at"
)
