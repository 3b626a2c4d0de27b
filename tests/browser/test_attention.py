import csv
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.page.example import HEAD, LAYER
from gpt2core import Pretrained, trace
from gpt2core.edits import zero_head
from gpt2core.roles import role_scores
from tests.browser.conftest import HOSTILE, at_rest, main_figure, open_tab, put_back, type_sentence
from tests.browser.readings import figure, whole
from tests.explorer.page.test_example import EXAMPLE


@pytest.fixture
def tab(kept: Page) -> Page:
    """The tab as the page opens, its head picked."""
    put_back(kept, EXAMPLE, "Attention")
    kept.get_by_label("Hide the first token").uncheck()
    overview_head(kept, LAYER, HEAD).click()
    kept.mouse.move(0, 0)
    expect(title(kept)).to_have_text(f"Layer {LAYER}, head {HEAD}")
    return kept


def title(page: Page) -> Locator:
    return page.locator("#attention-frame .title")


def overview_head(page: Page, layer: int, head: int) -> Locator:
    return page.locator("#head-overview").get_by_role("gridcell", name=f"Layer {layer}, head {head}", exact=True)


def choice(page: Page, group: str, number: int) -> Locator:
    return page.locator(f"#{group}").get_by_role("radio", name=str(number), exact=True)


def looks_at(page: Page) -> list[float]:
    """The weights listed, read from the page."""
    rows = page.locator("#looks-at .token-bar-value").all_inner_texts()
    return [float(re.sub(r"[^0-9.]", "", row)) for row in rows]


def test_picking_a_head_in_the_overview_changes_the_heatmap_and_the_controls(tab: Page) -> None:
    open_tab(tab, "Attention")
    expect(title(tab)).to_have_text(f"Layer {LAYER}, head {HEAD}")
    overview_head(tab, 3, 4).click()
    expect(title(tab)).to_have_text("Layer 3, head 4")
    expect(choice(tab, "layer", 3)).to_be_checked()
    expect(choice(tab, "head", 4)).to_be_checked()
    expect(overview_head(tab, 3, 4)).to_have_attribute("aria-selected", "true")
    expect(overview_head(tab, LAYER, HEAD)).to_have_attribute("aria-selected", "false")


def test_the_controls_move_the_heatmap_and_the_overview(tab: Page) -> None:
    open_tab(tab, "Attention")
    choice(tab, "layer", 2).click()
    expect(title(tab)).to_have_text(f"Layer 2, head {HEAD}")
    choice(tab, "head", 5).click()
    expect(title(tab)).to_have_text("Layer 2, head 5")
    expect(overview_head(tab, 2, 5)).to_have_attribute("aria-selected", "true")
    expect(title(tab)).to_have_text("Layer 2, head 5")
    expect(choice(tab, "layer", 2)).to_be_checked()


def test_arrow_keys_walk_through_the_heads(tab: Page) -> None:
    open_tab(tab, "Attention")
    overview_head(tab, 1, 1).click()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    expect(overview_head(tab, 2, 2)).to_be_focused()
    expect(title(tab)).to_have_text("Layer 2, head 2")
    tab.keyboard.press("Home")
    expect(title(tab)).to_have_text("Layer 2, head 0")


def test_the_picked_head_stays_picked_when_the_sentence_changes(tab: Page) -> None:
    open_tab(tab, "Attention")
    overview_head(tab, 4, 1).click()
    expect(title(tab)).to_have_text("Layer 4, head 1")
    type_sentence(tab, "The dog ran. The dog slept.")
    expect(tab.locator("#looks-at")).to_contain_text("·dog")
    expect(title(tab)).to_have_text("Layer 4, head 1")
    expect(overview_head(tab, 4, 1)).to_have_attribute("aria-selected", "true")
    expect(choice(tab, "layer", 4)).to_be_checked()


def test_the_list_tells_what_the_token_of_the_cursor_looks_at(tab: Page) -> None:
    type_sentence(tab, "The cat sat on the mat")
    open_tab(tab, "Attention")
    tab.locator("#token-strip .token").nth(2).click()
    expect(tab.locator("#looks-at .token-bar-text")).to_have_text(["The", "·cat", "·sat"])
    expect(tab.locator("#attention-frame .summary")).to_contain_text("From “·sat” (position 2)")
    assert abs(sum(looks_at(tab)) - 100) < 0.5


def test_hiding_the_first_token_is_said_everywhere_and_taken_back(tab: Page) -> None:
    type_sentence(tab, "The cat sat on the mat")
    open_tab(tab, "Attention")
    tab.locator("#token-strip .token").nth(3).click()
    expect(tab.locator("#looks-at .token-bar-text")).to_have_count(4)
    tab.get_by_label("Hide the first token").check()
    expect(title(tab)).to_contain_text("renormalised")
    expect(tab.locator("#looks-at .token-bar-text")).to_have_text(["·cat", "·sat", "·on"])
    expect(tab.locator("#looks-at-frame .title")).to_contain_text("first token hidden")
    expect(tab.locator("#attention-frame .summary")).to_contain_text("First token hidden")
    assert abs(sum(looks_at(tab)) - 100) < 0.5
    tab.get_by_label("Hide the first token").uncheck()
    expect(title(tab)).to_have_text(f"Layer {LAYER}, head {HEAD}")


def test_the_overview_is_painted_and_its_future_is_empty(tab: Page) -> None:
    open_tab(tab, "Attention")
    expect(overview_head(tab, 5, 5)).to_be_visible()
    alphas = tab.locator("#head-overview canvas").evaluate(
        """(canvas) => {
          const [w, h] = [canvas.width / 6, canvas.height / 6];
          const alpha = (x, y) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[3];
          return [0, 1, 2, 3, 4, 5].flatMap((head) => [alpha((head + 0.02) * w, 0.98 * h), alpha((head + 0.98) * w, 0.02 * h)]);
        }"""
    )
    assert alphas == [255, 0] * 6


def test_the_cells_hold_gpt2cores_weights(tab: Page, shipped: Pretrained) -> None:
    type_sentence(tab, "The cat sat on the mat")
    open_tab(tab, "Attention")
    overview_head(tab, 2, 3).click()
    expect(title(tab)).to_have_text("Layer 2, head 3")
    with tab.expect_download() as saved:
        tab.locator("#attention-frame").get_by_role("button", name="CSV").click()
    rows = list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))
    pattern = trace(shipped.model, shipped.tokenizer.encode("The cat sat on the mat"), {"pattern"})["pattern", 2][3]
    for query, row in enumerate(rows[1:]):
        assert [float(cell) for cell in row[1 : query + 2]] == pytest.approx(
            pattern[query, : query + 1].tolist(), rel=1e-5
        )
        assert row[query + 2 :] == [""] * (len(pattern) - query - 1)


def test_a_head_is_switched_off_and_on_again_beside_its_picture(tab: Page, shipped: Pretrained) -> None:
    type_sentence(tab, "The cat sat on the mat")
    open_tab(tab, "Attention")
    overview_head(tab, 0, 1).click()
    tab.get_by_role("button", name="Switch this head off").click()
    expect(tab.locator("#edits-line")).to_contain_text("head 1 of layer 0 off")
    expect(tab.get_by_role("button", name="Switch it on again")).to_be_visible()
    open_tab(tab, "Sampling")
    changed = trace(shipped.model, shipped.tokenizer.encode("The cat sat on the mat"), {"logits"}, [zero_head(0, 1)])
    (likeliest,) = whole(figure(float(changed["logits"][-1].max())))
    expect(tab.locator("#distribution .row .logits .number").first).to_have_text(likeliest)
    tab.get_by_role("button", name="Undo: head 1 of layer 0 off").click()
    expect(tab.locator("#edits-line .edit")).to_have_count(0)
    plain = trace(shipped.model, shipped.tokenizer.encode("The cat sat on the mat"), {"logits"})
    (likeliest,) = whole(figure(float(plain["logits"][-1].max())))
    expect(tab.locator("#distribution .row .logits .number").first).to_have_text(likeliest)


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    open_tab(page, "Attention")
    type_sentence(page, HOSTILE)
    expect(page.locator("#token-strip .token").first).to_have_text("<")
    page.locator("#token-strip .token").last.click()
    expect(page.locator("#looks-at .token-bar-text").last).to_have_text("|")
    shown = "".join(page.locator("#looks-at .token-bar-text").all_text_contents())
    assert "onerror" in shown
    assert "${al" in shown.replace("·", "")
    assert "\ufffd" not in shown
    assert page.locator("img[src='x']").count() == 0
    assert page.locator("#tabs .figure-frame b").count() == 0


def test_heads_are_found_by_what_they_do_in_one_click_and_a_link_says_so(
    page: Page, app_url: str, shipped: Pretrained
) -> None:
    sentence = "The dog ran. The dog slept."
    type_sentence(page, sentence)
    open_tab(page, "Attention")
    scores = role_scores(trace(shipped.model, shipped.tokenizer.encode(sentence), {"pattern"}))
    for role, name in (("previous", "previous token"), ("induction", "induction"), ("distance", "distance")):
        page.get_by_role("button", name=name, exact=True).click()
        best = scores[role].flatten().argsort(descending=True, stable=True)
        layer, head = divmod(int(best[0]), shipped.model.config.n_heads)
        expect(title(page)).to_have_text(f"Layer {layer}, head {head}")
        told = whole(*(figure(float(scores[role].flatten()[at])) for at in best))
        expect(page.locator("#head-overview .head-score")).to_have_text(told)
        expect(page.locator("#head-overview .head").first).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="induction", exact=True).click()
    page.locator(".heads-least input").fill("10")
    n_left = int((scores["induction"] >= 0.1).sum())
    expect(page.locator("#head-overview .head")).to_have_count(n_left)
    page.wait_for_function(
        "location.search.includes('heads_by=induction') && location.search.includes('heads_least=10')"
    )
    page.goto(page.url)
    expect(page.locator("#head-overview .head-score")).to_have_count(n_left)
    page.get_by_role("button", name="as in the model", exact=True).click()
    expect(page.locator("#head-overview .head")).to_have_count(36)
    type_sentence(page, "One two three")
    page.get_by_role("button", name="same token", exact=True).click()
    expect(page.locator(".heads-about")).to_contain_text("no token of this sentence comes twice")
    expect(page.locator("#head-overview .head")).to_have_count(36)


def test_a_token_under_the_finger_is_lit_in_the_mosaic_the_picture_and_the_sentence(tab: Page) -> None:
    open_tab(tab, "Attention")
    main_figure(tab)
    tab.locator("#token-strip .token").nth(9).hover()
    expect(tab.locator("#head-overview .heads")).to_have_attribute("data-lit", "")
    lit = tab.locator("#head-overview .heads").evaluate("(heads) => Number(heads.style.getPropertyValue('--lit'))")
    assert lit == pytest.approx(9.5 / 22)
    key = at_rest(overview_head(tab, 3, 2))
    tab.mouse.move(key["x"] + key["width"] / 2, key["y"] + key["height"] * 14.5 / 22)
    expect(tab.locator("#token-strip .token").nth(14)).to_have_attribute("data-lit", "")
