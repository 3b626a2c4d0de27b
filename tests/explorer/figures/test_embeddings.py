import numpy as np
import pytest
import torch

from explorer.figures.embeddings import position_likeness, vector_strips
from gpt2core.embeddings import cosines


@pytest.fixture
def vectors(tiny_trace):
    return {
        "token row": tiny_trace["tok_emb"][3],
        "position row": tiny_trace["pos_emb"][3],
        "sum": tiny_trace["embed"][3],
    }


def test_every_number_of_every_vector_is_drawn(vectors):
    strips = vector_strips(vectors, title="t").data[0]
    assert list(strips.y) == list(vectors)
    assert np.array_equal(np.array(strips.z), torch.stack(list(vectors.values())).numpy())


def test_one_range_around_zero_holds_them_all(vectors):
    strips = vector_strips(vectors, title="t").data[0]
    assert strips.zmin == -strips.zmax
    assert strips.zmax == np.abs(np.array(strips.z)).max()


def test_vectors_of_zeros_still_have_a_range():
    strips = vector_strips({"sum": torch.zeros(4)}, title="t").data[0]
    assert strips.zmax > 0


def test_position_cosines_are_drawn_whole_in_a_fixed_range_and_the_position_is_marked(tiny_model):
    likeness = cosines(tiny_model.pos_emb.weight, 5)
    figure = position_likeness(likeness, 5, title="t")
    assert np.array_equal(np.array(figure.data[0].y), likeness.numpy())
    assert (list(figure.data[1].x), list(figure.data[1].y)) == ([5], [float(likeness[5])])
    low, high = figure.layout.yaxis.range
    assert low <= -1
    assert high >= 1
