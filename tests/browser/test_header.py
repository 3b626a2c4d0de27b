"""The page's head stays small at every size, the picked token in sight, and the tabs answer to the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.page.spec import find_tabs
from tests.browser.conftest import TABS, open_tab, put_back, type_sentence, type_unread
from tests.explorer.page.test_example import EXAMPLE

DESKTOP, PROJECTOR_ZOOMED, PHONE = (1280, 720), (853, 480), (390, 844)
LONG = "Tom and Lily went up the hill to see the sun, and then they ran down to the river. " * 4
REFUSED = "word " * 300


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, blank: Page, app_url: str) -> Page:
    blank.goto(f"{app_url}?__theme={request.param}")
    expect(blank.locator("#token-strip .token").first).to_be_visible()
    return blank


@pytest.fixture
def page(kept: Page) -> Page:
    """As the page opens."""
    put_back(kept, EXAMPLE, TABS[0])
    expect(kept.locator("#status .notice")).to_contain_text("22 of 256 tokens")
    return kept


def bottom(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def tab_row(page: Page) -> Locator:
    return page.locator("#tabs > .tab-wrapper")


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")


def wait_until_in_sight(page: Page, inner: str, outer: str) -> None:
    """Until no part of `inner` is scrolled out of `outer` at its sides, but for the pixel that scrolling rounds."""
    page.wait_for_function(
        """([inner, outer]) => {
          const [a, b] = [inner, outer].map((selector) => document.querySelector(selector)?.getBoundingClientRect());
          return a && b && a.left >= b.left - 1 && a.right <= b.right + 1;
        }""",
        arg=[inner, outer],
    )


PICKED = "#token-strip .token[aria-selected=true]"


def wait_until_picked_is_in_sight(page: Page) -> None:
    wait_until_in_sight(page, PICKED, "#token-strip .tokens")


def test_title_sentence_model_and_tokens_take_little_room(themed: Page) -> None:
    """Measured from the top of the page, as a person sees it."""
    assert bottom(themed.locator("#page-head")) <= 132
    for shown in ("#page-title h1", "#status", "#model", "#sentence", "#copy-link", "#token-strip"):
        expect(themed.locator(shown)).to_be_visible()


@pytest.mark.parametrize(
    ("size", "most"), [(DESKTOP, 185), (PROJECTOR_ZOOMED, 185), (PHONE, 265)], ids=["desktop", "zoomed", "phone"]
)
@pytest.mark.parametrize("text", ["", LONG], ids=["the example", "a long sentence"])
def test_the_row_of_tabs_ends_high_on_the_screen(
    blank: Page, app_url: str, size: tuple[int, int], most: int, text: str
) -> None:
    page = blank
    resize(page, size)
    for theme in ("light", "dark"):
        page.goto(f"{app_url}?__theme={theme}{f'&text={text}' if text else ''}")
        expect(page.locator("#token-strip .token").first).to_be_visible()
        expect(page.locator("#status .notice")).to_contain_text("of 256 tokens")
        wait_until_picked_is_in_sight(page)
        allowed = most + (
            50 if text and size == DESKTOP else 0
        )  # where there is room, two lines more of the sentence are shown
        assert bottom(tab_row(page)) <= allowed, theme
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], theme


def test_lines_that_have_nothing_to_say_take_no_room(page: Page) -> None:
    for quiet in ("#edits-line", "#link-notice"):
        expect(page.locator(quiet)).not_to_be_visible()


def test_a_refusal_is_read_whole_and_takes_its_room_only_while_it_stands(page: Page) -> None:
    before = bottom(tab_row(page))
    resize(page, PHONE)
    type_unread(page, REFUSED)
    told = page.locator("#status .notice")
    expect(told).to_contain_text("Remove about 45 tokens.")
    assert told.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    resize(page, DESKTOP)
    type_sentence(page, "The cat sat")
    expect(told).to_contain_text("3 of 256 tokens")
    assert bottom(tab_row(page)) <= before


@pytest.mark.parametrize("size", [DESKTOP, PROJECTOR_ZOOMED, PHONE], ids=["desktop", "zoomed", "phone"])
def test_the_strip_is_one_line_with_the_picked_token_in_sight(page: Page, size: tuple[int, int]) -> None:
    resize(page, size)
    type_sentence(page, LONG)
    strip = page.locator("#token-strip .token")
    expect(strip).not_to_have_count(0)
    expect(page.locator("#status .notice")).to_contain_text("of 256 tokens")
    page.wait_for_function("document.querySelectorAll('#token-strip .token').length > 60")
    rows = page.evaluate(
        "new Set([...document.querySelectorAll('#token-strip .token')].map((key) => key.offsetTop)).size"
    )
    assert rows == 1
    strip.first.click(force=True)
    for key, place in (("End", -1), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect(strip.nth(place)).to_have_attribute("aria-selected", "true")
        wait_until_picked_is_in_sight(page)
    page.keyboard.press("End")
    expect(strip.last).to_be_focused()
    resize(page, PHONE)
    wait_until_picked_is_in_sight(page)


def test_arrows_home_and_end_move_between_the_tabs(page: Page) -> None:
    def expect_open(title: str) -> None:
        tab = page.get_by_role("tab", name=title, exact=True)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").filter(visible=True)).to_have_count(1)
        page.wait_for_function(f"location.search.includes('tab={title.lower()}')")

    open_tab(page, TABS[1])
    for key, reached in [
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("Home", 0),
        ("ArrowLeft", -1),
        ("ArrowRight", 0),
        ("End", -1),
    ]:
        page.keyboard.press(key)
        expect_open(TABS[reached])


def test_the_row_of_tabs_is_one_stop_for_the_tab_key(page: Page) -> None:
    open_tab(page, "Attention")
    expect(page.get_by_role("tab", name="Attention", exact=True)).to_have_attribute("tabindex", "0")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('[role=tablist]')") is None
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Attention", exact=True)).to_be_focused()


def test_tabs_are_numbered_for_the_eye_and_named_for_everybody(page: Page) -> None:
    numbers = page.get_by_role("tab").evaluate_all(
        "(tabs) => tabs.map((tab) => getComputedStyle(tab, '::before').content)"
    )
    assert all("counter(tab)" in number for number in numbers)
    expect(page.get_by_role("tab", name="Tokens", exact=True)).to_be_visible()


@pytest.mark.parametrize("size", [PROJECTOR_ZOOMED, PHONE], ids=["zoomed", "phone"])
def test_on_a_small_screen_the_row_scrolls_and_no_tab_is_put_into_a_menu(page: Page, size: tuple[int, int]) -> None:
    resize(page, size)
    expect(page.get_by_role("tab")).to_have_text(TABS)
    open_tab(page, TABS[0])
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name=TABS[-1], exact=True)).to_have_attribute("aria-selected", "true")
    wait_until_in_sight(page, "#tabs [role=tab][aria-selected=true]", "#tabs > .tab-wrapper")


@pytest.mark.parametrize("size", [PROJECTOR_ZOOMED, PHONE], ids=["zoomed", "phone"])
def test_a_link_to_a_tab_at_the_far_end_of_the_row_has_its_name_in_sight(
    blank: Page, app_url: str, size: tuple[int, int]
) -> None:
    resize(blank, size)
    blank.goto(f"{app_url}?tab={find_tabs()[-1].id}")
    expect(blank.get_by_role("tab", name=TABS[-1], exact=True)).to_have_attribute("aria-selected", "true")
    expect(blank.get_by_role("tab", name=TABS[-1], exact=True)).to_be_in_viewport(ratio=0.99)
    assert blank.evaluate("scrollY") == 0
