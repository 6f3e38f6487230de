"""What the page shows for people who write from the right, hide their number, or come from long names."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from run.stack import Stack
from sandbox.driver import World
from tests.browser.phone import Phone
from tests.browser.watch import Watch


def test_a_chat_in_urdu_reads_from_the_right(
    small_screen: BrowserContext, stack: Stack, world: World, watch: Watch
) -> None:
    person = world.person("فیصل خان", "+923000010401")
    page = small_screen.new_page()
    page.goto(f"{stack.page_url}/?person={person.id}&bare=1")
    guest = Phone(page, person.id)
    guest.says("سلام")
    menu = guest.sees("Sarai", kind="buttons")
    line = menu.locator(".line").last
    assert line.evaluate("(line) => getComputedStyle(line).direction") == "rtl"
    watch.picture(page, "40-urdu-menu")
    menu.get_by_test_id("option").first.tap()
    guest.sees("", kind="list")
    guest.opens_list()
    watch.picture(page, "41-urdu-list")


def test_a_hidden_number_is_asked_for_and_shared_with_one_tap(
    small_screen: BrowserContext, stack: Stack, world: World, watch: Watch
) -> None:
    person = world.person("Nadia Shah", "+923000010402", phone_hidden=True)
    page = small_screen.new_page()
    page.goto(f"{stack.page_url}/?person={person.id}&bare=1")
    guest = Phone(page, person.id)
    for answer in ("thar dune camp", "Book", "in 5 days for 1 night", "2"):
        guest.says(answer)
        guest.sees("")
    guest.says("Nadia Shah")
    request = guest.sees("phone number", kind="contact_request")
    watch.picture(page, "50-number-asked")
    request.get_by_test_id("option").tap()
    expect(page.get_by_role("dialog")).to_contain_text("+92")
    watch.picture(page, "51-number-share")
    guest.taps_share()
    guest.sees("Pay now")
    watch.picture(page, "52-number-shared")
