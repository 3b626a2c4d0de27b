"""The table of sites is the forward pass: the same names, the same shapes, the same formulas."""

from __future__ import annotations

import math
import re

import pytest
import torch

from gpt2core import SITES
from gpt2core.errors import UnknownSite
from gpt2core.sites import check_site
from tests.conftest import TINY, TINY_IDS

LETTERS = {"T": len(TINY_IDS), "C": 24, "4C": 96, "H": 3, "D": 8, "V": 50}


def test_a_pass_visits_every_site_of_the_table_once_a_layer(tiny_model):
    visited = []

    def tap(site, layer, value):
        visited.append((site, layer))
        return value

    tiny_model(torch.tensor([TINY_IDS]), tap)
    expected = {
        (site.name, layer) for site in SITES.values() for layer in (range(TINY.n_layers) if site.per_layer else [None])
    }
    assert len(visited) == len(set(visited))
    assert set(visited) == expected


def test_every_value_has_the_shape_that_the_table_gives(tiny_trace):
    for site, layer in tiny_trace:
        letters = re.findall(r"\w+", SITES[site].shape)
        assert list(tiny_trace[site, layer].shape) == [LETTERS[letter] for letter in letters], site


def test_every_value_is_what_its_formula_says(tiny_model, tiny_trace):
    seen, T, D = tiny_trace, LETTERS["T"], LETTERS["D"]
    close = torch.testing.assert_close
    close(seen["tok_emb"], tiny_model.tok_emb.weight[list(TINY_IDS)])
    close(seen["pos_emb"], tiny_model.pos_emb.weight[:T])
    close(seen["embed"], seen["tok_emb"] + seen["pos_emb"])
    close(seen["resid_pre", 0], seen["embed"])
    close(seen["resid_pre", 1], seen["resid_post", 0])
    for layer, block in enumerate(tiny_model.trf_blocks):
        for name, before, norm in (("ln1", "resid_pre", block.norm1), ("ln2", "resid_mid", block.norm2)):
            close(seen[f"{name}_mean", layer], seen[before, layer].mean(-1))
            close(seen[f"{name}_var", layer], seen[before, layer].var(-1, correction=0))
            close(seen[name, layer], norm(seen[before, layer]))
        for name, linear in (("q", block.att.W_query), ("k", block.att.W_key), ("v", block.att.W_value)):
            for head in range(3):
                rows = slice(head * D, (head + 1) * D)
                own = seen["ln1", layer] @ linear.weight[rows].T + linear.bias[rows]
                close(seen[name, layer][head], own)
        close(seen["scores", layer], seen["q", layer] @ seen["k", layer].mT / math.sqrt(D))
        assert torch.equal(seen["mask", layer], torch.ones(T, T, dtype=torch.bool).triu(1))
        hidden = seen["scores", layer].masked_fill(seen["mask", layer], -math.inf)
        close(seen["pattern", layer], hidden.softmax(-1))
        close(seen["z", layer], seen["pattern", layer] @ seen["v", layer])
        close(seen["attn_out", layer], block.att.out_proj(seen["z", layer].transpose(0, 1).reshape(T, -1)))
        close(seen["resid_mid", layer], seen["resid_pre", layer] + seen["attn_out", layer])
        widen, gelu, narrow = block.ff.layers
        close(seen["mlp_pre", layer], widen(seen["ln2", layer]))
        close(seen["mlp_post", layer], gelu(seen["mlp_pre", layer]))
        close(seen["mlp_out", layer], narrow(seen["mlp_post", layer]))
        close(seen["resid_post", layer], seen["resid_mid", layer] + seen["mlp_out", layer])
    close(seen["ln_final_mean"], seen["resid_post", 1].mean(-1))
    close(seen["ln_final_var"], seen["resid_post", 1].var(-1, correction=0))
    close(seen["ln_final"], tiny_model.final_norm(seen["resid_post", 1]))
    close(seen["logits"], tiny_model.out_head(seen["ln_final"]))


def test_rows_of_a_pattern_sum_to_one_and_the_future_is_exactly_zero(tiny_trace):
    for layer in range(TINY.n_layers):
        pattern = tiny_trace["pattern", layer]
        torch.testing.assert_close(pattern.sum(-1), torch.ones(3, len(TINY_IDS)))
        assert (pattern.triu(1) == 0).all()


@pytest.mark.parametrize(
    ("name", "layer", "sentence"),
    [
        ("att", 0, "no site called 'att'"),
        ("pattern", None, "pattern exists once a layer: name one of the layers 0 to 1"),
        ("embed", 0, "embed exists once in the model"),
        ("pattern", 2, "There is no layer 2; this model's layers are 0 to 1"),
        ("pattern", -1, "There is no layer -1"),
    ],
)
def test_a_place_that_does_not_exist_is_refused(name, layer, sentence):
    with pytest.raises(UnknownSite, match=sentence):
        check_site(name, layer, n_layers=2)
