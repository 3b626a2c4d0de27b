"""Beam search and its tree. W beams."""

import itertools
import math

import pytest
import torch

from gpt2core import GPTConfig, generate
from gpt2core.beam import beam_levels, beam_search, continuation_log_probabilities
from gpt2core.errors import EmptyPrompt, InvalidSetting, TokenOutOfRange
from tests.reference import hugging_face_twin, random_model

CONFIG = GPTConfig(53, 32, 32, 4, 2, qkv_bias=True, tied_head=True)
PROMPT = [5, 40, 7]


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIG)


@pytest.fixture(scope="module")
def twin(model):
    return hugging_face_twin(model)


def log_probability(model, prompt, continuation):
    """Read once, no cache, no search."""
    text = [*prompt, *continuation]
    with torch.no_grad():
        gained = torch.log_softmax(model(torch.tensor([text[:-1]]))[0].double(), -1)
    return sum(float(gained[len(prompt) - 1 + i, token]) for i, token in enumerate(continuation))


@pytest.mark.parametrize("width", [1, 2, 3, 8])
@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("stop_ids", [[], [42], [7, 13, 42]], ids=str)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_tokens_and_scores_are_those_of_transformers(model, twin, width, length_penalty, stop_ids, early_stopping):
    if width == 1:  # transformers takes one beam for greedy search, which has no scores
        found = beam_search(model, PROMPT, 12, width=1, stop_ids=stop_ids)
        greedy = [step.token_id for step in generate(model, PROMPT, 12, temperature=0.0, stop_ids=stop_ids)]
        assert list(found.hypotheses[0].token_ids) == greedy
        return
    theirs = twin.generate(
        torch.tensor([PROMPT]),
        attention_mask=torch.ones(1, len(PROMPT)),
        do_sample=False,
        num_beams=width,
        num_return_sequences=width,
        max_new_tokens=12,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
        eos_token_id=stop_ids or None,
        pad_token_id=1,
        return_dict_in_generate=True,
        output_scores=True,
    )
    ours = beam_search(
        model, PROMPT, 12, width=width, length_penalty=length_penalty, early_stopping=early_stopping, stop_ids=stop_ids
    )
    assert len(ours.hypotheses) == width
    for hypothesis, sequence, score in zip(
        ours.hypotheses, theirs.sequences.tolist(), theirs.sequences_scores.tolist(), strict=True
    ):
        n = len(hypothesis.token_ids)
        assert list(hypothesis.token_ids) == sequence[len(PROMPT) : len(PROMPT) + n]
        assert set(sequence[len(PROMPT) + n :]) <= {1}  # padding
        assert hypothesis.score == pytest.approx(score, rel=1e-5)


def test_some_of_those_searches_do_end_at_a_stop_token(model):
    found = beam_search(model, PROMPT, 12, width=8, stop_ids=[7, 13, 42])
    assert any(len(hypothesis.token_ids) < 12 for hypothesis in found.hypotheses)


def test_beams_as_wide_as_the_tree_find_the_best_continuation_there_is():
    model = random_model(GPTConfig(5, 16, 16, 2, 1), seed=2)
    found = beam_search(model, [0, 1], 2, width=5, length_penalty=0.0)
    best = max(itertools.product(range(5), repeat=2), key=lambda tokens: log_probability(model, [0, 1], tokens))
    assert found.hypotheses[0].token_ids == best
    assert found.hypotheses[0].score == pytest.approx(log_probability(model, [0, 1], best), abs=1e-4)


def test_every_node_adds_its_log_probability_to_its_parents(model):
    found = beam_search(model, PROMPT, 8, width=4, stop_ids=[7, 42])
    for node in found.nodes:
        parent = None if node.parent is None else found.nodes[node.parent]
        assert node.depth == (parent.depth + 1 if parent else 1)
        assert node.cumulative == pytest.approx((parent.cumulative if parent else 0.0) + node.log_probability)
        assert parent is None or parent.fate == "kept"
        assert node.log_probability <= 0


def test_the_sums_on_the_tree_are_those_of_reading_the_text_once(model):
    found = beam_search(model, PROMPT, 8, width=3)
    for node in (found.nodes[0], found.nodes[10], found.nodes[-1]):
        path = [step.token_id for step in found.path(node.index)]
        assert node.cumulative == pytest.approx(log_probability(model, PROMPT, path), abs=1e-4)


def test_width_beams_live_at_every_depth_and_what_was_pruned_was_no_better(model):
    found = beam_search(model, PROMPT, 8, width=4)
    for depth in range(1, 8):
        level = [node for node in found.nodes if node.depth == depth]
        kept = [node.cumulative for node in level if node.fate == "kept"]
        assert len(kept) == 4
        assert len(level) == 8
        assert min(kept) >= max(node.cumulative for node in level if node.fate == "pruned")


def test_hypotheses_are_paths_of_the_tree_scored_by_their_length(model):
    for penalty in (0.0, 0.7, 2.0):
        found = beam_search(model, PROMPT, 8, width=4, length_penalty=penalty, stop_ids=[7, 42])
        for hypothesis in found.hypotheses:
            path = found.path(hypothesis.node)
            assert tuple(node.token_id for node in path) == hypothesis.token_ids
            assert path[-1].fate == "finished"
            assert hypothesis.score == pytest.approx(path[-1].cumulative / len(path) ** penalty)
        scores = [hypothesis.score for hypothesis in found.hypotheses]
        assert scores == sorted(scores, reverse=True)


def test_the_window_slides_past_the_context(model):
    prompt = [(3 * i) % 53 for i in range(30)]
    found = beam_search(model, prompt, 6, width=2)
    ids = list(found.hypotheses[0].token_ids)
    expected = 0.0
    for i, token in enumerate(ids):
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt, *ids[:i]][-32:]]))[0, -1]
        expected += float(torch.log_softmax(logits.double(), -1)[token])
    assert found.hypotheses[0].score == pytest.approx(expected / 6, abs=1e-4)


def test_the_tree_grows_a_depth_at_a_time_and_ends_as_the_whole_search(model):
    levels = list(beam_levels(model, PROMPT, 8, width=3, stop_ids=[7, 42]))
    whole = beam_search(model, PROMPT, 8, width=3, stop_ids=[7, 42])
    assert levels[-1] == whole
    for depth, level in enumerate(levels, 1):
        assert level.nodes == whole.nodes[: len(level.nodes)]
        assert level.nodes[-1].depth == depth


def test_a_continuation_is_worth_what_the_tree_says_and_what_reading_it_once_says(model):
    for hypothesis in beam_search(model, PROMPT, 8, width=3, stop_ids=[42]).hypotheses:
        gained = continuation_log_probabilities(model, PROMPT, hypothesis.token_ids)
        assert gained.shape == (len(hypothesis.token_ids),)
        assert float(gained.sum()) == pytest.approx(hypothesis.score * len(gained), abs=1e-4)
        assert float(gained.sum()) == pytest.approx(log_probability(model, PROMPT, hypothesis.token_ids), abs=1e-4)


def test_a_continuation_past_the_context_is_worth_what_generate_drew_it_at(model):
    prompt = [(3 * i) % 53 for i in range(30)]
    steps = list(generate(model, prompt, 6, seed=3))
    gained = continuation_log_probabilities(model, prompt, [step.token_id for step in steps])
    assert gained.exp().tolist() == pytest.approx([step.probability for step in steps], rel=1e-4)
    assert gained.tolist() == pytest.approx([step.log_probability for step in steps], rel=1e-4)
    cold = list(generate(model, prompt, 6, temperature=0.0))
    gained = continuation_log_probabilities(model, prompt, [step.token_id for step in cold])
    assert gained.tolist() == pytest.approx([step.log_probability for step in cold], rel=1e-4)


def test_a_continuation_that_just_fills_the_context_is_read_at_once(model):
    prompt, continuation = [1] * 30, [5, 6, 7]  # 30 + 2 tokens are read
    gained = continuation_log_probabilities(model, prompt, continuation)
    assert float(gained.sum()) == pytest.approx(log_probability(model, prompt, continuation), abs=1e-4)
    assert continuation_log_probabilities(model, prompt, []).tolist() == []


def test_fewer_tokens_than_candidates_is_no_error():
    model = random_model(GPTConfig(3, 16, 16, 2, 1))
    found = beam_search(model, [0], 4, width=3)
    assert len(found.hypotheses) == 3
    assert all(math.isfinite(hypothesis.score) for hypothesis in found.hypotheses)


def test_what_cannot_be_searched_is_refused(model):
    with pytest.raises(EmptyPrompt):
        beam_search(model, [], 5)
    with pytest.raises(TokenOutOfRange):
        beam_search(model, [53], 5)
    for wrong in ({"width": 0}, {"width": 54}, {"length_penalty": math.nan}):
        with pytest.raises(InvalidSetting, match="choose"):
            beam_search(model, PROMPT, 5, **wrong)
    with pytest.raises(InvalidSetting, match="max_new_tokens"):
        beam_levels(model, PROMPT, 0)
    with pytest.raises(EmptyPrompt):
        continuation_log_probabilities(model, [], [1])
    with pytest.raises(TokenOutOfRange):
        continuation_log_probabilities(model, PROMPT, [1, 53])
