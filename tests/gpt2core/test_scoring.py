"""Scoring a text equals reading it token by token, however it is cut into windows. T tokens."""

from __future__ import annotations

import math

import pytest
import torch

from gpt2core import analysis, trace
from gpt2core.errors import EmptyPrompt, InvalidSetting, TokenOutOfRange
from gpt2core.scoring import BAND_LIMITS, TextScore, score_text, score_windows
from tests.conftest import TINY, TINY_IDS
from tests.reference import hugging_face_twin

LIMIT = TINY.context_length
LONG_IDS = tuple((7 * i * i + 3) % TINY.vocab_size for i in range(53))


def test_a_text_that_fits_is_scored_in_one_window_as_analysis_does(tiny_model, tiny_trace):
    score = score_text(tiny_model, TINY_IDS)
    assert score.n_windows == 1
    assert score.token_ids == TINY_IDS
    torch.testing.assert_close(score.losses.float(), analysis.token_losses(tiny_trace))
    assert torch.equal(score.ranks, analysis.token_ranks(tiny_trace))
    assert score.context.tolist() == list(range(1, len(TINY_IDS)))


def test_the_mean_loss_is_the_one_that_transformers_reports(tiny_model):
    ids = torch.tensor([LONG_IDS[:LIMIT]])
    with torch.no_grad():
        theirs = float(hugging_face_twin(tiny_model)(ids, labels=ids).loss)
    score = score_text(tiny_model, LONG_IDS[:LIMIT])
    assert score.mean_loss == pytest.approx(theirs, rel=1e-5)
    assert score.perplexity == pytest.approx(math.exp(theirs), rel=1e-5)
    assert score.loss_per_byte(2 * (LIMIT - 1)) == pytest.approx(theirs / 2, rel=1e-5)


@pytest.mark.parametrize("stride", [1, 5, 8, 15, None])
@pytest.mark.parametrize("length", [2, 15, 16, 17, 24, 25, 53])
def test_every_token_is_scored_from_the_context_that_is_stated_and_never_from_less_than_promised(
    tiny_model, stride, length
):
    ids = LONG_IDS[:length]
    score = score_text(tiny_model, ids, stride=stride)
    assert len(score.losses) == len(score.ranks) == len(score.alternatives) == length - 1
    for place, context in enumerate(score.context.tolist()):
        at = place + 1
        assert min(at, LIMIT - (stride or LIMIT // 2)) <= context <= min(at, LIMIT - 1)
        logits = trace(tiny_model, ids[at - context : at], {"logits"})["logits"][-1].double()
        probabilities = logits.softmax(-1)
        assert float(score.losses[place]) == pytest.approx(-math.log(probabilities[ids[at]]), abs=2e-4)
        assert int(score.ranks[place]) == 1 + int((logits > logits[ids[at]]).sum())
        best = probabilities.topk(5)
        assert score.alternatives[place].tolist() == best.indices.tolist()
        assert score.alternative_probabilities[place].tolist() == pytest.approx(best.values.tolist(), abs=1e-5)


def test_a_score_grows_window_by_window_and_what_is_scored_stays(tiny_model):
    windows = list(score_windows(tiny_model, LONG_IDS))
    whole = score_text(tiny_model, LONG_IDS)
    assert [window.n_windows for window in windows] == list(range(1, whole.n_windows + 1))
    for window in windows:
        n = len(window.token_ids) - 1
        assert window.token_ids == LONG_IDS[: n + 1]
        assert torch.equal(window.losses, whole.losses[:n])


def test_bands_are_gltr_s():
    ranks = torch.tensor([1, 10, 11, 100, 101, 1000, 1001, 50_257])
    score = TextScore((), ranks.double(), ranks, ranks, ranks, ranks, 1)
    assert score.bands.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert BAND_LIMITS == (10, 100, 1000)


def test_what_cannot_be_scored_is_refused_before_anything_is_computed(tiny_model):
    with pytest.raises(EmptyPrompt):
        score_windows(tiny_model, [])
    with pytest.raises(InvalidSetting, match="at least two tokens"):
        score_windows(tiny_model, [3])
    with pytest.raises(TokenOutOfRange):
        score_windows(tiny_model, [3, TINY.vocab_size])
    for stride in (0, LIMIT):
        with pytest.raises(InvalidSetting, match="choose 1 to 15"):
            score_windows(tiny_model, TINY_IDS, stride=stride)
