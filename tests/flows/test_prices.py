"""What a stay costs, as its guest reads it; and the ways to accept it, however many there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from models.booking import Booking
from models.listing import Listing
from models.message import Buttons, Menu, Typing
from models.money import Money
from models.payment import Payment
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat, body, titles


def newest(session: Session, chat: Chat) -> Booking:
    last = text("SELECT max(id) FROM bookings WHERE person_id = :id")
    return Booking.get(session, session.execute(last, {"id": chat.person_id}).scalar_one())


# ---- advance, or all of it -------------------------------------------------------------------------


@pytest.fixture
def generous(session: Session) -> Listing:
    return factories.listing(session, prices={"full_payment": True})


def test_a_guest_may_choose_to_pay_all_of_it(session: Session, chat: Chat, generous: Listing) -> None:
    shown = chat.comes_to_the_summary(generous.name)
    assert titles(shown) == ["Pay advance", "Pay in full", "Change"]
    assert "*Pay now: Rs. 5,400*\nAt the property: Rs. 12,600\nOr pay all of it now" in body(shown)
    assert isinstance(chat.taps("Pay in full"), Typing)
    booking = newest(session, chat)
    (payment,) = Payment.of_booking(session, booking.id)
    assert (payment.amount_minor, booking.advance, booking.due) == (
        18_000_00,
        Money(18_000_00, "PKR"),
        Money(0, "PKR"),
    )
    assert booking.priced.advance == booking.priced.total


def test_or_the_advance_alone(session: Session, chat: Chat, generous: Listing) -> None:
    chat.comes_to_the_summary(generous.name)
    assert isinstance(chat.says("pay advance"), Typing)
    booking = newest(session, chat)
    (payment,) = Payment.of_booking(session, booking.id)
    assert payment.amount_minor == booking.advance_minor == 5_400_00


def test_a_yes_pays_what_has_to_be_paid(session: Session, chat: Chat, generous: Listing) -> None:
    chat.comes_to_the_summary(generous.name)
    assert isinstance(chat.says("yes"), Typing)
    assert newest(session, chat).advance_minor == 5_400_00


def test_where_nothing_has_to_be_paid_now_all_of_it_may_be(session: Session, chat: Chat) -> None:
    place = factories.listing(session, prices={"advance": None, "full_payment": True})
    shown = chat.comes_to_the_summary(place.name)
    assert titles(shown) == ["Request booking", "Pay in full", "Change"]
    assert "*Nothing to pay now*, all of it at the property\nOr pay all of it now" in body(shown)
    assert isinstance(chat.taps("Pay in full"), Typing)
    assert newest(session, chat).status == "PAYMENT_PENDING"


def test_where_all_of_it_is_the_advance_there_is_no_choice(session: Session, chat: Chat) -> None:
    place = factories.listing(session, prices={"advance": "100%", "full_payment": True})
    shown = chat.comes_to_the_summary(place.name)
    assert titles(shown) == ["Pay by card", "Change", "Cancel"]
    assert "Or pay" not in body(shown)


def test_a_choice_that_was_not_given_is_none(session: Session, chat: Chat, place: Listing) -> None:
    shown = chat.comes_to_the_summary(place.name)
    assert isinstance(shown, Buttons)
    booking = newest(session, chat)
    payload = f"v1:pay:{booking.id}:{booking.revision}:card:full"
    node = {"type": "button_reply", "button_reply": {"id": payload, "title": "?"}}
    chat.sends({"type": "interactive", "interactive": node})
    assert newest(session, chat).status == "INITIATED"


def test_more_ways_than_three_buttons_are_a_list(session: Session, chat: Chat, generous: Listing) -> None:
    factories.change(session, generous, methods='["card", "transfer"]')
    shown = chat.comes_to_the_summary(generous.name)
    assert isinstance(shown, Menu)
    assert titles(shown) == [
        "Pay by card",
        "Pay by transfer",
        "All by card",
        "All by transfer",
        "Change",
        "Cancel",
    ]
    (section,) = shown.sections
    assert [row.description for row in section.rows[:3]] == [
        "Rs. 5,400 now".replace("Rs. ", "Rs.\u00a0"),
        "Rs. 5,400 now".replace("Rs. ", "Rs.\u00a0"),
        "Rs. 18,000 now, nothing later".replace("Rs. ", "Rs.\u00a0"),
    ]
    assert "What would you like to change" in body(chat.taps("Change"))
    chat.says("back")
    assert isinstance(chat.says("all by card"), Typing)
    assert newest(session, chat).due == Money(0, "PKR")


def test_all_of_it_by_transfer(session: Session, chat: Chat, generous: Listing) -> None:
    factories.payee_for(session, generous)
    shown = chat.comes_to_the_summary(generous.name)
    assert titles(shown)[:4] == ["Pay by card", "Pay by transfer", "All by card", "All by transfer"]
    chat.taps("All by transfer")
    booking = newest(session, chat)
    (payment,) = Payment.of_booking(session, booking.id)
    assert payment.method == "transfer"
    assert payment.agreed == booking.total == Money(18_000_00, "PKR")
    # An amount that no other booking has: what is taken off it is due at the place.
    assert payment.amount + booking.due == booking.total


def test_two_ways_to_pay_leave_room_for_change(session: Session, chat: Chat, place: Listing) -> None:
    factories.change(session, place, methods='["card", "transfer"]')
    assert titles(chat.comes_to_the_summary(place.name)) == ["Pay by card", "Pay by transfer", "Change"]


def test_so_long_a_summary_that_it_does_not_fit_above_buttons_is_a_list(session: Session, chat: Chat) -> None:
    fees = [
        {"name": f"{n}. fee for something special", "amount": 100, "per": "guest_night"} for n in range(20)
    ]
    place = factories.listing(session, prices={"fees": fees})
    shown = chat.comes_to_the_summary(place.name)
    assert isinstance(shown, Menu)
    assert titles(shown) == ["Pay by card", "Change", "Cancel"]
    assert "19. fee for something special (2 guests × 2 nights): Rs. 400" in body(shown)
    assert isinstance(chat.taps("Pay by card"), Typing)


def test_the_terms_are_of_what_may_be_paid(session: Session, chat: Chat, generous: Listing) -> None:
    chat.now += timedelta(hours=35)
    shown = chat.comes_to_the_summary(generous.name, "22 nov for 1 night")
    assert "75% of your payment back, later 50%" in body(shown)


# ---- coupons ---------------------------------------------------------------------------------------


@pytest.fixture
def gift(session: Session, place: Listing) -> str:
    """A tenth off at Sea View."""
    return factories.coupon(session, "SUMMER10", listings=[place.slug])


def to_the_code(chat: Chat, place: Listing) -> Buttons:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    chat.says("2")
    asked = chat.taps("Ayesha Khan")
    assert isinstance(asked, Buttons)
    assert titles(asked) == ["Skip"]
    return asked


def test_a_code_takes_its_part_off(session: Session, chat: Chat, place: Listing, gift: str) -> None:
    assert "Do you have a coupon code?" in body(to_the_code(chat, place))
    shown = chat.says("summer10")
    for words in (
        "The code *SUMMER10* is noted.",
        "2 nights: Rs. 18,000\nCode SUMMER10 (10%): -Rs. 1,800\n\nTotal: Rs. 16,200",
        "*Pay now: Rs. 4,860*",
    ):
        assert words in body(shown)
    assert isinstance(chat.taps("Pay by card"), Typing)
    assert (newest(session, chat).coupon_code, newest(session, chat).total_minor) == ("SUMMER10", 16_200_00)


@pytest.mark.parametrize(
    "words",
    ["Skip", "skip", "no", "none", "nahi", "No code", "I don’t have one", "mere paas nahi hai", "नहीं है"],
)
def test_who_has_none_goes_on(session: Session, chat: Chat, place: Listing, gift: str, words: str) -> None:
    to_the_code(chat, place)
    assert "Rs. 18,000" in body(chat.says(words))  # in the language of the answer
    assert newest(session, chat).coupon_code is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("SUMMER11", "I do not know the code SUMMER11."),
        ("dec25", "I do not know the code DEC25."),  # a day elsewhere, a code where one is asked for
        ("my code is winter", "I do not know the code WINTER."),
        ("winter", "I do not know the code WINTER."),
        ("yes", "Please type the code, or tap"),
        ("yes I have one from my friend", "Please type the code, or tap"),
        ("?", "Please type the code, or tap"),
    ],
)
def test_what_is_no_code_of_ours_is_asked_again(
    chat: Chat, place: Listing, gift: str, words: str, told: str
) -> None:
    to_the_code(chat, place)
    asked = chat.says(words)
    assert told in body(asked)
    assert titles(asked) == ["Skip"]
    assert "Total: Rs. 16,200" in body(chat.says("Summer 10."))


def test_a_date_at_the_question_for_a_code_is_a_date(chat: Chat, place: Listing, gift: str) -> None:
    to_the_code(chat, place)
    asked = chat.says("28 Dec to 30 Dec")
    assert "Noted: Mon 28 – Wed 30 Dec · 2 nights." in body(asked)
    assert titles(asked) == ["Skip"]


def test_a_tap_on_skip_goes_on(chat: Chat, place: Listing, gift: str) -> None:
    to_the_code(chat, place)
    assert "Total: Rs. 18,000" in body(chat.taps("Skip"))


def test_where_no_place_takes_a_code_nobody_is_asked(session: Session, chat: Chat, place: Listing) -> None:
    factories.coupon(session, "GIFT", listings=["somewhere-else"])
    assert "Total" in body(chat.comes_to_the_summary(place.name))
    change = chat.taps("Change")
    assert "Coupon code" not in titles(change)


def test_a_code_whose_time_is_over_is_not_asked_for(session: Session, chat: Chat, place: Listing) -> None:
    factories.coupon(session, "GIFT", listings=[place.slug], to="2026-11-19")
    chat.comes_to_the_summary(place.name)
    assert "could be used until Thu 19 Nov" in body(chat.says("code GIFT"))


@pytest.mark.parametrize(
    "words", ["code SUMMER10", "my coupon is summer10", "Promo code: summer10", "SUMMER10"]
)
def test_a_code_is_taken_at_the_summary_too(
    session: Session, chat: Chat, place: Listing, gift: str, words: str
) -> None:
    to_the_code(chat, place)
    chat.taps("Skip")
    assert "Total: Rs. 16,200" in body(chat.says(words))
    assert newest(session, chat).revision == 2


def test_a_code_may_come_before_anything_else(chat: Chat, place: Listing, gift: str) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("code SUMMER10")
    assert "The code *SUMMER10* is noted." in body(asked)
    assert "Which day" in body(asked)
    chat.says("24 Dec to 26 Dec")
    chat.says("2")
    assert "Total: Rs. 16,200" in body(chat.taps("Ayesha Khan"))


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"from": "2026-11-21"}, "The code GIFT can be used from Sat 21 Nov on."),
        ({"listings": ["somewhere-else"]}, "The code GIFT is not for this place."),
        ({"min_nights": 3}, "The code GIFT is for stays of 3 nights or more."),
        ({"min_total": 20000, "currency": "PKR"}, "The code GIFT is for bookings from Rs. 20,000 on."),
        ({"uses": 0}, "The code GIFT is used up."),
        ({"per_person": 0}, "You have used the code GIFT before."),
        ({"active": False}, "I do not know the code GIFT."),
    ],
)
def test_a_code_that_cannot_be_used_says_why(
    session: Session, chat: Chat, place: Listing, gift: str, conditions: dict[str, object], told: str
) -> None:
    factories.coupon(session, "GIFT", **conditions)
    to_the_code(chat, place)
    asked = chat.says("gift")
    assert told in body(asked)
    assert "Do you have a coupon code?" in body(asked)
    assert "Total: Rs. 18,000" in body(chat.taps("Skip"))


def test_a_code_that_no_longer_fits_what_was_changed_is_left_out(
    session: Session, chat: Chat, place: Listing
) -> None:
    factories.coupon(session, "LONG", listings=[place.slug], min_nights=2)
    to_the_code(chat, place)
    assert "Code LONG" in body(chat.says("LONG"))
    chat.taps("Change")
    chat.taps("Nights")
    shown = chat.taps("1 night")
    assert "The code LONG is for stays of 2 nights or more." in body(shown)
    assert "Total: Rs. 9,000" in body(shown)
    assert newest(session, chat).coupon_code is None


def test_a_code_is_changed_or_dropped(session: Session, chat: Chat, place: Listing, gift: str) -> None:
    factories.coupon(session, "HALF", percent=50, listings=[place.slug])
    to_the_code(chat, place)
    chat.says("summer10")
    change = chat.taps("Change")
    assert "Coupon code" in titles(change)
    chat.taps("Coupon code")
    assert "Code HALF (50%): -Rs. 9,000" in body(chat.says("half"))
    chat.taps("Change")
    chat.taps("Coupon code")
    assert "Total: Rs. 18,000" in body(chat.taps("Skip"))


def test_a_code_that_others_used_up_is_left_out_when_it_is_accepted(
    session: Session, chat: Chat, place: Listing
) -> None:
    factories.coupon(session, "ONCE", listings=[place.slug], uses=1)
    other = Chat(session, factories.person(session))
    for guest in (chat, other):
        to_the_code(guest, place)
        assert "Code ONCE" in body(guest.says("once"))
    assert isinstance(other.taps("Pay by card"), Typing)
    shown = chat.taps("Pay by card")
    assert "The code ONCE is used up." in body(shown)
    assert "Total: Rs. 18,000" in body(shown)
    assert isinstance(chat.taps("Pay by card"), Typing)
    assert newest(session, chat).total_minor == 18_000_00


def test_back_from_the_summary_asks_for_the_code(chat: Chat, place: Listing, gift: str) -> None:
    to_the_code(chat, place)
    chat.taps("Skip")
    assert "coupon code" in body(chat.says("back"))
    assert titles(chat.says("back")) == ["Ayesha Khan"]


def test_a_fixed_amount_never_costs_more_than_the_stay(session: Session, chat: Chat, place: Listing) -> None:
    factories.coupon(session, "ALL", percent=None, amount=50000, currency="PKR", listings=[place.slug])
    to_the_code(chat, place)
    shown = chat.says("all")
    assert "Code ALL: -Rs. 18,000" in body(shown)
    assert "Total: Rs. 0" in body(shown)
    assert titles(shown) == ["Request booking", "Change", "Cancel"]


# ---- lines -----------------------------------------------------------------------------------------


def test_every_line_reads_well_on_a_small_phone(session: Session, chat: Chat) -> None:
    place = factories.listing(
        session,
        capacity=4,
        prices={
            "weekend": 12000,
            "weekdays": {"sun": 8000},
            "included_guests": 2,
            "extra_guest": 1500,
            "seasons": [
                {"name": "New Year", "from": "12-31", "to": "01-05", "base": 15000, "extra_guest": 2000}
            ],
            "fees": [
                {"name": "Cleaning", "amount": 1000},
                {"name": "Firewood", "amount": 300, "per": "guest_night"},
                {"name": "Parking", "amount": 200, "per": "night", "included": True},
            ],
            "taxes": [{"name": "Sales tax", "percent": "12.5", "of": "all"}],
        },
    )
    factories.coupon(session, "WINTER", percent="7.5", listings=[place.slug])
    chat.says(place.name)
    chat.taps("Book")
    chat.says("26 Dec to 2 Jan")
    chat.says("3")
    chat.taps("Ayesha Khan")
    shown = body(chat.says("winter"))
    lines = shown[shown.index("3 nights") :].split("\n")
    assert lines[:16] == [
        "3 nights: Rs. 27,000",
        "1 night (Sun): Rs. 8,000",
        "1 weekend night: Rs. 12,000",
        "2 nights (New Year): Rs. 30,000",
        "1 extra guest × 5 nights: Rs. 7,500",
        "1 extra guest × 2 nights (New Year): Rs. 4,000",
        "Code WINTER (7.5%): -Rs. 6,637.50",
        "Cleaning: Rs. 1,000",
        "Firewood (3 guests × 7 nights): Rs. 6,300",
        "Sales tax 12.5%: Rs. 11,145.31",
        "",
        "Total: Rs. 100,307.81",
        "Included: Parking (7 nights): Rs. 1,400",
        "*Pay now: Rs. 30,092.34*",
        "At the property: Rs. 70,215.47",
        "",
    ]
    assert max(map(len, lines[:16])) <= 46


def test_a_day_on_which_no_stay_begins_is_told_with_those_that_do(session: Session, chat: Chat) -> None:
    place = factories.listing(
        session,
        prices={
            "seasons": [{"name": "Peak", "from": "12-15", "to": "01-05", "check_in_days": ["fri", "sat"]}]
        },
    )
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("23 Dec to 26 Dec")
    assert "At that time a stay can only begin on: Fri, Sat." in body(asked)
    assert titles(asked)[:3] == ["Fri 25 Dec", "Sat 26 Dec", "Fri 1 Jan"]


def test_a_season_may_want_shorter_stays(session: Session, chat: Chat) -> None:
    place = factories.listing(
        session, prices={"seasons": [{"name": "Peak", "from": "12-15", "to": "01-05", "max_nights": 2}]}
    )
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("24 Dec to 27 Dec")
    assert "At that time the longest stay is 2 nights." in body(asked)
    assert titles(asked) == ["1 night", "2 nights"]
    chat.says("back")
    assert "How many guests" in body(chat.says("10 Dec to 13 Dec"))


def test_a_season_may_want_longer_stays(session: Session, chat: Chat) -> None:
    place = factories.listing(
        session, prices={"seasons": [{"name": "Peak", "from": "12-15", "to": "01-05", "min_nights": 3}]}
    )
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("24 Dec to 26 Dec")
    assert "At that time the shortest stay is 3 nights." in body(asked)
    assert titles(asked) == ["3 nights", "4 nights", "More nights"]


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ("24 Dec to 26 Dec", "+ Rs. 1,500 a night"),
        ("1 Jan to 3 Jan", "+ Rs. 2,000 a night"),
        ("30 Dec to 2 Jan", "+ Rs. 5,500"),  # one night as usual, two of the season
    ],
)
def test_what_one_guest_more_costs_is_seen_before_it_is_chosen(
    session: Session, chat: Chat, dates: str, told: str
) -> None:
    season = {"name": "New Year", "from": "12-31", "to": "01-05", "extra_guest": 2000}
    prices = {"included_guests": 2, "extra_guest": 1500, "seasons": [season]}
    place = factories.listing(session, capacity=4, prices=prices)
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says(dates)
    assert isinstance(asked, Menu)
    described = {row.title: row.description for section in asked.sections for row in section.rows}
    assert described["2 guests"] is None
    assert (described["3 guests"] or "").replace("\u00a0", " ") == told


def test_the_card_names_seasons_and_what_comes_on_top(session: Session, chat: Chat) -> None:
    place = factories.listing(
        session,
        prices={
            "weekend": 12000,
            "seasons": [
                {"name": "New Year", "from": "12-31", "to": "01-05", "base": 15000},
                {"name": "Winter", "from": "01-06", "to": "02-15", "weekend": 10000},
                {"name": "Last Eid", "from": "2026-03-19", "to": "2026-03-23", "base": 1},
                {"name": "Long stays", "from": "12-15", "to": "12-20", "min_nights": 3},
            ],
            "fees": [{"name": "Cleaning", "amount": 1000}, {"name": "Linen", "amount": 1, "included": True}],
            "taxes": [{"name": "Sales tax", "percent": "16.0"}],
        },
    )
    shown = body(chat.says(place.name))
    for line in (
        "*Rs. 9,000 a night*\nWeekend: Rs. 12,000\nNew Year: Rs. 15,000\nWinter: from Rs. 9,000\nFor",
        "Plus Cleaning, Sales tax 16%",
    ):
        assert line in shown
    for words in ("Last Eid", "Long stays", "Linen"):
        assert words not in shown


def test_the_list_says_from_where_prices_differ(session: Session, chat: Chat) -> None:
    place = factories.listing(session, prices={"weekdays": {"tue": 7000}})
    factories.listing(session)
    found = chat.says("Sea View")
    assert isinstance(found, Menu)
    told = {row.title: row.description for section in found.sections for row in section.rows}
    assert told[place.name] is not None
    assert told[place.name].startswith("from Rs.\u00a07,000 a night")  # type: ignore[union-attr]


def test_alternatives_begin_on_a_day_that_will_do(session: Session, chat: Chat) -> None:
    place = factories.listing(session, units=1, prices={"check_in_days": ["thu"]})
    factories.held(session, place, stay=factories.STAY)
    chat.says(place.name)
    chat.taps("Book")
    assert titles(chat.says("24 Dec to 26 Dec")) == ["17 – 19 Dec", "31 Dec – 2 Jan", "Other dates"]


def test_a_shift_begins_only_on_days_that_take_one(session: Session, chat: Chat) -> None:
    farm = factories.listing(session, mode="SHIFT", capacity=10, prices={"check_in_days": ["sat", "sun"]})
    chat.says(farm.name)
    offered = titles(chat.taps("Book"))
    assert offered[:4] == ["Sat 21 Nov", "Sun 22 Nov", "Sat 28 Nov", "Sun 29 Nov"]
    asked = chat.says("Tue 24 Nov")
    assert "At that time a stay can only begin on: Sat, Sun." in body(asked)
    assert titles(asked)[0] == "Sat 28 Nov"
