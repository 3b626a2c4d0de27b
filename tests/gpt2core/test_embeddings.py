import pytest
import torch
from sklearn.decomposition import PCA
from torch.nn import functional as F

from gpt2core.embeddings import (
    MEASURES,
    alike,
    analogy_vector,
    cosines,
    nearest_rows,
    principal_components,
)
from gpt2core.errors import InvalidSetting

TABLE = torch.randn(60, 8, generator=torch.Generator().manual_seed(3))


def test_cosines_are_pytorchs():
    expected = F.cosine_similarity(TABLE.double(), TABLE[7].double().expand_as(TABLE), dim=-1)
    torch.testing.assert_close(cosines(TABLE, 7).double(), expected, atol=1e-6, rtol=0)


def test_length_does_not_matter_and_a_row_of_zeros_is_like_nothing():
    table = torch.tensor([[1.0, 2.0], [10.0, 20.0], [-1.0, -2.0], [0.0, 0.0], [2.0, -1.0]])
    torch.testing.assert_close(cosines(table, 0), torch.tensor([1.0, 1.0, -1.0, 0.0, 0.0]))
    assert cosines(table, 3).tolist() == [0.0] * 5


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("centred", [False, True])
def test_the_nearest_are_those_of_a_search_through_all(measure, centred):
    rows = TABLE.double() - (TABLE.double().mean(0) if centred else 0)
    own = rows[7]
    keys = {
        "cosine": -(rows @ own) / rows.norm(dim=1) / own.norm(),
        "dot": -(rows @ own),
        "euclidean": (rows - own).norm(dim=1),
    }[measure]
    expected = [row for row in keys.argsort().tolist() if row != 7][:10]
    ids, values = nearest_rows(TABLE, TABLE[7], 10, measure, centred=centred, left_out=[7])
    assert ids.tolist() == expected
    told = keys[ids] if measure == "euclidean" else -keys[ids]
    torch.testing.assert_close(values.double(), told, atol=1e-5, rtol=1e-5)


def test_among_equals_the_lower_id_comes_first():
    table = torch.tensor([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0], [1.0, 0.0], [3.0, 4.0]])  # all cosines exact
    assert nearest_rows(table, table[4], 2, left_out=[4])[0].tolist() == [0, 2]
    assert nearest_rows(table, table[0], 2, left_out=[0])[0].tolist() == [2, 4]


def test_what_is_left_out_is_not_found_and_all_else_is():
    assert sorted(nearest_rows(TABLE, TABLE[3], 100, left_out=[3, 5])[0].tolist()) == [
        row for row in range(60) if row not in (3, 5)
    ]


def test_a_missing_row_and_an_unknown_measure_are_refused():
    with pytest.raises(InvalidSetting, match="There is no row 60; this table's rows are 0 to 59"):
        cosines(TABLE, 60)
    with pytest.raises(InvalidSetting, match="There is no row -1"):
        analogy_vector(TABLE, 0, -1, 2)
    with pytest.raises(InvalidSetting, match="choose one of cosine, dot, euclidean"):
        alike(TABLE, TABLE[0], "manhattan")


def test_an_analogy_that_holds_exactly_is_found():
    table = torch.eye(4)
    table = torch.cat([table, (table[0] - table[1] + table[2])[None]])
    assert nearest_rows(table, analogy_vector(table, 0, 1, 2), 1, left_out=[0, 1, 2])[0].tolist() == [4]


def test_shares_and_places_of_components_are_scikit_learns():
    expected = PCA().fit(TABLE.double().numpy())
    found = principal_components(TABLE)
    torch.testing.assert_close(
        found.shares.double(), torch.tensor(expected.explained_variance_ratio_), atol=1e-6, rtol=1e-5
    )
    mine, theirs = found.coordinates(TABLE, [0, 2, 5]), torch.tensor(expected.transform(TABLE.double().numpy()))
    torch.testing.assert_close(mine.abs().double(), theirs[:, [0, 2, 5]].abs(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.shares_of(TABLE, range(8)), found.shares, atol=1e-6, rtol=1e-5)


def test_components_of_a_wide_table_are_as_many_as_its_rows_and_their_largest_part_is_above_zero():
    found = principal_components(TABLE[:5])
    assert found.directions.shape == (5, 8)
    largest = found.directions.gather(1, found.directions.abs().argmax(1, keepdim=True))
    assert bool((largest > 0).all())
    with pytest.raises(InvalidSetting, match="at least two rows"):
        principal_components(TABLE[:1])
