"""Where a head looks: its pattern, what one token looks at, and both in words. T tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import percent
from explorer.wording.text import TokenLabel
from gpt2core.patterns import without_first_token

say = catalogue("attention")
MOST_IN_SUMMARY = 3


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


def title_of(layer: int, head: int, hide_first: bool) -> str:
    return say("heatmap_title_altered" if hide_first else "heatmap_title", layer=layer, head=head)


def looks_at(weights: Tensor, labels: Sequence[TokenLabel], token: int, hide_first: bool) -> LooksAt:
    """weights [T]: the row of `token`."""
    seen = list(range(1 if hide_first else 0, token + 1))
    caption = say("list_caption_altered" if hide_first else "list_caption", position=token, token=labels[token].text)
    return LooksAt(
        [labels[position] for position in seen], seen, [float(weights[position]) for position in seen], caption
    )


def summary_sentence(weights: Tensor, texts: Sequence[str], token: int, hide_first: bool) -> str:
    """The figure in words: where `token` looks most, by its weights [T]."""
    where = {"token": texts[token], "position": token}
    visible = int((weights > 0).sum())
    if visible == 0:
        return say("summary_nothing", **where)
    order = weights[: token + 1].argsort(descending=True, stable=True)[: min(MOST_IN_SUMMARY, visible)].tolist()
    most = ", ".join(
        say("most", token=texts[position], position=position, share=percent(float(weights[position])))
        for position in order
    )
    n_rest = token + 1 - len(order) - hide_first
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
    return pd.DataFrame({say("shared_layer"): layers, say("head"): heads, **columns})


def habit_kinds(n_tokens: int) -> dict[str, str]:
    """Which derived number (answers/derived.py) a column of habit_table is, by the column's name; a lone token has none before it."""
    kinds = {say("column_self"): "self_weight", say("column_first"): "first_weight"}
    return kinds if n_tokens == 1 else {**kinds, say("column_before"): "before_weight"}
