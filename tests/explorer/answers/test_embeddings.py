"""What the Embeddings tab says of a token's vectors and of what is like it."""

import torch

from explorer.answers.embeddings import lengths_in_words, sum_in_words

VECTORS = {
    "token row": torch.tensor([0.25, -0.5, 3.0]),
    "position row": torch.tensor([0.5, -1.5, -1.0]),
    "sum": torch.tensor([0.75, -2.25, 2.0]),
}


def test_the_sum_is_spelled_out_at_the_dimension_farthest_from_zero():
    told = sum_in_words(VECTORS)
    assert "Dimension 1," in told
    assert "−0.5000 (token row) − 1.5000 (position row) = −2.2500 (sum)" in told


def test_lengths_are_those_of_the_vectors():
    told = lengths_in_words({name: torch.tensor([3.0, 4.0]) * scale for scale, name in enumerate(VECTORS, 1)})
    assert all(length in told for length in ("5.000", "10.000", "15.000"))
