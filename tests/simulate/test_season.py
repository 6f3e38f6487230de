"""The simulator plays the same season twice, counts every transfer once, and keeps the rule to what it promises."""

from __future__ import annotations

from models.matching import DEFAULT
from simulate import documents
from simulate.ours import Season
from simulate.people import BEGINS, Pays, season
from tests.conftest import Scratch

GUESTS = 60


def test_a_season_is_the_same_for_the_same_seed() -> None:
    assert season(1, 40, GUESTS) == season(1, 40, GUESTS)
    assert season(1, 40, GUESTS) != season(2, 40, GUESTS)
    guests, strangers = season(1, 40, 400)
    shares = {pays: sum(guest.pays is pays for guest in guests) / 400 for pays in Pays}
    assert 0.7 < shares[Pays.AS_ASKED] < 0.85 and 0.1 < shares[Pays.ROUNDED] < 0.2
    assert 0.65 < sum(guest.delay is not None for guest in guests) / 400 < 0.85
    assert len(strangers) == 9
    assert all(guest.books_at > BEGINS for guest in guests)


def test_the_matcher_finds_nearly_all_and_none_wrongly(scratch: Scratch) -> None:
    guests, strangers = season(1, 40, GUESTS)
    result = Season(guests, strangers).play()
    paying = sum(guest.delay is not None for guest in guests)
    assert result.transfers == paying
    assert result.strangers == len(strangers)
    assert not result.wrong
    assert result.right >= 0.9 * paying
    confirmed = "SELECT min(confidence) FROM payment_evidence WHERE counted"
    assert scratch.value(confirmed) >= DEFAULT.confirm_at


def test_the_documents_rule_is_counted_the_same_way() -> None:
    guests, strangers = season(1, 40, 400)
    result = documents.play(guests, strangers)
    assert result.right + sum(result.to_a_person.values()) <= sum(guest.delay is not None for guest in guests)
    assert result.right > 0 and result.wrong["guest"] > 0 and result.wrong["stranger"] > 0
