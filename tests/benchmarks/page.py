"""The page in headless Chromium, for what is measured there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import QUIET, installed_chromium, running_app


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_chromium(), args=QUIET)
        yield browser
        browser.close()


@contextlib.contextmanager
def chromium_page() -> Iterator[Page]:
    """An empty page of 1280 x 720."""
    with chromium() as browser:
        yield browser.new_page(viewport={"width": 1280, "height": 720})


@contextlib.contextmanager
def app_page(query: str) -> Iterator[Page]:
    """The app as it ships, opened by this link."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium_page() as page,
        running_app(Path(folder) / "network", Path(folder) / "output") as url,
    ):
        page.goto(f"{url}/?{query}")
        yield page


@contextlib.contextmanager
def counted_posts(page: Page) -> Iterator[list[str]]:
    """The addresses of the requests that are made meanwhile."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    yield asked
