"""The sample listings can be loaded, read and looked at."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from models import db, hours, samples
from models.cancellation import Policy
from models.listing import load_file
from models.pricing import Rates
from models.session import Session
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


def _written(tmp_path: Path, changes: str) -> Path:
    """The first sample as a file of its own, with a word changed or added."""
    text_of_one = (ROOT / "samples" / "listings.toml").read_text().split("[[listings]]")[1]
    old, new = changes.split(" -> ")
    assert old in text_of_one
    path = tmp_path / "listings.toml"
    path.write_text(f'[categories]\nhotel_room = "Rooms"\n[[listings]]{text_of_one.replace(old, new, 1)}')
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ("weekend = -> weeknd =", "listing karimabad-garden-inn: prices: nobody knows 'weeknd'"),
        ("min_nights = -> minimum_nights =", "listing karimabad-garden-inn: nobody knows 'minimum_nights'"),
        ("capacity = -> capcity =", "listing karimabad-garden-inn: nobody knows 'capcity'"),
        ("capacity = 3 -> ", "listing karimabad-garden-inn: capacity is missing"),
        ('phone = "+ -> phne = "+', "listing karimabad-garden-inn: nobody knows 'phne'"),
        ("base = 9000 -> base = 99.5", "listing karimabad-garden-inn: prices: base is written as 1500"),
        (
            "base = 9000 -> base = 9000\nseasons = [{ name = 'Eid', form = '12-01' }]",
            "season Eid: from is missing",
        ),
    ],
)
def test_a_misspelt_word_is_refused_by_name(
    session: Session, tmp_path: Path, changes: str, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        load_file(session, _written(tmp_path, changes), NOW)


def test_the_loader_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(db, "start", lambda *given, **named: None)  # this process has its own
    path = _written(tmp_path, "weekend = -> weeknd =")
    with pytest.raises(
        SystemExit, match=f"{path}: listing karimabad-garden-inn: prices: nobody knows 'weeknd'"
    ):
        samples.main([str(path)])


def test_a_word_that_is_known_is_taken(session: Session, tmp_path: Path) -> None:
    load_file(session, _written(tmp_path, "base = 9000 -> base = 9001"), NOW)
    rates = session.scalar(text("SELECT rates FROM listings WHERE slug = 'karimabad-garden-inn'"))
    assert rates["base_minor"] == 9_001_00


def test_a_block_that_nobody_knows_is_refused(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "listings.toml"
    path.write_text("listings = []\n[[coupon]]\ncode = 'GIFT'\n")
    with pytest.raises(ValueError, match="nobody knows 'coupon'"):
        load_file(session, path, NOW)


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
