"""What a person can do with a phone of the sandbox, and with the sandbox itself, tapped on the page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from sandbox.driver import Person, World
from tests.browser.gallery import Business
from tests.browser.watch import Watch


@pytest.fixture
def person(desk: World) -> Person:
    """Somebody new who has said hello."""
    person = desk.person("Hina Raza")
    person = desk.person(f"Hina Raza {person.id}")
    person.says("hello")
    return person


@pytest.fixture
def phone(small_screen: BrowserContext, desk: World, person: Person) -> Page:
    """Their phone alone on a small screen."""
    page = small_screen.new_page()
    page.goto(f"{desk.http.base_url}/?person={person.id}&bare=1")
    expect(page.get_by_test_id("bubble").first).to_be_visible()
    return page


@pytest.fixture
def sandbox(laptop: BrowserContext, desk: World) -> Page:
    """The whole page on a laptop."""
    page = laptop.new_page()
    page.goto(desk.http.base_url)
    expect(page.locator("[data-person]")).to_have_count(3)
    return page


def test_a_message_is_answered_reacted_to_and_deleted(
    phone: Page, desk: World, business: Business, person: Person, watch: Watch
) -> None:
    business.text(person, "Breakfast is from 8 to 10.")
    theirs = phone.get_by_test_id("bubble").filter(has_text="Breakfast")
    _menu(theirs)
    watch.picture(phone, "60-menu")
    phone.get_by_role("menuitem", name="Reply").tap()
    watch.picture(phone, "61-reply")
    phone.get_by_test_id("composer").fill("Can we have it at 7?")
    phone.get_by_test_id("send").tap()
    mine = phone.get_by_test_id("bubble").filter(has_text="at 7?")
    expect(mine.locator(".quote")).to_contain_text("Breakfast is from 8")
    _menu(theirs)
    phone.get_by_role("menuitemradio", name="React with ❤️").tap()
    expect(theirs.get_by_test_id("reactions")).to_have_text("❤️")
    _menu(theirs)
    phone.get_by_role("menuitemradio", name="React with ❤️").tap()
    expect(theirs.get_by_test_id("reactions")).to_have_count(0)
    _menu(mine)
    phone.get_by_role("menuitem", name="Delete for everyone").tap()
    expect(phone.get_by_text("You deleted this message")).to_be_visible()
    watch.picture(phone, "62-deleted")


def _menu(bubble: Locator) -> None:
    """A long press on the message."""
    bubble.first.get_by_test_id("body").dispatch_event("contextmenu")


def test_everything_that_can_be_attached(phone: Page, person: Person, desk: World, watch: Watch) -> None:
    def attach(what: str) -> None:
        phone.get_by_test_id("attach").tap()
        if what == "gallery":
            watch.picture(phone, "63-attach")
        phone.get_by_test_id(f"attach-{what}").tap()

    def sent(kind: str) -> Locator:
        bubble = phone.locator(f'[data-testid="bubble"][data-from="person"][data-kind="{kind}"]').last
        expect(bubble).to_be_visible()
        return bubble

    attach("gallery")
    expect(phone.get_by_test_id("sample-picture")).to_have_count(3)
    watch.picture(phone, "64-gallery")
    phone.get_by_test_id("sample-picture").first.tap()
    phone.get_by_test_id("caption").fill("from here")
    phone.get_by_test_id("picture-send").tap()
    expect(sent("image")).to_contain_text("from here")
    attach("gallery")
    phone.get_by_test_id("sample-video").tap()
    sent("video").get_by_role("button", name="Play video").tap()
    phone.get_by_role("button", name="Close video").tap()
    attach("document")
    phone.get_by_test_id("place").first.tap()
    expect(sent("document")).to_contain_text("id-card.pdf")
    attach("location")
    watch.picture(phone, "65-places")
    phone.get_by_test_id("place").nth(1).tap()
    expect(sent("location")).to_contain_text("Karimabad Bazaar")
    attach("location")
    phone.get_by_label("Name of the place").fill("Our car")
    phone.get_by_label("Latitude").fill("36.31")
    phone.get_by_label("Longitude").fill("74.65")
    phone.get_by_role("button", name="Send", exact=True).last.tap()
    expect(sent("location")).to_contain_text("Our car")
    attach("contact")
    watch.picture(phone, "66-contacts")
    phone.get_by_test_id("place").filter(has_text="Bilal Ahmed").tap()
    expect(sent("contacts")).to_contain_text("Bilal Ahmed")
    attach("audio")
    expect(sent("audio").get_by_test_id("sound")).to_be_visible()
    attach("poll")
    expect(sent("unsupported")).to_contain_text("Poll")
    phone.get_by_role("button", name="Emoji").tap()
    watch.picture(phone, "67-emoji")
    phone.get_by_test_id("sticker").tap()
    expect(sent("sticker").locator("img")).to_be_visible()
    watch.picture(phone, "68-attached")
    kinds = {each.kind for each in person.chat()}
    assert kinds >= {"image", "video", "document", "location", "contacts", "audio", "unsupported", "sticker"}


def test_a_voice_message_is_recorded_discarded_and_sent(phone: Page, person: Person, watch: Watch) -> None:
    phone.get_by_test_id("send").tap()
    expect(phone.get_by_test_id("recording")).to_be_visible()
    watch.picture(phone, "69-recording")
    phone.get_by_role("button", name="Discard voice message").tap()
    expect(phone.get_by_test_id("recording")).to_be_hidden()
    phone.get_by_test_id("send").tap()
    phone.get_by_test_id("send").tap()
    expect(phone.get_by_test_id("sound")).to_have_count(1)
    assert person.chat()[-1].raw["voice"] is True


def test_what_did_not_arrive_says_why_and_what_is_typed_is_seen(
    phone: Page, desk: World, business: Business, person: Person, watch: Watch
) -> None:
    desk.whatsapp.fault(131049, asynchronous=True, to=person)
    business.text(person, "An offer you did not want")
    expect(phone.get_by_text("Not delivered: 131049")).to_be_visible()
    expect(phone.get_by_text("An offer you did not want")).to_have_count(0)
    business.types(person.chat()[0].id)
    expect(phone.get_by_test_id("typing")).to_be_visible()
    expect(phone.get_by_text("typing…")).to_be_visible()
    watch.picture(phone, "70-lost-and-typing")


def test_ticks_climb_as_the_business_hears(
    phone: Page, desk: World, person: Person, business: Business
) -> None:
    def tick(name: str) -> None:
        expect(phone.get_by_test_id("bubble").last.get_by_role("img", name=name, exact=True)).to_be_visible()

    desk.whatsapp.webhooks(paused=True)
    person.says("Are you there?")
    tick("Sent")
    desk.behaves()
    tick("Delivered")
    business.types(person.chat()[-1].id)
    tick("Read")


def test_what_goes_wrong_is_switched_seen_and_cleared(sandbox: Page, desk: World, watch: Watch) -> None:
    expect(sandbox.get_by_test_id("wrong")).to_be_hidden()
    sandbox.get_by_test_id("misbehaviour").click()
    panel = sandbox.get_by_role("complementary", name="Misbehaviour")
    sandbox.get_by_test_id("switch-whatsapp-duplicate").fill("3")
    sandbox.get_by_test_id("switch-whatsapp-duplicate").press("Tab")
    panel.locator("label", has=sandbox.get_by_test_id("switch-stripe-paused")).click()
    sandbox.get_by_test_id("fault-whatsapp").select_option("131047")
    expect(panel.get_by_text("has not written for 24 hours")).to_be_visible()
    sandbox.get_by_test_id("add-whatsapp").click()
    said = ["WhatsApp: each webhook comes 3 times", "next message: 131047", "Stripe: webhooks are held back"]
    for each in said:
        expect(panel.get_by_role("listitem").filter(has_text=each)).to_be_visible()
    watch.picture(sandbox, "71-misbehaviour")
    panel.get_by_role("button", name=re.compile("Turn off: Stripe")).click()
    expect(panel.get_by_role("listitem").filter(has_text="held back")).to_have_count(0)
    assert len(desk.misbehaviour) == 2
    sandbox.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    strip = sandbox.get_by_test_id("wrong")
    expect(strip).to_contain_text("WhatsApp: each webhook comes 3 times, and 1 more")
    watch.picture(sandbox, "72-misbehaving")
    sandbox.get_by_test_id("clear-all").click()
    expect(strip).to_be_hidden()
    assert desk.misbehaviour == []
    desk.stripe.fault("503", always=True)
    expect(strip).to_contain_text("Stripe: every call: 503 (Stripe is down)")
    desk.behaves()
    expect(strip).to_be_hidden()


def test_the_clock_moves_on_by_steps_and_to_a_date(sandbox: Page, desk: World, watch: Watch) -> None:
    before = desk.clock.now
    sandbox.get_by_role("button", name="by 15 min").click()
    sandbox.get_by_role("button", name="by 1 day").click()
    expect(sandbox.get_by_text("+1 d 15 min")).to_be_visible()
    assert timedelta(days=1) < desk.clock.now - before < timedelta(days=1, hours=1)
    sandbox.get_by_test_id("clock-to").click()
    watch.picture(sandbox, "73-clock")
    wanted = (before + timedelta(days=40)).strftime("%Y-%m-%dT14:30")
    sandbox.get_by_test_id("clock-date").fill(wanted)
    sandbox.get_by_role("button", name="Move on").click()
    expect(sandbox.get_by_test_id("clock")).to_contain_text("14:30")
    assert desk.clock.now.strftime("%H:%M") == "09:30"
    sandbox.get_by_role("button", name="Real time").click()
    expect(sandbox.get_by_text("+1 d 15 min")).to_have_count(0)
    assert abs(desk.clock.now - before) < timedelta(minutes=10)


def test_phones_are_added_renamed_and_switched(sandbox: Page, desk: World, watch: Watch) -> None:
    caption = sandbox.locator(".caption__person").first
    caption.click()
    sandbox.get_by_test_id("add-person").click()
    dialog = sandbox.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("Name").fill("عائشہ صدیقی")
    dialog.get_by_label("Lives in").select_option("AE")
    dialog.get_by_label("Says first").select_option("سلام")
    watch.picture(sandbox, "74-add")
    dialog.locator("label", has_text="Hide phone number").click()
    dialog.get_by_role("button", name="Add").click()
    expect(caption).to_contain_text("عائشہ صدیقی")
    phone = sandbox.locator("[data-person]").first
    expect(phone.get_by_test_id("bubble")).to_contain_text("سلام")
    made = next(each for each in desk.http.get("/api/state")["people"] if each["name"] == "عائشہ صدیقی")
    assert (made["phone"][:4], made["user_id"][:3], made["phone_hidden"]) == ("+971", "AE.", True)
    caption.click()
    sandbox.get_by_test_id("rename").click()
    dialog = sandbox.get_by_role("dialog", name="Rename")
    dialog.get_by_label("Name").fill("Aisha Siddiqui")
    dialog.get_by_role("button", name="Rename").click()
    expect(caption).to_contain_text("Aisha Siddiqui")
    again = sandbox.context.new_page()
    again.goto(desk.http.base_url)
    caption = again.locator(".caption__person").first
    expect(caption).to_contain_text("Aisha Siddiqui")
    caption.click()
    watch.picture(again, "75-people")
    again.get_by_role("menuitemradio", name="Ayesha Khan").click()
    expect(again.locator("[data-person]").first).to_have_attribute("data-person", "guest")


def test_the_tools_fit_a_small_screen(small_screen: BrowserContext, desk: World, watch: Watch) -> None:
    page = small_screen.new_page()
    page.goto(desk.http.base_url)
    desk.whatsapp.webhooks(duplicate=2)
    page.get_by_role("button", name="Sandbox tools").tap()
    page.get_by_test_id("clock-to").tap()
    watch.picture(page, "76-tools-clock")
    page.keyboard.press("Escape")
    page.locator(".caption__person").first.tap()
    watch.picture(page, "76-tools-people")
    page.keyboard.press("Escape")
    page.get_by_test_id("misbehaviour").tap()
    expect(page.get_by_role("list", name="On now")).to_be_visible()
    watch.picture(page, "76-tools-misbehaviour")
    page.get_by_role("complementary").get_by_role("button", name="Clear all").tap()
    expect(page.get_by_text("Nothing is on")).to_be_visible()
    assert desk.misbehaviour == []


def test_all_of_it_is_reached_by_the_keyboard(sandbox: Page, desk: World) -> None:
    sandbox.keyboard.press("Tab")
    names = []
    for _ in range(40):
        names.append(sandbox.evaluate(_FOCUSED))
        sandbox.keyboard.press("Tab")
    for wanted in ("Move the clock on by 15 min", "Misbehaviour", "Attach", "Message"):
        assert any(wanted in name for name in names), names
    assert sandbox.evaluate(_NAMELESS) == []


_FOCUSED = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"
_NAMELESS = """
() => [...document.querySelectorAll("button, input, select, textarea, a[href]")]
  .filter((one) => one.offsetParent)
  .filter((one) => !(one.getAttribute("aria-label") || one.innerText || one.labels?.length || one.title))
  .map((one) => one.outerHTML)
"""
