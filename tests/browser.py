"""A real browser for tests: the Chromium of the system, which asks nobody for anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: What the browser is started with: no window, and no talk with anybody.
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; skip the test where there is none, but on CI fail."""
    path = shutil.which("chromium")
    if path is None:
        absent = "there is no chromium here: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page that is open, and everything that it complained of or asked for."""

    page: Page
    said: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1280) -> Iterator[Opened]:
    """Open a file, wait until its replay is ready, and hold at the end that it kept quiet."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    here = Opened(page)
    address = path.resolve().as_uri()
    page.on("console", lambda message: here.said.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: here.said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: here.said.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: here.said.append(f"request: {request.url[:80]}"))
    page.goto(address)
    page.wait_for_selector("#replay[data-ready]")
    yield here
    page.close()
    inside = (f"request: {address[:80]}", "request: data:")
    strange = [line for line in here.said if not line.startswith(inside)]
    assert not strange, strange
