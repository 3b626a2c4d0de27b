"""The position table as pictures."""

import pytest
import torch
from sklearn.decomposition import PCA

from explorer.answers.positions import curves_of, nearness_in_words, pictured, tables_of
from explorer.store.services import DEFAULT_MODEL
from gpt2core.errors import InvalidSetting
from gpt2core.model import sinusoids

TABLE = torch.randn(300, 8, generator=torch.Generator().manual_seed(3))


def test_a_long_table_is_drawn_by_every_second_row():
    found = pictured(TABLE, "rows")
    assert (found.step, found.positions[:3], found.values.shape) == (2, [0, 2, 4], (150, 8))
    torch.testing.assert_close(found.values, TABLE[::2])


def test_colours_end_where_a_hundredth_of_the_values_lies_beyond():
    found = pictured(TABLE[:50], "rows")
    assert found.beyond == int((TABLE[:50].abs() > found.limit).sum()) == 4


def test_cosines_are_pytorchs():
    found = pictured(TABLE[:20], "cosines")
    wanted = torch.nn.functional.cosine_similarity(TABLE[:20, None], TABLE[None, :20], dim=-1)
    torch.testing.assert_close(found.values, wanted, atol=1e-6, rtol=0)


def test_curves_are_scikit_learns_components():
    curves, shares = curves_of(TABLE, 3)
    wanted = PCA(3).fit(TABLE.double().numpy())
    assert shares == pytest.approx(wanted.explained_variance_ratio_, abs=1e-6)
    theirs = torch.tensor(wanted.transform(TABLE.double().numpy()).T).float()
    torch.testing.assert_close(curves.abs(), theirs.abs(), atol=1e-4, rtol=1e-4)


def test_sine_waves_have_the_size_of_the_models_own(services):
    own, waves = tables_of(services, DEFAULT_MODEL)
    assert own.shape == waves.shape
    torch.testing.assert_close(waves, sinusoids(16, 24))
    likeness = pictured(waves, "cosines").values
    torch.testing.assert_close(likeness[0, 3], likeness[5, 8])  # only how far apart


def test_nearness_is_said_where_there_are_neighbours():
    assert "1.00" in nearness_in_words(torch.ones(4, 8))
    assert nearness_in_words(torch.ones(1, 8)) == ""


def test_another_picture_is_refused():
    with pytest.raises(InvalidSetting, match="choose rows or cosines"):
        pictured(TABLE, "waves")
