"""Every kind of message as the phone draws it, on a small screen and on a wide one, against a sandbox alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sandbox.driver import Person, World
from tests.browser import gallery
from tests.browser.gallery import Business
from tests.browser.watch import Watch

TALL = {"width": 360, "height": 1900}


def _phone_of(context: BrowserContext, desk: World, person: Person) -> Page:
    page = context.new_page()
    page.set_viewport_size(TALL)
    page.goto(f"{desk.http.base_url}/?person={person.id}&bare=1")
    expect(page.get_by_test_id("bubble").first).to_be_visible()
    return page


@pytest.mark.parametrize("kind", ["words", "choices", "files", "places", "templates", "talk"])
def test_every_kind_of_message(
    kind: str,
    desk: World,
    business: Business,
    small_screen: BrowserContext,
    laptop: BrowserContext,
    watch: Watch,
) -> None:
    person = desk.person(f"Gallery {kind.title()}")
    send: Callable[..., None] = getattr(gallery, kind)
    if kind == "templates":
        send(business, person, lambda: _all_approved(desk))
    else:
        send(business, person)
    page = _phone_of(small_screen, desk, person)
    expect(page.get_by_test_id("bubble")).to_have_count(len(person.chat()))
    watch.picture(page, f"gallery-{kind}")
    page.set_viewport_size({"width": 360, "height": 780})
    watch.picture(page, f"gallery-{kind}-end")
    wide = laptop.new_page()
    wide.goto(f"{desk.http.base_url}/?person={person.id}")
    expect(wide.locator(f'[data-person="{person.id}"]').get_by_test_id("bubble").last).to_be_visible()
    watch.picture(wide, f"gallery-{kind}")


def _all_approved(desk: World) -> object:
    return desk.eventually(
        lambda: sum("APPROVED" in json.dumps(each) for each in desk.whatsapp.log()) >= 4, what="the approval"
    )
