"""The laws of the forward pass, and its equality with transformers' GPT-2."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from gpt2core import GPT_CONFIG_124M, PRESETS, GPTConfig, GPTModel, trace
from gpt2core.errors import EmptyPrompt, InvalidConfig, PromptTooLong
from gpt2core.model import GELU, sinusoids
from tests.conftest import TINY, TINY_IDS
from tests.reference import hugging_face_twin, random_model


def _assert_equals_hugging_face(config: GPTConfig, token_ids: list[int], initial_weights: bool = False) -> None:
    if initial_weights:
        torch.manual_seed(0)
    model = GPTModel(config).eval() if initial_weights else random_model(config)
    seen = trace(model, token_ids)
    with torch.no_grad():
        theirs = hugging_face_twin(model)(torch.tensor([token_ids]), output_attentions=True, output_hidden_states=True)
    close = {"rtol": 1e-4, "atol": 1e-4}
    torch.testing.assert_close(seen["logits"], theirs.logits[0], **close)
    torch.testing.assert_close(seen["embed"], theirs.hidden_states[0][0], **close)
    for layer in range(config.n_layers):
        torch.testing.assert_close(seen["pattern", layer], theirs.attentions[layer][0], **close)
        torch.testing.assert_close(seen["resid_pre", layer], theirs.hidden_states[layer][0], **close)
    # their last hidden state is already normed: it is our ln_final, not our last resid_post
    torch.testing.assert_close(seen["ln_final"], theirs.hidden_states[-1][0], **close)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("gelu", ["tanh", "erf"])
def test_every_pattern_hidden_state_and_logit_equals_transformers(tied, gelu):
    _assert_equals_hugging_face(replace(TINY, tied_head=tied, gelu=gelu), list(TINY_IDS))


@pytest.mark.parametrize("tied", [True, False])
def test_at_the_size_of_gpt2_every_pattern_hidden_state_and_logit_equals_transformers(tied):
    config = replace(GPT_CONFIG_124M.as_released(), tied_head=tied, n_layers=12 if tied else 1)
    _assert_equals_hugging_face(config, torch.randint(50257, (24,)).tolist(), initial_weights=True)


@pytest.mark.parametrize("config", [TINY, replace(TINY, tied_head=False, qkv_bias=False, gelu="erf")])
def test_a_trace_computes_what_the_fused_path_computes(config):
    model = random_model(config)
    with torch.no_grad():
        fused = model(torch.tensor([TINY_IDS]))[0]
    torch.testing.assert_close(trace(model, TINY_IDS)["logits"], fused, rtol=1e-4, atol=1e-4)


def test_what_comes_later_does_not_change_what_came_before(tiny_model, tiny_trace):
    position = 4
    changed = trace(tiny_model, [*TINY_IDS[:position], 21, *TINY_IDS[position + 1 :]])
    for site, layer in tiny_trace:
        if site in ("scores", "mask", "pattern"):
            before = [seen[site, layer][..., :position, :position] for seen in (tiny_trace, changed)]
        elif site in ("q", "k", "v", "z"):
            before = [seen[site, layer][:, :position] for seen in (tiny_trace, changed)]
        else:
            before = [seen[site, layer][:position] for seen in (tiny_trace, changed)]
        torch.testing.assert_close(*before, rtol=1e-6, atol=1e-6)
    assert not torch.allclose(tiny_trace["logits"][position], changed["logits"][position])


def test_the_parameters_of_gpt2_and_of_the_course_s_124m_are_counted():
    with torch.device("meta"):
        assert GPTModel(PRESETS["124M"]).parameter_count() == 124_439_808  # biases, tied head
        assert GPTModel(GPT_CONFIG_124M).parameter_count() == 163_009_536  # neither


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_a_shape_says_how_many_numbers_are_learned_without_a_model(bias, tied):
    config = GPTConfig(50, 16, 24, 3, 2, qkv_bias=bias, tied_head=tied)
    assert config.n_parameters == GPTModel(config).parameter_count()
    assert PRESETS["124M"].n_parameters == 124_439_808


def test_the_mask_is_a_buffer_that_no_checkpoint_holds_and_all_layers_share(tiny_model):
    assert not [name for name in tiny_model.state_dict() if "mask" in name]
    masks = [block.att.mask for block in tiny_model.trf_blocks]
    assert dict(tiny_model.named_buffers()).keys() == {"trf_blocks.0.att.mask"}  # named once: it is one tensor
    assert all(mask is masks[0] for mask in masks)
    assert masks[0].dtype == torch.bool
    assert torch.equal(masks[0], torch.ones(16, 16, dtype=torch.bool).triu(1))


def test_the_initialisation_is_the_paper_s():
    torch.manual_seed(0)
    config = GPTConfig(512, 64, 128, 4, 8, qkv_bias=True)
    model = GPTModel(config)
    for name, weight in model.named_parameters():
        if name.endswith("scale"):
            assert (weight == 1).all()
        elif name.endswith(("bias", "shift")):
            assert (weight == 0).all()
        elif name.endswith(("att.out_proj.weight", "ff.layers.2.weight")):  # two residual branches in each of 8 layers
            assert weight.std().item() == pytest.approx(0.02 / math.sqrt(16), rel=0.05)
        else:
            assert weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_how_alike_two_rows_of_the_sine_waves_are_depends_on_their_distance_only():
    rows = sinusoids(40, 12).double()
    alike = rows @ rows.T  # [T, T]
    for distance in range(40):
        along = alike.diagonal(distance)
        torch.testing.assert_close(along, along[:1].expand_as(along), rtol=0, atol=1e-5)
    assert bool((alike.diagonal(1) < alike.diagonal(0)[:-1]).all())
    assert rows[5, :2].tolist() == pytest.approx([math.sin(5), math.cos(5)], abs=1e-6)


def test_dropout_is_where_gpt2_has_it(tiny_model):
    calls: list[float] = []
    keep = torch.nn.functional.dropout

    def counted(value, p=0.5, training=True, inplace=False):
        calls.append(p if training else 0.0)
        return keep(value, p, training, inplace)

    model = random_model(replace(TINY, drop_rate=0.3)).train()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "dropout", counted)
        model(torch.tensor([TINY_IDS]), lambda site, layer, value: value)
    # the embedding once; the attention weights and both residual branches of each layer
    assert calls == [0.3] * (1 + 3 * TINY.n_layers)


def test_dropout_acts_in_training_and_on_the_fused_path_too_and_never_while_reading():
    model = random_model(replace(TINY, drop_rate=0.5))
    ids = torch.tensor([TINY_IDS])
    torch.testing.assert_close(model(ids), model(ids))
    model.train()
    assert not torch.allclose(model(ids), model(ids))
    torch.testing.assert_close(trace(model, TINY_IDS)["logits"], trace(model, TINY_IDS)["logits"])
    assert model.training
    model.drop_emb.p = 0.0
    for block in model.trf_blocks:
        block.drop_shortcut.p = 0.0
    assert not torch.allclose(model(ids), model(ids)), "the attention weights are dropped as well"


def test_gelu_is_the_tanh_form_unless_asked_otherwise():
    x = torch.linspace(-4, 4, 801)
    tanh_form = 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    torch.testing.assert_close(GELU()(x), tanh_form)
    torch.testing.assert_close(GELU("erf")(x), x * 0.5 * (1 + torch.erf(x / math.sqrt(2))))
    assert 4e-4 < (GELU()(x) - GELU("erf")(x)).abs().max() < 5e-4


def test_a_tied_head_is_the_token_embedding_and_learns_with_it():
    assert (tied := GPTModel(TINY)).out_head.weight is tied.tok_emb.weight
    assert (untied := GPTModel(replace(TINY, tied_head=False))).out_head.weight is not untied.tok_emb.weight


def test_more_tokens_than_positions_and_none_at_all_are_refused(tiny_model):
    with pytest.raises(PromptTooLong, match=r"17 tokens long; this model reads at most 16. Remove about 1 token"):
        tiny_model(torch.zeros(1, 17, dtype=torch.long))
    with pytest.raises(EmptyPrompt):
        tiny_model(torch.zeros(1, 0, dtype=torch.long))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"emb_dim": 25}, "emb_dim 25 cannot be split into 3 heads"),
        ({"n_layers": 0}, "n_layers is 0"),
        ({"vocab_size": 2.5}, "vocab_size is 2.5"),
        ({"drop_rate": 1.0}, "drop_rate is 1.0"),
        ({"gelu": "relu"}, "gelu is 'relu'"),
        ({"norm_eps": 0.0}, "norm_eps is 0.0"),
        ({"norm_eps": math.nan}, "norm_eps is nan"),
    ],
)
def test_a_configuration_that_cannot_be_built_is_refused(values, sentence):
    with pytest.raises(InvalidConfig, match=sentence):
        replace(TINY, **values)


def test_a_configuration_survives_being_written_down():
    assert GPTConfig.from_dict(TINY.to_dict()) == TINY
    with pytest.raises(InvalidConfig, match="'n_embd' is not a field"):
        GPTConfig.from_dict({"n_embd": 3})


def test_importing_the_package_needs_no_interface_and_no_plots():
    found = subprocess.run(
        [sys.executable, "-c", "import sys, gpt2core; print(*{name.partition('.')[0] for name in sys.modules})"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "torch" in found
    assert not {"gradio", "plotly", "pandas"} & set(found)
