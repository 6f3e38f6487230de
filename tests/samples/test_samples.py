"""The sample listings can be loaded, read and looked at."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from models import hours
from models.cancellation import Policy
from models.listing import load_file
from models.pricing import Rates
from samples.pictures.scenes import SCENES
from tests.conftest import NOW

ROOT = Path(__file__).parents[2]
SAMPLES = tomllib.loads((ROOT / "samples" / "listings.toml").read_text())
LISTINGS: list[dict[str, Any]] = SAMPLES["listings"]


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing["slug"])
def test_a_listing_fits_whatsapp_and_the_loader(listing: dict[str, Any]) -> None:
    assert len(listing["name"]) <= 24  # a row of a list
    assert len(listing["description"]) <= 72  # its second line
    assert listing["category"] in SAMPLES["categories"]
    assert listing["units"]
    Rates.from_dict({**listing["prices"], "currency": listing["currency"]})
    Policy.from_dict(listing.get("cancellation", {}))
    hours.read(listing.get("mode", "nightly").upper(), listing.get("hours"))


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing["slug"])
def test_a_listing_has_a_picture_that_loads_quickly(listing: dict[str, Any]) -> None:
    path = ROOT / "samples" / "photos" / listing["photo"]
    with Image.open(path) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1200, 800))
    assert path.stat().st_size < 120_000
    assert path.stem in SCENES  # drawn by the project itself


def test_there_is_something_for_everyone() -> None:
    assert len(LISTINGS) >= 12
    assert {listing.get("mode", "nightly") for listing in LISTINGS} == {"nightly", "shift", "slot"}
    assert {listing["currency"] for listing in LISTINGS} == {"PKR", "INR"}
    assert {listing["owner"]["phone"] for listing in LISTINGS} == {"+923000000201", "+919000000202"}
    assert {listing["category"] for listing in LISTINGS} == SAMPLES["categories"].keys()
    assert len({listing["slug"] for listing in LISTINGS}) == len(LISTINGS)


def test_loading_twice_changes_nothing(session: Session) -> None:
    def count() -> tuple[Any, ...]:
        tables = ("listings", "units", "categories", "persons", "person_roles")
        return tuple(session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables)

    assert load_file(session, ROOT / "samples" / "listings.toml", NOW) == len(LISTINGS)
    before = count()
    load_file(session, ROOT / "samples" / "listings.toml", NOW)
    spoken = "SELECT DISTINCT p.language FROM persons p JOIN listings l ON l.owner_id = p.id"
    assert session.scalars(text(spoken)).all() == ["en"]
    assert count() == before
    tents = (
        "SELECT count(*) FROM units JOIN listings ON listings.id = listing_id WHERE slug = 'thar-dune-camp'"
    )
    assert session.scalar(text(tents)) == 10
