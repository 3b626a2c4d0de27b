"""A page that trains, seen by its own person and by others: python -m tests.benchmarks.classroom. Measures and prints; asserts no time.

In headless Chromium, on the default recipe: from Train to the first loss and the first sample, what a second page's head picks and
temperature cost meanwhile, from Stop to the sentence that says so, and how many moments of the run a second the Model tab can be
dragged along.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.benchmarks.head_pick import pick
from tests.benchmarks.page import chromium
from tests.benchmarks.slider_latency import percentile
from tests.browser.conftest import open_tab, running_app

AIMS = {"first loss": 1_000.0, "sample": 10_000.0, "pick": 150.0, "stop": 500.0}
AIM_MOMENTS = 10.0  # a second
PATIENCE_MS = 120_000

# Answers with the milliseconds from a click on `button` until `shown`, an expression, holds; looked at once a frame.
_PRESSED = """([button, shown]) => new Promise((done) => {
  const holds = new Function(`return ${shown}`);
  const started = performance.now();
  document.querySelector(button).click();
  const look = () => (holds() ? done(performance.now() - started) : requestAnimationFrame(look));
  look();
})"""
# Answers with the milliseconds that it takes to drag along `n` moments, each chosen once the one before is on screen.
_DRAGGED = """(n) => new Promise((done) => {
  const range = document.querySelector('#moments-line .moments-range');
  const title = document.querySelector('#map-frame .title');
  const picture = document.querySelector('#map-frame .map-picture').getContext('2d');
  const last = Number(range.max);
  const started = performance.now();
  let chosen = 0;
  const next = () => {
    if (chosen === n) return done(performance.now() - started);
    const at = Math.abs((chosen++ % (2 * last)) - last); // to the beginning and back
    const before = title.textContent;
    let painted = false;
    const begin = picture.setTransform; // what every painting begins with
    picture.setTransform = function (...values) { painted = true; begin.apply(picture, values); };
    range.value = at;
    range.dispatchEvent(new Event('input', { bubbles: true }));
    const look = () => {
      if (!painted || title.textContent === before) return requestAnimationFrame(look);
      delete picture.setTransform;
      next();
    };
    look();
  };
  range.value = last - 1;
  range.dispatchEvent(new Event('input', { bubbles: true }));
  setTimeout(next, 2000);
})"""


def told(name: str, milliseconds: float, aim: str) -> None:
    print(
        f"{name}: {milliseconds:,.0f} ms; aim <= {AIMS[aim]:,.0f}: {'met' if milliseconds <= AIMS[aim] else 'FALLS SHORT'}"
    )


def trained(page: Page, other: Page, picks: int) -> None:
    begun = "document.querySelector('.loss-origin').textContent === ''"
    first = page.evaluate(
        _PRESSED, ["#train-start", f"{begun} && /step \\d/.test(document.querySelector('.loss-facts').textContent)"]
    )
    told("Train pressed until the first loss", first, "first loss")
    began = time.perf_counter()
    page.wait_for_function(
        f"{begun} && /after \\d+ steps/.test(document.querySelector('#train-samples').textContent)", timeout=PATIENCE_MS
    )
    told("and until the first sample after training", first + 1000 * (time.perf_counter() - began), "sample")
    for number in range(5):
        pick(other, number)
    facts = page.locator(".loss-facts li").first
    before = facts.inner_text()
    painted, on_screen = zip(*(pick(other, number) for number in range(picks)), strict=True)
    told(f"another page's head pick on screen, p95 of {picks}", percentile(on_screen, 95), "pick")
    print(
        f"  painted p95 {percentile(painted, 95):.1f} ms; the run went on meanwhile: {before} -> {facts.inner_text()}"
    )
    stopped = [
        _PRESSED,
        ["#train-stop", "document.querySelector('#train-status').textContent.includes('Stopped after')"],
    ]
    told("Stop pressed until it is said", page.evaluate(*stopped), "stop")
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE_MS)


def dragged(page: Page, n: int) -> None:
    open_tab(page, "Model")
    expect(page.locator("#map-frame .title")).to_contain_text("Yours", timeout=PATIENCE_MS)
    expect(page.locator("#map-frame [data-stale]")).to_have_count(0)
    rate = 1000 * n / (page.evaluate(_DRAGGED, n) - 2000)
    verdict = "met" if rate >= AIM_MOMENTS else "FALLS SHORT"
    print(f"dragged along {n} moments on the Model tab: {rate:.1f} a second; aim >= {AIM_MOMENTS:.0f}: {verdict}")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.classroom", description=__doc__)
    arguments.add_argument("--picks", type=int, default=40, help="heads picked meanwhile (default: %(default)s)")
    arguments.add_argument("--moments", type=int, default=30, help="dragged along (default: %(default)s)")
    options = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running_app(Path(folder) / "network", Path(folder) / "output") as url,
    ):
        page, other = (browser.new_page(viewport={"width": 1280, "height": 720}) for _ in range(2))
        page.goto(f"{url}/?tab=training")
        other.goto(f"{url}/?tab=attention")
        expect(other.locator("#attention-heatmap .matrix-read")).not_to_be_empty(timeout=PATIENCE_MS)
        expect(page.locator("#train-estimate")).to_contain_text("parameters", timeout=PATIENCE_MS)
        trained(page, other, options.picks)
        dragged(page, options.moments)


if __name__ == "__main__":
    main()
