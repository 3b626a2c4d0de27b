"""The map of a vocabulary: where its points lie, what is known of its tokens, what is near."""

import pytest
import torch
from sklearn.decomposition import PCA

from explorer.answers.tsne import TSNE, grown, kept_tsne, tsne_of
from explorer.answers.vocabulary import (
    KINDS,
    age_points,
    ages_of,
    checked_axes,
    checked_measure,
    flat_points,
    focus_of,
    near_at_ages,
    picture_of,
    vocabulary_of,
)
from explorer.store.models import DEFAULT_MODEL, UNTRAINED
from gpt2core.embeddings import principal_components
from gpt2core.errors import InvalidSetting
from gpt2core.untrained import untrained_model, untrained_token_table

TABLE = torch.randn(60, 8, generator=torch.Generator().manual_seed(3))


def test_points_have_the_shares_of_variance_that_scikit_learn_finds(services):
    table = services.models.get(DEFAULT_MODEL).model.tok_emb.weight.detach()
    picture = picture_of(services, DEFAULT_MODEL, "pca", [0, 1, 2], "model")
    expected = PCA(3).fit(table.double().numpy()).explained_variance_ratio_
    assert picture.shares[-1].tolist() == pytest.approx(expected, abs=1e-5)
    # distances count in the typical distance of a row from the mean one, so that a share is the mean square along its component
    assert picture.points[-1].square().mean(0).tolist() == pytest.approx(expected, abs=1e-5)


def test_every_age_is_seen_along_the_axes_of_the_last(services):
    ages = ages_of(services, DEFAULT_MODEL, "model")
    picture = picture_of(services, DEFAULT_MODEL, "pca3", [4, 1, 0], "model")
    last = principal_components(ages[-1].table)
    torch.testing.assert_close(picture.points[0], age_points(last, ages[0].table, [4, 1, 0]))
    assert [age.title for age in ages] == ["never trained", "trained"]
    torch.testing.assert_close(
        ages[0].table, untrained_model(services.models.get(DEFAULT_MODEL).model.config).tok_emb.weight
    )


def test_what_never_learned_has_one_age(services):
    assert [age.title for age in ages_of(services, UNTRAINED, "model")] == ["never trained"]
    config = services.models.get(UNTRAINED).model.config
    torch.testing.assert_close(untrained_token_table(config), services.models.get(UNTRAINED).model.tok_emb.weight)


def test_flat_points_keep_their_shape():
    places = torch.randn(30, 2) * 7 + 3
    points = flat_points(places)
    assert points.shape == (30, 3)
    assert float(points.square().sum(-1).mean()) == pytest.approx(1)
    torch.testing.assert_close(
        torch.pdist(points), torch.pdist(places) * torch.pdist(points)[0] / torch.pdist(places)[0]
    )


def test_kinds_of_tokens_are_told_apart(services):
    known = vocabulary_of(services, DEFAULT_MODEL)
    by_text = {label.text: KINDS[kind] for label, kind in zip(known.labels, known.kinds, strict=True)}
    for text, kind in (
        ("·a", "begins"),
        ("e", "goes_on"),
        ("5", "digits"),
        (".", "marks"),
        ("·", "white"),
        ("‹E2›", "part"),
    ):
        assert by_text[text] == kind
    assert by_text["<|endoftext|>"] == "special"
    spaces = {label.text: begins for label, begins in zip(known.labels, known.spaces, strict=True)}
    assert (spaces["·a"], spaces["a"]) == (1, 0)
    assert known.letters[[label.text for label in known.labels].index("·b")] == 2
    assert known.counts is None


def test_the_nearest_of_every_age_are_its_own(services):
    ages = ages_of(services, DEFAULT_MODEL, "model")
    first, last = near_at_ages(ages, 65, 5, "cosine", False)
    assert first.ids != last.ids
    assert 65 not in first.ids + last.ids
    assert last.values == sorted(last.values, reverse=True)


def test_a_table_without_that_row_has_nothing_near(services):
    (near,) = near_at_ages(ages_of(services, DEFAULT_MODEL, "model")[:1], 300, 5, "cosine", False)
    assert near.ids == []


def test_a_map_is_the_same_on_every_run():
    settings = TSNE(5, 0, 20, 40)
    one, other = ([state for state in grown(TABLE, settings) if isinstance(state, tuple)] for _ in range(2))
    assert one[-1][0] == 40
    assert torch.equal(one[-1][1].places, other[-1][1].places)


def test_what_is_close_lies_closer_than_what_is_not():
    centres = torch.eye(4).repeat_interleave(15, 0) * 5
    table = torch.cat([centres, torch.zeros(60, 4)], dim=1) + 0.3 * TABLE
    *_, (_, layout) = grown(table, TSNE(8, 0, 100, 300))
    apart = torch.cdist(layout.places, layout.places)
    same = torch.eye(4).repeat_interleave(15, 0) @ torch.eye(4).repeat_interleave(15, 0).T > 0
    assert float(apart[same].mean()) < 0.5 * float(apart[~same].mean())


def test_a_map_is_computed_once_and_kept(services):
    assert kept_tsne(services, DEFAULT_MODEL) is None
    assert picture_of(services, DEFAULT_MODEL, "tsne", [0, 1, 2], "model") is None
    *_, last = tsne_of(services, DEFAULT_MODEL)
    assert last.over
    assert picture_of(services, DEFAULT_MODEL, "tsne", [0, 1, 2], "model").points.shape == (1, 300, 3)
    assert [state.over for state in tsne_of(services, DEFAULT_MODEL)] == [True]


@pytest.mark.parametrize("axes", [[0, 1], [0, 1, 20], [-1, 0, 1], "0,1,2", None, [0, 1, 1.5]])
def test_components_that_are_none_are_refused(axes):
    with pytest.raises(InvalidSetting, match="each from 1 to 20"):
        checked_axes(axes, 192)


def test_other_bad_input_is_refused(services, run):
    with pytest.raises(InvalidSetting, match="choose pca, pca3 or tsne"):
        picture_of(services, DEFAULT_MODEL, "umap", [0, 1, 2], "model")
    with pytest.raises(InvalidSetting, match="choose model or growth"):
        ages_of(services, DEFAULT_MODEL, "x")
    with pytest.raises(InvalidSetting, match="No snapshots"):
        ages_of(services, DEFAULT_MODEL, "growth")
    with pytest.raises(InvalidSetting, match="choose cosine, dot or euclidean"):
        checked_measure("manhattan")
    for picked in (300, -1, "5", 1.5):
        with pytest.raises(InvalidSetting, match="300 on the map"):
            focus_of(services, run, 0, {"id": picked, "history": "model"})
    assert focus_of(services, run, 2, {}) == ("model", run.token_ids[2])
