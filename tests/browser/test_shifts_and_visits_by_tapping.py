"""A farmhouse by shift and a nurse by the hour, tap by tap on a small phone, to the ticket."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from sandbox.driver import World
from tests.browser.phone import Phone
from tests.browser.watch import Watch


@pytest.fixture
def picture(guest: Phone, table: dict[str, Phone], watch: Watch):  # type: ignore[no-untyped-def]
    def take(name: str) -> None:
        watch.picture(guest.page, name)
        watch.picture(table["guest"].page, name)

    return take


def test_a_night_at_the_farmhouse(
    guest: Phone, table: dict[str, Phone], world: World, watch: Watch, picture
) -> None:  # type: ignore[no-untyped-def]
    _finds(guest, "Farmhouses", "Bedian Mustard Farm")
    expect(guest.sees("Night, 8").locator("img")).to_be_visible()
    picture("40-farm")
    guest.taps("Book")
    guest.sees("Which day?")
    guest.opens_list()
    picture("41-farm-days")
    guest.chooses(guest.rows()[3])
    guest.sees("which shift?")
    guest.opens_list()
    picture("42-farm-shifts")
    assert guest.rows() == ["Day", "Night", "Full Day", "Full Night", "Another day"]
    guest.chooses("Night")
    guest.sees("How many guests?")
    guest.says("35")
    guest.sees("name")
    guest.taps("Ayesha Khan")
    guest.sees("Shift: Night")
    picture("43-farm-summary")
    guest.taps("Pay by card")
    guest.sees("We keep the place for you", kind="cta_url")
    picture("44-farm-link")
    _pays(guest)
    guest.sees("payment is successful")
    asked = table["owner"].sees(re.compile("booking request", re.IGNORECASE))
    expect(asked).to_contain_text("Night")
    watch.picture(table["owner"].page, "45-farm-owner-is-asked")
    table["owner"].taps("Confirm")
    guest.sees("Booking Confirmed", kind="document")
    picture("46-farm-ticket")
    _sees_the_ticket(guest, "Shift: Night", "47-farm-ticket", watch)
    guest.says("my bookings")
    guest.sees(re.compile("Bedian Mustard Farm|Your bookings"))
    picture("48-farm-my-bookings")


def test_a_nurse_at_half_past_ten(
    guest: Phone, table: dict[str, Phone], world: World, watch: Watch, picture
) -> None:  # type: ignore[no-untyped-def]
    _finds(guest, "Care at home", "Home Nurse Lahore")
    expect(guest.sees("1 hour").locator("img")).to_be_visible()
    picture("50-nurse")
    guest.taps("Book")
    guest.sees("Which day?")
    guest.opens_list()
    picture("51-nurse-days")
    guest.chooses(guest.rows()[2])
    guest.sees("for how long?")
    guest.opens_list()
    picture("52-nurse-lengths")
    guest.chooses("2 hours")
    guest.sees("At what time?")
    guest.opens_list()
    picture("53-nurse-times")
    guest.chooses("Later times")
    guest.sees("At what time?")
    guest.opens_list()
    picture("54-nurse-later")
    guest.closes_list()
    guest.says("half past ten")
    guest.sees("How many guests?")
    guest.opens_list()
    guest.chooses("1 guest")
    guest.sees("name")
    guest.taps("Ayesha Khan")
    guest.sees("(2 hours)")
    picture("55-nurse-summary")
    guest.taps("Pay by card")
    guest.sees("We keep the place for you", kind="cta_url")
    _pays(guest)
    guest.sees("payment is successful")
    table["owner"].sees(re.compile("booking request", re.IGNORECASE))
    watch.picture(table["owner"].page, "56-nurse-owner-is-asked")
    table["owner"].taps("Confirm")
    guest.sees("Booking Confirmed", kind="document")
    picture("57-nurse-ticket")
    _sees_the_ticket(guest, "Duration: 2", "58-nurse-ticket", watch)


def _finds(guest: Phone, kind: str, place: str) -> None:
    guest.says("hi")
    guest.sees("Book a stay", kind="buttons")
    guest.taps("Book a stay")
    guest.sees("What kind of place?", kind="list")
    guest.opens_list()
    guest.chooses(kind)
    guest.sees("Which place?", kind="list")
    guest.opens_list()
    guest.chooses(place)


def _pays(guest: Phone) -> None:
    page = guest.opens(guest.option(re.compile("Pay (now|Rs)")))
    page.get_by_test_id("pay").tap()
    expect(page.get_by_text("You can close this page")).to_be_visible()
    page.close()


def _sees_the_ticket(guest: Phone, kind: str, name: str, watch: Watch) -> None:
    link = guest.sees("Booking Confirmed", kind="document").locator("a[href*='/eticket/']")
    page: Page = guest.opens(link)
    expect(page.get_by_role("status")).to_contain_text("Valid")
    expect(page.get_by_text(kind)).to_be_visible()
    before = page.viewport_size
    assert before
    page.set_viewport_size({**before, "height": page.evaluate("() => document.documentElement.scrollHeight")})
    watch.picture(page, name)
    page.close()
