"""The page fits: what a tab is about lies in the first screen, on a projector, on the same zoomed to 150 %, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import TABS, main_figure, open_tab

# (width, height): the lowest pixel of the tokens, of the row of tabs, and how much of a main figure the first screen holds.
SIZES = {(1280, 720): (132, 180, 0.85), (853, 480): (132, 180, 0.6), (390, 844): (190, 260, 0.6)}
_LOWEST = "(element) => element.getBoundingClientRect().bottom"
_SHARE = """(figure) => {
  const { top, bottom, height } = figure.getBoundingClientRect();
  return (Math.min(innerHeight, bottom) - Math.max(0, top)) / height;
}"""
_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_what_a_tab_is_about_lies_in_the_first_screen(browser: Browser, app_url: str, size: tuple[int, int]) -> None:
    """Light and dark, which the page follows as it stands: every tab is opened once a size."""
    lowest_token, lowest_tab, least = SIZES[size]
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    page = context.new_page()
    page.emulate_media(color_scheme="light")
    page.goto(app_url)
    picked = page.locator("#token-strip .token[aria-selected=true]")
    expect(picked).to_be_in_viewport()
    assert page.locator("#token-strip").evaluate(_LOWEST) <= lowest_token
    for number, title in enumerate(TABS):
        open_tab(page, title)
        for theme in ("dark", "light") if number % 2 else ("light", "dark"):  # first the one in which it opened
            page.emulate_media(color_scheme=theme)
            expect(page.locator("body.dark")).to_have_count(int(theme == "dark"))
            figure = main_figure(page)
            page.evaluate("scrollTo(0, 0)")
            assert page.locator("#token-strip").evaluate(_LOWEST) <= lowest_token, theme
            assert page.get_by_role("tablist").evaluate(_LOWEST) <= lowest_tab, theme
            assert figure.evaluate(_SHARE) >= least, (title, theme)
            assert page.evaluate(_TOO_WIDE) <= 0, (title, theme)
            expect(picked).to_be_in_viewport()
    context.close()


@pytest.mark.parametrize("size", [(390, 844), (853, 480)], ids=lambda size: "x".join(map(str, size)))
def test_where_there_is_little_room_a_slider_and_what_it_changes_share_the_screen(
    browser: Browser, app_url: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    page = context.new_page()
    page.goto(f"{app_url}?tab=sampling")
    row = page.locator("#distribution .row").first
    expect(row).to_be_visible()
    for seen in (
        page.locator("#sampling-settings input[type=range]").first,
        row,
        row.locator(".softmax"),
        row.locator(".draw"),
    ):
        expect(seen).to_be_in_viewport(ratio=1)
    context.close()
