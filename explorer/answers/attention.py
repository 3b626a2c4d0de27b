"""Where a head looks: its pattern in several views, what one token looks at, and both in words. L layers, H heads, T tokens, S sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import percent
from explorer.wording.text import TokenLabel
from gpt2core import GPTConfig
from gpt2core.analysis import value_weighted_attention
from gpt2core.edits import all_causal
from gpt2core.errors import InvalidSetting
from gpt2core.patterns import without_first_token

say = catalogue("attention")
MOST_IN_SUMMARY = 3
MOST_SENT = 600_000  # weights that are sent together: all layers of 124M at 90 tokens, one of its layers at 300
VIEWS = ("weights", "weighted", "mean", "lines")


@dataclass(frozen=True)
class LooksAt:
    """What one token looks at: the tokens that it may see, in order, with its weight on each."""

    labels: list[TokenLabel]
    positions: list[int]
    weights: list[float]
    caption: str

    def origins(self, token: int, layer: int, head: int) -> list[dict[str, Any]]:
        """Which number each weight is, for the drawer."""
        return [{"site": "pattern", "layer": layer, "index": [head, token, position]} for position in self.positions]


def pattern_of(services: Services, run: RunKey, layer: int, head: int, hide_first: bool) -> Tensor:
    """[T, T], rows look from, columns look at; with hide_first without the first token and renormalised."""
    pattern = services.traces.get(run, {"pattern"})["pattern", layer][head]
    return without_first_token(pattern) if hide_first else pattern


def patterns_of(services: Services, run: RunKey, hide_first: bool) -> Tensor:
    """All heads' patterns, [L, H, T, T]."""
    patterns = services.traces.get(run, {"pattern"}).stacked("pattern")
    return without_first_token(patterns) if hide_first else patterns


def checked_view(view: Any) -> str:
    """Raises: InvalidSetting for a view that there is not."""
    if view not in VIEWS:
        raise InvalidSetting("There is no such view of attention; choose one of {views}.", views=", ".join(VIEWS))
    return str(view)


def heads_sent(config: GPTConfig, n_tokens: int, layer: int, head: int) -> tuple[int | None, int | None]:
    """Whose patterns are sent together when (layer, head) is looked at: (None, None) all heads, (layer, None) those of the layer,
    (layer, head) this one, so that at most MOST_SENT weights are."""
    one_layer = config.n_heads * n_tokens**2
    if config.n_layers * one_layer <= MOST_SENT:
        return None, None
    return (layer, None) if one_layer <= MOST_SENT else (layer, head)


@dataclass(frozen=True)
class PatternSheets:
    """weights: [S, T, T], each row a share of 1, or 0 throughout where it looks at nothing else. places: (layer, head) of each; head
    None for the mean over the heads of a layer. blank: whether no query sees what comes after it."""

    weights: Tensor
    places: list[tuple[int, int | None]]
    blank: bool


def sheets_of(services: Services, run: RunKey, layer: int, head: int, hide_first: bool, view: str) -> PatternSheets:
    """The patterns that are looked at around (layer, head), as the view has them: as they are, each weighted by the length of what the
    value writes and scaled to shares ("weighted"), or averaged over the heads of a layer ("mean")."""
    config = services.models.get(run.model).model.config
    blank = all_causal(run.pass_edits)
    if view == "mean":
        means = patterns_of(services, run, hide_first).mean(1)
        only, _ = heads_sent(config, len(run.token_ids), layer, head)
        layers = range(config.n_layers) if only is None else [only]
        return PatternSheets(means[list(layers)], [(at, None) for at in layers], blank)
    only, which = heads_sent(config, len(run.token_ids), layer, head)
    layers = list(range(config.n_layers) if only is None else [only])
    heads = list(range(config.n_heads) if which is None else [which])
    weigh = _value_weighted if view == "weighted" else _plain
    found = torch.stack([weigh(services, run, at)[heads] for at in layers]).flatten(0, 1)
    if hide_first:
        found = without_first_token(found)
    return PatternSheets(found, [(at, one) for at in layers for one in heads], blank)


def _plain(services: Services, run: RunKey, layer: int) -> Tensor:
    """[H, T, T]"""
    return services.traces.get(run, {"pattern"})["pattern", layer]


def _value_weighted(services: Services, run: RunKey, layer: int) -> Tensor:
    """[H, T, T], each row as shares of what it gathers."""
    lengths = value_weighted_attention(
        services.traces.get(run, {"pattern", "v"}), services.models.get(run.model).model, layer
    )
    return lengths / lengths.sum(-1, keepdim=True).clamp_min(torch.finfo(lengths.dtype).tiny)


def one_sheet(services: Services, run: RunKey, layer: int, head: int, hide_first: bool, view: str) -> Tensor:
    """[T, T]: what is listed beside the picture. Of lines and of the two pictures of "weighted", the plain weights."""
    if view == "mean":
        return patterns_of(services, run, hide_first)[layer].mean(0)
    return pattern_of(services, run, layer, head, hide_first)


def title_of(layer: int, head: int | None, hide_first: bool, view: str = "weights") -> str:
    name = (
        say("mean_title", layer=layer)
        if head is None or view == "mean"
        else say("heatmap_title", layer=layer, head=head)
    )
    if view == "weighted":
        name = say("weighted_title", name=name)
    return say("altered_title", name=name) if hide_first else name


def looks_at(
    weights: Tensor, labels: Sequence[TokenLabel], token: int, hide_first: bool, n_seen: int | None = None
) -> LooksAt:
    """weights [T]: the row of `token`, which may see the first n_seen tokens, without that those up to itself."""
    n_seen = n_seen or token + 1
    seen = list(range(1 if hide_first else 0, n_seen))
    caption = say("list_caption_altered" if hide_first else "list_caption", position=token, token=labels[token].text)
    return LooksAt(
        [labels[position] for position in seen], seen, [float(weights[position]) for position in seen], caption
    )


def summary_sentence(
    weights: Tensor, texts: Sequence[str], token: int, hide_first: bool, n_seen: int | None = None
) -> str:
    """The figure in words: where `token` looks most, by its weights [T]. n_seen: as in looks_at."""
    n_seen = n_seen or token + 1
    where = {"token": texts[token], "position": token}
    visible = int((weights > 0).sum())
    if visible == 0:
        return say("summary_nothing", **where)
    order = weights[:n_seen].argsort(descending=True, stable=True)[: min(MOST_IN_SUMMARY, visible)].tolist()
    most = ", ".join(
        say("most", token=texts[position], position=position, share=percent(float(weights[position])))
        for position in order
    )
    n_rest = n_seen - len(order) - hide_first
    left = percent(min(1.0, max(0.0, 1.0 - float(weights[order].double().sum()))))
    rest = "" if n_rest == 0 else say("rest_one" if n_rest == 1 else "rest", n=n_rest, share=left)
    return say("summary_altered" if hide_first else "summary", **where, most=most, rest=rest)


def habit_table(patterns: Tensor) -> pd.DataFrame:
    """One row a head of patterns [L, H, T, T]: its mean weight over the queries that have one, on the token itself, the one before it
    and the first."""
    n_layers, n_heads, n_tokens, _ = patterns.shape
    places = [(layer, head) for layer in range(n_layers) for head in range(n_heads)]
    flat = patterns.flatten(0, 1)  # [L H, T, T]
    later = flat[:, 1:] if n_tokens > 1 else flat
    means = {
        "column_self": flat.diagonal(0, 1, 2).mean(-1),
        "column_before": flat.diagonal(-1, 1, 2).mean(-1) if n_tokens > 1 else flat.new_zeros(len(flat)),
        "column_first": later[:, :, 0].mean(-1),
    }
    layers, heads = zip(*places, strict=True)
    columns = {say(name): values.numpy() for name, values in means.items()}
    return pd.DataFrame({say("shared_layer"): layers, say("shared_head"): heads, **columns})


def habit_kinds(n_tokens: int) -> dict[str, str]:
    """Which derived number (answers/derived.py) a column of habit_table is, by the column's name; a lone token has none before it."""
    kinds = {say("column_self"): "self_weight", say("column_first"): "first_weight"}
    return kinds if n_tokens == 1 else {**kinds, say("column_before"): "before_weight"}
