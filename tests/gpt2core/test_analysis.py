"""What analysis says adds up to what the model did."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gpt2core import GPTModel, Trace, analysis, edits, trace
from gpt2core.errors import InvalidSetting, MissingActivation, TokenOutOfRange, UnknownSite
from tests.conftest import TINY, TINY_IDS
from tests.reference import random_model

close = torch.testing.assert_close
T = len(TINY_IDS)


def _trace_of_patterns(token_ids: tuple[int, ...], *heads: torch.Tensor) -> Trace:
    """A hand-made trace of one layer with these patterns [T, T]."""
    config = replace(TINY, n_layers=1, n_heads=len(heads), emb_dim=8 * len(heads))
    return Trace(token_ids, config, {("pattern", 0): torch.stack(heads)})


def test_the_lens_of_the_last_layer_is_the_prediction_because_the_norm_is_applied_once(tiny_model, tiny_trace):
    close(analysis.logit_lens(tiny_trace, tiny_model, 1), tiny_trace["logits"])
    early = analysis.logit_lens(tiny_trace, tiny_model, 0, "resid_pre")
    close(early, tiny_model.out_head(tiny_model.final_norm(tiny_trace["embed"])))
    close(analysis.logit_lens(tiny_trace, tiny_model, 1, "resid_pre"), analysis.logit_lens(tiny_trace, tiny_model, 0))


@pytest.mark.parametrize("config", [TINY, replace(TINY, tied_head=False, qkv_bias=False, n_layers=5)])
def test_embeddings_heads_mlps_and_biases_sum_to_the_logit(config):
    model = random_model(config, seed=1)
    seen = trace(model, TINY_IDS)
    for token_id in (0, 17, 49):
        for position in range(-T, T):
            parts = analysis.direct_logit_attribution(seen, model, token_id, position)
            assert parts.logit == seen["logits"][position, token_id]
            assert parts.edits == 0.0
            assert parts.total() == pytest.approx(parts.logit, abs=1e-3)
            assert parts.heads.shape == (config.n_layers, 3)
            assert parts.mlps.shape == parts.attention_biases.shape == (config.n_layers,)


def test_what_a_head_adds_to_every_logit_is_its_output_through_the_frozen_norm_and_the_output_rows(
    tiny_model, tiny_trace
):
    scaled = (tiny_model.out_head.weight * tiny_model.final_norm.scale).detach()  # [V, C]
    for layer, head, position in [(0, 0, -1), (1, 2, 3), (1, 0, 0)]:
        found = analysis.head_logits(tiny_trace, tiny_model, layer, head, position)
        written = analysis.head_outputs(tiny_trace, tiny_model, layer, position)[head].detach()
        deviation = (tiny_trace["ln_final_var"][position] + TINY.norm_eps).sqrt()
        close(found, scaled @ (written - written.mean()) / deviation)
        for token_id in (0, 17, 49):
            parts = analysis.direct_logit_attribution(tiny_trace, tiny_model, token_id, position)
            assert float(found[token_id]) == pytest.approx(float(parts.heads[layer, head]), abs=1e-5)


def test_a_head_that_is_not_there_adds_to_no_logit(tiny_model, tiny_trace):
    for head in (-1, 3):
        with pytest.raises(InvalidSetting, match="heads are 0 to 2"):
            analysis.head_logits(tiny_trace, tiny_model, 0, head)
    with pytest.raises(InvalidSetting, match="no position 7"):
        analysis.head_logits(tiny_trace, tiny_model, 0, 0, 7)


def test_a_silenced_part_is_attributed_nothing_and_the_sum_still_holds(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.zero_head(1, 2), edits.zero_mlp(0)])
    parts = analysis.direct_logit_attribution(seen, tiny_model, 5)
    assert parts.heads[1, 2] == 0
    assert parts.mlps[0] == 0
    assert parts.edits == pytest.approx(0, abs=1e-3)
    assert parts.total() == pytest.approx(parts.logit, abs=1e-4)


def test_what_an_edit_puts_into_the_stream_is_attributed_to_edits(tiny_model, tiny_trace):
    other = trace(tiny_model, TINY_IDS[::-1])
    seen = trace(tiny_model, TINY_IDS, edits=[edits.patch(other, "resid_post", 1)])
    parts = analysis.direct_logit_attribution(seen, tiny_model, 5)
    plain = analysis.direct_logit_attribution(tiny_trace, tiny_model, 5)
    assert abs(parts.edits) > 0.1
    assert parts.total() == pytest.approx(parts.logit, abs=1e-4)
    assert parts.logit != pytest.approx(plain.logit, abs=0.1)


def test_the_last_layer_s_attribution_is_what_removing_a_part_takes_away_under_a_frozen_norm(tiny_model, tiny_trace):
    parts = analysis.direct_logit_attribution(tiny_trace, tiny_model, 5)
    without = tiny_trace["resid_post", 1][-1] - tiny_trace["mlp_out", 1][-1]
    frozen = torch.rsqrt(tiny_trace["ln_final_var"][-1] + TINY.norm_eps)
    normed = (
        without - without.mean()
    ) * frozen * tiny_model.final_norm.scale.detach() + tiny_model.final_norm.shift.detach()
    assert float(parts.logit - normed @ tiny_model.out_head.weight[5].detach()) == pytest.approx(
        float(parts.mlps[1]), abs=1e-4
    )


def test_heads_and_the_output_bias_sum_to_what_attention_writes(tiny_model, tiny_trace):
    for layer in range(TINY.n_layers):
        heads = analysis.head_outputs(tiny_trace, tiny_model, layer)
        assert heads.shape == (3, T, 24)
        close(heads.sum(0) + tiny_model.trf_blocks[layer].att.out_proj.bias, tiny_trace["attn_out", layer])


def test_value_weighted_attention_is_the_length_of_what_each_key_contributes(tiny_model, tiny_trace):
    weighted = analysis.value_weighted_attention(tiny_trace, tiny_model, 1)
    W = tiny_model.trf_blocks[1].att.out_proj.weight
    for head, query, key in ((0, 3, 1), (2, 6, 6), (1, 2, 5)):
        contribution = tiny_trace["pattern", 1][head, query, key] * tiny_trace["v", 1][head, key]
        close(weighted[head, query, key], (W[:, head * 8 : head * 8 + 8] @ contribution).norm())


def test_entropy_counts_the_keys_in_nats():
    one_key, even = torch.eye(4), torch.full((4, 4), 0.25)
    entropy = analysis.attention_entropy(_trace_of_patterns((1, 2, 3, 4), one_key, even), 0)
    assert torch.equal(entropy[0], torch.zeros(4))
    close(entropy[1], torch.full((4,), math.log(4)))


def test_scores_find_the_heads_they_are_named_for():
    period, ids = 3, analysis.repeated_tokens(50, 3, seed=4)
    n = 2 * period
    back = {"previous": 1, "first": None, "induction": period - 1}
    patterns = []
    for offset in back.values():
        pattern = torch.zeros(n, n)
        for query in range(n):
            pattern[query, 0 if offset is None else max(0, query - offset)] = 1
        patterns.append(pattern)
    seen = _trace_of_patterns(ids, *patterns)
    assert analysis.previous_token_scores(seen)[0].tolist() == pytest.approx([1, 1 / 5, 1 / 5])
    assert analysis.first_token_scores(seen)[0].tolist() == pytest.approx([1 / 5, 1, 2 / 5])
    assert analysis.induction_scores(seen)[0].tolist() == pytest.approx([0, 0, 1])


def test_induction_is_measured_in_every_layer_on_tokens_that_do_not_repeat_by_themselves(tiny_model):
    ids = analysis.repeated_tokens(TINY.vocab_size, 8, seed=3)
    assert ids[:8] == ids[8:]
    assert len(set(ids)) == 8
    assert (
        ids
        == analysis.repeated_tokens(TINY.vocab_size, 8, seed=3)
        != analysis.repeated_tokens(TINY.vocab_size, 8, seed=4)
    )
    scores = analysis.induction_scores(trace(tiny_model, ids, sites={"pattern"}))
    assert scores.shape == (TINY.n_layers, TINY.n_heads)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_losses_are_those_of_the_distribution_and_ranks_count_from_one(tiny_trace):
    probabilities = tiny_trace["logits"].double().softmax(-1)
    losses, ranks = analysis.token_losses(tiny_trace), analysis.token_ranks(tiny_trace)
    assert losses.shape == ranks.shape == (T - 1,)
    for t, next_id in enumerate(TINY_IDS[1:]):
        assert float(losses[t]) == pytest.approx(-math.log(probabilities[t, next_id]), abs=1e-4)
        assert ranks[t] == 1 + (probabilities[t] > probabilities[t, next_id]).sum()


def test_equal_logits_rank_by_id():
    logits = torch.zeros(3, TINY.vocab_size)
    logits[1, 9] = 1.0
    seen = Trace((4, 7, 7), TINY, {("logits", None): logits})
    assert analysis.token_ranks(seen).tolist() == [8, 9]
    assert analysis.token_losses(seen)[0].item() == pytest.approx(math.log(50))


def test_what_cannot_be_analysed_is_refused(tiny_model, tiny_trace):
    with pytest.raises(TokenOutOfRange):
        analysis.direct_logit_attribution(tiny_trace, tiny_model, 50)
    with pytest.raises(InvalidSetting, match="There is no position 7; this text's tokens are at 0 to 6"):
        analysis.direct_logit_attribution(tiny_trace, tiny_model, 5, 7)
    with pytest.raises(InvalidSetting, match="reads the residual stream, not ln_final"):
        analysis.logit_lens(tiny_trace, tiny_model, 0, "ln_final")
    with pytest.raises(UnknownSite, match="There is no layer 2"):
        analysis.logit_lens(tiny_trace, tiny_model, 2)
    with pytest.raises(InvalidSetting, match="another size"):
        analysis.logit_lens(tiny_trace, GPTModel(replace(TINY, n_layers=3)), 0)
    with pytest.raises(InvalidSetting, match="measured on a text repeated once"):
        analysis.induction_scores(tiny_trace)
    one = trace(tiny_model, [3])
    for measure in (
        analysis.token_losses,
        analysis.token_ranks,
        analysis.first_token_scores,
        analysis.previous_token_scores,
    ):
        with pytest.raises(InvalidSetting, match="at least two tokens"):
            measure(one)
    for period in (1, 51):
        with pytest.raises(InvalidSetting, match=f"The period is {period}"):
            analysis.repeated_tokens(50, period)
    with pytest.raises(MissingActivation):
        analysis.token_losses(trace(tiny_model, TINY_IDS, sites={"pattern"}))


def test_the_lens_looks_at_the_rows_that_are_asked_for_and_unembeds_no_other(tiny_model, tiny_trace):
    whole = analysis.logit_lens(tiny_trace, tiny_model, 0)
    n_rows = []
    hook = tiny_model.out_head.register_forward_hook(lambda _, given, __: n_rows.append(len(given[0])))
    for positions in ([6], [-1], [2, 0], range(7), []):
        some = analysis.logit_lens(tiny_trace, tiny_model, 0, positions=positions)
        close(some, whole[list(positions)])
        assert n_rows.pop() == len(positions)
    hook.remove()
    for outside in (7, -8):
        with pytest.raises(InvalidSetting, match=f"no position {outside}; this text's tokens are at 0 to 6"):
            analysis.logit_lens(tiny_trace, tiny_model, 0, positions=[0, outside])
