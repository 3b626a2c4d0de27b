"""How the tabs bear a thousand tokens: python -m tests.benchmarks.long_sentence. Measures and prints; asserts no time.

In headless Chromium, 12 layers of 12 heads with random weights: from the opening of a link until what the tab is about is drawn, in
Model, Attention and Block; then another tab, head and layer on the open page.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

import torch
from playwright.sync_api import Browser, Page

from gpt2core import GPTConfig, GPTModel, gpt2_tokenizer
from tests.benchmarks.page import chromium, serving
from tests.browser.conftest import open_tab

STORY = "One day, Lily and Tom found a box in the garden. Lily opened it and saw a big red ball. "
PATIENCE_MS = 300_000


# The open tab's main figure is painted, and neither it nor what it stands in is of an earlier state.
_DRAWN = """() => {
  const figure = [...document.querySelectorAll('[role=tabpanel] .main-figure')].find((one) => one.offsetParent);
  if (!figure || figure.closest('[data-stale]') || figure.querySelector('[data-stale]')) return false;
  const canvases = [...figure.querySelectorAll('canvas')];
  return canvases.length ? canvases.some((canvas) => canvas.width !== 300) : figure.querySelectorAll('*').length > 3;
}"""


def drawn(page: Page) -> None:
    page.wait_for_function(_DRAWN, timeout=PATIENCE_MS)


def timed(name: str, act: Callable[[], None]) -> None:
    started = time.perf_counter()
    act()
    print(f"{name}: {time.perf_counter() - started:.1f} s", flush=True)


def opened(browser: Browser, link: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(link)
    drawn(page)
    return page


def visited(browser: Browser, link: str) -> None:
    opened(browser, link).close()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.long_sentence", description=__doc__)
    arguments.add_argument("--tokens", type=int, default=1000, help="of the sentence (default: %(default)s)")
    options = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    tokenizer = gpt2_tokenizer(8192)
    torch.manual_seed(0)
    model = GPTModel(GPTConfig(tokenizer.vocab_size, context_length=1024, emb_dim=192, n_heads=12, n_layers=12)).eval()
    text = tokenizer.decode(tokenizer.encode(STORY * 100)[: options.tokens])
    with serving(model, tokenizer, "long") as url, chromium() as browser:
        for tab in ("model", "attention", "block"):
            link = f"{url}?{urlencode({'tab': tab, 'model': 'long', 'text': text})}"
            for turn in ("first", "again"):  # the server knows the sentence then
                timed(f"{tab}, the link opened ({turn})", partial(visited, browser, link))
        page = opened(browser, f"{url}?{urlencode({'tab': 'attention', 'model': 'long', 'text': text})}")
        for number in (3, 7):
            timed(f"attention, layer {number} chosen", partial(layer, page, "#layer", number))
        timed("block, the tab opened", partial(shown, page, "Block"))
        for number in (3, 7):
            timed(f"block, layer {number} chosen", partial(layer, page, "#lens-layer", number))


def shown(page: Page, title: str) -> None:
    open_tab(page, title)
    drawn(page)


def layer(page: Page, selector: str, number: int) -> None:
    page.locator(f"{selector} input").nth(number).check(force=True)
    page.wait_for_function(f"document.querySelectorAll('{selector} input')[{number}].checked")
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")  # what it asks for has begun
    drawn(page)


if __name__ == "__main__":
    main()
