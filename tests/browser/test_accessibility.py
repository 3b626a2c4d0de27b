"""axe-core, the checker that browsers' own tools use, over every tab: names, roles, contrast, what the keyboard reaches."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import TABS, main_figure, open_tab

ONLY_VIOLATIONS = {"resultTypes": ["violations"]}
RULES: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa"], **ONLY_VIOLATIONS}
# Those of them that look at colours: axe's checks of contrast, on the page and of a link in its text.
RULES_OF_COLOUR = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, **ONLY_VIOLATIONS}


# axe walks through what is hidden too, and every tab that was left still lies there: with all of them, the last takes three times as long.
TAKE_HIDDEN_TABS_AWAY = """() => {
  for (const panel of document.querySelectorAll('[role=tabpanel]')) if (!panel.checkVisibility()) panel.remove();
}"""


def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def test_no_tab_breaks_a_rule_of_wcag_2_aa(blank: Page, app_url: str) -> None:
    """All rules on a light page, those of colour on the same page dark: nothing but colours differs there."""
    page = blank
    page.emulate_media(color_scheme="light", reduced_motion="reduce")  # no colour is looked at on its way to another
    page.goto(f"{app_url}?text=The+dog+was+very")
    expect(page.locator("#token-strip .token")).to_have_count(4)
    empty_plots = page.get_by_label("Empty value").filter(visible=True)  # Gradio's, before they come
    broken = []
    for title in TABS:
        open_tab(page, title)
        main_figure(page)
        page.evaluate(TAKE_HIDDEN_TABS_AWAY)
        if title == "Generation":
            page.locator("#story .play").click()
            expect(page.locator("#story .chips .chip")).not_to_have_count(0)
        for theme, rules in (("light", RULES), ("dark", RULES_OF_COLOUR)):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("body.dark")).to_have_count(int(theme == "dark"))
            main_figure(page)
            expect(empty_plots).to_have_count(0)
            broken += [f"{title}, {theme}: {told}" for told in violations(page, rules)]
        page.emulate_media(color_scheme="light")
    assert not broken, broken


@pytest.mark.parametrize(("title", "frame"), [("Tokens", "#merges-frame"), ("Training", "#windows-frame")])
def test_what_stands_there_before_anything_is_drawn_breaks_no_rule_either(
    blank: Page, app_url: str, title: str, frame: str
) -> None:
    """A tab of a slow server: nothing is answered any more."""
    page = blank
    page.goto(app_url)
    main_figure(page)
    page.route("**/gradio_api/**", lambda route: None if route.request.method == "POST" else route.continue_())
    open_tab(page, title)
    expect(page.locator(frame)).to_be_visible()
    broken = violations(page)
    page.unroute_all(behavior="ignoreErrors")
    assert not broken, broken


@pytest.mark.parametrize("rules", [RULES, RULES_OF_COLOUR], ids=["all", "of colour"])
def test_the_checker_sees_what_is_wrong(blank: Page, rules: dict[str, Any]) -> None:
    blank.set_content('<p style="color: #aaa; background: #fff">pale</p>')
    assert any(told.startswith("color-contrast") for told in violations(blank, rules))
