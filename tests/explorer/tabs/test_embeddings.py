import pytest
import torch

from explorer.tabs.embeddings import (
    lengths_in_words,
    neighbour_rows,
    signed,
    sum_in_words,
    summary_sentence,
    vector_table,
)
from explorer.wording.text import TokenLabel

VECTORS = {
    "token row": torch.tensor([0.25, -0.5, 3.0]),
    "position row": torch.tensor([0.5, -1.5, -1.0]),
    "sum": torch.tensor([0.75, -2.25, 2.0]),
}
LABEL = TokenLabel(7, "·cat", "", True)
NEAREST = [TokenLabel(8, "·{dog}", "", True), TokenLabel(9, "<i>", "", True)]


def test_the_sum_is_spelled_out_at_the_dimension_farthest_from_zero():
    told = sum_in_words(VECTORS)
    assert "Dimension 1," in told
    assert "−0.5000 (token row) − 1.5000 (position row) = −2.2500 (sum)" in told


def test_lengths_are_those_of_the_vectors():
    told = lengths_in_words({name: torch.tensor([3.0, 4.0]) * scale for scale, name in enumerate(VECTORS, 1)})
    assert all(length in told for length in ("5.000", "10.000", "15.000"))


def test_the_table_has_every_number_of_every_vector():
    table = vector_table(VECTORS)
    assert table["dimension"].tolist() == [0, 1, 2]
    for name, vector in VECTORS.items():
        assert table[name].tolist() == vector.tolist()


def test_neighbours_show_their_cosines_with_a_minus_sign_where_they_oppose():
    rows = neighbour_rows(NEAREST, torch.tensor([0.5, -0.25]), "caption")["rows"]
    assert [(row["text"], row["note"], row["shown"]) for row in rows] == [
        ("·{dog}", "8", "0.500"),
        ("<i>", "9", "−0.250"),
    ]
    assert rows[0]["value"] == pytest.approx(0.5)


def test_the_summary_names_the_token_and_its_closest():
    assert summary_sentence(LABEL, 4, NEAREST, torch.tensor([0.5, -0.25])) == (
        "Token “·cat” (id 7) at position 4. Closest tokens: “·{dog}” (0.50), “<i>” (−0.25)."
    )
    assert signed(-0.0004, 2) == "−0.00"
