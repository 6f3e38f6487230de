"""A stay as people book it: on a small phone, tap by tap, with the owner's and the admin's phones on a laptop."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from sandbox.driver import World
from tests.browser.phone import Phone
from tests.browser.readme import keep_for_the_readme
from tests.browser.watch import Watch


def test_guest_books_and_pays_owner_confirms_and_the_ticket_comes(
    guest: Phone, table: dict[str, Phone], world: World, watch: Watch
) -> None:
    _books(guest, table["guest"], watch)
    _pays(guest, watch)
    _owner_confirms(guest, table, watch)
    _everyone_has_a_tab(guest, watch)
    _the_ticket_is_valid_until_the_stay_is_over(guest, table["owner"], world, watch)


def _books(guest: Phone, same_guest: Phone, watch: Watch) -> None:
    def picture(name: str) -> None:
        watch.picture(guest.page, name)
        watch.picture(same_guest.page, name)

    picture("01-before")
    guest.says("hi")
    guest.sees("Book a stay", kind="buttons")
    picture("02-menu")
    guest.taps("Book a stay")
    guest.sees("What kind of place?", kind="list")
    guest.opens_list()
    same_guest.opens_list()
    picture("03-kinds")
    same_guest.closes_list()
    guest.chooses("Hotel rooms")
    guest.sees("Which place?", kind="list")
    guest.opens_list()
    picture("04-places")
    guest.chooses("Karimabad Garden Inn")
    expect(guest.sees("a night").locator("img")).to_be_visible()
    picture("05-listing")
    guest.taps("Book")
    guest.sees("Which day do you arrive?")
    guest.opens_list()
    free_days = guest.rows()
    picture("06-days")
    guest.chooses(free_days[3])
    guest.sees("How many nights?")
    picture("07-nights")
    guest.taps("2 nights")
    guest.sees("How many guests?")
    guest.opens_list()
    picture("08-guests")
    guest.chooses("3 guests")
    guest.sees("name")
    picture("09-name")
    guest.taps("Ayesha Khan")
    guest.sees("Pay now")
    picture("10-summary")
    guest.taps("Pay by card")
    guest.sees("We keep the place for you", kind="cta_url")
    picture("11-link")


def _pays(guest: Phone, watch: Watch) -> None:
    """Leaves the page once, has the card declined once, pays, comes back, and opens the link again."""
    page = guest.opens(guest.option("Pay Rs."))
    expect(page.get_by_test_id("amount")).to_have_text(re.compile(r"PKR\s+[\d,]+\.00"))
    watch.picture(page, "20-pay-open")
    page.get_by_test_id("abandon").tap()
    expect(page.get_by_text("Not paid")).to_be_visible()
    watch.picture(page, "21-pay-left")
    page.go_back()
    page.get_by_test_id("fail").tap()
    expect(page.get_by_test_id("notice")).to_contain_text("declined")
    watch.picture(page, "22-pay-declined")
    page.get_by_test_id("pay").tap()
    expect(page.get_by_text("You can close this page")).to_be_visible()
    watch.picture(page, "23-pay-done")
    _also_wide(page, "23-pay-done", watch)
    page.close()
    again = guest.opens(guest.option("Pay Rs."))
    expect(again.get_by_role("heading", name="already paid")).to_be_visible()
    watch.picture(again, "24-pay-again")
    _also_wide(again, "24-pay-again", watch)
    again.close()
    guest.sees("payment is successful")
    watch.picture(guest.page, "12-paid")


def _owner_confirms(guest: Phone, table: dict[str, Phone], watch: Watch) -> None:
    wide = table["owner"].page
    table["owner"].sees("new booking request", kind="template")
    table["admin"].sees(re.compile("waiting for owner", re.IGNORECASE))
    for phone in table.values():
        expect(phone.element).to_be_in_viewport(ratio=0.99)
    watch.picture(wide, "13-owner-is-asked")
    table["owner"].taps("Confirm")
    table["owner"].sees("e-ticket was sent to the guest")
    ticket = guest.sees("Booking Confirmed", kind="document")
    expect(ticket.get_by_text(re.compile(r"^BK-\d{8}-\w{5}\.pdf$"))).to_be_visible()
    file = guest.page.request.get(_address(ticket.locator("a[href*='/api/media/']")))
    assert file.body().startswith(b"%PDF-")
    table["guest"].sees("Booking Confirmed", kind="document")
    table["admin"].sees(re.compile("booking confirmed", re.IGNORECASE))
    # A mouse that rests on a message brings up the button of its menu.
    wide.mouse.move(1, 1)
    keep_for_the_readme(watch.picture(guest.page, "14-ticket"), "guest-360.png")
    keep_for_the_readme(watch.picture(wide, "14-ticket"), "sandbox-1280.png")


def _everyone_has_a_tab(guest: Phone, watch: Watch) -> None:
    for name in ("Owner", "Admin", "Guest"):
        guest.page.get_by_role("tab", name=name).tap()
        expect(guest.page.locator(f'[data-person="{name.lower()}"]')).to_be_visible()
        watch.picture(guest.page, f"15-{name.lower()}")
        expect(guest.page.locator("[data-person]:visible")).to_have_count(1)


def _the_ticket_is_valid_until_the_stay_is_over(
    guest: Phone, owner: Phone, world: World, watch: Watch
) -> None:
    link = guest.sees("Booking Confirmed", kind="document").locator("a[href*='/eticket/']")
    small = guest.opens(link)
    wide = owner.opens(owner.sees("e-ticket was sent").locator("a[href*='/eticket/']"))
    for page in (small, wide):
        expect(page.get_by_role("status")).to_contain_text("Valid")
        expect(page.get_by_role("heading", name="Karimabad Garden Inn")).to_be_visible()
        expect(page.get_by_role("img", name="QR code")).to_be_attached()
        watch.picture(page, "30-ticket-valid")
        _picture_of_the_whole(page, "31-ticket-whole", watch)

    world.clock.passes(days=8, hours=14, minutes=44)
    guest.page.get_by_role("button", name="Sandbox tools").tap()
    expect(guest.page.get_by_text("+8 d")).to_be_visible()
    watch.picture(guest.page, "16-clock-moved")
    watch.expects(small.url, 410)
    for page in (small, wide):
        page.reload()
        expect(page.get_by_role("status")).to_contain_text("Expired")
        expect(page.get_by_text("Ayesha Khan")).to_have_count(0)
        watch.picture(page, "32-ticket-expired")


def _also_wide(page: Page, name: str, watch: Watch) -> None:
    before = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 860})
    watch.picture(page, name)
    assert before
    page.set_viewport_size(before)


def _picture_of_the_whole(page: Page, name: str, watch: Watch) -> None:
    before = page.viewport_size
    assert before
    page.set_viewport_size({**before, "height": page.evaluate("() => document.documentElement.scrollHeight")})
    watch.picture(page, name)
    page.set_viewport_size(before)


def _address(link: Locator) -> str:
    address = link.evaluate("(link) => link.href")
    return str(address)
