"""A transfer as people make it on the page: the instructions, a screenshot from the paper clip, an admin's tap."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from sandbox.driver import World
from tests.browser.phone import Phone
from tests.browser.watch import Watch


def test_a_guest_sends_a_screenshot_and_the_admin_verifies_it(
    guest: Phone, table: dict[str, Phone], world: World, watch: Watch
) -> None:
    admin = table["admin"]
    admin.says("hi")  # or they would be written to by a template, which carries no picture
    admin.sees(re.compile("Menu|Book|waiting"))
    guest.says("Fairy Meadows Huts")
    guest.sees("Fairy Meadows, Diamer")
    guest.taps("Book")
    guest.sees("Which day do you arrive?")
    guest.opens_list()
    guest.chooses(guest.rows()[5])
    guest.taps("2 nights")
    guest.sees("How many guests?")
    guest.says("2")
    guest.sees("name")
    guest.taps("Ayesha Khan")
    guest.sees("Pay now")
    watch.picture(guest.page, "transfer-1-summary")
    guest.taps("Pay by transfer")
    told = guest.sees("Transfer exactly")
    expect(told.get_by_text("03000000900")).to_be_visible()
    watch.picture(guest.page, "transfer-2-instructions")

    guest.element.get_by_test_id("attach").click()
    watch.picture(guest.page, "transfer-3-attach")
    guest.page.get_by_test_id("attach-screenshot").click()
    guest.page.get_by_text("As it was asked for").click()
    expect(guest.page.get_by_alt_text("Photo to send")).to_be_visible()
    watch.picture(guest.page, "transfer-4-screenshot")
    guest.page.get_by_test_id("picture-send").click()
    guest.sees("We are checking your payment")
    watch.picture(guest.page, "transfer-5-review")

    check = admin.sees("check a payment")
    expect(check.locator("img")).to_be_visible()
    admin.element.scroll_into_view_if_needed()
    watch.picture(admin.page, "transfer-6-admin")
    admin.taps("Reject")
    admin.opens_list()
    watch.picture(admin.page, "transfer-7-reasons")
    admin.chooses("Picture not readable")
    guest.sees("the picture cannot be read")
    watch.picture(guest.page, "transfer-8-again")
    guest.taps("I have paid")
    guest.sees("We are checking your payment")
    admin.sees("Rejected before: 1.")
    admin.taps("Verify")
    admin.sees("Verified")
    guest.sees("e-ticket within 60 minutes")
    watch.picture(guest.page, "transfer-9-paid")
    watch.picture(admin.page, "transfer-9-admin")
