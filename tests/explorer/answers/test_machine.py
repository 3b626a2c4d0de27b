"""What the map shows of a run, against gpt2core: lengths, neurons, guesses, next tokens, an open layer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from explorer.answers import machine as answers
from explorer.answers.machine import (
    N_BARS,
    Luck,
    compared,
    guesses_of,
    inside_of,
    machine_of,
    unedited,
)
from explorer.store.services import DEFAULT_MODEL, RunKey, Services
from gpt2core import trace
from gpt2core.analysis import logit_lens, token_losses
from gpt2core.sampling import SamplingSettings, draw, gumbel_noise, pipeline

PLAIN = Luck(SamplingSettings(), 42)
EDITS = ["", "head:1.2", "mlp:0,norm", "mask", "see:3-1,positions"]


@pytest.fixture(params=EDITS)
def edited(request: pytest.FixtureRequest, services: Services) -> RunKey:
    return services.read("abcd", DEFAULT_MODEL, request.param)


def traced(services: Services, run: RunKey):
    return trace(services.models.get(run.model).model, run.token_ids, edits=run.pass_edits)


def test_lengths_patterns_and_neurons_are_those_of_the_trace(services: Services, edited: RunKey) -> None:
    machine, seen = machine_of(services, edited), traced(services, edited)
    assert torch.allclose(machine.patterns, seen.stacked("pattern"))
    for site in ("tok_emb", "pos_emb", "embed"):
        assert torch.allclose(machine.lengths[site], seen[site].square().sum(-1).sqrt())
    for site in ("attn_out", "mlp_out", "resid_mid", "resid_post"):
        assert torch.allclose(machine.lengths[site], seen.stacked(site).square().sum(-1).sqrt())
    neurons = seen.stacked("mlp_post")  # [L, T, 4C]
    for layer, token, place in ((0, 0, 0), (1, 3, 17), (1, 2, 47)):
        number = int(machine.neurons.numbers[layer, token, place])
        assert machine.neurons.values[layer, token, place] == neurons[layer, token, number]
    strongest = neurons.abs().amax(-1)
    assert torch.equal(machine.neurons.values.abs().amax(-1), strongest)  # none is lost in the bins


def test_the_loss_is_that_of_the_sentence_and_none_where_the_future_is_known(
    services: Services, edited: RunKey
) -> None:
    seen = traced(services, edited)
    loss = machine_of(services, edited).mean_loss
    if seen.causal:
        assert loss == pytest.approx(float(token_losses(seen).double().mean()))
    else:
        assert loss is None
    assert machine_of(services, services.read("a", DEFAULT_MODEL)).mean_loss is None


def test_guesses_are_the_logit_lens_after_every_layer_and_end_at_the_models_own_answer(
    services: Services, edited: RunKey
) -> None:
    model, seen = services.models.get(edited.model).model, traced(services, edited)
    for guess in guesses_of(services, edited, PLAIN, range(4)):
        token = guess.token
        places = [model.out_head(model.final_norm(seen["embed"][token]))]
        places += [logit_lens(seen, model, layer, positions=[token])[0] for layer in range(2)]
        for place, logits in enumerate(places):
            shares = logits.detach().softmax(-1)
            assert guess.first[place] == int(shares.argmax())
            assert guess.shares[place] == pytest.approx(float(shares.max()), rel=1e-5)
            assert guess.along[place] == pytest.approx(shares[guess.bars].tolist(), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize(
    "settings", [SamplingSettings(), SamplingSettings(0.7, 5), SamplingSettings(1.3, 0, 0.6), SamplingSettings(0.0)]
)
def test_bars_are_the_distribution_that_is_drawn_from(
    services: Services, run: RunKey, settings: SamplingSettings
) -> None:
    luck = Luck(settings, 7)
    seen = traced(services, run)
    for guess in guesses_of(services, run, luck, range(4)):
        kept = pipeline(seen["logits"][guess.token], settings, run.token_ids[: guess.token + 1])
        best = kept.probabilities.topk(min(N_BARS, guess.n_kept))
        assert guess.bars == best.indices.tolist()
        assert guess.bar_shares == pytest.approx(best.values.tolist(), abs=1e-9)
        assert guess.n_kept == int((kept.probabilities > 0).sum())
        assert guess.drawn == draw(kept.logits, gumbel_noise(300, 7, guess.token + 1))
        assert guess.longer is None or guess.longer.startswith(run.text[: guess.token + 1])


def test_before_and_after_are_told_of_the_same_tokens_and_the_best_of_both_are_among_them(services: Services) -> None:
    run = services.read("abcd", DEFAULT_MODEL, "mlp:0,attention:1")
    now, before = compared(services, run, PLAIN, [3])
    assert now[0].bars == before[0].bars
    assert len(set(now[0].bars)) == len(now[0].bars) <= N_BARS
    for one, ids in ((run, now[0]), (unedited(run), before[0])):
        shares = traced(services, one)["logits"][3].double().softmax(-1)
        assert ids.bar_shares == pytest.approx(shares[ids.bars].tolist(), abs=1e-9)
        assert int(shares.argmax()) in ids.bars


def test_the_best_of_before_is_told_wherever_it_stands_now():
    """Also where it is the eighth now, and so among the best that were passed over for the sake of those before."""
    then, now = (torch.linspace(1, 0.1, 40, dtype=torch.float64) for _ in range(2))
    order = torch.arange(40).roll(-20)  # the ids that are likeliest now begin with 20
    order[[7, 12]] = order[[12, 7]]
    order[7] = 0
    shares = torch.zeros(40, dtype=torch.float64).scatter_(0, order, now)
    told = answers._of_both(*(SimpleNamespace(probabilities=one, n_kept=40) for one in (shares, then)))
    assert len(set(told)) == len(told) == N_BARS
    assert {0, 1, 2, 3} <= set(told)
    assert told == sorted(told, key=lambda one: -shares[one])


def test_an_open_layer_shows_the_numbers_of_the_trace(services: Services, edited: RunKey) -> None:
    seen = traced(services, edited)
    strips = inside_of(services, edited, 1, 2, 3)
    for strip in strips:
        assert torch.equal(strip.values, seen[strip.site, 1][tuple(strip.index)])
    model = services.models.get(edited.model).model
    assert sum(strip.parameters for strip in strips) == sum(one.numel() for one in model.trf_blocks[1].parameters())


def test_where_there_are_too_many_weights_the_picture_does_without_them(services: Services, run: RunKey, monkeypatch):
    monkeypatch.setattr(answers, "MOST_WEIGHTS", 10)
    monkeypatch.setattr(answers, "MOST_NEURONS", 10)
    machine = machine_of(services, run)
    assert machine.patterns is None
    assert machine.neurons is None
    assert machine.mean_loss is not None
