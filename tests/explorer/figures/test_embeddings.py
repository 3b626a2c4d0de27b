import numpy as np

from explorer.figures.embeddings import position_likeness
from gpt2core.embeddings import cosines


def test_position_cosines_are_drawn_whole_in_a_fixed_range_and_the_position_is_marked(tiny_model):
    likeness = cosines(tiny_model.pos_emb.weight, 5)
    figure = position_likeness(likeness, 5)
    assert np.array_equal(np.array(figure.data[0].y), likeness.numpy())
    assert (list(figure.data[1].x), list(figure.data[1].y)) == ([5], [float(likeness[5])])
    low, high = figure.layout.yaxis.range
    assert low <= -1
    assert high >= 1
