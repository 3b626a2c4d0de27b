"""What a pick costs, what is said where something cannot be drawn, and two people who never see each other's changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.conftest import TABS, open_tab, put_back, running_app, sentence_box, type_sentence
from tests.explorer.page.test_example import EXAMPLE

A_USUAL_PACE_MS = 120  # between two keys


@pytest.fixture
def requests(page: Page) -> list[str]:
    """Every request to a handler from now on."""
    made: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and ("/run/" in request.url or "/queue/join" in request.url):
            made.append(request.post_data or "")

    page.on("request", note)
    return made


def test_a_pick_costs_one_request_and_a_typed_sentence_four_at_most(page: Page, requests: list[str]) -> None:
    open_tab(page, "Attention")
    heads, title = page.locator("#head-overview"), page.locator("#attention-frame .title")
    heads.get_by_role("gridcell", name="Layer 2, head 2", exact=True).click()
    expect(title).to_have_text("Layer 2, head 2")
    requests.clear()
    heads.get_by_role("gridcell", name="Layer 3, head 4", exact=True).click()
    expect(title).to_have_text("Layer 3, head 4")
    assert len(requests) == 1
    requests.clear()
    page.locator("#token-strip .token").nth(3).click()
    expect(page.locator("#attention-frame .summary")).to_contain_text("(position 3)")
    assert len(requests) == 1
    requests.clear()
    box = sentence_box(page)
    box.press("Control+a")
    page.keyboard.type("The cat sat on a mat", delay=A_USUAL_PACE_MS)
    expect(page.locator("#token-strip .token")).to_have_count(6)
    # the last, where typing rested for so long that a text of fewer tokens was read in between
    expect(page.locator("#looks-at-frame .title")).to_contain_text(re.compile("3 ·on|5 ·mat"))
    assert 0 < len(requests) <= 4


def test_a_token_picked_back_while_another_is_drawn_is_what_the_figure_tells(kept: Page) -> None:
    page = kept
    put_back(page, EXAMPLE, "Attention")
    tokens, summary = page.locator("#token-strip .token"), page.locator("#attention-frame .summary")
    tokens.nth(3).click()
    expect(summary).to_contain_text("(position 3)")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/gradio_api/run/**", hold_the_first)
    tokens.nth(5).click()
    while not held:  # the figure of token 5 has been asked for
        page.wait_for_timeout(20)
    tokens.nth(3).click()
    expect(tokens.nth(3)).to_have_attribute("aria-selected", "true")
    with page.expect_response(lambda answer: answer.request != held[0].request and "/gradio_api/run/" in answer.url):
        held[0].continue_()
    expect(summary).to_contain_text("(position 3)")
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    page.unroute("**/gradio_api/run/**")


def test_an_answer_for_an_earlier_token_takes_no_mark_from_a_figure_that_waits_for_a_later_one(kept: Page) -> None:
    page = kept
    put_back(page, EXAMPLE, "Attention")
    tokens, listed = page.locator("#token-strip .token"), page.locator("#looks-at")
    expect(page.locator("#attention-frame .summary")).to_contain_text("(position 21)")  # not of the test before
    held: list[Route] = []
    holds = True
    page.route("**/gradio_api/run/**", lambda route: held.append(route) if holds else route.continue_())
    tokens.nth(3).click()
    while not held:  # the figures of token 3 have been asked for
        page.wait_for_timeout(20)
    tokens.nth(5).click()
    page.locator("#head-overview").get_by_role("gridcell", name="Layer 2, head 2", exact=True).click()
    held.pop().continue_()
    while not held:  # theirs have come, and those of token 5 are asked for
        page.wait_for_timeout(20)
    for waiting in (listed, page.locator("#effect-heads")):  # the latter is of all heads
        expect(waiting).to_have_attribute("data-stale", re.compile("Still of the earlier state"))
    holds = False
    held.pop().continue_()
    expect(page.locator("#attention-frame .summary")).to_contain_text("(position 5)")
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)


def test_until_a_sentence_is_read_the_page_says_that_it_tells_of_the_older_one(page: Page) -> None:
    held: list[Route] = []
    holds = True

    def hold(route: Route) -> None:
        if holds:
            held.append(route)
        else:
            route.continue_()

    page.route("**/gradio_api/**", hold)
    sentence_box(page).press_sequentially(" ")
    expect(page.locator("html")).to_have_attribute("data-older", "")
    holds = False  # the route stays: a request that comes while it is taken away would be let go twice
    while held:
        held.pop().continue_()
    expect(page.locator("html")).not_to_have_attribute("data-older", "")


def test_back_returns_to_the_tab_before(kept: Page) -> None:
    page = kept
    put_back(page, EXAMPLE, TABS[0])
    for title in ("Embeddings", "Attention"):
        open_tab(page, title)
        page.wait_for_url(f"**tab={title.lower()}**")
    for title in ("Embeddings", "Model"):
        page.go_back()
        expect(page.get_by_role("tab", name=title, exact=True)).to_have_attribute("aria-selected", "true")


@pytest.fixture(scope="module")
def failing_url(network_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with one tab more, whose figures fail on request: tests/browser/offline_app.py adds it."""
    with running_app(network_log, tmp_path_factory.mktemp("failing") / "output", WITH_A_FAILING_TAB="1") as url:
        yield url


@pytest.mark.parametrize(
    ("wish", "told"), [("refuse", "This one is refused. Choose another."), ("break", "Something broke on our side")]
)
def test_a_figure_that_cannot_be_drawn_is_marked_and_the_reason_said(
    browser: Browser, failing_url: str, wish: str, told: str
) -> None:
    page = browser.new_page()
    page.goto(failing_url)
    page.locator("#token-strip .token").first.wait_for()
    open_tab(page, "Failing")
    figure, good = page.locator("#failing-figure"), page.locator("#good-figure")
    expect(figure.locator("textarea")).to_have_value("drawn: fine")
    page.get_by_label("Wish").fill(wish)
    expect(page.locator(".sight").filter(visible=True).filter(has_text=told)).to_be_visible()
    expect(figure).to_have_attribute(
        "data-stale", f"{told}" if wish == "refuse" else figure.get_attribute("data-stale") or ""
    )
    expect(figure.locator("textarea")).to_have_value("drawn: fine")  # the old picture, marked
    expect(good.locator("textarea")).to_have_value(f"good: {wish}")  # others go on
    assert good.get_attribute("data-stale") is None
    page.get_by_label("Wish").fill("well")
    expect(figure.locator("textarea")).to_have_value("drawn: well")
    assert figure.get_attribute("data-stale") is None
    expect(page.locator(".sight").filter(has_text=told)).to_have_count(0)
    page.close()


def test_two_people_never_see_each_others_changes(browser: Browser, app_url: str) -> None:
    pages = [browser.new_context().new_page() for _ in range(2)]
    for page, edits in zip(pages, ("head:0.1", "mlp:2"), strict=True):
        page.goto(f"{app_url}/?text=The+cat+sat&edits={edits}&tab=sampling")
    expect(pages[0].locator("#edits-line .edit")).to_have_text(["head 1 of layer 0 off ✕"])
    expect(pages[1].locator("#edits-line .edit")).to_have_text(["MLP of layer 2 off ✕"])
    shown = [page.locator("#distribution .row .logits .number").first for page in pages]
    for one in shown:
        expect(one).not_to_be_empty()
    assert shown[0].inner_text() != shown[1].inner_text()
    for page in pages:
        page.context.close()


def test_every_tab_has_a_main_figure_and_opens_without_a_complaint(kept: Page) -> None:
    page = kept
    put_back(page, EXAMPLE, TABS[0])
    type_sentence(page, "The dog saw a big red ball")
    expect(page.locator("#token-strip .token")).to_have_count(7)
    for title in TABS:
        open_tab(page, title)
        expect(page.locator(".main-figure").filter(visible=True).first).to_be_visible()
        expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)
