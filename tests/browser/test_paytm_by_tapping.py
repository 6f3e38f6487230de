"""Paying by Paytm as a guest does it on a small phone: on to Paytm by a form, declined, again, paid, and back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.phone import Phone
from tests.browser.watch import Watch


def test_a_guest_pays_on_paytms_page_and_comes_back(guest: Phone, watch: Watch) -> None:
    guest.says("Spiti Star Huts")
    guest.sees("Spiti")
    guest.taps("Book")
    guest.sees("Which day do you arrive?")
    guest.opens_list()
    guest.chooses(guest.rows()[5])
    guest.taps("2 nights")
    guest.sees("How many guests?")
    guest.says("2")
    guest.sees("name")
    guest.taps("Ayesha Khan")
    guest.sees("you get all of it back")
    guest.opens_list()
    watch.picture(guest.page, "paytm-1-ways")
    guest.chooses("Pay by Paytm")
    guest.sees("by Paytm", kind="cta_url")
    watch.picture(guest.page, "paytm-2-link")

    page = _opens_paytm(guest)
    watch.picture(page, "paytm-3-page")
    page.get_by_test_id("fail").tap()
    expect(page.get_by_role("heading", name="Not paid")).to_be_visible()
    watch.picture(page, "paytm-4-declined")
    page.close()
    guest.sees("did not go through")
    watch.picture(guest.page, "paytm-5-failed")
    guest.taps("Try again")
    guest.sees("by Paytm", kind="cta_url")

    page = _opens_paytm(guest)
    page.get_by_test_id("pay").tap()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_role("link", name="Back to WhatsApp")).to_be_visible()
    watch.picture(page, "paytm-6-paid")
    guest.sees("Your advance payment is successful")
    watch.picture(guest.page, "paytm-7-received")


def _opens_paytm(guest: Phone) -> Page:
    """By the link in the chat; our own page between leads on by itself."""
    page = guest.opens(guest.option("Pay ₹"))
    expect(page.get_by_test_id("amount")).to_be_visible()
    return page
