"""The drawer: a number of any figure opened by finger, key or bar, followed down to the text, shown where it lives, and put away again."""

from __future__ import annotations

import functools
import math
import re
from urllib.parse import urlencode

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, Route, expect

from gpt2core import Pretrained, Trace, beam_search, trace
from gpt2core.embeddings import cosines
from gpt2core.untrained import untrained_model
from tests.browser.conftest import (
    HOSTILE,
    HOSTILE_TOKENS,
    at_rest,
    cells_of,
    main_figure,
    no_request,
    open_tab,
    put_back,
    type_sentence,
)
from tests.browser.test_accessibility import violations

SENTENCE = "The cat sat on the mat"
LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'attention', 'layer': 0, 'head': 1})}"
LOWEST_SHARE = 0.45  # of the height, that a sheet at the bottom may take


@pytest.fixture
def page(kept: Page) -> Page:
    """The weights of SENTENCE in layer 0, head 1, with the drawer closed. Who leaves more behind than this puts back takes `blank`."""
    put_back(kept, SENTENCE, "Attention")
    head = kept.locator("#head-overview").get_by_role("gridcell", name="Layer 0, head 1", exact=True)
    if head.get_attribute("aria-selected") != "true":
        head.click()
    expect(drawer(kept)).to_be_hidden()
    attention_drawn(kept)
    return kept


def fresh(blank: Page, app_url: str, tab: str) -> Page:
    """SENTENCE in a session of its own."""
    blank.goto(f"{app_url}/?{urlencode({'text': SENTENCE, 'tab': tab, 'layer': 0, 'head': 1})}")
    expect(blank.locator("#token-strip .token")).to_have_count(6)
    return blank


@functools.cache
def traced(shipped: Pretrained, text: str = SENTENCE) -> Trace:
    assert shipped.tokenizer is not None
    return trace(shipped.model, shipped.tokenizer.encode(text))


def drawer(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Where does this number come from?")


def value(page: Page) -> float:
    return float(drawer(page).locator(".value").inner_text().split(" = ")[0].replace("−", "-"))


def title(page: Page) -> Locator:
    return drawer(page).locator(".title")


def cell(page: Page, row: int, column: int, matrix: str = "attention-heatmap") -> tuple[float, float]:
    """The middle of a cell, once the matrix has come to rest."""
    grid = page.locator(f"#{matrix} .matrix-grid")
    (left, top, wide, high), box = cells_of(grid), grid.bounding_box()
    rows, columns = (int(grid.get_attribute(f"aria-{name}count")) for name in ("row", "col"))
    return box["x"] + left + (column + 0.5) * wide / columns, box["y"] + top + (row + 0.5) * high / rows


def attention_drawn(page: Page) -> None:
    main_figure(page)
    expect(page.locator("#attention-heatmap .matrix-grid")).to_have_attribute("aria-rowcount", "6")
    expect(page.locator("#attention-frame .title")).to_have_text("Layer 0, head 1")


def opened(page: Page, row: int = 4, column: int = 2) -> None:
    page.mouse.dblclick(*cell(page, row, column))
    expect(title(page)).to_contain_text(f"({row}) at ")


def stand_apart(one: Locator, other: Locator) -> bool:
    a, b = at_rest(one), at_rest(other)
    return a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]


def test_a_double_click_opens_a_cells_number_beside_its_figure(page: Page, shipped: Pretrained) -> None:
    opened(page)
    expect(title(page)).to_have_text("Attention pattern, layer 0, head 1: from “·the” (4) at “·sat” (2)")
    assert value(page) == pytest.approx(float(traced(shipped)["pattern", 0][1, 4, 2]), rel=1e-6)
    assert stand_apart(drawer(page), page.locator("#attention-frame"))
    expect(drawer(page).locator(".spoken")).to_contain_text(title(page).inner_text())
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_key_and_the_button_open_the_cell_under_the_keys_and_escape_leads_back(blank: Page, app_url: str) -> None:
    page = fresh(blank, app_url, "attention")
    attention_drawn(page)
    button = page.locator("#attention-heatmap").get_by_role("button", name="Where from?")
    expect(button).to_have_attribute("aria-disabled", "true")
    grid = page.locator("#attention-heatmap .matrix-grid")
    page.locator("#attention-frame .tools button").last.focus()
    page.keyboard.press("Tab")
    while not grid.evaluate("(grid) => grid === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("?")
    expect(title(page)).to_contain_text("from “·sat” (2) at “·cat” (1)")
    expect(drawer(page).locator(".deeper").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()
    expect(grid).to_be_focused()
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    expect(title(page)).to_contain_text("from “·sat” (2) at “·cat” (1)")
    drawer(page).get_by_role("button", name="Close").click()
    expect(button).to_be_focused()
    assert page.evaluate("document.documentElement.dataset.drawer") is None


def test_the_numbers_of_a_bar_list_open_and_the_arrows_move_among_them(page: Page, shipped: Pretrained) -> None:
    bars = page.locator("#looks-at .token-bar-value")
    expect(bars).to_have_count(6)
    bars.first.focus()
    page.keyboard.press("ArrowDown")
    expect(bars.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text("from “·mat” (5) at “·cat” (1)")
    assert value(page) == pytest.approx(float(traced(shipped)["pattern", 0][1, 5, 1]), rel=1e-6)
    page.keyboard.press("Escape")
    expect(bars.nth(1)).to_be_focused()


def test_the_largest_operands_lead_down_to_the_token_and_the_trail_leads_back(page: Page, shipped: Pretrained) -> None:
    opened(page)
    crumbs = drawer(page).locator(".crumb")
    first, steps = title(page).inner_text(), 0
    while drawer(page).locator(".deeper").count():
        before = title(page).inner_text()
        page.keyboard.press("Enter")
        expect(title(page)).not_to_have_text(before)
        steps += 1
        expect(crumbs).to_have_count(steps + 1)
        assert steps < 20
    trail = drawer(page).locator(".crumbs")
    expect(trail).to_have_attribute("data-cut", "")  # its first steps lie to the left, and it fades there
    trail.evaluate("(trail) => { trail.scrollLeft = 0; }")
    expect(trail).not_to_have_attribute("data-cut", "")
    expect(title(page)).to_contain_text(re.compile("Token row of|Position row of"))
    expect(drawer(page).locator(".term")).to_contain_text(re.compile("Token id of|Position of"))
    expect(drawer(page).locator(".term .end").first).to_have_text("a weight, learned in training: nothing below it")
    (at, dimension) = map(int, re.findall(r"\((\d+)\), dimension (\d+)", title(page).inner_text())[0])
    site = "tok_emb" if "Token" in title(page).inner_text() else "pos_emb"
    assert value(page) == pytest.approx(float(traced(shipped)[site][at, dimension]), rel=1e-6)
    drawer(page).get_by_role("button", name="Step back").click()
    expect(crumbs).to_have_count(steps)
    crumbs.first.click()
    expect(title(page)).to_have_text(first)
    expect(drawer(page).locator(".trail")).to_be_hidden()


def test_the_bars_are_shares_of_all_that_is_added(page: Page) -> None:
    opened(page)
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text("Attention score")
    parts = drawer(page).locator(".part").all_inner_texts()
    shares = [float(re.sub(r"[^0-9.]", "", part)) for part in parts]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == 12
    expect(drawer(page).locator(".rest")).to_have_text(re.compile("^20 others sum to"))
    drawer(page).get_by_role("button", name=re.compile("^Key of")).first.click()
    expect(title(page)).to_contain_text("Key, layer 0, head 1, of")


def test_a_number_is_shown_where_it_lives(page: Page) -> None:
    opened(page)
    open_tab(page, "Tokens")
    page.locator("#token-strip .token").first.click()
    drawer(page).get_by_role("button", name="Show it where it lives").click()
    expect(page.get_by_role("tab", name="Attention")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#token-strip .token").nth(4)).to_have_attribute("aria-selected", "true")
    page.wait_for_function("location.search.includes('tab=attention') && location.search.includes('token=4')")
    expect(page.locator("#attention-frame .summary")).to_contain_text("From “·the” (position 4)")
    expect(page.locator("#attention-frame")).to_have_attribute("data-pointed", "")
    page.keyboard.press("Shift")
    expect(page.locator("#attention-frame[data-pointed]")).to_have_count(0)
    drawer(page).get_by_role("button", name="Show it where it lives").click()  # it is in sight already
    expect(page.locator("#attention-frame")).to_have_attribute("data-pointed", "")


def test_the_lines_of_python_can_be_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page)
    drawer(page).get_by_role("button", name="Copy").click()
    expect(drawer(page).locator(".copied")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == drawer(page).locator(".snippet").text_content()
    assert "load_pretrained('checkpoints/tinystories')" in copied


def test_beside_an_enlarged_figure_it_covers_nothing_and_goes_first(page: Page) -> None:
    frame = page.locator("#attention-frame")
    frame.locator(".tools button").first.click()
    expect(frame).to_have_attribute("role", "dialog")
    page.mouse.dblclick(*cell(page, 4, 2))
    expect(title(page)).to_contain_text("(4) at ")
    assert stand_apart(drawer(page), frame)
    drawer(page).locator(".deeper").first.click()
    expect(title(page)).to_contain_text("Attention score")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()
    expect(frame).to_have_attribute("role", "dialog")
    assert at_rest(frame)["width"] == 1280
    page.keyboard.press("Escape")
    expect(frame).to_have_attribute("role", "figure")


def test_while_it_is_open_a_click_shows_another_cells_number(page: Page) -> None:
    opened(page)
    page.mouse.click(*cell(page, 5, 1))
    expect(title(page)).to_contain_text("from “·mat” (5) at “·cat” (1)")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()


def test_closed_it_asks_nothing(page: Page) -> None:
    page.mouse.click(*cell(page, 4, 2))
    expect(page.locator("#token-strip .token").nth(4)).to_have_attribute("aria-selected", "true")
    with no_request(page):
        page.mouse.click(*cell(page, 4, 2))
    expect(drawer(page)).to_be_hidden()


def test_when_the_run_changes_the_number_is_asked_anew_or_said_to_be_gone(page: Page) -> None:
    opened(page)
    before = value(page)
    type_sentence(page, "A dog sat on my rug")
    expect(title(page)).to_contain_text("from “·my” (4) at “·sat” (2)")
    assert value(page) != before
    type_sentence(page, "A dog")
    expect(drawer(page).locator(".refusal")).to_contain_text(
        "This number is no longer there. pattern has no t = 4 here"
    )
    type_sentence(page, SENTENCE)
    expect(title(page)).to_contain_text("from “·the” (4) at “·sat” (2)")
    assert value(page) == before


def test_an_old_number_under_a_new_place_is_marked_until_the_answer_comes(page: Page) -> None:
    opened(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/gradio_api/run/**", hold)
    drawer(page).locator(".deeper").first.click()
    expect(drawer(page).locator(".number")).to_have_attribute("data-stale", re.compile("number before"))
    for route in held:
        route.continue_()
    page.unroute_all()
    expect(title(page)).to_contain_text("Attention score")
    expect(drawer(page).locator("[data-stale]")).to_have_count(0)


def test_of_two_quick_questions_the_later_is_answered(page: Page) -> None:
    """A slow network: the answer to the first comes when the second has been asked."""
    opened(page)
    first, held, is_slow = title(page).inner_text(), [], True

    def hold(route: Route) -> None:
        if is_slow:
            held.append(route)
        else:
            route.continue_()

    page.route("**/gradio_api/run/**", hold)
    drawer(page).locator(".deeper").first.click()
    drawer(page).get_by_role("button", name="Step back").click()
    while not held:  # the first is on its way
        page.wait_for_timeout(20)
    is_slow = False
    for route in held:
        route.continue_()
    expect(drawer(page)).not_to_have_attribute("aria-busy", "true")
    expect(title(page)).to_have_text(first)
    expect(drawer(page).locator(".crumb")).to_have_count(1)
    expect(drawer(page).locator("[data-stale]")).to_have_count(0)


def test_a_logit_and_a_share_of_the_sampling_tab_open(blank: Page, app_url: str, shipped: Pretrained) -> None:
    page = fresh(blank, app_url, "sampling")
    main_figure(page)
    page.locator("#distribution .row").nth(1).click()
    logits = traced(shipped)["logits"][5]
    second = int(logits.argsort(descending=True)[1])
    page.get_by_role("button", name="Logit: where from?").click()
    expect(title(page)).to_contain_text(f"(id {second}) after “·mat” (5)")
    assert value(page) == pytest.approx(float(logits[second]), rel=1e-6)
    page.get_by_role("button", name="Share: where from?").click()
    expect(title(page)).to_contain_text(f"Share of “{title(page).inner_text().split('“')[1]}")
    assert value(page) == pytest.approx(float(torch.softmax(logits.double(), -1)[second]), rel=1e-5)
    page.locator("#sampling-settings").get_by_label("k =", exact=True).fill("5")
    expect(page.get_by_role("button", name="Share: where from?")).to_have_attribute("aria-disabled", "true")


def test_strips_neighbours_and_losses_open(page: Page, shipped: Pretrained) -> None:
    open_tab(page, "Embeddings")
    main_figure(page)
    page.locator("#embedding-strips").scroll_into_view_if_needed()
    page.mouse.dblclick(*cell(page, 1, 100, "embedding-strips"))
    expect(title(page)).to_have_text("Position row of “·mat” (5), dimension 100")
    assert value(page) == pytest.approx(float(traced(shipped)["pos_emb"][5, 100]), rel=1e-6)
    page.locator("#neighbours .token-bar-value").first.click()
    expect(title(page)).to_contain_text("Cosine of “·mat”")
    shown = float(page.locator("#neighbours .token-bar-value").first.inner_text())
    assert value(page) == pytest.approx(shown, abs=5e-4)
    open_tab(page, "Scoring")
    page.locator("#scored-text .token").nth(2).click()
    page.get_by_role("button", name="Surprise: where from?").click()
    expect(title(page)).to_contain_text("Loss of “·sat” (2), read after “·cat” (1)")
    losses = torch.log_softmax(traced(shipped)["logits"].double(), -1)
    assert value(page) == pytest.approx(-float(losses[1, traced(shipped).token_ids[2]]), rel=1e-5)


def test_the_numbers_of_a_table_open(page: Page, shipped: Pretrained) -> None:
    page.locator("#attention-frame").get_by_role("button", name="Table").click()
    page.locator("#attention-frame tbody tr").nth(3).locator("td").nth(1).get_by_role("button").click()
    expect(title(page)).to_contain_text("from “·on” (3) at “·cat” (1)")
    assert value(page) == pytest.approx(float(traced(shipped)["pattern", 0][1, 3, 1]), rel=1e-6)


def written_in_generation(page: Page, n: int) -> list[int]:
    """The ids of n tokens written after SENTENCE, one at a time."""
    page.wait_for_function("JSON.parse(document.documentElement.dataset.prompt || '{}').ids?.length === 6")
    for number in range(1, n + 1):
        page.locator("#story .step").click()
        expect(page.locator("#story .chips .chip")).to_have_count(number)
        expect(page.locator("#story .looked")).to_contain_text(f"Token {number}, ")
    page.locator("#story-frame").get_by_role("button", name="Table").click()
    rows = page.locator("#story-frame tbody tr")
    expect(rows).to_have_count(n)
    return [int(row.locator("td").nth(1).inner_text()) for row in rows.all()]


def share_after(shipped: Pretrained, after: list[int], token_id: int) -> float:
    assert shipped.tokenizer is not None
    seen = trace(shipped.model, [*shipped.tokenizer.encode(SENTENCE), *after])
    return float(torch.softmax(seen["logits"][-1].double(), -1)[token_id])


def id_in_title(page: Page) -> int:
    return int(re.findall(r"\(id (\d+)\)", title(page).inner_text())[0])


def test_what_could_have_come_in_generation_opens_in_the_text_written_so_far(
    blank: Page, app_url: str, shipped: Pretrained
) -> None:
    page = fresh(blank, app_url, "generation")
    ids = written_in_generation(page, 3)
    row = page.locator("#story .other").nth(1)
    row.locator(".number").nth(1).click()
    expect(title(page)).to_contain_text(re.compile(r"^Share of .* after .* \(7\)$"))
    expect(drawer(page).locator(".whose")).to_contain_text("the 2 tokens")
    assert value(page) == pytest.approx(share_after(shipped, ids[:2], id_in_title(page)), rel=1e-5)
    expect(drawer(page).get_by_role("button", name="Show it where it lives")).to_have_count(0)
    expect(drawer(page).locator(".homeless")).to_be_visible()
    expect(page.locator("#story .chips .chip")).to_have_count(3)  # asking forces nothing
    assert stand_apart(drawer(page), row.locator(".number").last)
    drawer(page).locator(".deeper").first.click()
    expect(title(page)).to_contain_text("Logit of")
    expect(drawer(page).locator(".whose")).to_contain_text("the 2 tokens")
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("?")
    expect(title(page)).to_contain_text("Share of")
    assert value(page) == pytest.approx(share_after(shipped, ids[:2], id_in_title(page)), rel=1e-5)
    page.keyboard.press("Escape")
    page.locator("#story .chips .chip").nth(1).focus()
    page.keyboard.press("?")
    expect(title(page)).to_contain_text(f"(id {ids[1]})")
    assert value(page) == pytest.approx(share_after(shipped, ids[:1], ids[1]), rel=1e-5)


def test_the_table_of_a_text_that_was_written_opens_and_a_share_after_filters_is_its_logit(
    blank: Page, app_url: str, shipped: Pretrained
) -> None:
    page = fresh(blank, app_url, "generation")
    page.locator("#generation-settings").get_by_label("k =", exact=True).fill("5")
    ids = written_in_generation(page, 2)
    cells = page.locator("#story-frame tbody tr").nth(1).locator("td")
    cells.nth(2).get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text(f"(id {ids[1]})")
    assert value(page) == pytest.approx(share_after(shipped, ids[:1], ids[1]), rel=1e-5)
    cells.nth(3).get_by_role("button").click()
    expect(title(page)).to_contain_text("Logit of")
    assert shipped.tokenizer is not None
    seen = trace(shipped.model, [*shipped.tokenizer.encode(SENTENCE), ids[0]])
    assert value(page) == pytest.approx(float(seen["logits"][-1, ids[1]]), rel=1e-5)
    type_sentence(page, "A dog")
    expect(page.locator("#story .window")).to_contain_text("has changed")
    page.locator("#story .other .number").first.click()
    expect(page.locator("#story .told")).to_contain_text("This text continues an older sentence")


def test_the_bars_of_compare_open_each_of_its_own_model(blank: Page, app_url: str, shipped: Pretrained) -> None:
    """B is the untrained twin, which the page above the tabs does not show."""
    page = fresh(blank, app_url, "compare")
    expect(page.locator("#compare-frame .title")).to_contain_text("after “·mat”, token 6 of 6")
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    rows = page.locator("#compare-pairs .row")
    rows.nth(1).locator(".a .share").click()
    expect(title(page)).to_contain_text(re.compile(r"^Share of .* after “·mat” \(5\)$"))
    expect(drawer(page).locator(".whose")).to_have_count(0)
    expect(drawer(page).get_by_role("button", name="Show it where it lives")).to_be_visible()
    assert value(page) == pytest.approx(share_after(shipped, [], id_in_title(page)), rel=1e-5)
    token_id = id_in_title(page)
    page.keyboard.press("Escape")
    expect(rows.nth(1).locator(".a .share")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1).locator(".b .share")).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer(page).locator(".whose")).to_contain_text("Of another model than the one on screen: ")
    assert id_in_title(page) == token_id
    twin = Pretrained(untrained_model(shipped.model.config), shipped.tokenizer)
    assert value(page) == pytest.approx(share_after(twin, [], token_id), rel=1e-4)
    drawer(page).locator(".deeper").first.click()
    expect(title(page)).to_contain_text("Logit of")
    expect(drawer(page).locator(".whose")).to_contain_text("Of another model")
    page.keyboard.press("Escape")
    page.locator("#compare-settings").get_by_label("k =", exact=True).fill("3")
    expect(page.locator("#compare-pairs .line.a .mark", has_text="cut").first).to_be_visible()
    rows.first.locator(".a .share").click()
    expect(title(page)).to_contain_text("Logit of")
    assert value(page) == pytest.approx(float(traced(shipped)["logits"][5, id_in_title(page)]), rel=1e-5)


def test_a_candidate_of_a_beam_search_opens_after_the_tokens_before_it(page: Page, shipped: Pretrained) -> None:
    open_tab(page, "Beams")
    expect(page.locator("#beam-status")).to_contain_text("Width 4, up to 12 tokens")
    assert shipped.tokenizer is not None
    prompt = shipped.tokenizer.encode(SENTENCE)
    found = beam_search(shipped.model, prompt, 12, width=4, stop_ids=[shipped.tokenizer.end_of_text])
    expect(page.locator("#beam-tree .box")).to_have_count(1 + len(found.nodes))
    node = next(node for node in found.nodes if node.depth == 2)
    box = page.locator(f'#beam-tree .box[data-index="{node.index}"]')
    at_rest(box)
    box.locator(".back").dblclick()
    (before, _) = found.path(node.index)
    expect(title(page)).to_contain_text(f"(id {node.token_id}) after ")
    expect(drawer(page).locator(".whose")).to_contain_text("was written after it")
    assert value(page) == pytest.approx(math.exp(node.log_probability), rel=1e-4)
    assert value(page) == pytest.approx(share_after(shipped, [before.token_id], node.token_id), rel=1e-4)
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("?")
    expect(title(page)).to_contain_text(f"(id {before.token_id}) after “·mat” (5)")
    assert value(page) == pytest.approx(math.exp(before.log_probability), rel=1e-4)
    page.locator("#beams-frame").get_by_role("button", name="Table").click()
    page.locator("#beams-frame .table tbody tr").nth(node.index).locator("td").nth(5).get_by_role("button").click()
    expect(title(page)).to_contain_text(f"(id {node.token_id})")
    assert value(page) == pytest.approx(node.log_probability, rel=1e-4)


def test_a_dot_of_the_mosaic_opens_and_the_key_opens_what_the_head_looks_at_most(
    blank: Page, app_url: str, shipped: Pretrained
) -> None:
    page = fresh(blank, app_url, "attention")
    attention_drawn(page)
    head = page.locator("#head-overview").get_by_role("gridcell", name="Layer 2, head 3", exact=True)
    box = at_rest(head)
    dot = [box["left"] + 2.5 * box["width"] / 6, box["top"] + 4.5 * box["height"] / 6]  # key 2 of query 4, of 6 tokens
    page.mouse.dblclick(*dot)
    expect(title(page)).to_have_text("Attention pattern, layer 2, head 3: from “·the” (4) at “·sat” (2)")
    pattern = traced(shipped)["pattern", 2][3]
    assert value(page) == pytest.approx(float(pattern[4, 2]), rel=1e-6)
    page.keyboard.press("Escape")
    expect(head).to_be_focused()
    page.keyboard.press("?")
    most = int(pattern[5].argmax())
    expect(title(page)).to_contain_text(
        f"layer 2, head 3: from “·mat” (5) at “{title(page).inner_text().split('“')[-1]}"
    )
    expect(title(page)).to_contain_text(re.compile(rf"\({most}\)$"))
    assert value(page) == pytest.approx(float(pattern[5].max()), rel=1e-6)
    page.keyboard.press("Escape")
    page.get_by_label("Hide the first token").check()
    expect(page.locator("#attention-frame .title")).to_contain_text(
        "renormalised"
    )  # all of the tab comes in one answer
    head.focus()
    page.keyboard.press("?")
    expect(page.locator("#head-overview .heads-told")).to_contain_text("none of them is a number of the model")
    expect(drawer(page)).to_be_hidden()


def test_where_a_dot_stands_for_several_weights_it_opens_the_strongest(page: Page, shipped: Pretrained) -> None:
    text = " ".join(["The cat sat on the mat"] * 10)
    type_sentence(page, text)
    open_tab(page, "Attention")
    expect(page.locator("#heads-frame .summary")).to_contain_text("2 × 2 tokens")
    head = page.locator("#head-overview").get_by_role("gridcell", name="Layer 1, head 0", exact=True)
    box, n_dots = at_rest(head), 30
    page.mouse.dblclick(box["left"] + 4.5 * box["width"] / n_dots, box["top"] + 20.5 * box["height"] / n_dots)
    part = traced(shipped, text)["pattern", 1][0, 40:42, 8:10]
    row, column = divmod(int(part.argmax()), 2)
    expect(title(page)).to_contain_text(re.compile(rf"from “.*” \({40 + row}\) at “.*” \({8 + column}\)$"))
    assert value(page) == pytest.approx(float(part.max()), rel=1e-6)


def test_the_habits_of_the_heads_open_from_their_table(page: Page, shipped: Pretrained) -> None:
    page.locator("#heads-frame").get_by_role("button", name="Table").click()
    rows = page.locator("#heads-frame tbody tr")
    row = rows.nth(1)
    row.locator("td").nth(1).get_by_role("button").click()
    expect(title(page)).to_have_text("Mean weight on the token itself, layer 0, head 1")
    pattern = traced(shipped)["pattern", 0][1]
    assert value(page) == pytest.approx(float(pattern.diagonal().mean()), rel=1e-5)
    page.keyboard.press("Escape")
    expect(row.locator("td").nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text("Mean weight on the token before")
    assert value(page) == pytest.approx(float(pattern.diagonal(-1).mean()), rel=1e-5)
    drawer(page).locator(".deeper").first.click()
    expect(title(page)).to_contain_text("Attention pattern")


def test_the_curve_of_positions_opens_by_finger_key_and_button(page: Page, shipped: Pretrained) -> None:
    open_tab(page, "Embeddings")
    curve = page.locator("#position-likeness").get_by_role("slider")
    expect(curve).to_have_attribute("aria-valuetext", re.compile("^position 5: cosine 1.000"))
    likeness = cosines(shipped.model.pos_emb.weight, 5)
    box = at_rest(curve)
    curve.dblclick(position={"x": 0.6 * box["width"], "y": box["height"] / 2})
    expect(title(page)).to_contain_text("Cosine of position rows of position 5 and position")
    place = int(curve.get_attribute("aria-valuenow"))
    assert 0.5 * len(likeness) < place < 0.7 * len(likeness)
    expect(title(page)).to_contain_text(f"and position {place}")
    assert value(page) == pytest.approx(float(likeness[place]), abs=1e-6)
    page.keyboard.press("Escape")
    expect(curve).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(curve).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("?")
    expect(title(page)).to_have_text("Cosine of position rows of position 5 and position 1")
    assert value(page) == pytest.approx(float(likeness[1]), abs=1e-6)
    page.keyboard.press("Escape")
    page.keyboard.press("PageUp")
    page.locator("#position-likeness").get_by_role("button", name="Where from?").click()
    expect(title(page)).to_have_text("Cosine of position rows of position 5 and position 11")
    assert value(page) == pytest.approx(float(likeness[11]), abs=1e-6)
    page.locator("#positions-frame").get_by_role("button", name="Table").click()
    page.locator("#positions-frame tbody tr").nth(3).get_by_role("button").click()
    expect(title(page)).to_have_text("Cosine of position rows of position 5 and position 3")


def test_weights_that_are_scaled_up_have_no_origin_and_say_why(blank: Page, app_url: str) -> None:
    page = fresh(blank, app_url, "attention")
    attention_drawn(page)
    page.get_by_label("Hide the first token").check()
    button = page.locator("#attention-heatmap").get_by_role("button", name="Where from?")
    expect(button).to_have_attribute("title", re.compile("none of them is a number of the model"))
    expect(page.locator("#looks-at button")).to_have_count(0)
    page.mouse.dblclick(*cell(page, 4, 2))
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(drawer(page)).to_be_hidden()


def test_hostile_tokens_stay_text(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(page, HOSTILE)
    expect(page.locator("#token-strip .token")).to_have_count(HOSTILE_TOKENS)
    open_tab(page, "Attention")
    page.locator("#token-strip .token").nth(3).click()
    bars = page.locator("#looks-at .token-bar-value")
    expect(bars).to_have_count(4)
    bars.first.click()
    expect(title(page)).to_contain_text("at “<” (0)")
    expect(drawer(page).locator(".snippet")).to_contain_text("onerror=alert(1)")
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize("size", [(390, 844), (853, 480)], ids=lambda size: "x".join(map(str, size)))
def test_where_there_is_little_room_it_is_a_sheet_below_the_figure(
    browser: Browser, app_url: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True)
    page = context.new_page()
    page.goto(f"{app_url}?text=The+cat+sat+on+the+mat&tab=attention")
    main_figure(page)
    page.touchscreen.tap(*cell(page, 4, 2))
    button = page.locator("#attention-heatmap").get_by_role("button", name="Where from?")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.tap()
    expect(title(page)).to_contain_text("(4) at ")
    sheet, figure = at_rest(drawer(page)), at_rest(page.locator("#attention-frame"))
    assert sheet["height"] <= LOWEST_SHARE * size[1] + 1
    assert (sheet["left"], sheet["right"], sheet["bottom"]) == (0, size[0], size[1])
    assert -1 <= figure["top"] < sheet["top"] / 2
    _, y = cell(page, 4, 2)
    assert 0 < y < sheet["top"]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.locator("footer").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert at_rest(page.locator("footer"))["bottom"] <= sheet["top"] + 1  # nothing lies below the sheet for good
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong(blank: Page, app_url: str, theme: str) -> None:
    page = blank
    page.goto(f"{app_url}?text=The+cat+sat+on+the+mat&tab=attention&__theme={theme}")
    main_figure(page)
    page.locator("#attention-frame").get_by_role("button", name="Table").click()
    page.mouse.dblclick(*cell(page, 4, 2))
    expect(title(page)).to_contain_text("(4) at ")
    drawer(page).locator(".deeper").first.click()
    expect(title(page)).to_contain_text("Attention score")
    drawer(page).locator(".deeper").first.click()
    expect(title(page)).to_contain_text("Query")
    broken = violations(page)
    assert not broken, broken
