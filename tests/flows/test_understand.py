"""What people type is read rightly, or not at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from flows import phrases, understand
from flows.understand import Dates, Misread, Why

TODAY = date(2026, 11, 20)  # a Friday
TOMORROW = date(2026, 11, 21)


def day(month: int, number: int, year: int = 2026) -> date:
    return date(year, month, number)


@pytest.mark.parametrize(
    ("said", "check_in", "nights"),
    [
        # One day
        ("today", day(11, 20), None),
        ("Tomorrow", day(11, 21), None),
        ("tmrw pls", day(11, 21), None),
        ("day after tomorrow", day(11, 22), None),
        ("in 3 days", day(11, 23), None),
        ("in two weeks", day(12, 4), None),
        ("3 weeks from today", day(12, 11), None),
        ("10 days from now", day(11, 30), None),
        ("25 Dec", day(12, 25), None),
        ("25dec", day(12, 25), None),
        ("25th of December", day(12, 25), None),
        ("Dec 25", day(12, 25), None),
        ("December 25th, 2026", day(12, 25), None),
        ("25/12", day(12, 25), None),
        ("25.12.", day(12, 25), None),
        ("25-12", day(12, 25), None),
        ("25/12/26", day(12, 25), None),
        ("25-12-2026", day(12, 25), None),
        ("2026-12-25", day(12, 25), None),
        ("12/25", day(12, 25), None),  # there is no 25th month
        ("5/12", day(12, 5), None),  # day first
        ("25", day(11, 25), None),
        ("on the 19th", day(12, 19), None),
        ("10 jan", day(1, 10, 2027), None),
        ("20 nov", day(11, 20), None),
        ("Saturday", day(11, 21), None),
        ("this sunday", day(11, 22), None),
        ("friday", day(11, 27), None),  # today's check-in is over
        ("saturday next week", day(11, 28), None),
        ("Sat, 28 Nov", day(11, 28), None),
        ("we want to come on 25 december inshallah", day(12, 25), None),
        ("25 dec at 5pm", day(12, 25), None),
        ("25 dec 3 days", day(12, 25), None),  # three days are two nights to some
        # A day and nights
        ("25/12 for 2 nights", day(12, 25), 2),
        ("2 nights from 25 dec", day(12, 25), 2),
        ("25 dec, two nights, 4 people", day(12, 25), 2),
        ("tomorrow for a week", day(11, 21), 7),
        # From day to day
        ("14 to 16 March", day(3, 14, 2027), 2),
        ("14-16 march", day(3, 14, 2027), 2),
        ("14–16 Mar", day(3, 14, 2027), 2),
        ("march 14-16", day(3, 14, 2027), 2),
        ("14 march to 16 march", day(3, 14, 2027), 2),
        ("from 14 till 16 march", day(3, 14, 2027), 2),
        ("14/3 to 16/3", day(3, 14, 2027), 2),
        ("14/3-16/3", day(3, 14, 2027), 2),
        ("14-16/3", day(3, 14, 2027), 2),
        ("Dec 24th to Dec 26th", day(12, 24), 2),
        ("24th-26th Dec", day(12, 24), 2),
        ("check in 14 march check out 16 march", day(3, 14, 2027), 2),
        ("fri 27 - sun 29 nov", day(11, 27), 2),
        ("fri to sun", day(11, 27), 2),
        ("from monday to wednesday", day(11, 23), 2),
        ("25 to 27", day(11, 25), 2),
        ("14-16", day(12, 14), 2),  # there is no 16th month
        ("28 dec to 2 jan", day(12, 28), 5),
        ("28 dec to 2", day(12, 28), 5),
        ("30 to 2 january", day(12, 30), 3),
        ("31/12 to 1/1", day(12, 31), 1),
        ("28 dec to 2 jan 2027", day(12, 28), 5),
        # Among other words
        ("24-26 dec with my family", day(12, 24), 2),
        ("family trip 24 to 26 dec", day(12, 24), 2),
        ("24 dec to 26 with my family", day(12, 24), 2),
        ("24 se 26 dec tak family ke saath", day(12, 24), 2),
        ("room 4 please, 26 dec", day(12, 26), None),
        ("2 to 3 people on 26 dec", day(12, 26), None),
        ("my family, 2 to 3 people on 26 dec", day(12, 26), None),
        # Urdu and Hindi, in their letters and in ours
        ("kal", day(11, 21), None),
        ("parson", day(11, 22), None),
        ("کل", day(11, 21), None),
        ("پرسوں", day(11, 22), None),
        ("कल", day(11, 21), None),
        ("14 se 16 march tak", day(3, 14, 2027), 2),
        ("kal se itwar tak", day(11, 21), 1),
        ("25 dec ko 2 raat", day(12, 25), 2),
        ("۱۴ سے ۱۶ مارچ", day(3, 14, 2027), 2),
        ("۱۴ تا ۱۶ مارچ", day(3, 14, 2027), 2),
        ("❷❺ dec", day(12, 25), None),
        ("25 دسمبر 2 راتیں", day(12, 25), 2),
        ("14 मार्च से 16 मार्च", day(3, 14, 2027), 2),
        ("२५ दिसंबर, 2 रातें", day(12, 25), 2),
        ("शनिवार", day(11, 21), None),
    ],
)
def test_dates_are_read(said: str, check_in: date, nights: int | None) -> None:
    assert understand.dates(said, today=TODAY, earliest=TOMORROW) == Dates(check_in, nights)


@pytest.mark.parametrize(
    ("said", "check_in", "other"),
    [
        ("next Saturday", day(11, 28), day(11, 21)),
        ("next sunday", day(11, 22), day(11, 29)),
        ("next friday", day(11, 27), day(12, 4)),
    ],
)
def test_next_weekday_comes_with_its_other_reading(said: str, check_in: date, other: date) -> None:
    assert understand.dates(said, today=TODAY, earliest=TOMORROW) == Dates(check_in, None, other)


@pytest.mark.parametrize(
    ("said", "why", "first"),
    [
        ("19 nov", Why.PAST, None),
        ("1/11", Why.PAST, None),
        ("25 dec 2020", Why.PAST, None),
        ("16 to 14 march", Why.ORDER, None),
        ("14 march to 14 march", Why.ORDER, None),
        ("0 nights from 25 dec", Why.ORDER, None),
        ("5-12", Why.AMBIGUOUS, None),
        ("25 or 26 dec", Why.AMBIGUOUS, None),
        ("14 and 15 march", Why.AMBIGUOUS, None),
        ("not 25 dec", Why.AMBIGUOUS, None),
        ("after 25 dec", Why.AMBIGUOUS, None),
        ("till sunday", Why.AMBIGUOUS, None),
        ("sat 25 dec", Why.AMBIGUOUS, None),  # it is a Friday
        ("14 to 16 march for 5 nights", Why.AMBIGUOUS, None),
        ("two weeks from tomorrow", Why.AMBIGUOUS, None),
        ("1st week of december", Why.AMBIGUOUS, None),
        ("december", Why.WHICH_DAY, day(12, 1)),
        ("sometime in january", Why.WHICH_DAY, day(1, 1, 2027)),
        ("next month", Why.WHICH_DAY, day(12, 1)),
        ("next week", Why.WHICH_DAY, day(11, 23)),
        ("next weekend", Why.WHICH_DAY, day(11, 27)),
    ],
)
def test_what_has_two_readings_is_not_guessed(said: str, why: Why, first: date | None) -> None:
    assert understand.dates(said, today=TODAY, earliest=TOMORROW) == Misread(why, first)


@pytest.mark.parametrize(
    ("said", "number", "last"),
    [
        ("31 feb", 31, day(2, 28, 2027)),
        ("30 feb 2028", 30, day(2, 29, 2028)),
        ("29 february", 29, day(2, 28, 2027)),
        ("31/11", 31, day(11, 30)),
        ("30 feb to 2 march", 30, day(2, 28, 2027)),
        ("28 to 31 nov", 31, day(11, 30)),
        ("31 نومبر", 31, day(11, 30)),
        ("31 नवंबर", 31, day(11, 30)),
    ],
)
def test_a_day_that_no_calendar_has_is_known_for_one(said: str, number: int, last: date) -> None:
    found = understand.dates(said, today=TODAY, earliest=TOMORROW)
    assert found == Misread(Why.NO_SUCH_DAY, last, number)


@pytest.mark.parametrize(
    "said", ["mujhe kal kamra chahiye", "kya room available hai?", "2 raat ke liye", "price kitna hai"]
)
def test_urdu_and_hindi_in_latin_letters_are_known(said: str) -> None:
    assert understand.is_urdu_or_hindi(said)


@pytest.mark.parametrize(
    "said",
    ["hi", "hai", "Assalam o alaikum", "I want to book a hut", "Kia Inn for 2 nights", "me and my wife", "8"],
)
def test_what_is_english_too_is_not_taken_for_urdu_or_hindi(said: str) -> None:
    assert not understand.is_urdu_or_hindi(said)


@pytest.mark.parametrize(
    "said",
    [
        "25 dec, we are 4 and 2 kids",
        "5 of us and a baby, 25 dec",
        "25 dec 3-4 log",
        "25 dec, 2+1 kids",
        "25 dec, me + 2",
    ],
)
def test_half_of_a_party_is_not_taken_for_all_of_it(said: str) -> None:
    assert understand.mentioned(said) is None


@pytest.mark.parametrize(
    "said", ["❶", "❶ guests", "in ❷ days", "❷ ghante", "፩", "፩ 10:30", "25 dec ❶", "❺/5"]
)
def test_digits_of_any_script_are_numbers(said: str) -> None:
    """`str.isdigit` is true of them, and `int` takes none."""
    understand.dates(said, today=TODAY)
    understand.count(said)
    understand.mentioned(said)
    understand.nights(said)
    understand.minutes(said)
    understand.time_of_day(said)
    understand.whole_number(said)
    understand.stars(said)
    assert understand.count("❶ guest") == understand.count("፩") == 1


@pytest.mark.parametrize(
    "said", ["2026-13-45", "2026-02-45", "0000-02-30", "9999-02-30", "9999-12-31", "31/12/9999 to sunday"]
)
def test_numbers_that_are_no_date_are_no_slip(said: str) -> None:
    found = understand.dates(said, today=TODAY, earliest=TOMORROW)
    assert isinstance(found, Misread)
    assert found.why is Why.AMBIGUOUS


@pytest.mark.parametrize(
    "said", ["", "hello", "may I come?", "2 adults", "3 nights", "ok", "new year", "ñandú", "🙂"]
)
def test_what_is_no_date_is_none(said: str) -> None:
    assert understand.dates(said, today=TODAY) is None


@pytest.mark.parametrize("said", ["Sunday Okafor", "April", "May Smith", "Juma Khan", "June", "two", "25"])
def test_a_name_is_not_surely_a_date(said: str) -> None:
    assert understand.dates(said, today=TODAY, sure=True) is None


@pytest.mark.parametrize(
    "said", ["14 to 16 March", "25 dec", "25/12 for 2 nights", "next saturday", "kal se itwar tak"]
)
def test_a_date_is_surely_one(said: str) -> None:
    assert isinstance(understand.dates(said, today=TODAY, sure=True), Dates)


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_every_day_we_write_can_be_typed_back(language: str) -> None:
    words = phrases.of(language)
    for ahead in range(1, 120):
        wanted = TODAY + timedelta(days=ahead)
        assert understand.dates(words.day(wanted), today=TODAY) == Dates(wanted)
        leaves = wanted + timedelta(days=3)
        example = words("{first} to {last}", first=words.short(wanted), last=words.short(leaves))
        assert understand.dates(example, today=TODAY) == Dates(wanted, 3)


@pytest.mark.parametrize(
    ("said", "nights"),
    [
        ("2", 2),
        ("two", 2),
        ("2 nights", 2),
        ("just 2 nights", 2),
        ("two nights please", 2),
        ("a week", 7),
        ("do raat", 2),
        ("3 راتیں", 3),
        ("दो रातें", 2),
        ("25 dec", None),
        ("4 people", None),
        ("long", None),
    ],
)
def test_nights_are_counted(said: str, nights: int | None) -> None:
    assert understand.nights(said) == nights


@pytest.mark.parametrize(
    ("said", "people"),
    [
        ("4", 4),
        ("4!", 4),
        ("four", 4),
        ("we are six", 6),
        ("2 adults and 1 child", 3),
        ("2 adults, 2 kids", 4),
        ("a child and 2 adults", 3),
        ("family of 5", 5),
        ("2+1", 3),
        ("just me", 1),
        ("It's just me", 1),
        ("me and my wife", 2),
        ("a couple", 2),
        ("a dozen", 12),
        ("we will be 5", 5),
        ("5 of us", 5),
        ("guests: 4", 4),
        ("hum 4 log", 4),
        ("ہم چار ہیں", 4),
        ("۴", 4),
        ("2 بڑے اور 1 بچہ", 3),
        ("हम 3 लोग हैं", 3),
        ("दो", 2),
        ("100", 100),
        ("", None),
        ("many", None),
        ("0", None),
        ("4-5", None),
        ("4 or 5", None),
        ("not 4", None),
        ("2 and 1", None),
        ("4 rooms", None),
        ("2 nights", None),
        ("3 people 1 room", None),
        ("14 to 16 March", None),
        ("2.5", None),
        ("1000", None),
        ("call me at 5", None),
        ("my number is 0300", None),
    ],
)
def test_guests_are_counted(said: str, people: int | None) -> None:
    assert understand.count(said) == people


@pytest.mark.parametrize(
    ("said", "people"),
    [
        ("4", None),
        ("four", None),
        ("4 people", 4),
        ("we are six", 6),
        ("2 adults and 1 child", 3),
        ("2 nights", None),
    ],
)
def test_only_people_are_surely_guests(said: str, people: int | None) -> None:
    assert understand.count(said, sure=True) == people


def test_people_are_found_beside_a_date() -> None:
    assert understand.mentioned("25/12 for 2 nights, 2 adults and 1 child") == 3
    assert understand.mentioned("25/12 for 2 nights") is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ali Khan", "Ali Khan"),
        ("ali khan", "Ali Khan"),
        ("  my name is ali khan. ", "Ali Khan"),
        ("mera naam ali hai", "Ali"),
        ("I'm Sara", "Sara"),
        ("Name: Bob", "Bob"),
        ("عائشہ خان", "عائشہ خان"),
        ("मेरा नाम हरि है", "हरि"),
        ("O'Neill", "O'Neill"),
        ("Sunday Okafor", "Sunday Okafor"),
        ("x", None),
        ("?", None),
        ("12", None),
        ("a1", None),
        ("yes", None),
        ("ok", None),
        ("https://x.y", None),
        ("a@b.c", None),
        ("one two three four five six seven", None),
        ("z" * 61, None),
    ],
)
def test_names_are_read(said: str, name: str | None) -> None:
    assert understand.name(said) == name


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("back", "back"),
        ("BACK!", "back"),
        ("واپس", "back"),
        ("वापस", "back"),
        ("Menu", "menu"),
        ("مینو", "menu"),
        ("cancel", "cancel"),
        ("منسوخ", "cancel"),
        ("रद्द", "cancel"),
        ("help?", "help"),
        ("مدد", "help"),
        ("मदद", "help"),
        ("language", "language"),
        ("زبان", "language"),
        ("urdu", "ur"),
        ("हिन्दी", "hi"),
        ("Hi", "hello"),
        ("Assalam o alaikum", "hello"),
        ("नमस्ते", "hello"),
        ("book", "book"),
        ("my bookings", "bookings"),
        ("come back", None),
        ("help me find a hut", None),
        ("cancel my flight", None),
        ("a menu please", None),
        ("", None),
    ],
)
def test_words_that_work_everywhere_are_the_whole_message(said: str, word: str | None) -> None:
    assert understand.command(said) == word


def test_yes_and_no() -> None:
    assert [understand.yes_or_no(w) for w in ("Yes!", "ok", "جی ہاں", "हाँ", "ji haan")] == [True] * 5
    assert [understand.yes_or_no(w) for w in ("no", "Nahi", "نہیں", "नहीं")] == [False] * 4
    assert understand.yes_or_no("maybe") is None


def test_a_name_turns_nothing_around() -> None:
    assert understand.name("Ali \u202eKhan\u2066") == "Ali Khan"
    assert understand.name("\u200fعلی خان") == "علی خان"
