import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gpt2core import Pretrained, trace
from tests.browser.conftest import TABS, main_figure, open_tab, put_back, sentence_box, type_sentence, type_unread
from tests.browser.readings import share
from tests.explorer.page.test_example import EXAMPLE


@pytest.fixture
def page(kept: Page) -> Page:
    """The example, its last token picked, the first tab open."""
    put_back(kept, EXAMPLE, TABS[0])
    return kept


def test_the_page_opens_with_an_example_drawn(blank: Page, app_url: str, shipped: Pretrained) -> None:
    page = blank
    page.goto(app_url)
    page.locator("#token-strip .token").first.wait_for()
    assert sentence_box(page).input_value()
    assert main_figure(page).get_attribute("id") == "map-frame"
    expect(page.locator("#map-frame .title")).to_contain_text("TinyStories · 4.29 M parameters")
    shares = trace(shipped.model, shipped.tokenizer.encode(EXAMPLE), {"logits"})["logits"][-1].softmax(-1)
    likeliest = shipped.tokenizer.decode([int(shares.argmax())]).replace(" ", "·")
    expect(page.locator("#map-frame .summary")).to_contain_text(
        re.compile(f"“{likeliest}” with {share(float(shares.max()))}")
    )
    expect(page.locator("#status .notice")).to_contain_text("of 256 tokens")


COUNT_FRAMES = """{
  const nextFrame = globalThis.requestAnimationFrame;
  globalThis.framesAsked = 0;
  globalThis.requestAnimationFrame = (act) => {
    globalThis.framesAsked += 1;
    return nextFrame.call(globalThis, act);
  };
}"""
# Ten looks, a tenth of a second apart, in which nobody asked for a frame.
STILL = """() => {
  const { framesAsked, seenAsked = -1, stillFor = 0 } = globalThis;
  Object.assign(globalThis, { seenAsked: framesAsked, stillFor: framesAsked === seenAsked ? stillFor + 1 : 0 });
  return globalThis.stillFor >= 10;
}"""


def test_a_page_that_nobody_touches_asks_for_no_frames(blank: Page, app_url: str) -> None:
    blank.add_init_script(COUNT_FRAMES)
    blank.goto(app_url)
    for title in TABS:
        open_tab(blank, title)
        main_figure(blank)
        blank.wait_for_function(STILL, polling=100)
        assert blank.evaluate("framesAsked") > 0  # they are counted


def test_the_tabs_stand_in_reading_order(page: Page) -> None:
    expect(page.get_by_role("tab")).to_have_text(TABS)


def test_a_typed_sentence_goes_through_all_tabs(page: Page) -> None:
    type_sentence(page, "The dog saw a big red ball")
    expect(page.locator("#token-strip .token")).to_have_count(7)
    page.locator("#token-strip .token").nth(6).click()
    for title in TABS:
        open_tab(page, title)
        panel = page.get_by_role("tabpanel").filter(visible=True)
        expect(panel).to_be_visible()
        if title != "Training":
            expect(panel).to_contain_text("ball")
    expect(page.locator("#token-strip .token").nth(6)).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(("picked", "stays"), [(1, 1), (10, 2)], ids=["there", "beyond the new sentence"])
def test_a_move_made_while_a_sentence_is_read_is_kept(page: Page, picked: int, stays: int) -> None:
    """A slow network: the answer, which knows the cursor as it was when the sentence was sent, comes after a click."""
    on_hold: list[Route] = []

    def hold_the_reading(route: Route) -> None:
        if '"data":["The cat sat"' in (route.request.post_data or ""):
            on_hold.append(route)
        else:
            route.continue_()

    page.route("**/gradio_api/run/**", hold_the_reading)
    type_unread(page, "The cat sat")
    while not on_hold:  # the reading has been asked for
        page.wait_for_timeout(20)
    page.locator("#token-strip .token").nth(picked).click()
    open_tab(page, "Embeddings")
    on_hold.pop().continue_()
    expect(page.locator("#token-strip .token")).to_have_count(3)
    expect(page.locator("#token-strip .token").nth(stays)).to_have_attribute("aria-selected", "true")
    page.wait_for_function(f"location.search.includes('token={stays}') && location.search.includes('tab=embeddings')")


@pytest.mark.parametrize("first", ["A dog ran away", "word " * 300], ids=["read", "refused"])
def test_a_sentence_typed_back_while_another_is_read_is_what_the_page_tells(page: Page, first: str) -> None:
    """A slow network: what was typed in between is answered when the box says again what is on screen."""
    on_hold: list[Route] = []

    def hold_the_reading(route: Route) -> None:
        if f'"data":["{first[:14]}' in (route.request.post_data or ""):
            on_hold.append(route)
        else:
            route.continue_()

    type_sentence(page, "The cat sat")
    expect(page.locator("#status .notice")).to_contain_text("3 of")
    page.route("**/gradio_api/run/**", hold_the_reading)
    type_unread(page, first)
    while not on_hold:  # the reading has been asked for
        page.wait_for_timeout(20)
    type_unread(page, "The cat sat")
    expect(page.locator("html")).not_to_have_attribute("data-older", "")
    with page.expect_response(lambda answer: '"data":["The cat sat"' in (answer.request.post_data or "")):
        on_hold.pop().continue_()
    expect(page.locator("#token-strip .token")).to_have_count(3)
    expect(page.locator("#status .notice")).to_contain_text("3 of")
    expect(page.locator("html")).not_to_have_attribute("data-older", "")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "There is no text to read. Type at least one character."),
        ("word " * 300, "The text is 301 tokens long; this model reads at most 256. Remove about 45 tokens."),
    ],
    ids=["empty", "too long"],
)
def test_a_refused_sentence_is_kept_and_what_is_on_screen_stays(page: Page, typed: str, told: str) -> None:
    type_sentence(page, "The cat sat")
    expect(page.locator("#token-strip .token")).to_have_count(3)
    type_unread(page, typed)
    expect(page.locator("#status .notice")).to_contain_text(told)
    assert sentence_box(page).input_value() == typed
    expect(page.locator("#token-strip .token")).to_have_count(3)


def test_an_unknown_model_is_refused_in_a_sentence(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(app_url)
    page.locator("#token-strip .token").first.wait_for()
    box = page.get_by_label("Model", exact=True)
    box.fill("gpt-9")
    box.press("Enter")
    expect(page.locator("#status .notice")).to_contain_text("There is no model called “gpt-9”")


def test_a_link_opens_what_was_on_the_screen(page: Page, browser: Browser) -> None:
    type_sentence(page, "A shared sentence & more")
    expect(page.locator("#token-strip .token")).to_have_count(5)
    page.locator("#token-strip .token").nth(2).click()
    open_tab(page, "Attention")
    page.wait_for_function("location.search.includes('token=2') && location.search.includes('tab=attention')")
    other = browser.new_page()
    other.goto(page.url)
    expect(other.locator("#token-strip .token")).to_have_count(5)
    expect(other.locator("#token-strip .token").nth(2)).to_have_attribute("aria-selected", "true")
    expect(sentence_box(other)).to_have_value("A shared sentence & more")
    expect(other.get_by_role("tab", name="Attention")).to_have_attribute("aria-selected", "true")
    other.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_off_at_the_sides(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    for title in TABS:
        open_tab(page, title)
        main_figure(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_server_reached_for_no_other_machine(page: Page, network_log: Path) -> None:
    for title in TABS:
        open_tab(page, title)
        main_figure(page)
    assert not network_log.exists(), network_log.read_text()
