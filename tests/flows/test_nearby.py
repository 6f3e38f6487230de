"""Places near a shared location: the nearest first, with how far they are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from flows import phrases
from models.distance import Spot, kilometres
from models.listing import Listing
from models.message import LocationRequest, Menu
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat, body, titles

KARACHI, LAHORE = Spot(24.8607, 67.0011), Spot(31.5204, 74.3587)


def location(latitude: Any, longitude: Any) -> dict[str, Any]:
    return {"type": "location", "location": {"latitude": latitude, "longitude": longitude}}


@pytest.fixture
def places(session: Session) -> list[Listing]:
    """Three on one road, the nearest last; the samples are away."""
    session.execute(text("UPDATE listings SET active = false"))
    made = []
    for longitude in (67.3, 67.1, 67.005):
        place = factories.listing(session)
        factories.change(session, place, latitude=24.8607, longitude=longitude)
        made.append(Listing.get(session, place.id))
    return made


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        (KARACHI, LAHORE, 1033),
        (KARACHI, KARACHI, 0),
        (Spot(0, 179.5), Spot(0, -179.5), 111),  # over the date line
        (Spot(90, 0), Spot(-90, 0), 20015),
    ],
)
def test_how_far_two_spots_are(one: Spot, other: Spot, far: float) -> None:
    assert kilometres(one, other) == pytest.approx(far, rel=0.005, abs=0.001)


@pytest.mark.parametrize("spot", [KARACHI, LAHORE, Spot(-33.86, 151.2), Spot(-90, -180), Spot(90, 180)])
def test_a_spot_fits_a_button(spot: Spot) -> None:
    again = Spot.of_grid(*spot.grid)
    assert again is not None
    assert kilometres(spot, again) < 0.012


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(91, 0), (0, 181), ("24", "67"), (None, None), (True, False), (float("nan"), 0), (float("inf"), 0)],
)
def test_what_is_no_spot(latitude: Any, longitude: Any) -> None:
    assert Spot.read(latitude, longitude) is None


@pytest.mark.parametrize(
    ("far", "words"),
    [(0.0, "50 m"), (0.42, "400 m"), (0.949, "950 m"), (1.0, "1 km"), (3.46, "3.5 km"), (1023.4, "1,023 km")],
)
def test_how_far_in_words(far: float, words: str) -> None:
    assert phrases.of("en").distance(far).replace("\u00a0", " ") == words


def test_the_nearest_stands_first_with_its_distance(chat: Chat, places: list[Listing]) -> None:
    chat.says("hi")
    listed = chat.sends(location(24.8607, 67.0011))
    assert isinstance(listed, Menu)
    assert titles(listed) == [place.name for place in reversed(places)]
    told = [str(row.description).replace("\u00a0", " ") for row in listed.sections[0].rows]
    assert ["400 m" in told[0], "10 km" in told[1], "30 km" in told[2]] == [True, True, True]
    card = body(chat.taps(places[1].name))
    assert "Gwadar, Pakistan · 10 km" in card
    assert " km" not in body(chat.says(places[1].name))  # later it is only a place again


def test_it_is_asked_for_and_offered_among_the_kinds(chat: Chat) -> None:
    asked = chat.says("near me")
    assert isinstance(asked, LocationRequest)
    kinds = chat.says("book")
    assert titles(kinds)[-1] == "Near me"
    assert isinstance(chat.taps("Near me"), LocationRequest)


def test_many_places_have_pages(session: Session, chat: Chat, places: list[Listing]) -> None:
    for n in range(8):
        factories.change(session, factories.listing(session), latitude=25 + n, longitude=67)
    chat.says("hi")
    first = chat.sends(location(24.8607, 67.0011))
    assert len(titles(first)) == 10
    second = chat.taps("More places")
    assert len(titles(second)) == 3
    assert titles(chat.taps("More places")) == titles(first)


@pytest.mark.parametrize("node", [location("x", "y"), location(200, 0), {"type": "location", "location": []}])
def test_a_location_that_is_none_is_answered_kindly(chat: Chat, node: dict[str, Any]) -> None:
    chat.says("hi")
    assert "I can only read" in body(chat.sends(node))


def test_with_nothing_on_the_map_nothing_is_near(session: Session, chat: Chat) -> None:
    session.execute(text("UPDATE listings SET active = false"))
    chat.says("hi")
    assert "no place near" in body(chat.sends(location(24.8607, 67.0011)))


def test_a_half_finished_booking_stays(chat: Chat, places: list[Listing]) -> None:
    chat.says(places[0].name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    chat.sends(location(24.8607, 67.0011))
    assert "You had begun" in body(chat.says("book"))
