"""How context moves a word."""

import pytest
import torch

from explorer.answers.context import alike_of, mean_of_others, paths_in_words, paths_of, paths_table, stage_names
from explorer.store.services import CHECKPOINTS, DEFAULT_MODEL, Services
from gpt2core import Gpt2CoreError, trace
from gpt2core.errors import InvalidSetting


@pytest.fixture(scope="module")
def shipped() -> Services:
    return Services(CHECKPOINTS)


SENTENCES = ("There was a bird who wanted to fly", "There was a frog who saw a fly", "")


def test_cosines_of_the_sentence_are_pytorchs(services, run):
    found = alike_of(services, run, 1)
    stream = trace(services.models.get(run.model).model, run.token_ids, {"embed", "resid_post"})
    for values, rows in ((found.before, stream["embed"]), (found.after, stream["resid_post", 1])):
        wanted = torch.nn.functional.cosine_similarity(rows[:, None], rows[None], dim=-1)
        torch.testing.assert_close(values, wanted, atol=1e-5, rtol=0)
    assert mean_of_others(torch.tensor([[1.0, 0.2], [0.4, 1.0]])) == pytest.approx(0.3)
    assert mean_of_others(torch.ones(1, 1)) is None


def test_a_path_has_a_place_before_and_after_every_layer(shipped):
    run = shipped.read(SENTENCES[0], DEFAULT_MODEL)
    found = paths_of(shipped, run, SENTENCES, "fly")
    assert found.word == "·fly"
    assert found.places.shape == (2, 7, 2)
    assert found.cosines.shape == (7, 1)
    assert len(stage_names(shipped, run)) == 7
    rows = []
    for text in SENTENCES[:2]:
        ids = shipped.models.tokenizer(DEFAULT_MODEL).encode(text)
        seen = trace(shipped.models.get(DEFAULT_MODEL).model, ids, {"embed", "resid_post"})
        rows.append([seen["embed"][-1], seen["resid_post", 5][-1]])
    for stage, place in ((0, 0), (1, 6)):
        wanted = torch.nn.functional.cosine_similarity(rows[0][stage], rows[1][stage], dim=0)
        assert float(found.cosines[place, 0]) == pytest.approx(float(wanted), abs=1e-5)
    assert f"sentences 1 and 2 {float(found.cosines[0, 0]):.2f}" in paths_in_words(found)
    assert paths_table(found, stage_names(shipped, run)).shape == (7, 2)


def test_a_word_in_the_same_sentence_twice_over_goes_the_same_way(shipped):
    run = shipped.read(SENTENCES[0], DEFAULT_MODEL)
    found = paths_of(shipped, run, [SENTENCES[0]] * 2, "fly")
    torch.testing.assert_close(found.places[0], found.places[1])
    torch.testing.assert_close(found.cosines, torch.ones(7, 1))


def test_another_sense_ends_farther_away_than_the_same_sense(shipped):
    """What the page opens with must show what it says."""
    from explorer.catalogue import catalogue  # noqa: PLC0415

    say = catalogue("context")
    run = shipped.read(SENTENCES[0], DEFAULT_MODEL)
    found = paths_of(shipped, run, [say("sentence_1"), say("sentence_2"), say("sentence_3")], say("word_start"))
    ends = dict(zip(found.pairs, found.cosines[-1].tolist(), strict=True))
    assert ends[0, 1] > max(ends[0, 2], ends[1, 2]) + 0.1


@pytest.mark.parametrize(
    ("sentences", "word"),
    [
        (["One fly", "", ""], "fly"),
        ([None, 5, "a fly"], "fly"),
        (["One cat", "a fly"], "fly"),
        (["One fly", "a fly"], "elephants"),
        (["One fly", "a fly"], None),
        (["One fly " * 300, "a fly"], "fly"),
    ],
)
def test_bad_input_is_refused(shipped, sentences, word):
    run = shipped.read(SENTENCES[0], DEFAULT_MODEL)
    with pytest.raises((InvalidSetting, Gpt2CoreError)):
        paths_of(shipped, run, sentences, word)
