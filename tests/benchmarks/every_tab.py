"""What a picked token costs once every tab has been visited: python -m tests.benchmarks.every_tab. Measures and prints; asserts no time.

In headless Chromium, on the page as it opens: all tabs are opened one after the other, then in each the cursor is moved by arrow keys.
Printed is how long the page's main thread worked for a pick, by Chromium's own count, and how long the first answer took.
"""

from __future__ import annotations

import argparse
import os
import time

from playwright.sync_api import CDPSession, Page

from tests.benchmarks.page import app_page
from tests.benchmarks.slider_latency import percentile
from tests.browser.conftest import TABS, main_figure, open_tab

SETTLED_MS = 1_500  # after a pick, until all that follows it is drawn


def worked(page_session: CDPSession) -> float:
    """Milliseconds that the main thread has been busy."""
    metrics = page_session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def picked(page: Page, key: str) -> list[float]:
    """Milliseconds until the first answer to a cursor moved by this key; none where nobody is asked."""
    answers: list[float] = []
    since = time.perf_counter()

    def note(*_: object) -> None:
        answers.append(1000 * (time.perf_counter() - since))

    page.once("requestfinished", note)
    page.keyboard.press(key)
    page.wait_for_timeout(SETTLED_MS)
    if not answers:
        page.remove_listener("requestfinished", note)
    return answers


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.every_tab", description=__doc__)
    arguments.add_argument("--picks", type=int, default=16, help="tokens picked in each tab (default: %(default)s)")
    options = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with app_page("") as page:
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        for title in TABS:
            open_tab(page, title)
            main_figure(page)
        for title in TABS:
            open_tab(page, title)
            main_figure(page)
            page.wait_for_timeout(SETTLED_MS)
            page.locator("#token-strip .token[aria-selected=true]").focus()
            before = worked(session)
            half = options.picks // 2
            times = [picked(page, "ArrowLeft" if number < half else "ArrowRight") for number in range(2 * half)]
            asked = [answer for answers in times for answer in answers]
            answered = f"answered p50 {percentile(asked, 50):.0f} ms" if asked else "nobody asked"
            print(f"{title}: {(worked(session) - before) / (2 * half):.0f} ms of work a pick, {answered}", flush=True)


if __name__ == "__main__":
    main()
