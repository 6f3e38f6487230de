"""One phone of the sandbox's page, used as a person uses it: by what can be seen and tapped."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PATIENCE = 180_000  # ms; a busy machine's slowest answer
expect.set_options(timeout=PATIENCE)


class Phone:
    """The phone of one person on a page; `says`, `taps` and `sees` as in the sandbox's driver."""

    def __init__(self, page: Page, person: str) -> None:
        self.page = page
        self.element = page.locator(f'[data-person="{person}"]')
        self._said = 0  # messages of the person when they last did something
        self._has_acted = False
        expect(self.element).to_have_attribute("aria-busy", "false")  # what was said before is there

    def says(self, text: str) -> None:
        """Types on the line at the bottom and sends it."""
        self._acts()
        self.element.get_by_test_id("composer").fill(text)
        self._press(self.element.get_by_test_id("send"))

    def taps(self, title: str) -> None:
        """Taps the newest button with this title; the answer to what the person did last is waited for."""
        button = self._newest("option").filter(has_text=title).last
        expect(button).to_be_visible()
        self._acts()
        self._press(button)

    def chooses(self, title: str) -> None:
        """Picks this row of the newest list and sends it."""
        sheet = self.opens_list()
        self._acts()
        row_title = self.page.get_by_test_id("row-title").get_by_text(title, exact=True)
        self._press(sheet.get_by_test_id("row").filter(has=row_title))
        self._press(sheet.get_by_test_id("sheet-send"))
        expect(sheet).to_have_count(0)

    def opens_list(self) -> Locator:
        """Opens the newest list, if it is not open yet, and returns what slides up."""
        sheet = self.element.get_by_role("dialog")
        if not sheet.count():
            self._press(self._newest("list-button").last)
        expect(sheet).to_be_visible()
        return sheet

    def closes_list(self) -> None:
        """Puts the open list away without choosing."""
        sheet = self.element.get_by_role("dialog")
        self._press(sheet.get_by_role("button", name="Close"))
        expect(sheet).to_have_count(0)

    def rows(self) -> list[str]:
        """What can be chosen in the open list."""
        return self.element.get_by_test_id("row-title").all_inner_texts()

    def taps_share(self) -> None:
        """Agrees to share the own number in the sheet that asks."""
        self._acts()
        self._press(self.element.get_by_test_id("share-contact"))

    def opens(self, link: Locator) -> Page:
        """Taps a link and returns the page that it opens."""
        with self.page.context.expect_page() as opened:
            self._press(link)
        opened.value.wait_for_load_state()
        return opened.value

    def option(self, title: str | re.Pattern[str]) -> Locator:
        """The newest button or link under a message with this title."""
        return self.element.get_by_test_id("option").filter(has_text=title).last

    def sees(self, text: str | re.Pattern[str], *, kind: str | None = None) -> Locator:
        """Waits for a message of the business, newer than what the person did last, and returns it."""
        found = self._answers(kind).filter(has_text=text).last
        expect(found).to_be_visible()
        return found

    def _answers(self, kind: str | None) -> Locator:
        """Bubbles of the business that stand below the person's newest one."""
        wanted = '[@data-testid="bubble"][@data-from="business"]' + (f'[@data-kind="{kind}"]' if kind else "")
        if not self._has_acted:
            return self.element.locator(f"xpath=.//*{wanted}")
        mine = self._mine().nth(self._said)
        return mine.locator(f"xpath=following-sibling::*{wanted}")

    def _newest(self, test_id: str) -> Locator:
        """Parts of bubbles that the person can still tap: all there are, until they have done something here."""
        bubbles = self._answers(None) if self._has_acted else self.element
        return bubbles.get_by_test_id(test_id)

    def _mine(self) -> Locator:
        return self.element.locator('[data-testid="bubble"][data-from="person"]')

    def _acts(self) -> None:
        self._said, self._has_acted = self._mine().count(), True

    def _press(self, what: Locator) -> None:
        """With a finger where the screen is touched, else with the mouse."""
        if self.page.evaluate("() => navigator.maxTouchPoints > 0"):
            what.tap()
        else:
            what.click()
