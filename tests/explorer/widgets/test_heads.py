"""The mosaic's dots: what is packed, and what the browser paints from it."""

from __future__ import annotations

import base64

import numpy as np
import plotly.colors
import pytest
import torch

from explorer.page.theme import SEQUENTIAL
from explorer.widgets.heads import MOST_DOTS, head_mosaic, pooled, pooling
from tests.explorer.widgets.scripts import evaluator


@pytest.fixture(scope="module")
def browser():
    return evaluator("heads/mosaic.js")


def patterns(n_tokens: int) -> torch.Tensor:
    """[2, 3, T, T] as attention makes them."""
    scores = 4 * torch.randn(2, 3, n_tokens, n_tokens, generator=torch.Generator().manual_seed(n_tokens))
    return scores.masked_fill(torch.ones(n_tokens, n_tokens).triu(1).bool(), -torch.inf).softmax(-1)


def unpacked(text: str, *shape: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(shape)


@pytest.mark.parametrize("n_tokens", [1, 20, 48, 49, 97, 256])
def test_a_dot_is_the_greatest_of_the_weights_it_stands_for_and_none_is_left_out(n_tokens):
    weights, factor = patterns(n_tokens), pooling(n_tokens)
    dots = pooled(weights, factor)
    assert dots.size(-1) <= MOST_DOTS
    spread = dots.repeat_interleave(factor, -1).repeat_interleave(factor, -2)[..., :n_tokens, :n_tokens]
    assert bool((spread >= weights).all())
    assert set(dots.unique().tolist()) <= set(weights.unique().tolist())


def test_short_sentences_are_not_pooled():
    assert pooling(MOST_DOTS) == 1
    assert torch.equal(pooled(patterns(20), 1), patterns(20))


def test_the_packed_dots_are_the_weights_to_the_nearest_of_255_steps():
    mosaic = head_mosaic(patterns(20), run="r", label="l", cell_label="c")
    dots = unpacked(mosaic["dots"], mosaic["layers"], mosaic["heads"], mosaic["side"], mosaic["side"])
    assert dots.shape == (2, 3, 20, 20)
    assert np.abs(dots / 255 - patterns(20).numpy()).max() <= 0.5 / 255 + 1e-6


def test_the_mosaic_wears_the_colours_of_the_figures():
    palette = unpacked(head_mosaic(patterns(3), run="r", label="l", cell_label="c")["palette"], 256, 3)
    (wanted,) = plotly.colors.sample_colorscale(SEQUENTIAL, [128 / 255], colortype="tuple")
    assert palette[128].tolist() == [round(255 * part) for part in wanted]


def test_a_head_is_painted_dot_by_dot_and_its_future_stays_transparent(browser):
    side, n_heads = 4, 3
    dots = list(range(n_heads * side * side))
    palette = [channel for step in range(256) for channel in (step, 255 - step, step // 2)]
    pixels = browser(f"Array.from(headPixels({dots}, {palette}, {side}, 2))")
    for query in range(side):
        for key in range(side):
            at = query * side + key
            dot = 2 * side * side + at
            expected = [dot, 255 - dot, dot // 2, 255] if key <= query else [0, 0, 0, 0]
            assert pixels[4 * at : 4 * at + 4] == expected


@pytest.mark.parametrize(("side", "layers", "heads"), [(1, 1, 1), (20, 6, 6), (48, 12, 12), (48, 48, 25)])
def test_the_canvas_stays_within_what_browsers_allow_and_every_dot_has_a_pixel(browser, side, layers, heads):
    scale = browser(f"pixelsPerDot({side}, {layers}, {heads})")
    assert scale >= 1
    assert scale * side * layers * scale * side * heads <= 4e6 or scale == 1
    assert max(layers, heads) * side * scale <= 16_384


def test_a_dot_is_one_weight_or_a_block_of_them_and_none_lies_in_the_future(browser):
    head = "side: 6, layer: 1, head: 2"
    assert browser(f"dotOrigin({{ {head}, pooling: 1 }}, 0.4, 0.75)") == {
        "site": "pattern",
        "layer": 1,
        "index": [2, 4, 2],
    }
    assert browser(f"dotOrigin({{ {head}, pooling: 3 }}, 0.4, 0.75)") == {
        "site": "pattern",
        "layer": 1,
        "index": [2, 12, 6],
        "block": [3, 3],
    }
    assert browser(f"dotOrigin({{ {head}, pooling: 1 }}, 0.75, 0.4)") is None
    assert browser(f"dotOrigin({{ {head}, pooling: 1 }}, 1, 1).index") == [2, 5, 5]


def test_of_a_row_the_strongest_of_all_its_weights_is_asked_for(browser):
    told = browser("rowOrigin({ layer: 1, head: 2, tokens: 6 }, 4)")
    assert told == {"site": "pattern", "layer": 1, "index": [2, 4, 0], "block": [1, 6]}


@pytest.fixture(scope="module")
def roles():
    return evaluator("heads/roles.js")


SCORES = "[[0.1, 0.5, null], [0.5, 0.9, 0.05]]"


def test_heads_are_ordered_by_their_score_and_those_without_one_left_out(roles) -> None:
    places = roles(f"ranked({SCORES}).map(({{ layer, head }}) => [layer, head])")
    assert places == [[1, 1], [0, 1], [1, 0], [0, 0], [1, 2]]  # equal ones as they stand in the model


def test_a_least_score_leaves_out_what_is_below_it(roles) -> None:
    assert roles(f"ranked({SCORES}, 0.5).map(({{ score }}) => score)") == [0.9, 0.5, 0.5]
    assert roles(f"ranked({SCORES}, 0.91)") == []


def test_a_place_is_found_among_the_rows_or_not(roles) -> None:
    assert roles(f"placeOf(inRows(ranked({SCORES}), 2), 0, 0)") == [1, 1]
    assert roles(f"placeOf(inRows(ranked({SCORES}), 2), 0, 2)") is None
    assert roles("placeOf(asInModel(2, 3), 1, 2)") == [1, 2]


@pytest.mark.parametrize(("down", "token"), [(0, 0), (0.5, 4), (0.999, 6), (1, 6)])
def test_a_height_in_a_picture_is_the_token_whose_line_is_there(browser, down: float, token: int) -> None:
    assert browser(f"tokenAt({{ side: 4, pooling: 2, tokens: 7 }}, {down})") == token
