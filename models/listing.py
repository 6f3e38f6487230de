"""A place that can be booked, and its interchangeable units."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, Identity, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import person
from models.cancellation import Policy
from models.db import Base
from models.pricing import Rates


class Category(Base):
    __tablename__ = "categories"

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int]


class Listing(Base):
    """`check_in` and `check_out` are local times of the place; `capacity` is guests per unit."""

    __tablename__ = "listings"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    category: Mapped[str] = mapped_column(ForeignKey("categories.slug"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    mode: Mapped[str]
    approval: Mapped[str]
    description: Mapped[str]
    location: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    map_link: Mapped[str | None]
    photo: Mapped[str | None]
    amenities: Mapped[list[str]] = mapped_column(JSONB)
    contact: Mapped[str]
    owner_name: Mapped[str]
    time_zone: Mapped[str]
    language: Mapped[str]
    capacity: Mapped[int]
    check_in: Mapped[time]
    check_out: Mapped[time]
    min_nights: Mapped[int]
    max_nights: Mapped[int]
    rates: Mapped[dict[str, Any]] = mapped_column(JSONB)
    currency: Mapped[str]
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB)
    methods: Mapped[list[str]] = mapped_column(JSONB)
    active: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))

    @property
    def price(self) -> Rates:
        return Rates.from_dict(self.rates)

    @property
    def cancellation(self) -> Policy:
        return Policy.from_dict(self.policy)

    @classmethod
    def get(cls, session: Session, listing_id: int) -> Listing:
        """Read once in a unit of work: the session itself forgets what nobody holds."""
        found = session.get(cls, listing_id)
        if found is None:
            raise LookupError(f"no listing {listing_id}")
        session.info.setdefault("listings", set()).add(found)
        return found

    @classmethod
    def in_category(cls, session: Session, category: str) -> Sequence[Listing]:
        return session.scalars(
            select(cls).where(cls.category == category, cls.active).order_by(cls.name)
        ).all()

    @classmethod
    def named_like(cls, session: Session, words: str, *, most: int = 9) -> Sequence[Listing]:
        """Listings whose name or location holds all these words, the exact name first; none for no match."""
        wanted = [w for w in words.casefold().split() if len(w) > 1 or w.isdigit()]
        if not wanted:
            return []
        where = [func.lower(cls.name + " " + cls.location).contains(word, autoescape=True) for word in wanted]
        found = session.scalars(select(cls).where(cls.active, *where).order_by(cls.name).limit(most)).all()
        exact = [listing for listing in found if listing.name.casefold() == words.strip().casefold()]
        return exact or found

    @classmethod
    def of_owner(cls, session: Session, owner_id: int) -> Sequence[Listing]:
        return session.scalars(
            select(cls).where(cls.owner_id == owner_id, cls.active).order_by(cls.name)
        ).all()


def categories_in_use(session: Session) -> Sequence[tuple[str, str, int]]:
    """(slug, name, number of active listings) of each category that has any, in the order of the file."""
    rows = session.execute(
        text(
            "SELECT c.slug, c.name, count(*) AS n FROM categories c JOIN listings l ON l.category = c.slug "
            "WHERE l.active GROUP BY c.slug, c.name, c.position ORDER BY c.position"
        )
    )
    return [(row.slug, row.name, row.n) for row in rows]


def load_file(session: Session, path: Path, now: datetime) -> int:
    """Create or update every category and listing of a file; the number of listings.

    A listing is known by its slug: what the file says wins, units only ever come in addition,
    and a listing that left the file stays as it is.
    """
    data = tomllib.loads(path.read_text())
    for position, (slug, name) in enumerate(data.get("categories", {}).items()):
        session.execute(
            text(
                "INSERT INTO categories (slug, name, position) VALUES (:slug, :name, :position) "
                "ON CONFLICT (slug) DO UPDATE SET name = excluded.name, position = excluded.position"
            ),
            {"slug": slug, "name": name, "position": position},
        )
    for entry in data["listings"]:
        _load_listing(session, entry, now)
    return len(data["listings"])


def _load_listing(session: Session, entry: dict[str, Any], now: datetime) -> None:
    owner = entry["owner"]
    owner_id = person.find_or_create(session, phone=owner["phone"], user_id=None, name=owner["name"], now=now)
    person.give_role(session, owner_id, person.OWNER)
    person.speak_at_first(session, owner_id, entry.get("language", "en"))
    listing = session.scalar(select(Listing).where(Listing.slug == entry["slug"]))
    if listing is None:
        listing = Listing(slug=entry["slug"])
        session.add(listing)
    rates = Rates.from_dict({**entry["prices"], "currency": entry["currency"]})
    listing.name = entry["name"]
    listing.category = entry["category"]
    listing.owner_id = owner_id
    listing.owner_name = owner["name"]
    listing.contact = entry.get("contact", owner["phone"])
    listing.mode = entry.get("mode", "NIGHTLY").upper()
    listing.approval = entry.get("approval", "OWNER").upper()
    listing.description = entry["description"]
    listing.location = entry["location"]
    listing.latitude, listing.longitude = entry.get("latitude"), entry.get("longitude")
    listing.map_link = entry.get("map_link")
    listing.photo = entry.get("photo")
    listing.amenities = entry.get("amenities", [])
    listing.time_zone = entry["time_zone"]
    listing.language = entry.get("language", "en")
    listing.capacity = entry["capacity"]
    listing.check_in = time.fromisoformat(entry.get("check_in", "14:00"))
    listing.check_out = time.fromisoformat(entry.get("check_out", "11:00"))
    listing.min_nights = entry.get("min_nights", 1)
    listing.max_nights = entry.get("max_nights", 30)
    listing.rates = rates.to_dict()
    listing.currency = entry["currency"]
    listing.policy = Policy.from_dict(entry.get("cancellation", {})).to_dict()
    listing.methods = entry.get("methods", ["card"])
    listing.active = entry.get("active", True)
    listing.updated_at = now
    session.flush()
    names = entry.get("units") or [
        f"{entry.get('unit_name', 'Unit')} {n}" for n in range(1, entry["units_count"] + 1)
    ]
    session.execute(
        text(
            "INSERT INTO units (listing_id, name) SELECT :listing_id, unnest(CAST(:names AS text[])) "
            "ON CONFLICT (listing_id, name) DO NOTHING"
        ),
        {"listing_id": listing.id, "names": names},
    )
