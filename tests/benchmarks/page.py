"""The page in headless Chromium, for what is measured there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from explorer.app import build_app, launch_options
from explorer.store.models import CHECKPOINTS
from explorer.store.services import DEFAULT_MODEL, Services
from gpt2core import GPTModel, Tokenizer, save_pretrained
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
def serving(model: GPTModel, tokenizer: Tokenizer, name: str) -> Iterator[str]:
    """The app in this process with `model` in its menu beside the one that ships: its address."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / DEFAULT_MODEL).symlink_to(CHECKPOINTS / DEFAULT_MODEL)
        save_pretrained(model, folder / name, tokenizer=tokenizer)
        blocks = build_app(Services(folder))
        _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        try:
            yield url
        finally:
            blocks.close()


@contextlib.contextmanager
def counted_posts(page: Page) -> Iterator[list[str]]:
    """The addresses of the requests that are made meanwhile."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    yield asked
