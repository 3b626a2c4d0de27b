"""How context moves a word: which tokens of the sentence are alike before and after layers, and one word's path in several sentences.

T tokens, C model width, L layers, S sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.answers.arithmetic import one_token
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed, percent
from explorer.wording.text import token_labels
from gpt2core.embeddings import principal_components
from gpt2core.errors import InvalidSetting

say = catalogue("context")

LEAST_SENTENCES = 2


@dataclass(frozen=True, eq=False)
class Alike:
    """Cosines of the stream's rows, [T, T]: where it enters the first block, and after a layer."""

    before: Tensor
    after: Tensor


@dataclass(frozen=True, eq=False)
class Paths:
    """word: the token, as it is shown. sentences; places [S, L + 1, 2]: of the word's direction in the plane; shares: of the variance of all
    of them along its two axes; cosines [L + 1, pairs]: of each pair of sentences."""

    word: str
    sentences: list[str]
    places: Tensor
    shares: tuple[float, float]
    pairs: list[tuple[int, int]]
    cosines: Tensor


def alike_of(services: Services, run: RunKey, layer: int) -> Alike:
    trace = services.traces.get(run, {"embed", "resid_post"})
    return Alike(*(_cosines(trace[place]) for place in ("embed", ("resid_post", layer))))


def _cosines(rows: Tensor) -> Tensor:
    unit = F.normalize(rows.float(), dim=-1)
    return (unit @ unit.T).clamp(-1, 1)


def mean_of_others(values: Tensor) -> float | None:
    """Of all pairs of two different tokens; None where there is one token."""
    n = len(values)
    return float((values.sum() - values.diagonal().sum()) / (n * (n - 1))) if n > 1 else None


def paths_of(services: Services, run: RunKey, sentences: Sequence[Any], word: Any) -> Paths:
    """The last place of `word` in each sentence, from what enters the first block to after the last layer, as directions of length 1.

    Sentences that are empty are left out. Raises: InvalidSetting where fewer than two are left, where the word is not one token or not in
    a sentence; what reading a sentence raises.
    """
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    written = [one for one in sentences if isinstance(one, str) and one.strip()]
    if len(written) < LEAST_SENTENCES:
        raise InvalidSetting(say("too_few_sentences"))
    token_id = one_token(word, tokenizer, model.config.vocab_size)
    (label,) = token_labels([token_id], tokenizer)
    ways = [_way(services, run, one, token_id, label.text) for one in written]  # [L + 1, C] each
    every = torch.cat(ways)
    found = principal_components(every)
    places = found.coordinates(every, [0, 1]).reshape(len(ways), -1, 2)
    pairs = [(one, other) for other in range(len(ways)) for one in range(other)]
    cosines = torch.stack([(ways[one] * ways[other]).sum(-1) for one, other in pairs], dim=1)
    return Paths(label.text, written, places, (float(found.shares[0]), float(found.shares[1])), pairs, cosines)


def _way(services: Services, run: RunKey, text: str, token_id: int, name: str) -> Tensor:
    read = services.read(text, run.model, run.edits_text)
    if token_id not in read.token_ids:
        raise InvalidSetting(say("word_not_there", word=name, sentence=text[:60]))
    at = len(read.token_ids) - 1 - read.token_ids[::-1].index(token_id)
    trace = services.traces.get(read, {"embed", "resid_post"})
    layers = services.models.get(run.model).model.config.n_layers
    rows = [trace["embed"][at], *(trace["resid_post", layer][at] for layer in range(layers))]
    return F.normalize(torch.stack(rows).float(), dim=-1)


def paths_in_words(found: Paths) -> str:
    """How alike the word is in each pair of sentences, before the first block and after the last layer."""
    each = [
        say(
            "pair_said",
            one=one + 1,
            other=other + 1,
            before=fixed(float(found.cosines[0, place]), 2),
            after=fixed(float(found.cosines[-1, place]), 2),
        )
        for place, (one, other) in enumerate(found.pairs)
    ]
    return say("paths_summary", pairs="; ".join(each), share=percent(min(1.0, sum(found.shares))))


def stage_names(services: Services, run: RunKey) -> list[str]:
    """Of the places along a path."""
    n_layers = services.models.get(run.model).model.config.n_layers
    return [say("stage_before"), *(say("stage_after", layer=layer) for layer in range(n_layers))]


def paths_table(found: Paths, stages: Sequence[str]) -> pd.DataFrame:
    columns = {
        say("pair_column", one=one + 1, other=other + 1): found.cosines[:, place].numpy()
        for place, (one, other) in enumerate(found.pairs)
    }
    return pd.DataFrame({say("stage"): list(stages), **columns})
