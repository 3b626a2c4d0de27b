"""The Block tab: what stands in its cells, and that they follow the page's one sentence, cursor and edits."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import Locator, Page, expect

from gpt2core import Pretrained, trace
from gpt2core.lens import lens_grid
from tests.browser.conftest import at_rest, main_figure, open_tab, type_sentence

SENTENCE = "The cat sat on the mat"


def rows_saved(page: Page, frame_id: str) -> list[list[str]]:
    with page.expect_download() as saved:
        page.locator(f"#{frame_id}").get_by_role("button", name="CSV", exact=True).click()
    return list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))


def cell_of(grid: Locator, row: int, column: int, rows: int, columns: int) -> dict[str, float]:
    """Where the middle of a cell of a matrix lies, for a click."""
    at_rest(grid)
    left, top, width, height = map(float, (grid.get_attribute("data-box") or "").split())
    return {"x": left + (column + 0.5) * width / columns, "y": top + (row + 0.5) * height / rows}


def test_the_lens_shows_gpt2cores_numbers_and_a_cell_moves_the_page(page: Page, shipped: Pretrained) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Block")
    main_figure(page)
    ids = shipped.tokenizer.encode(SENTENCE)
    grid = lens_grid(trace(shipped.model, ids), shipped.model)
    expect(page.locator("#lens .matrix-grid")).to_have_attribute("aria-colcount", str(len(ids)))
    rows = rows_saved(page, "lens-frame")
    for place, row in enumerate(rows[1:]):
        assert [float(cell) for cell in row[1:]] == pytest.approx(grid.shares[place].tolist(), rel=1e-5)
    page.get_by_label("rank of the true next token").check()
    expect(page.locator("#lens .matrix-ends span").last).to_have_text("8190")  # three digits of V
    page.wait_for_url("**lens_shows=rank**")
    rows = rows_saved(page, "lens-frame")
    assert [float(cell) for cell in rows[-1][1:-1]] == grid.ranks[-1, :-1].tolist()
    assert rows[-1][-1] == ""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    lens = page.locator("#lens .matrix-grid")
    lens.click(position=cell_of(lens, 8, 2, len(rows) - 1, len(ids)))  # after MLP 3, at "sat"
    expect(page.locator("#lens-after-frame .summary")).to_contain_text("“·sat” (2)")
    expect(page.locator("#lens-before-frame .title")).to_have_text("Before layer 3")
    expect(page.locator("#lens-layer").get_by_role("radio", name="3", exact=True)).to_be_checked()
    assert len(asked) == 1, asked
    expect(page.locator("#token-strip .token").nth(2)).to_have_attribute("aria-selected", "true")
    first = shipped.tokenizer.decode([int(grid.first[8, 2])]).replace(" ", "·")
    expect(page.locator("#lens-after .token-bar-text").first).to_have_text(first)


def test_pinned_tokens_are_checked_and_a_cell_opens_where_it_comes_from(page: Page) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Block")
    main_figure(page)
    page.get_by_label("Pinned tokens").fill("·dog ·hippopotamuses")
    expect(page.get_by_text("“·hippopotamuses” is")).to_be_visible()
    expect(page.get_by_label("Pinned tokens")).to_have_value("·dog ·hippopotamuses")
    page.get_by_label("Pinned tokens").fill("·dog ·mat")
    expect(page.get_by_text("“·hippopotamuses” is")).to_have_count(0)
    expect(page.locator("#lens-curves .legendtext")).to_have_text(["\u2068·dog\u2069", "\u2068·mat\u2069"])
    page.get_by_label("More positions").fill("1")
    expect(page.locator("#lens-curves .legendtext")).to_have_count(4)
    page.locator("#lens-between .token-bar-from").first.click()
    expect(page.locator("#drawer")).to_contain_text("Guess between attention and MLP: share")


def test_the_parts_of_a_logit_add_up_to_the_one_that_sampling_shows(page: Page) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Block")
    main_figure(page)
    page.get_by_label("Whose logit is taken apart").fill("·and")
    expect(page.locator("#steps-frame .title")).to_contain_text("“·and”")
    rows = rows_saved(page, "steps-frame")
    assert sum(float(value) for _, value in rows[1:-1]) == pytest.approx(float(rows[-1][1]), abs=1e-3)
    parts = rows_saved(page, "sum-frame")
    assert len(parts) == 7
    told = page.locator("#sum-frame .summary")
    expect(told).to_contain_text(f"= {float(rows[-1][1]):.2f}".replace("-", "−"))
    page.get_by_label("how long they are").check()
    expect(page.locator("#sum-frame .title")).to_contain_text("How much each part wrote")


def test_the_norm_is_told_and_switched_off_beside_its_picture(page: Page, shipped: Pretrained) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Block")
    main_figure(page)
    seen = trace(shipped.model, shipped.tokenizer.encode(SENTENCE), {"ln1", "mlp_post"})
    expect(page.locator("#norm-frame .title")).to_have_text("LayerNorm before attention of layer 0")
    rows = rows_saved(page, "norm-frame")
    assert [float(cell) for cell in rows[3][1:]] == pytest.approx(seen["ln1", 0][-1].tolist(), rel=1e-4, abs=1e-5)
    neurons = rows_saved(page, "gelu-frame")
    assert [float(row[2]) for row in neurons[1:]] == pytest.approx(seen["mlp_post", 0][-1].tolist(), rel=1e-4, abs=1e-6)
    page.get_by_role("button", name="Switch LayerNorm off").click()
    expect(page.locator("#norm-frame .summary")).to_contain_text("Every LayerNorm is off")
    expect(page.locator("#edits-line")).to_contain_text("no LayerNorm")
    expect(page.get_by_role("button", name="Switch LayerNorm on")).to_be_visible()
    expect(page.locator("#lens-frame .summary")).to_contain_text("not the model’s answer")
