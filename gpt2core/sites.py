"""The one table of places in the forward pass that can be seen or edited.

Letters: B batch, T tokens, H heads, D head width, C model width, V vocabulary, L layers. Shapes are those of a Trace; inside a
forward pass every value carries a leading B (`mask` excepted).
"""

from __future__ import annotations

from dataclasses import dataclass

from gpt2core.errors import UnknownSite
from gpt2core.ranges import is_whole, shown


@dataclass(frozen=True)
class Site:
    """One named value. per_layer: there is one for each of the L layers."""

    name: str
    shape: str
    per_layer: bool
    formula: str
    meaning: str


_ROWS = (
    Site("tok_emb", "[T, C]", False, "W_E[token_ids]", "what each token is"),
    Site("pos_emb", "[T, C]", False, "W_P[0..T-1]", "where each token stands"),
    Site("embed", "[T, C]", False, "tok_emb + pos_emb", "what enters the first block"),
    Site(
        "resid_pre", "[T, C]", True, "embed, or resid_post of the layer below", "the residual stream before the block"
    ),
    Site("ln1_mean", "[T]", True, "mean(resid_pre)", "the mean that the first norm takes away"),
    Site(
        "ln1_var", "[T]", True, "variance(resid_pre), over C, not C - 1", "the variance that the first norm divides out"
    ),
    Site("ln1", "[T, C]", True, "(resid_pre - mean) / sqrt(var + eps) * scale + shift", "what attention reads"),
    Site("q", "[H, T, D]", True, "ln1 W_query + bias, per head", "what each token looks for"),
    Site("k", "[H, T, D]", True, "ln1 W_key + bias, per head", "what each token answers to"),
    Site("v", "[H, T, D]", True, "ln1 W_value + bias, per head", "what each token passes on"),
    Site("scores", "[H, T, T]", True, "q k^T / sqrt(D)", "how well query and key match, before the mask"),
    Site("mask", "[T, T]", True, "True where key > query", "which keys a query may not see"),
    Site(
        "pattern",
        "[H, T, T]",
        True,
        "softmax(scores where not mask)",
        "how much each query takes from each key; rows sum to 1",
    ),
    Site("z", "[H, T, D]", True, "pattern v", "the values each query gathered"),
    Site("attn_out", "[T, C]", True, "concatenated z W_O + bias", "what attention writes"),
    Site("resid_mid", "[T, C]", True, "resid_pre + attn_out", "the residual stream inside the block"),
    Site("ln2_mean", "[T]", True, "mean(resid_mid)", "the mean that the second norm takes away"),
    Site(
        "ln2_var",
        "[T]",
        True,
        "variance(resid_mid), over C, not C - 1",
        "the variance that the second norm divides out",
    ),
    Site("ln2", "[T, C]", True, "(resid_mid - mean) / sqrt(var + eps) * scale + shift", "what the MLP reads"),
    Site("mlp_pre", "[T, 4C]", True, "ln2 W_in + bias", "the MLP's neurons before GELU"),
    Site("mlp_post", "[T, 4C]", True, "GELU(mlp_pre)", "the MLP's neurons after GELU"),
    Site("mlp_out", "[T, C]", True, "mlp_post W_out + bias", "what the MLP writes"),
    Site("resid_post", "[T, C]", True, "resid_mid + mlp_out", "the residual stream after the block"),
    Site(
        "ln_final_mean", "[T]", False, "mean(resid_post of the last layer)", "the mean that the final norm takes away"
    ),
    Site(
        "ln_final_var",
        "[T]",
        False,
        "variance(resid_post of the last layer)",
        "the variance that the final norm divides out",
    ),
    Site(
        "ln_final",
        "[T, C]",
        False,
        "(resid_post - mean) / sqrt(var + eps) * scale + shift",
        "what the output head reads",
    ),
    Site("logits", "[T, V]", False, "ln_final W_U", "a score for every token of the vocabulary, all V of them"),
)

SITES: dict[str, Site] = {site.name: site for site in _ROWS}

# [T, T] a layer or head: what exists only where attention is computed step by step.
ATTENTION_SITES = ("scores", "mask", "pattern")


def check_site(name: str, layer: int | None, n_layers: int) -> None:
    """Raises: UnknownSite unless (name, layer) is a place in a model of n_layers."""
    site = SITES.get(name)
    if site is None:
        raise unknown_site(name)
    if site.per_layer and layer is None:
        raise UnknownSite(
            "{site} exists once a layer: name one of the layers 0 to {last}.", site=name, last=n_layers - 1
        )
    if not site.per_layer and layer is not None:
        raise UnknownSite("{site} exists once in the model: ask for it without a layer.", site=name)
    if layer is not None and not (is_whole(layer) and 0 <= layer < n_layers):
        raise UnknownSite(
            "There is no layer {layer}; this model's layers are 0 to {last}.", layer=shown(layer), last=n_layers - 1
        )


def unknown_site(name: str) -> UnknownSite:
    """The refusal of a name that is not in SITES."""
    return UnknownSite("There is no site called {site!r}. The sites are {sites}.", site=name, sites=", ".join(SITES))
