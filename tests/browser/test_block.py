"""The Block tab: what stands in its cells, and that they follow the page's one sentence, cursor and edits."""

from __future__ import annotations

import csv
import re
from urllib.parse import urlencode

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from explorer.wording.numbers import signed
from gpt2core import Pretrained, trace
from gpt2core.edits import patch
from gpt2core.lens import lens_grid
from gpt2core.neurons import neuron_readings, strongest_neurons
from gpt2core.patching import patched_rows, patching
from tests.browser.conftest import cells_of, main_figure, open_tab, put_back, put_edits_back, type_sentence
from tests.browser.readings import figure

SENTENCE = "The cat sat on the mat"
LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'block', 'layer': 0})}"


@pytest.fixture
def block(kept: Page) -> Page:
    """The tab of SENTENCE, layer 0 picked and nothing switched off. A test that leaves another layer behind takes `page`."""
    put_back(kept, SENTENCE, "Block")
    put_edits_back(kept)
    main_figure(kept)
    return kept


def rows_saved(page: Page, frame_id: str) -> list[list[str]]:
    with page.expect_download() as saved:
        page.locator(f"#{frame_id}").get_by_role("button", name="CSV", exact=True).click()
    return list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))


def grid_saved(page: Page) -> list[list[str]]:
    """The patching grid's rows once all of them are there: they come one after the other, and Stop is enabled meanwhile."""
    expect(page.locator("#patch-stop")).to_be_disabled()
    return rows_saved(page, "patch-frame")


def cell_of(grid: Locator, row: int, column: int, rows: int, columns: int) -> dict[str, float]:
    """Where the middle of a cell of a matrix lies, for a click."""
    left, top, width, height = cells_of(grid)
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
    expect(page.locator("#lens-before figcaption")).to_have_text("before layer 3")
    expect(page.locator("#lens-layer").get_by_role("radio", name="3", exact=True)).to_be_checked()
    assert len(asked) == 1, asked
    expect(page.locator("#token-strip .token").nth(2)).to_have_attribute("aria-selected", "true")
    first = shipped.tokenizer.decode([int(grid.first[8, 2])]).replace(" ", "·")
    expect(page.locator("#lens-after .token-bar-text").first).to_have_text(first)
    page.evaluate("""() => { // the lists in the frame in which the layer is chosen
      document.querySelectorAll('#lens-layer input')[1].click();
      globalThis.atOnce = new Promise((done) => requestAnimationFrame(() => done(document.querySelector('#lens-after figcaption').textContent)));
    }""")
    assert page.evaluate("globalThis.atOnce") == "after MLP 1"


def test_pinned_tokens_are_checked_and_a_cell_opens_where_it_comes_from(block: Page) -> None:
    page = block
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


def test_a_token_of_a_list_is_pinned_and_unpinned_by_a_click_and_by_enter(page: Page) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Block")
    main_figure(page)
    pinned, curves = page.get_by_label("Pinned tokens"), page.locator("#lens-curves .legendtext")
    keys = page.locator("#lens-after .token-bar-pin")
    first, second = (keys.nth(at).locator(".token-bar-text").inner_text() for at in (0, 1))
    keys.first.click()
    expect(pinned).to_have_value(first)
    expect(curves).to_have_text([f"\u2068{first}\u2069"])
    expect(keys.first).to_have_attribute("aria-pressed", "true")
    keys.first.focus()
    page.keyboard.press("ArrowDown")
    expect(keys.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(curves).to_have_text([f"\u2068{one}\u2069" for one in (first, second)])
    expect(keys.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(keys.nth(1)).to_be_focused()  # the list was drawn anew under it
    page.keyboard.press("ArrowRight")
    expect(page.locator("#lens-after .token-bar-from").nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(pinned).to_have_value(second)
    expect(curves).to_have_text([f"\u2068{second}\u2069"])
    page.wait_for_url("**lens_pinned=**")
    pinned.fill("")
    expect(keys.nth(1)).to_have_attribute("aria-pressed", "false")


def test_the_parts_of_a_logit_add_up_to_the_one_that_sampling_shows(block: Page) -> None:
    page = block
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


def test_the_norm_is_told_and_switched_off_beside_its_picture(block: Page, shipped: Pretrained) -> None:
    page = block
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


def test_a_neuron_is_told_switched_off_and_back_and_opens_where_it_comes_from(block: Page, shipped: Pretrained) -> None:
    page = block
    seen = trace(shipped.model, shipped.tokenizer.encode(SENTENCE))
    found = strongest_neurons(seen, shipped.model, 0)
    first = found.neurons[0]
    rows = page.locator("#neurons .neuron")
    expect(rows.locator(".neuron-number")).to_have_text([str(one) for one in found.neurons])
    fires = rows_saved(page, "fires-frame")
    for row, neuron in zip(fires[1:], found.neurons, strict=True):
        assert [float(cell) for cell in row[1:]] == pytest.approx(seen["mlp_post", 0][:, neuron].tolist(), abs=1e-5)
    reading = neuron_readings(shipped.model, 0, [first])[0]
    top = shipped.tokenizer.decode([int(reading.argmax())]).replace(" ", "·")
    expect(rows.first.locator(".neuron-promoted .chip").first).to_have_text(top)
    switch = page.get_by_role("button", name=f"Switch neuron {first} off", exact=True)
    switch.click()
    expect(page.locator("#edits-line")).to_contain_text(f"neuron {first} of layer 0 off")
    page.wait_for_url(f"**edits=neuron%3A0.{first}**")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(rows.first.locator(".neuron-from").nth(1)).to_have_text("0.00")
    rows.first.locator(".neuron-from").nth(1).click()
    expect(page.locator("#drawer")).to_contain_text(f"neuron {first} of layer 0 off")
    switch.click()
    expect(page.locator("#edits-line .edit")).to_have_count(0)
    expect(rows.first.locator(".neuron-from").nth(1)).not_to_have_text("0.00")


def test_patching_shows_gpt2cores_scores_and_a_cell_is_followed(blank: Page, app_url: str, shipped: Pretrained) -> None:
    page = blank
    clean, corrupted = "The cat sat on the mat", "The dog sat on the mat"
    query = urlencode({"text": clean, "tab": "block", "corrupted": corrupted, "patch_answers": "·and ."})
    page.goto(f"{app_url}/?{query}")
    grid, status = page.locator("#patch-grid .matrix-grid"), page.locator("#patch-status")
    expect(page.locator("#patch-frame .summary")).to_contain_text("“·cat” → “·dog” at 1")
    encode = shipped.tokenizer.encode
    answer = (encode(" and")[0], encode(".")[0])
    pair = patching(shipped.model, encode(clean), encode(corrupted), answer)
    scores = torch.stack([pair.score(row.answers) for row in patched_rows(shipped.model, pair, "resid_pre")])
    rows = grid_saved(page)
    for told, row in zip(rows[1:], scores.tolist(), strict=True):
        assert [float(cell) for cell in told[1:]] == pytest.approx(row, abs=1e-3)
    grid.click(position=cell_of(grid, 2, 1, 6, len(encode(clean))))
    expect(page.locator("#reach-frame .summary")).to_contain_text("before layer 2 at “·cat” (1)")
    expect(page.locator("#patch-answer .told")).to_contain_text(
        re.compile(f"= {figure(float(scores[2, 1]))} of the answer")
    )
    reached = rows_saved(page, "reach-frame")  # after the embedding, then after each attention and each MLP
    assert [[cell != "" for cell in row[1:]] for row in reached[1:]] == [
        [t >= 1 if place > 4 else place == 4 and t == 1 for t in range(6)] for place in range(13)
    ]
    plain = trace(shipped.model, encode(corrupted))
    patched = trace(shipped.model, encode(corrupted), edits=[patch(pair.clean, "resid_pre", 2, positions=[1])])
    apart = (patched["resid_mid", 3] - plain["resid_mid", 3]).norm(dim=-1)
    assert [float(cell) for cell in reached[1 + 7][2:]] == pytest.approx(apart[1:].tolist(), rel=1e-4)
    page.locator("#reach-shown").get_by_label("the answer, read there").check()
    expect(page.locator("#patch-reach .matrix-legend span").first).to_contain_text("−")
    moved = rows_saved(page, "reach-frame")
    answers = [float(one["logits"][-1, answer[0]] - one["logits"][-1, answer[1]]) for one in (patched, plain)]
    assert float(moved[-1][-1]) == pytest.approx(answers[0] - answers[1], abs=1e-4)
    expect(page.locator("#patch-answer .value").nth(1)).to_have_text(signed(answers[0]))
    page.get_by_text("The same in Python").click()
    expect(page.locator("#patch-code pre")).to_contain_text('edits.patch(source, "resid_pre", 2, positions=[1])')
    box = page.get_by_label("Corrupted sentence")
    box.fill("The dog sat on")
    expect(status).to_contain_text("has 6 tokens and the corrupted one 4")
    expect(box).to_have_value("The dog sat on")
    box.fill(clean)
    box.press("Enter")
    expect(status).to_contain_text("nothing to bring back")
    assert all(float(cell) == 0 for row in grid_saved(page)[1:] for cell in row[1:])
    # a patch of a run with itself changes nothing, wherever it reaches
    expect(page.locator("#reach-frame .summary")).to_contain_text("the patch changes nothing")
    for shown in ("the stream", "the answer, read there"):
        page.locator("#reach-shown").get_by_label(shown, exact=True).check()
        expect(page.locator("#patch-reach .matrix-ends span").first).to_have_text(
            "0.001" if shown == "the stream" else "−1"
        )
        assert {cell for row in rows_saved(page, "reach-frame")[1:] for cell in row[1:]} == {"", "0"}
    values = page.locator("#patch-answer .value").all_inner_texts()
    assert len(values) == 3
    assert len(set(values)) == 1


def test_any_place_of_the_stream_is_picked_in_one_grid_and_a_link_brings_it_back(
    blank: Page, app_url: str, shipped: Pretrained
) -> None:
    page = blank
    clean, corrupted = "The cat sat on the mat", "The dog sat on the mat"
    query = urlencode({"text": clean, "tab": "block", "corrupted": corrupted, "patch_site": "every", "layer": "0"})
    page.goto(f"{app_url}/?{query}")
    grid = page.locator("#patch-grid .matrix-grid")
    expect(grid).to_have_attribute("aria-rowcount", "25")
    expect(page.locator("#patch-grid")).not_to_have_attribute("data-stale", re.compile("."))
    rows = grid_saved(page)
    pair = patching(shipped.model, shipped.tokenizer.encode(clean), shipped.tokenizer.encode(corrupted))
    (row,) = patched_rows(shipped.model, pair, "mlp_out", layers=[3])
    assert rows[1 + 15][0] == "MLP 3 writes"
    assert [float(cell) for cell in rows[1 + 15][1:]] == pytest.approx(pair.score(row.answers).tolist(), abs=1e-3)
    grid.click(position=cell_of(grid, 15, 1, 25, 6))
    told = page.locator("#reach-frame .summary")
    expect(told).to_contain_text("what MLP 3 writes at “·cat” (1)")
    page.wait_for_url("**patch_place=mlp_out**")
    page.reload()
    expect(told).to_contain_text("what MLP 3 writes at “·cat” (1)")
    expect(page.locator("#patch-grid .matrix-read")).to_contain_text("MLP 3 writes, at “·cat” (1)")
