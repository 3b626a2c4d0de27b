"""The server cannot be reached for a while, or is another one afterwards: that is said, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import open_tab, put_back, sentence_box
from tests.explorer.page.test_example import EXAMPLE

TYPED = "The cat sat on a mat"
IS_SAME_PAGE = "() => globalThis.isSamePage === true"


def line(page: Page) -> Locator:
    return page.locator("#connection .connection")


def without_a_server(page: Page, meets: Callable[[Route], None]) -> Callable[[], None]:
    """From now on whatever the page asks its server meets that; returns what ends it."""
    gone = True
    page.route("**/gradio_api/**", lambda route: meets(route) if gone else route.continue_())
    page.evaluate("globalThis.isSamePage = true")

    def back() -> None:
        nonlocal gone
        gone = False

    return back


def no_network(route: Route) -> None:
    route.abort()


def nobody_behind_the_proxy(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")


@pytest.mark.parametrize("meets", [no_network, nobody_behind_the_proxy])
def test_what_is_picked_and_typed_while_the_server_is_away_is_answered_once_it_is_there(
    kept: Page, meets: Callable[[Route], None]
) -> None:
    page = kept
    put_back(page, EXAMPLE, "Attention")
    summary = page.locator("#attention-frame .summary")  # of a figure that is right for every token
    expect(summary).to_contain_text("(position 21)")  # an answer of the test before may tell of token 3
    expect(line(page)).to_have_text("")
    back = without_a_server(page, meets)
    page.locator("#token-strip .token").nth(3).click()
    expect(line(page)).to_contain_text("The server does not answer.")
    expect(line(page)).to_be_in_viewport()
    expect(page.locator("#looks-at")).to_have_attribute(
        "data-stale", "Still of the earlier state; the new one is being computed."
    )
    assert summary.evaluate("(line) => Boolean(line.closest('[data-stale]'))")
    sentence_box(page).fill(TYPED)
    expect(page.locator("html")).to_have_attribute("data-older", "")
    back()
    expect(page.locator("#token-strip .token")).to_have_count(6)
    expect(line(page)).to_have_text("")
    expect(summary).to_contain_text("(position 3)")
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    assert sentence_box(page).input_value() == TYPED
    assert page.evaluate(IS_SAME_PAGE)


def started_anew(route: Route) -> None:
    if "/app_id" in route.request.url:
        route.fulfill(json={"app_id": 7})
    else:
        route.abort()


def test_a_server_started_anew_is_given_what_was_typed_before_it_was_read(page: Page) -> None:
    back = without_a_server(page, started_anew)
    page.on("domcontentloaded", lambda _: back())
    sentence_box(page).fill(TYPED)
    page.wait_for_function("() => globalThis.isSamePage === undefined")
    expect(sentence_box(page)).to_have_value(TYPED)
    expect(page.locator("#token-strip .token")).to_have_count(6)
    assert parse_qs(urlsplit(page.url).query)["text"] == [TYPED]


def test_a_page_that_its_link_cannot_hold_is_not_loaded_anew_by_itself(page: Page) -> None:
    long = "The cat sat on a mat. " * 400
    open_tab(page, "Scoring")
    page.locator("#scoring-text textarea").fill(long)
    expect(page.locator("#scored-frame .title")).to_contain_text("2,801 tokens")  # the page has heard of it
    expect(page.locator("#scored-frame .summary")).not_to_be_empty()
    without_a_server(page, started_anew)
    page.locator("#token-strip .token").nth(3).click()
    sentence_box(page).fill(TYPED)
    expect(line(page)).to_contain_text("Copy that first, then reload.")
    assert page.evaluate(IS_SAME_PAGE)
    assert page.locator("#scoring-text textarea").input_value() == long
