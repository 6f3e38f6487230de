"""Who is in the sandbox: people with a phone, a business-scoped user id, and perhaps a hidden number."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.hub import Hub
from sandbox.store import Store

# Country → its code, and how the numbers that are made up here begin.
COUNTRIES = {
    "PK": ("92", "300000"),
    "IN": ("91", "900000"),
    "AE": ("971", "50000"),
    "SA": ("966", "50000"),
    "BD": ("880", "170000"),
    "GB": ("44", "770090"),
    "DE": ("49", "151200"),
    "US": ("1", "202555"),
    "JP": ("81", "900000"),
    "BR": ("55", "1190000"),
}


@dataclass(slots=True)
class Person:
    """One phone. `wrote_at` opens the 24-hour window; `phone_shared` means they sent their contact."""

    id: str
    name: str
    role: str
    phone: str
    user_id: str
    phone_hidden: bool = False
    phone_shared: bool = False
    wrote_at: float | None = None

    @property
    def digits(self) -> str:
        return self.phone.lstrip("+")

    @property
    def shows_phone(self) -> bool:
        """Does the business see the number? Sharing the contact puts it into its contact book."""
        return not self.phone_hidden or self.phone_shared

    def contact(self) -> dict[str, Any]:
        """As webhooks name this person: `wa_id` is missing where the number is hidden."""
        shown = {"wa_id": self.digits} if self.shows_phone else {}
        return {"profile": {"name": self.name}, **shown, "user_id": self.user_id}


DEFAULTS = (
    Person("guest", "Ayesha Khan", "guest", "+923000000101", "PK.00000000000000000101"),
    Person("owner", "Bilal Ahmed", "owner", "+923000000201", "PK.00000000000000000201"),
    Person("admin", "Sana Malik", "admin", "+923000000301", "PK.00000000000000000301"),
    Person("owner2", "Meera Iyer", "owner", "+919000000202", "IN.00000000000000000202"),
)


class People:
    """Everyone by short id, phone and user id; kept over a restart."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self._store, self._hub = store, hub
        self._all: dict[str, Person] = {}
        kept = [Person(**row) for row in store.load("person").values()]
        for person in kept or [Person(**asdict(person)) for person in DEFAULTS]:
            self.keep(person, quiet=True)

    def __iter__(self) -> Any:
        return iter(self._all.values())

    def get(self, key: str) -> Person | None:
        """By short id."""
        return self._all.get(key)

    def by_digits(self, digits: str) -> Person | None:
        return self._by_digits.get(digits)

    def by_user_id(self, user_id: str) -> Person | None:
        return self._by_user_id.get(user_id)

    def add(self, given: dict[str, Any]) -> Person:
        """Make a person, or change the one with this id or phone.

        Raises:
            ValueError: an identifier belongs to somebody else, or a value makes no sense.
        """
        phone = _phone(given["phone"]) if given.get("phone") else None
        person = self._all.get(str(given.get("id"))) or (self.by_digits(phone[1:]) if phone else None)
        if person is None:
            if not given.get("name"):
                raise ValueError("a new person needs a name")
            phone = phone or self._free_phone(str(given.get("country") or "PK"))
            name = str(given["name"])
            taken = f"p{len(self._all) + 1}"
            person = Person(str(given.get("id") or taken), name, "guest", phone, _user_id(phone))
        changed = Person(**asdict(person))
        changed.phone = phone or person.phone
        for key in ("name", "role", "user_id"):
            if given.get(key):
                setattr(changed, key, str(given[key]))
        if isinstance(given.get("phone_hidden"), bool):
            # Hiding also leaves the business's contact book, else nothing would be hidden.
            changed.phone_hidden, changed.phone_shared = given["phone_hidden"], False
        for other in (self.by_digits(changed.digits), self.by_user_id(changed.user_id)):
            if other and other.id != changed.id:
                raise ValueError(f"{other.name} ({other.id}) has this phone or user id")
        return self.keep(changed)

    def keep(self, person: Person, *, quiet: bool = False) -> Person:
        """Store what changed about this person and tell the page."""
        self._all[person.id] = person
        self._by_digits = {each.digits: each for each in self._all.values()}
        self._by_user_id = {each.user_id: each for each in self._all.values()}
        self._store.put("person", person.id, asdict(person))
        if not quiet:
            self._hub.tell("people", person=person.id)
        return person

    def wrote(self, person: Person, at: float) -> None:
        """Their message opens the 24-hour window anew."""
        person.wrote_at = at
        self._store.put("person", person.id, asdict(person))

    def _free_phone(self, country: str) -> str:
        if country not in COUNTRIES:
            raise ValueError(f"no numbers are made up for the country {country!r}")
        code, stem = COUNTRIES[country]
        number = 1001
        while f"{code}{stem}{number}" in self._by_digits:
            number += 1
        return f"+{code}{stem}{number}"


def _phone(text: object) -> str:
    digits = "".join(char for char in str(text) if char.isdigit())
    if not 7 <= len(digits) <= 15:
        raise ValueError("a phone has 7 to 15 digits")
    return "+" + digits


def _user_id(phone: str) -> str:
    """A business-scoped user id as WhatsApp makes them: country, dot, digits that say nothing."""
    digits = phone.lstrip("+")
    country = next((name for name, (code, _) in COUNTRIES.items() if digits.startswith(code)), "US")
    number = int.from_bytes(hashlib.sha256(digits.encode()).digest()[:8], "big")
    return f"{country}.{number:020d}"
