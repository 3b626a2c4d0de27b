import json
import math

import numpy as np
import pytest
import torch

from explorer.figures.attention import attention_heatmap, position_labels
from gpt2core.patterns import without_first_token

LABELS = ["Once", "·a", "·a", "<b>bold</b>", "&lt;", "مرحبا", "x" * 60]


@pytest.fixture
def pattern(tiny_trace):
    return tiny_trace["pattern", 1][2]


def heatmap(figure):
    return figure.data[0]


def test_every_weight_is_drawn_as_it_is_and_the_future_is_empty(pattern):
    drawn = np.array(heatmap(attention_heatmap(pattern, LABELS, title="t", query=3)).z)
    past = np.tril(np.ones(drawn.shape, dtype=bool))
    assert np.array_equal(drawn[past], pattern.numpy()[past])
    assert np.isnan(drawn[~past]).all()


def test_the_colour_range_is_fixed_so_that_two_figures_compare(pattern):
    for scaled in (pattern, pattern / 10):
        drawn = heatmap(attention_heatmap(scaled, LABELS, title="t", query=0))
        assert (drawn.zmin, drawn.zmax) == (0.0, 1.0)


def test_equal_tokens_keep_their_own_rows_and_columns(pattern):
    drawn = heatmap(attention_heatmap(pattern, LABELS, title="t", query=0))
    assert len(set(drawn.x)) == len(set(drawn.y)) == len(LABELS)
    assert [name.strip("\u2068\u2069").split(" ")[0] for name in drawn.x] == [str(n) for n in range(len(LABELS))]


def test_axis_labels_hold_no_markup_and_a_long_one_is_seen_to_be_cut():
    names = position_labels(LABELS)
    assert "<" not in "".join(names)
    assert "&lt;b&gt;bold&lt;/b&gt;" in names[3]
    assert "&amp;lt;" in names[4]
    assert names[6].rstrip("\u2069").endswith("…")


def test_the_row_of_the_query_is_framed(pattern):
    figure = attention_heatmap(pattern, LABELS, title="t", query=5)
    assert {(shape.y0, shape.y1) for shape in figure.layout.shapes} == {(4.5, 5.5)}
    assert {(shape.x0, shape.x1) for shape in figure.layout.shapes} == {(-0.5, len(LABELS) - 0.5)}


def test_hiding_the_first_token_empties_its_column_and_says_that_the_weights_are_altered(pattern):
    plain = attention_heatmap(pattern, LABELS, title="t", query=0)
    altered = attention_heatmap(without_first_token(pattern), LABELS, title="t", query=0, first_hidden=True)
    assert np.isnan(np.array(heatmap(altered).z)[:, 0]).all()
    assert "renormalised" in heatmap(altered).colorbar.title.text
    assert "renormalised" not in heatmap(plain).colorbar.title.text


def test_drawing_changes_nothing_in_the_trace(pattern):
    before = pattern.clone()
    attention_heatmap(pattern, LABELS, title="t", query=0, first_hidden=True)
    assert torch.equal(pattern, before)


def test_a_long_sentence_travels_packed_not_as_a_list_of_numbers():
    n = 200
    figure = json.loads(attention_heatmap(torch.rand(n, n).softmax(-1), ["·a"] * n, title="t", query=0).to_json())
    assert len(figure["data"][0]["z"]["bdata"]) == 4 * math.ceil(4 * n * n / 3)
