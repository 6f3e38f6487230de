"""A place that can be booked, and its interchangeable units."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from models import coupon, hours, payee, person, question
from models.cancellation import Policy
from models.hot import Hot
from models.hours import Hours
from models.payment import takes
from models.pricing import stay_rules
from models.question import Question
from models.rates import Dated, Rates
from models.session import Session
from models.stay import Mode, NightRules


@dataclass(frozen=True, slots=True)
class Listing:
    """`check_in` and `check_out` are local times of the place; `capacity` is guests per unit.

    `hours` are those of its shifts or slots, None by the night; `has_several_units` counts those in service.
    `coupons_until` is the last day on which any coupon is for it, None where there is none.
    `ratings` is how many guests rated it, `stars` the sum of what they gave.
    It is only read here, many times in each conversation; the listings file is what changes it.
    """

    id: int
    slug: str
    name: str
    category: str
    owner_id: int
    mode: str
    approval: str
    description: str
    location: str
    latitude: float | None
    longitude: float | None
    map_link: str | None
    photo: str | None
    amenities: Sequence[str]
    contact: str
    owner_name: str
    time_zone: str
    language: str
    capacity: int
    check_in: time
    check_out: time
    min_nights: int
    max_nights: int
    price: Rates
    currency: str
    policy: dict[str, Any]
    methods: Sequence[str]
    active: bool
    hours: Hours | None
    questions: Sequence[Question]
    ratings: int
    stars: int
    coupons_until: date | None
    has_several_units: bool

    @property
    def cancellation(self) -> Policy:
        return Policy.from_dict(self.policy)

    def ways(self, switched_on: Collection[str]) -> list[str]:
        """The ways to pay that are open here: those it names, that the business has switched on, in its currency."""
        return [way for way in self.methods if way in switched_on and takes(way, self.currency)]

    def rules_on(self, day: date) -> NightRules:
        """What holds for a stay by the night that begins on this day."""
        return stay_rules(self.price, day, min_nights=self.min_nights, max_nights=self.max_nights)

    @classmethod
    def find(cls, session: Session, listing_id: int) -> Listing | None:
        """The listing, read once in a unit of work; None where there is none with this number."""
        read: dict[int, Listing] = session.read["listings"]
        if listing_id not in read:
            found = _from_rows(_ONE.run(session, id=listing_id))
            if not found:
                return None
            read[listing_id] = found[0]
        return read[listing_id]

    @classmethod
    def get(cls, session: Session, listing_id: int) -> Listing:
        found = cls.find(session, listing_id)
        if found is None:
            raise LookupError(f"no listing {listing_id}")
        return found

    @classmethod
    def in_category(cls, session: Session, category: str) -> Sequence[Listing]:
        return _from_rows(session.execute(_IN_CATEGORY, {"category": category}))

    @classmethod
    def on_the_map(cls, session: Session) -> Sequence[Listing]:
        """Those of which it is known where they are."""
        return _from_rows(session.execute(_ON_THE_MAP))

    @classmethod
    def named_like(cls, session: Session, words: str, *, most: int = 9) -> Sequence[Listing]:
        """Listings whose name or location holds all these words, the exact name first; none for no match."""
        wanted = [w for w in words.casefold().split() if len(w) > 1 or w.isdigit()]
        if not wanted:
            return []
        found = _from_rows(session.execute(_NAMED_LIKE, {"words": wanted, "most": most}))
        exact = [listing for listing in found if listing.name.casefold() == words.strip().casefold()]
        return exact or found

    @classmethod
    def of_owner(cls, session: Session, owner_id: int) -> Sequence[Listing]:
        return _from_rows(session.execute(_OF_OWNER, {"owner_id": owner_id}))


def set_dated_prices(
    session: Session, listing_id: int, prices: Mapping[Dated, int | None], *, today: date
) -> None:
    """What these nights, shifts or visits cost from now on, in minor units; None: as usual again.

    Bookings keep what they were quoted. Days that are over are forgotten.
    """
    stored = session.execute(
        text(
            "SELECT own_rates -> 'dated_minor' AS own, rates -> 'dated_minor' AS filed FROM listings "
            "WHERE id = :id FOR NO KEY UPDATE"
        ),
        {"id": listing_id},
    ).one()
    own = {**(stored.filed or {}), **(stored.own or {})}
    own |= {str(dated): minor for dated, minor in prices.items()}
    dated = {written: minor for written, minor in own.items() if minor is not None and written >= f"{today}"}
    session.execute(
        text("UPDATE listings SET own_rates = :own WHERE id = :id"),
        {"id": listing_id, "own": orjson.dumps({"dated_minor": dated}).decode()},
    )
    session.read["listings"].pop(listing_id, None)


def _from_rows(rows: Iterable[Any]) -> list[Listing]:
    listings = []
    for row in rows:
        values = list(row)
        values[_PRICE] = _rates(values[_PRICE])
        values[_HOURS] = _hours(values[_MODE], values[_HOURS])
        values[_QUESTIONS] = _questions(values[_QUESTIONS])
        listings.append(Listing(*values))
    return listings


@lru_cache(maxsize=4096)
def _rates(stored: str) -> Rates:
    return Rates.from_dict(orjson.loads(stored))


@lru_cache(maxsize=4096)
def _hours(mode: str, stored: str | None) -> Hours | None:
    return hours.read(mode, orjson.loads(stored) if stored is not None else None)


@lru_cache(maxsize=4096)
def _questions(stored: str) -> tuple[Question, ...]:
    return question.read_all(orjson.loads(stored))


# In the order of the fields; what is made into objects as text, to be read once for all places that have the same.
_COLUMNS = (
    "id, slug, name, category, owner_id, mode, approval, description, location, latitude, longitude, map_link, "
    "photo, amenities, contact, owner_name, time_zone, language, capacity, check_in, check_out, min_nights, "
    "max_nights, (rates || own_rates)::text, currency, policy, methods, active, hours::text, "
    "questions::text, ratings, stars, coupons_until"
)
_NAMES = _COLUMNS.split(", ")
_RATES = "(rates || own_rates)::text"
_PRICE, _HOURS, _MODE, _QUESTIONS = (
    _NAMES.index(name) for name in (_RATES, "hours::text", "mode", "questions::text")
)
_SELECT = (
    f"SELECT {_COLUMNS}, EXISTS (SELECT FROM units WHERE listing_id = listings.id AND units.active OFFSET 1)"
)
_ONE = Hot("one_listing", f"{_SELECT} FROM listings WHERE id = :id", id="bigint")
_IN_CATEGORY = text(f"{_SELECT} FROM listings WHERE category = :category AND active ORDER BY name")
_ON_THE_MAP = text(f"{_SELECT} FROM listings WHERE active AND latitude IS NOT NULL AND longitude IS NOT NULL")
_OF_OWNER = text(f"{_SELECT} FROM listings WHERE owner_id = :owner_id AND active ORDER BY name")
_NAMED_LIKE = text(
    f"{_SELECT} FROM listings WHERE active AND NOT EXISTS ("
    "SELECT 1 FROM unnest(CAST(:words AS text[])) AS word WHERE strpos(lower(name || ' ' || location), word) = 0) "
    "ORDER BY name LIMIT :most"
)


def categories_in_use(session: Session) -> Sequence[tuple[str, str, int]]:
    """(slug, name, number of active listings) of each category that has any, in the order of the file."""
    rows = session.execute(
        text(
            "SELECT c.slug, c.name, count(*) AS n FROM categories c JOIN listings l ON l.category = c.slug "
            "WHERE l.active GROUP BY c.slug, c.name, c.position ORDER BY c.position"
        )
    )
    return [(row.slug, row.name, row.n) for row in rows]


def home_zone(session: Session) -> str:
    """The time zone of most places: what “today” means to who runs them all."""
    zone: str | None = session.execute(
        text(
            "SELECT time_zone FROM listings WHERE active GROUP BY time_zone ORDER BY count(*) DESC, time_zone LIMIT 1"
        )
    ).scalar()
    return zone or "UTC"


def load_file(session: Session, path: Path, now: datetime) -> int:
    """Create or update every category, payee account and listing of a file; the number of listings.

    A listing is known by its slug: what the file says wins, units only ever come in addition,
    and a listing that left the file stays as it is. So do coupons, which are known by their codes.

    Raises:
        ValueError: something is missing, or a word that nobody knows; says in which listing or coupon.
    """
    data = tomllib.loads(path.read_text())
    _refuse_unknown(data, {"categories", "listings", "payees", "coupons"})
    for position, (slug, name) in enumerate(data.get("categories", {}).items()):
        session.execute(
            text(
                "INSERT INTO categories (slug, name, position) VALUES (:slug, :name, :position) "
                "ON CONFLICT (slug) DO UPDATE SET name = excluded.name, position = excluded.position"
            ),
            {"slug": slug, "name": name, "position": position},
        )
    payee.load(session, data.get("payees", []), now)
    for entry in data["listings"]:
        try:
            _load_listing(session, entry, now)
        except KeyError as error:
            raise ValueError(f"listing {entry.get('slug', '?')}: {error.args[0]} is missing") from error
        except ValueError as error:
            raise ValueError(f"listing {entry.get('slug', '?')}: {error}") from error
    coupon.load(session, data.get("coupons", ()), now)
    return len(data["listings"])


def _refuse_unknown(words: Mapping[str, Any], known: Collection[str]) -> None:
    if unknown := words.keys() - known:
        raise ValueError(f"nobody knows {', '.join(map(repr, sorted(unknown)))}")


# Every key of a listing in the file.
_KEYS = (
    "slug name category owner contact mode approval description location latitude longitude map_link photo "
    "amenities time_zone currency language capacity units unit_name units_count check_in check_out min_nights "
    "max_nights hours prices cancellation methods questions active"
)


def _load_listing(session: Session, entry: dict[str, Any], now: datetime) -> None:
    _refuse_unknown(entry, _KEYS.split())
    owner = entry["owner"]
    _refuse_unknown(owner, {"phone", "user_id", "name"})
    owner_id = person.find_or_create(
        session, phone=owner["phone"], user_id=owner.get("user_id"), name=owner["name"], now=now
    )
    person.give_role(session, owner_id, person.OWNER)
    person.speak_at_first(session, owner_id, entry.get("language", "en"))
    rates = Rates.from_dict({**entry["prices"], "currency": entry["currency"]})
    mode = entry.get("mode", Mode.NIGHTLY).upper()
    kept_hours = hours.read(mode, entry.get("hours"))
    questions = question.read_all(entry.get("questions", ()))
    listing_id = session.execute(
        _WRITE,
        {
            "slug": entry["slug"],
            "name": entry["name"],
            "category": entry["category"],
            "owner_id": owner_id,
            "owner_name": owner["name"],
            "contact": entry.get("contact", owner["phone"]),
            "mode": mode,
            "approval": entry.get("approval", "OWNER").upper(),
            "description": entry["description"],
            "location": entry["location"],
            "latitude": entry.get("latitude"),
            "longitude": entry.get("longitude"),
            "map_link": entry.get("map_link"),
            "photo": entry.get("photo"),
            "amenities": orjson.dumps(entry.get("amenities", [])).decode(),
            "time_zone": entry["time_zone"],
            "language": entry.get("language", "en"),
            "capacity": entry["capacity"],
            "check_in": time.fromisoformat(entry.get("check_in", "14:00")),
            "check_out": time.fromisoformat(entry.get("check_out", "11:00")),
            "min_nights": entry.get("min_nights", 1),
            "max_nights": entry.get("max_nights", 30),
            "rates": orjson.dumps(rates.to_dict()).decode(),
            "currency": entry["currency"],
            "policy": orjson.dumps(Policy.from_dict(entry.get("cancellation", {})).to_dict()).decode(),
            "methods": orjson.dumps(entry.get("methods", ["card"])).decode(),
            "active": entry.get("active", True),
            "hours": orjson.dumps(kept_hours.to_dict()).decode() if kept_hours is not None else None,
            "questions": orjson.dumps([q.to_dict() for q in questions]).decode(),
            "now": now,
        },
    ).scalar_one()
    names = entry.get("units") or [
        f"{entry.get('unit_name', 'Unit')} {n}" for n in range(1, entry["units_count"] + 1)
    ]
    session.execute(
        text(
            "INSERT INTO units (listing_id, name) SELECT :listing_id, unnest(CAST(:names AS text[])) "
            "ON CONFLICT (listing_id, name) DO NOTHING"
        ),
        {"listing_id": listing_id, "names": names},
    )


# What guests gave, and what the owner said since, is no business of the file; what coupons there are is written after.
_WRITTEN = [
    "rates" if column == _RATES else column.removesuffix("::text")
    for column in _NAMES
    if column not in ("id", "ratings", "stars", "coupons_until")
]
_WRITE = text(
    f"INSERT INTO listings ({', '.join(_WRITTEN)}, updated_at) VALUES (:{', :'.join(_WRITTEN)}, :now) "
    f"ON CONFLICT (slug) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _WRITTEN)}, "
    "updated_at = excluded.updated_at RETURNING id"
)
