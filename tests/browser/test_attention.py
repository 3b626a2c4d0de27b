import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import HOSTILE, open_tab, type_sentence


def title(page: Page) -> Locator:
    return page.locator("#attention-heatmap .gtitle")


def overview_head(page: Page, layer: int, head: int) -> Locator:
    return page.locator("#head-overview").get_by_role("gridcell", name=f"Layer {layer}, head {head}", exact=True)


def choice(page: Page, group: str, number: int) -> Locator:
    return page.locator(f"#{group}").get_by_role("radio", name=str(number), exact=True)


def looks_at(page: Page) -> list[float]:
    """The weights listed, read from the page."""
    rows = page.locator("#looks-at .token-bar-value").all_inner_texts()
    return [float(re.sub(r"[^0-9.]", "", row)) for row in rows]


def test_picking_a_head_in_the_overview_changes_the_heatmap_and_the_controls(page: Page) -> None:
    open_tab(page, "Attention")
    expect(title(page)).to_have_text("Layer 0, head 1")
    overview_head(page, 3, 4).click()
    expect(title(page)).to_have_text("Layer 3, head 4")
    expect(choice(page, "layer", 3)).to_be_checked()
    expect(choice(page, "head", 4)).to_be_checked()
    expect(overview_head(page, 3, 4)).to_have_attribute("aria-selected", "true")
    expect(overview_head(page, 0, 1)).to_have_attribute("aria-selected", "false")


def test_the_controls_move_the_heatmap_and_the_overview(page: Page) -> None:
    open_tab(page, "Attention")
    choice(page, "layer", 2).click()
    expect(title(page)).to_have_text("Layer 2, head 1")
    choice(page, "head", 5).click()
    expect(title(page)).to_have_text("Layer 2, head 5")
    expect(overview_head(page, 2, 5)).to_have_attribute("aria-selected", "true")
    page.wait_for_timeout(400)  # a loop between controls and cursor would go on changing things
    expect(title(page)).to_have_text("Layer 2, head 5")
    expect(choice(page, "layer", 2)).to_be_checked()


def test_arrow_keys_walk_through_the_heads(page: Page) -> None:
    open_tab(page, "Attention")
    overview_head(page, 1, 1).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(overview_head(page, 2, 2)).to_be_focused()
    expect(title(page)).to_have_text("Layer 2, head 2")
    page.keyboard.press("Home")
    expect(title(page)).to_have_text("Layer 2, head 0")


def test_the_picked_head_stays_picked_when_the_sentence_changes(page: Page) -> None:
    open_tab(page, "Attention")
    overview_head(page, 4, 1).click()
    expect(title(page)).to_have_text("Layer 4, head 1")
    type_sentence(page, "The dog ran. The dog slept.")
    expect(page.locator("#looks-at")).to_contain_text("·dog")
    expect(title(page)).to_have_text("Layer 4, head 1")
    expect(overview_head(page, 4, 1)).to_have_attribute("aria-selected", "true")
    expect(choice(page, "layer", 4)).to_be_checked()


def test_the_list_tells_what_the_token_of_the_cursor_looks_at(page: Page) -> None:
    type_sentence(page, "The cat sat on the mat")
    open_tab(page, "Attention")
    page.locator("#token-strip .token").nth(2).click()
    expect(page.locator("#looks-at .token-bar-text")).to_have_text(["The", "·cat", "·sat"])
    expect(page.locator("#attention-summary")).to_contain_text("from “·sat” (position 2)")
    assert abs(sum(looks_at(page)) - 100) < 0.5


def test_hiding_the_first_token_is_said_everywhere_and_taken_back(page: Page) -> None:
    type_sentence(page, "The cat sat on the mat")
    open_tab(page, "Attention")
    page.locator("#token-strip .token").nth(3).click()
    expect(page.locator("#looks-at .token-bar-text")).to_have_count(4)
    page.get_by_label("Hide the first token").check()
    expect(title(page)).to_contain_text("renormalised")
    expect(page.locator("#looks-at .token-bar-text")).to_have_text(["·cat", "·sat", "·on"])
    expect(page.locator("#looks-at")).to_contain_text("first token hidden")
    expect(page.locator("#attention-summary")).to_contain_text("first token hidden")
    assert abs(sum(looks_at(page)) - 100) < 0.5
    page.get_by_label("Hide the first token").uncheck()
    expect(title(page)).to_have_text("Layer 0, head 1")


def test_the_overview_is_painted_and_its_future_is_empty(page: Page) -> None:
    open_tab(page, "Attention")
    expect(overview_head(page, 5, 5)).to_be_visible()
    alphas = page.locator("#head-overview canvas").evaluate(
        """(canvas) => {
          const [w, h] = [canvas.width / 6, canvas.height / 6];
          const alpha = (x, y) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[3];
          return [0, 1, 2, 3, 4, 5].flatMap((head) => [alpha((head + 0.02) * w, 0.98 * h), alpha((head + 0.98) * w, 0.02 * h)]);
        }"""
    )
    assert alphas == [255, 0] * 6


def test_the_weights_come_as_a_table_on_request(page: Page) -> None:
    type_sentence(page, "The cat sat")
    open_tab(page, "Attention")
    expect(page.locator("#table-attention")).to_have_count(0)
    page.get_by_label("Show this head's weights as a table").check()
    expect(page.locator("#table-attention")).to_contain_text("2 ·sat")


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    open_tab(page, "Attention")
    type_sentence(page, HOSTILE)
    expect(page.locator("#token-strip .token").first).to_have_text("<")
    page.locator("#token-strip .token").last.click()
    expect(page.locator("#looks-at .token-bar-text").last).to_have_text("|")
    expect(page.locator("#attention-heatmap .ytick text").last).to_contain_text("0 <")
    shown = "".join(page.locator("#looks-at .token-bar-text").all_text_contents())
    assert "onerror" in shown
    assert "${al" in shown.replace("·", "")
    assert "\ufffd" not in shown
    page.get_by_label("Show this head's weights as a table").check()
    expect(page.locator("#table-attention")).to_contain_text("<")
    assert page.locator("img[src='x']").count() == 0
    assert page.locator("#tabs b").count() == page.locator("#tabs .prose b").count()
