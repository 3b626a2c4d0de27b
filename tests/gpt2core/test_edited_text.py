"""The changed model writes, searches and scores as one full edited pass over each beginning of the text says. T tokens."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch

from gpt2core import beam_search, edits, generate, trace
from gpt2core.beam import beam_levels, continuation_log_probabilities
from gpt2core.comparison import text_scores
from gpt2core.decoding import decoding_times
from gpt2core.edits import Edit
from gpt2core.errors import InvalidEdit, NotFinite, UnknownSite
from gpt2core.reading import KVCache, Reader, read_logits
from gpt2core.scoring import score_text, score_windows
from gpt2core.tokenizer import Tokenizer
from tests.conftest import TINY, TINY_IDS
from tests.gpt2core.test_edits import EVERY_KIND

LIMIT = TINY.context_length
LONG_IDS = tuple((7 * i * i + 3) % TINY.vocab_size for i in range(29))
LOUDER = Edit("a bias on the logits", ("logits",), None, lambda value, _: value + torch.arange(50) / 10, causal=True)
LAST_WORD = Edit("logits less their mean", ("logits",), None, lambda value, _: value - value.mean(1, keepdim=True))
EVERY = [*EVERY_KIND, LOUDER, LAST_WORD]
CAUSAL = [edit for edit in EVERY if edit.causal]
NOT_CAUSAL = [edit for edit in EVERY if not edit.causal]
TOGETHER = [
    (edits.zero_head(0, 1), edits.knock_out(5, 2), edits.norm_off(1), edits.scaling_off(0)),
    (edits.mask_off(), edits.knock_out(5, 2), edits.positions_off()),
    (edits.shortcut_off(0), edits.mean_head(1, 2), edits.knock_out(6, 0, layer=1, head=0), edits.knock_out(6, 1)),
]
named = {"ids": lambda one: one.name if isinstance(one, Edit) else " + ".join(edit.name for edit in one)}


@pytest.fixture(scope="module")
def model(tiny_model):
    """In float64, for without norms values reach hundreds and float32 would blur what is asked here."""
    return copy.deepcopy(tiny_model).double()


def close(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


def last_logits(model, text, changes):
    return trace(model, text[-LIMIT:], {"logits"}, changes)["logits"][-1]


@pytest.fixture
def n_read(model):
    """How many tokens of how many texts were read, pass by pass."""
    passes = []
    hook = model.tok_emb.register_forward_hook(lambda _, given, __: passes.append(tuple(given[0].shape)))
    yield passes
    hook.remove()


@pytest.mark.parametrize("edit", CAUSAL, **named)
def test_under_an_edit_that_is_causal_a_beginning_is_unchanged_whatever_follows(edit, model):
    short = trace(model, LONG_IDS[:7], edits=[edit])
    for n in (8, 12, LIMIT):
        longer = trace(model, LONG_IDS[:n], edits=[edit])
        assert longer.causal
        for key in short:
            same = longer[key]
            for axis, length in enumerate(short[key].shape):
                same = same.narrow(axis, 0, length)
            close(same, short[key])


@pytest.mark.parametrize("edit", NOT_CAUSAL, **named)
def test_an_edit_that_does_not_claim_to_be_causal_is_not(edit, model):
    short, longer = (trace(model, LONG_IDS[:n], {"logits"}, [edit]) for n in (7, 8))
    assert not longer.causal
    assert not torch.allclose(longer["logits"][:7], short["logits"], rtol=1e-3, atol=1e-3)


def test_the_kinds_that_look_ahead_are_the_mask_off_and_the_means():
    assert {edit.name.split()[0] for edit in NOT_CAUSAL} == {"mean", "mask", "logits"}


@pytest.mark.parametrize("changes", [*((edit,) for edit in EVERY), *TOGETHER], **named)
def test_every_step_of_the_changed_model_is_the_last_row_of_a_full_pass_also_past_the_context(changes, model):
    text = list(LONG_IDS[:7])
    for step in generate(model, text.copy(), 14, temperature=2.0, seed=3, edits=changes):
        expected = last_logits(model, text, changes)
        close(step.logits, expected)
        text.append(step.token_id)
    assert len(text) == 21 > LIMIT


@pytest.mark.parametrize("changes", [*((edit,) for edit in EVERY), *TOGETHER], **named)
def test_what_was_read_is_kept_exactly_where_no_edit_looks_ahead(changes, model, n_read):
    list(generate(model, LONG_IDS[:7], 4, seed=0, edits=changes))
    kept = all(edit.causal for edit in changes)
    assert n_read == [(1, 7), *[(1, 1)] * 3] if kept else [(1, 7), (1, 8), (1, 9), (1, 10)]


@pytest.mark.parametrize("edit", CAUSAL, **named)
@pytest.mark.parametrize("n_read_at_once", [1, 7])
def test_a_causal_edit_does_the_same_however_a_text_is_cut_into_passes(edit, n_read_at_once, model):
    text = torch.tensor([LONG_IDS[:LIMIT]])
    cache = KVCache(TINY, torch.float64, text.device)
    pieces = []
    for part in text.split(n_read_at_once, 1):
        ahead = LIMIT - cache.length - part.size(1)
        pieces.append(read_logits(model, part, part.size(1), edits=[edit], cache=cache, ahead=ahead)[0])
    expected = trace(model, LONG_IDS[:LIMIT], {"logits"}, [edit])["logits"]
    close(torch.cat(pieces), expected)


@pytest.mark.parametrize("changes", [(), (LAST_WORD,), *TOGETHER], **named)
def test_beams_are_worth_what_the_changed_model_says(changes, model):
    found = beam_search(model, LONG_IDS[:7], 11, width=3, edits=changes)  # past the context of 16
    for hypothesis in found.hypotheses:
        text, expected = list(LONG_IDS[:7]), []
        for token_id in hypothesis.token_ids:
            expected.append(float(last_logits(model, text, changes).double().log_softmax(-1)[token_id]))
            text.append(token_id)
        told = [node.log_probability for node in found.path(hypothesis.node)]
        assert told == pytest.approx(expected, abs=1e-9)
        for n in (4, 11):
            again = continuation_log_probabilities(model, LONG_IDS[:7], hypothesis.token_ids[:n], edits=changes)
            assert again.tolist() == pytest.approx(expected[:n], abs=1e-9)


def test_greedy_is_a_single_beam_of_the_changed_model(model):
    changes = [edits.zero_head(0, 1), edits.mean_head(1, 0)]
    greedy = [step.token_id for step in generate(model, TINY_IDS, 6, temperature=0.0, edits=changes)]
    (best,) = beam_search(model, TINY_IDS, 6, width=1, edits=changes).hypotheses
    assert list(best.token_ids) == greedy
    cached = [edits.zero_head(0, 1), edits.knock_out(4, 1)]
    greedy = [step.token_id for step in generate(model, TINY_IDS, 6, temperature=0.0, edits=cached)]
    times = list(decoding_times(model, TINY_IDS, 5, repeats=1, edits=cached))
    assert [int(timed.cached_logits.argmax()) for timed in times] == greedy
    for timed in times:
        close(timed.cached_logits, timed.recomputed_logits)


def test_a_patch_reaches_every_beam(model):
    other = trace(model, LONG_IDS[:9], {"mlp_out"})
    patch = edits.patch(other, "mlp_out", 1, positions=[7])
    texts = torch.tensor([LONG_IDS[:9], LONG_IDS[9:18]])
    together = read_logits(model, texts, 9, edits=[patch])
    for row, text in zip(together, texts.tolist(), strict=True):
        close(row, trace(model, text, edits=[patch])["logits"])


@pytest.mark.parametrize("edit", EVERY, **named)
@pytest.mark.parametrize("length", [7, 29])
def test_every_token_is_scored_as_the_changed_model_tells_it_from_those_before(edit, length, model):
    score = score_text(model, LONG_IDS[:length], edits=[edit])
    assert len(score.losses) == length - 1
    assert score.n_windows == (1 if length <= LIMIT else 3)
    first_query = 6  # a query that an edit names must be there for trace to accept it
    for at, context in itertools.islice(enumerate(score.context.tolist(), 1), first_query, None):
        logits = trace(model, LONG_IDS[at - context : at], {"logits"}, [edit])["logits"][-1].double()
        assert float(score.losses[at - 1]) == pytest.approx(-float(logits.log_softmax(-1)[LONG_IDS[at]]), abs=1e-9)
        assert int(score.ranks[at - 1]) == 1 + int((logits > logits[LONG_IDS[at]]).sum())


def test_generation_and_scoring_tell_the_same_of_the_text_that_the_changed_model_wrote(model):
    for changes in ([edits.mask_off()], [edits.mean_mlp(0)], [edits.zero_attention(1)]):
        steps = list(generate(model, TINY_IDS, 9, temperature=2.0, seed=1, edits=changes))
        score = score_text(model, [*TINY_IDS, *(step.token_id for step in steps)], edits=changes)
        assert score.losses[-9:].tolist() == pytest.approx([-step.log_probability for step in steps], abs=1e-9)


def test_a_score_that_needs_a_pass_a_token_comes_in_pieces(model, n_read):
    text = LONG_IDS * 3
    sizes = [len(score.token_ids) for score in score_windows(model, text, edits=[edits.mask_off()])]
    assert sizes[-1] == len(text)
    assert all(later - earlier <= 16 for earlier, later in itertools.pairwise(sizes))
    assert len(n_read) == len(text) - 1
    n_read.clear()
    list(score_windows(model, text, edits=[edits.zero_mlp(0)]))
    assert len(n_read) == score_text(model, text).n_windows


def test_texts_are_compared_by_what_was_foreseen_never_by_a_pass_that_looked_ahead(model):
    tokenizer = Tokenizer({bytes([i]): i for i in range(256)})
    ids = [3, 4, 5, 9, 3, 4]
    changes = [edits.mask_off()]
    with pytest.raises(InvalidEdit, match="mask off in every layer one pass over a text shows"):
        text_scores([trace(model, ids, {"logits"}, changes)], [tokenizer])
    (told,) = text_scores([score_text(model, ids, edits=changes)], [tokenizer])
    assert told.nats == pytest.approx(float(score_text(model, ids, edits=changes).losses.sum()))
    plain = [trace(model, ids, {"logits"}), score_text(model, ids)]
    one, other = text_scores(plain, [tokenizer] * 2)
    assert one.nats == pytest.approx(other.nats, rel=1e-9)


WRITERS = [
    lambda model, changes: generate(model, TINY_IDS, 3, edits=changes),
    lambda model, changes: beam_levels(model, TINY_IDS, 3, edits=changes),
    lambda model, changes: score_windows(model, TINY_IDS, edits=changes),
    lambda model, changes: decoding_times(model, TINY_IDS, 3, edits=changes),
]


@pytest.mark.parametrize("write", WRITERS)
def test_an_edit_without_a_place_is_refused_at_the_call_where_the_model_shows_it_and_on_the_way_where_the_text_does(
    write, model
):
    with pytest.raises(UnknownSite, match="There is no layer 2"):
        write(model, [edits.zero_mlp(2)])
    for edit, sentence in ((edits.zero_head(0, 3), "no head 3"), (edits.knock_out(9, 2), "no position 9")):
        with pytest.raises(InvalidEdit, match=sentence):
            list(write(model, [edit]))


def test_numbers_that_overflow_under_edits_are_blamed_on_the_edits(model):
    explode = Edit("explode", ("resid_mid",), 0, lambda value, _: value * torch.inf, causal=True)
    for write in WRITERS:
        with pytest.raises(NotFinite, match="under these edits"):
            list(write(model, [explode]))


def test_nothing_is_timed_where_nothing_can_be_kept(model):
    with pytest.raises(InvalidEdit, match=r"mask off in every layer.*nothing to time"):
        decoding_times(model, TINY_IDS, 3, edits=[edits.zero_mlp(0), edits.mask_off()])


def test_a_reader_without_edits_takes_the_fused_way(model, monkeypatch):
    monkeypatch.setattr("gpt2core.reading.EditedPass", None)  # would fail if it were asked for
    assert Reader(model, TINY_IDS).next_logits().shape == (1, 50)
