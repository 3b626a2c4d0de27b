"""The views of one head, and its steps: what the page says of cells is what gpt2core computes."""

from __future__ import annotations

import csv
import re

import pytest
import torch
from playwright.sync_api import Locator, Page, Route, expect

from gpt2core import Pretrained, trace
from gpt2core.analysis import value_weighted_attention
from tests.browser.conftest import main_figure, open_tab, type_sentence
from tests.browser.readings import share
from tests.browser.test_attention import overview_head, title

SENTENCE = "One day, Lily saw a big red ball in the garden"


def figure_rows(page: Page, frame: str) -> list[list[str]]:
    """What the frame's CSV holds, without its head."""
    with page.expect_download() as saved:
        page.locator(f"#{frame}").get_by_role("button", name="CSV").first.click()
    return list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))[1:]


def cells(rows: list[list[str]]) -> list[list[float]]:
    return [[float(cell) if cell else float("nan") for cell in row[1:]] for row in rows]


def view(page: Page, name: str) -> Locator:
    return page.locator("#attention-view").get_by_role("radio", name=name, exact=True)


def test_every_view_of_a_head_holds_gpt2cores_numbers_and_a_link_brings_it_back(
    page: Page, shipped: Pretrained
) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Attention")
    overview_head(page, 2, 3).click()
    expect(title(page)).to_have_text("Layer 2, head 3")
    whole = trace(shipped.model, shipped.tokenizer.encode(SENTENCE))
    expect(page.locator("#attention-weighted")).to_be_hidden()
    view(page, "weights and what they carry").click()
    expect(page.locator("#attention-weighted .matrix-read")).to_contain_text("of what")
    lengths = value_weighted_attention(whole, shipped.model, 2)[3]
    carried = lengths / lengths.sum(-1, keepdim=True)
    grid = page.locator("#attention-weighted .matrix-grid")
    grid.focus()
    page.keyboard.press("Home")
    last = len(carried) - 1
    for column in range(last):
        told = re.compile(rf"\({column}\): {share(float(carried[last, column]))}")
        expect(page.locator("#attention-weighted .matrix-read")).to_contain_text(told)
        page.keyboard.press("ArrowRight")
    view(page, "mean over heads").click()
    expect(title(page)).to_have_text("Layer 2, mean over its heads")
    expect(page.locator("#attention-weighted")).to_be_hidden()
    main_figure(page)
    mean = whole["pattern", 2].mean(0)
    for row, values in enumerate(cells(figure_rows(page, "attention-frame"))):
        assert values[: row + 1] == pytest.approx(mean[row, : row + 1].tolist(), rel=1e-5)
    view(page, "lines").click()
    expect(page.locator("#attention-heatmap")).to_be_hidden()
    page.get_by_role("button", name="Head 5", exact=True).click()
    expect(page.get_by_role("button", name="Head 5", exact=True)).to_have_attribute("aria-pressed", "true")
    page.locator(".lines-scroll").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    strongest = max((float(whole["pattern", 2][head, 2].max()), head) for head in (3, 5))
    expect(page.locator(".lines-read")).to_contain_text("From 2 ,:")
    expect(page.locator(".lines-read")).to_contain_text(f"head {strongest[1]}")
    page.keyboard.press("Enter")
    expect(page.locator("#token-strip .token").nth(2)).to_have_attribute("aria-selected", "true")
    page.wait_for_function(
        "location.search.includes('attention_view=lines') && location.search.includes('lines_heads=5')"
    )
    page.goto(page.url)
    expect(page.get_by_role("button", name="Head 5", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#attention-heatmap")).to_be_hidden()


def test_another_head_is_turned_to_without_waiting_for_the_server(page: Page, shipped: Pretrained) -> None:
    type_sentence(page, SENTENCE)
    open_tab(page, "Attention")
    main_figure(page)
    whole = trace(shipped.model, shipped.tokenizer.encode(SENTENCE))
    page.locator("#attention-heatmap .matrix-read").wait_for()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/gradio_api/**", hold)
    last = len(whole.token_ids) - 1
    for layer, head in [(3, 4), (5, 0), (0, 2)]:
        overview_head(page, layer, head).click()
        grid = page.locator("#attention-heatmap .matrix-grid")
        expect(grid).to_have_attribute(
            "aria-label", f"Layer {layer}, head {head}. " + (grid.get_attribute("aria-label") or "").split(". ", 1)[1]
        )
        at = int(whole["pattern", layer][head, last].argmax())
        told = re.compile(rf"\({at}\): {share(float(whole['pattern', layer][head, last, at]))}")
        expect(page.locator("#attention-heatmap .matrix-read")).to_contain_text(told)
    for route in held:
        route.continue_()
    page.unroute("**/gradio_api/**")
    expect(title(page)).to_have_text("Layer 0, head 2")


def test_the_steps_of_a_head_are_walked_by_keys_and_hold_gpt2cores_numbers(page: Page, shipped: Pretrained) -> None:
    """Some 600 numbers of one pair: where it comes from, at each step."""
    type_sentence(page, SENTENCE)
    open_tab(page, "Attention")
    overview_head(page, 1, 2).click()
    query, key, layer, head = 7, 3, 1, 2
    page.locator("#token-strip .token").nth(query).click()
    whole = trace(shipped.model, shipped.tokenizer.encode(SENTENCE))
    row = {
        site: whole[site, layer]
        for site in ("ln1", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_pre", "resid_mid")
    }
    grid = page.locator("#attention-heatmap .matrix-grid")
    grid.focus()
    for _ in range(len(whole.token_ids)):
        page.keyboard.press("ArrowLeft")
    for _ in range(key):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#head-steps-frame .summary")).to_contain_text(f"({query}) looking at")
    expect(page.locator("#head-steps-frame .summary")).to_contain_text(f"({key}):")
    q, k, weight = row["q"][head, query], row["k"][head, key], row["pattern"][head, query]
    wanted = {
        1: [row["ln1"][query], row["ln1"][key]],
        2: [q, k],
        3: [q, k, q * k],
        4: [q @ row["k"][head].mT, row["scores"][head, query]],
        7: [weight],
        8: [row["v"][head, key], weight[key] * row["v"][head, key], row["z"][head, query]],
        9: list(row["z"][:, query]),
        11: [row["resid_pre"][query], row["attn_out"][query], row["resid_mid"][query]],
    }
    page.locator("#head-steps [role=option]").first.click()
    n_read = 0
    for step in range(1, 12):
        expect(page.locator("#head-steps-frame .title")).to_contain_text(f"step {step} of 11")
        expect(page.locator("#head-steps [aria-selected=true]")).to_contain_text(str(step))
        expect(page.locator("#step-code .source-where").first).to_contain_text("gpt2core/model.py")
        label = page.locator("#step-strips .matrix-grid")
        expect(label).to_have_attribute(
            "aria-label",
            (
                page.locator("#head-steps-frame .title").inner_text()
                + ". "
                + (label.get_attribute("aria-label") or "").split(". ", 1)[1]
            ),
        )
        found = cells(figure_rows(page, "head-steps-frame"))
        for values, exact in zip(found, wanted.get(step, []), strict=step in wanted):
            assert values == pytest.approx(exact.tolist(), rel=1e-4, abs=1e-6)
            n_read += len(values)
        page.locator("#head-steps [aria-selected=true]").focus()
        page.keyboard.press("ArrowRight")
    assert n_read > 600
    page.get_by_role("radio", name="every token").click()
    expect(page.locator("#head-steps-frame .summary")).to_contain_text("The stream of every token")
    stream = torch.tensor(cells(figure_rows(page, "head-steps-frame")))
    assert torch.allclose(stream, row["resid_mid"], atol=1e-5)
    strips = page.locator("#step-strips .matrix-grid")
    strips.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("?")
    expect(page.locator("#drawer")).to_contain_text("resid_mid")


def test_steps_play_to_the_end_and_can_be_stopped(page: Page) -> None:
    page.clock.install()
    open_tab(page, "Attention")
    chosen = page.locator("#head-steps [aria-selected=true]")
    expect(page.locator("#head-steps-frame .title")).to_contain_text("step 1 of 11")
    page.get_by_role("button", name="Play the steps").click()
    page.clock.run_for(3600)
    expect(chosen).to_contain_text("query and key")
    page.get_by_role("button", name="Stop playing").click()
    page.clock.run_for(9000)
    expect(chosen).to_contain_text("query and key")
    page.get_by_role("button", name="Previous", exact=True).click()
    expect(chosen).to_contain_text("what enters")
    page.get_by_role("button", name="Play the steps").click()
    for _ in range(10):
        page.clock.run_for(3600)
    expect(chosen).to_contain_text("added to the stream")
    expect(page.get_by_role("button", name="Play the steps")).to_be_visible()
