import pytest
import torch
from torch.nn import functional as F

from gpt2core.embeddings import cosines, nearest_tokens
from gpt2core.errors import InvalidSetting

TABLE = torch.randn(60, 8, generator=torch.Generator().manual_seed(3))


def test_cosines_are_pytorchs():
    expected = F.cosine_similarity(TABLE.double(), TABLE[7].double().expand_as(TABLE), dim=-1)
    torch.testing.assert_close(cosines(TABLE, 7).double(), expected, atol=1e-6, rtol=0)


def test_length_does_not_matter_and_a_row_of_zeros_is_like_nothing():
    table = torch.tensor([[1.0, 2.0], [10.0, 20.0], [-1.0, -2.0], [0.0, 0.0], [2.0, -1.0]])
    torch.testing.assert_close(cosines(table, 0), torch.tensor([1.0, 1.0, -1.0, 0.0, 0.0]))
    assert cosines(table, 3).tolist() == [0.0] * 5


def test_nearest_tokens_fall_leave_the_token_out_and_agree_with_a_full_sort():
    ids, values = nearest_tokens(TABLE, 7, 10)
    everything = sorted((-value, index) for index, value in enumerate(cosines(TABLE, 7).tolist()) if index != 7)
    assert ids.tolist() == [index for _, index in everything[:10]]
    assert values.tolist() == [-value for value, _ in everything[:10]]


def test_among_equals_the_lower_id_comes_first():
    table = torch.tensor([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0], [1.0, 0.0], [3.0, 4.0]])  # all cosines exact
    assert nearest_tokens(table, 4, 2)[0].tolist() == [0, 2]
    assert nearest_tokens(table, 0, 2)[0].tolist() == [2, 4]


def test_a_small_table_gives_what_it_has_and_a_missing_row_is_refused():
    assert len(nearest_tokens(TABLE[:4], 0, 10)[0]) == 3
    with pytest.raises(InvalidSetting, match="There is no row 60; this table's rows are 0 to 59"):
        cosines(TABLE, 60)
