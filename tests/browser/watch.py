"""What must hold on every page, looked at while the tests use it; and the pictures they take."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Response

# What holds text and may be no narrower than it.
_TOO_WIDE = """
() => [...document.querySelectorAll(".scroller, .sheet__body, .option, .content, .choice, .caption, main, section")]
  .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `.${one.className}: ${one.scrollWidth} px in ${one.clientWidth}: ${one.innerText.slice(0, 60)}`)
"""
_LOADED = "() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)"


class Watch:
    """Collects what no page may do: console errors, failed requests, sideways scrolling."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.complaints: list[str] = []
        self._watching = True
        self._expected: set[tuple[str, int]] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of this browser, and those that it will open."""
        context.on("console", lambda said: self._console(said.type, said.text, said.location.get("url", "")))
        context.on("weberror", lambda problem: self._complain(f"script: {problem.error}"))
        context.on("requestfailed", lambda asked: self._complain(f"failed: {asked.url} {asked.failure}"))
        context.on("response", self._response)

    def expects(self, url: str, status: int) -> None:
        """This address answers with this status, and that is right."""
        self._expected.add((url, status))

    def picture(self, page: Page, name: str) -> Path:
        """Take a picture of the page as it stands, which must fit its window."""
        page.wait_for_function(_LOADED)
        inner, scrolls = page.evaluate("() => [innerWidth, document.documentElement.scrollWidth]")
        if scrolls > inner:
            self._complain(f"{name}: {scrolls} px wide in a window of {inner}")
        for wide in page.evaluate(_TOO_WIDE):
            self._complain(f"{name}: too wide: {wide}")
        file = self.folder / f"{name}-{inner}.png"
        page.screenshot(path=file, animations="disabled")
        return file

    def ends(self) -> None:
        """What breaks off because its page is closed now is no failure."""
        self._watching = False

    def complain(self) -> None:
        assert not self.complaints, "\n".join(["The pages complained:", *self.complaints])

    def _console(self, kind: str, text: str, url: str) -> None:
        expected = any(url == where and str(status) in text for where, status in self._expected)
        if kind in ("error", "warning") and not expected:
            self._complain(f"console {kind}: {text} ({url})")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and (response.url, response.status) not in self._expected:
            self._complain(f"answered {response.status}: {response.url}")

    def _complain(self, what: str) -> None:
        if self._watching:
            self.complaints.append(what)
