"""axe-core, the checker that browsers' own tools use, over every tab: names, roles, contrast, what the keyboard reaches."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import TABS, main_figure, open_tab

RULES = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_breaks_a_rule_of_wcag_2_aa(page: Page, app_url: str, theme: str) -> None:
    page.goto(f"{app_url}?text=The+dog+was+very&__theme={theme}")
    expect(page.locator("#token-strip .token")).to_have_count(4)
    broken = []
    for title in TABS:
        open_tab(page, title)
        if title == "Generation":
            page.locator("#story .play").click()
            expect(page.locator("#story .chips .chip")).not_to_have_count(0)
        main_figure(page)
        expect(page.get_by_label("Empty value").filter(visible=True)).to_have_count(
            0
        )  # Gradio's plots before they come
        broken += [f"{title}: {told}" for told in violations(page)]
    assert not broken, broken


def test_the_checker_sees_what_is_wrong(page: Page) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: #aaa; background: #fff\">pale</p>')"
    )
    assert any(told.startswith("color-contrast") for told in violations(page))
