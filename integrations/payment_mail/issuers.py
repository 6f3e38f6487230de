"""The issuers whose mails we know of: a readable table, and who a mail is from or claims to be from.

Source: `issuers.toml` beside this file
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_suffix(".toml")
UNKNOWN: Final = "unknown"

_NOT_A_WORD: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Issuer:
    """
    Attributes:
        country: of its accounts, ISO 3166.
        evidenced: domains that real mail came from.
        guessed: its own domains that no payment mail was seen from yet.
    """

    name: str
    country: str
    names: tuple[str, ...]
    evidenced: frozenset[str]
    guessed: frozenset[str]

    @property
    def domains(self) -> frozenset[str]:
        return self.evidenced | self.guessed


@cache
def issuers() -> Mapping[str, Issuer]:
    """All issuers by name, in the order of the file."""
    with FILE.open("rb") as file:
        table = tomllib.load(file)
    return {
        name: Issuer(
            name=name,
            country=row["country"],
            names=tuple(row["names"]),
            evidenced=frozenset(row.get("evidenced", ())),
            guessed=frozenset(row.get("guessed", ())),
        )
        for name, row in table.items()
    }


def of_domain(domain: str) -> Issuer | None:
    """The issuer that this very domain is listed for."""
    return _by_domain().get(domain)


def country_of(domain: str) -> str | None:
    """The country that a domain ends with, where issuers of it are listed."""
    ending = domain.rpartition(".")[2].upper()
    return ending if ending in _countries() else None


def claimed(*texts: str) -> Issuer | None:
    """The issuer that these texts (display name, domain, subject …) name first; a claim, no reason to believe."""
    for text in texts:
        words = f" {_words(text[:400])} "
        found = [
            (words.find(f" {name} "), issuer) for name, issuer in _by_name().items() if f" {name} " in words
        ]
        if found:
            return min(found, key=lambda place: place[0])[1]
        joined = words.replace(" ", "")
        for name, issuer in _by_name().items():  # a look-alike glues its words: nayapayalerts.com
            if len(name) > 5 and name.replace(" ", "") in joined:
                return issuer
    return None


@cache
def _countries() -> frozenset[str]:
    return frozenset(issuer.country for issuer in issuers().values())


@cache
def _by_domain() -> Mapping[str, Issuer]:
    return {domain: issuer for issuer in issuers().values() for domain in issuer.domains}


@cache
def _by_name() -> Mapping[str, Issuer]:
    return {_words(name): issuer for issuer in issuers().values() for name in issuer.names}


def _words(text: str) -> str:
    return _NOT_A_WORD.sub(" ", text).strip().lower()
