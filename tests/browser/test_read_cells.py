"""Cells of the Attention and the Block tab, read as a person reads them: pointed at, the line above the picture; gpt2core computes the same."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import Tensor

from gpt2core import Pretrained, trace
from gpt2core.analysis import direct_logit_attribution, value_weighted_attention
from gpt2core.lens import lens_grid
from gpt2core.neurons import strongest_neurons
from gpt2core.patching import patch_reach, patched_rows, patching
from tests.browser import readings
from tests.browser.conftest import open_tab

CLEAN, CORRUPTED = "The cat sat on the mat", "The dog sat on the mat"
LAYER, HEAD, POSITION = 2, 3, 5
A_FIGURE = 30  # cells read in each
AT_LEAST = 200  # in all

# Answers with what is said of each of these cells [row, column] of a matrix of `size` while a mouse points at it.
_READ = """([id, cells, [rows, columns]]) => {
  const root = document.getElementById(id), grid = root.querySelector('.matrix-grid');
  grid.scrollIntoView({ block: 'center' });
  const box = grid.getBoundingClientRect();
  const [left, top, width, height] = grid.dataset.box.split(' ').map(Number);
  return cells.map(([row, column]) => {
    const clientX = box.left + left + ((column + 0.5) * width) / columns, clientY = box.top + top + ((row + 0.5) * height) / rows;
    grid.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, bubbles: true, pointerType: 'mouse' }));
    return root.querySelector('.matrix-read').textContent;
  });
}"""


def read(page: Page, elem_id: str, expected: Tensor, *, share: bool = False) -> int:
    """Read A_FIGURE cells that have a value; NaN in `expected` stands for none. Returns how many they were."""
    grid = page.locator(f"#{elem_id} .matrix-grid")
    expect(grid).to_have_attribute("aria-rowcount", str(expected.size(0)))
    expect(grid).to_have_attribute("aria-colcount", str(expected.size(1)))
    expect(grid).to_have_attribute("data-box", re.compile("."))
    cells = (~expected.isnan()).nonzero()
    chosen = cells[torch.randperm(len(cells), generator=torch.Generator().manual_seed(0))[:A_FIGURE]].tolist()
    told = page.evaluate(_READ, [elem_id, chosen, list(expected.shape)])
    for (row, column), sentence in zip(chosen, told, strict=True):
        value = float(expected[row, column])
        number = re.findall(r"[<>]? ?[−+]?[0-9.]+(?:e[−+]?[0-9]+)?(?: %)?", sentence)[-1].strip()
        if share:
            assert re.fullmatch(readings.share(value), number), (elem_id, row, column, sentence, value)
        else:
            assert float(number.replace("−", "-")) == pytest.approx(value, rel=1e-4, abs=1e-4), (elem_id, sentence)
    return len(chosen)


def test_two_hundred_cells_over_both_tabs_are_gpt2cores(blank: Page, app_url: str, shipped: Pretrained) -> None:
    page, model, encode = blank, shipped.model, shipped.tokenizer.encode
    asked = {
        "text": CLEAN, "tab": "attention", "layer": LAYER, "head": HEAD, "token": POSITION, "attention_view": "weighted",
        "effect_token": "·and", "corrupted": CORRUPTED, "patch_answers": "·and .", "patch_site": "mlp_out",
    }  # fmt: skip
    page.goto(f"{app_url}/?{urlencode(asked)}")
    ids, seen = encode(CLEAN), trace(model, encode(CLEAN))
    expect(page.locator("#effect-all-frame .title")).to_have_text("All heads: the logit of “·and”")
    future = torch.ones(len(ids), len(ids)).triu(1).bool()
    written = value_weighted_attention(seen, model, LAYER)[HEAD]
    n = read(page, "attention-heatmap", seen["pattern", LAYER][HEAD].masked_fill(future, torch.nan), share=True)
    shares = written / written.sum(-1, keepdim=True)
    n += read(page, "attention-weighted", shares.masked_fill(future, torch.nan), share=True)
    parts = direct_logit_attribution(seen, model, encode(" and")[0], POSITION)
    n += read(page, "effect-heads", parts.heads)

    open_tab(page, "Block")
    expect(page.locator("#patch-frame .summary")).to_contain_text("“·cat” → “·dog”")
    expect(page.locator("#patch-grid")).not_to_have_attribute("data-stale", re.compile("."))
    expect(page.locator("#reach-frame .summary")).to_contain_text(f"what MLP {LAYER} writes")
    grid = lens_grid(seen, model)
    n += read(page, "lens", grid.shares, share=True)
    answer = int(seen["logits"][POSITION].argmax())
    parts = direct_logit_attribution(seen, model, answer, POSITION)
    n += read(page, "sum-parts", torch.cat([parts.heads, parts.attention_biases[:, None], parts.mlps[:, None]], 1))
    neurons = strongest_neurons(seen, model, LAYER).neurons
    n += read(page, "neurons-fire", seen["mlp_post", LAYER][:, neurons].T)
    pair = patching(model, ids, encode(CORRUPTED), (encode(" and")[0], encode(".")[0]))
    n += read(
        page, "patch-grid", torch.stack([pair.score(one.answers) for one in patched_rows(model, pair, "mlp_out")])
    )
    reach = patch_reach(model, pair, "mlp_out", LAYER, place=POSITION)
    n += read(page, "patch-reach", reach.changes.masked_fill(~reach.possible, torch.nan))
    page.get_by_label("distance to the answer (KL)").check()
    expect(page.locator("#lens .matrix-read")).to_contain_text("nats")
    n += read(page, "lens", grid.divergences)
    assert n >= AT_LEAST
