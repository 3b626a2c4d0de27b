"""All heads at once: what each adds to the answer directly, and what is missing without each, one head switched off after the other.

L layers, H heads. The influences of a run are kept as far as they are known, so that an interrupted search goes on where it stopped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from explorer.answers.head_effect import Asked, attributions_of, is_off, judged
from explorer.answers.pace import Pace
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import signed
from gpt2core.ranking import logits_without_heads

say = catalogue("all_heads")

MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = 0.5
LEAST_SCALE = 0.5  # logits at the ends of the colours, so that what is next to nothing looks like it
# How what a head adds directly stands to what is missing without it, in three groups.
GROUPS = {
    "neither": "neither",
    "agree": "agree",
    "partly": "agree",
    "stronger": "agree",
    "made_up": "disagree",
    "through_others": "disagree",
    "turned": "disagree",
}


@dataclass(frozen=True, eq=False)
class AllHeads:
    """attributions, influences [L, H]: of each head to the answer, in the same unit and direction; NaN where there is none, or for an
    influence none known yet. judgements [L][H]: one of `judged`, "" where an influence is missing."""

    asked: Asked
    attributions: Tensor
    influences: Tensor
    judgements: list[list[str]]

    @property
    def limit(self) -> float:
        """Logits at the ends of one scale for both."""
        return max(
            LEAST_SCALE, *(float(one.nan_to_num(0.0).abs().max()) for one in (self.attributions, self.influences))
        )

    @property
    def n_known(self) -> int:
        return int((~self.influences.isnan()).sum())


@dataclass(frozen=True)
class Progress:
    """How far the heads have been switched off. told: in words; over: it has ended; done: heads whose influence is known."""

    told: str
    over: bool
    done: int


def all_heads_of(services: Services, run: RunKey, token: int, asked: Asked) -> AllHeads:
    """As much as is known. Raises: what a pass raises."""
    attributions = attributions_of(services, run, token, asked)
    influences = _kept(services, run, token, asked)
    return AllHeads(asked, attributions, influences, _judgements(attributions, influences))


def switched_in_turn(services: Services, run: RunKey, token: int, asked: Asked) -> Iterator[Progress]:
    """Switch off, one after the other, the heads whose influence is not known yet. What an edit has switched off already, or a layer whose
    attention writes its mean, has none. Raises: NotFinite, and what a pass raises."""
    model, found = services.models.get(run.model).model, _kept(services, run, token, asked).clone()
    may = ~attributions_of(services, run, token, asked).isnan()
    for layer, head in may.nonzero().tolist():
        may[layer, head] = not is_off(run, layer, head)
    heads = [(layer, head) for layer, head in (may & found.isnan()).nonzero().tolist()]
    before = asked.of(services.traces.get(run, {"logits"})["logits"][token])
    n, pace = int(may.sum()), Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS)
    if not n:
        yield Progress(say("nothing_on"), over=True, done=0)
        return
    done = n - len(heads)
    yield Progress(say("switching", done=done, n=n), over=False, done=done)
    for one in logits_without_heads(model, run.token_ids, asked.ids, run.pass_edits, token, heads):
        done += 1
        if one.logits is not None:
            signs = torch.tensor(asked.signs, device=one.logits.device)
            found[one.layer, one.head] = before - float((one.logits * signs).sum())
            services.influences.put(_key(run, token, asked), found.clone())
        if done < n and pace.out_of_time():
            yield Progress(say("out_of_time", seconds=int(MAX_SECONDS), done=done, n=n), over=True, done=done)
            return
        if done < n and pace.due():
            yield Progress(say("switching", done=done, n=n), over=False, done=done)
    unknown = int((may & found.isnan()).sum())
    told = say("switched", n=n) + (" " + say("overflowed", n=unknown) if unknown else "")
    yield Progress(told, over=True, done=done)


def in_words(found: AllHeads) -> str:
    """The head that adds most; and once influences are known, how they stand to the attributions."""
    layer, head = _strongest(found.attributions)
    told = [
        say("most_direct", layer=layer, head=head, value=signed(float(found.attributions.nan_to_num()[layer, head])))
    ]
    if found.n_known:
        layer, head = _strongest(found.influences)
        told.append(say("most_missed", layer=layer, head=head, value=signed(float(found.influences[layer, head]))))
        kinds = Counter(kind for row in found.judgements for kind in row if kind)
        groups = Counter(GROUPS[kind] for kind in kinds.elements())
        parts = {kind: kinds[kind] for kind in ("made_up", "through_others", "turned")}
        told.append(say("judged", n=found.n_known, agree=groups["agree"], neither=groups["neither"], **parts))
    return " ".join(told)


def told_of(found: AllHeads, layer: int, head: int) -> str:
    """One head in a sentence."""
    adds, missing = float(found.attributions[layer, head]), float(found.influences[layer, head])
    where = {"layer": layer, "head": head}
    if math.isnan(missing):
        return say("not_known", **where)
    kind = say(f"kind_{found.judgements[layer][head]}")
    return say("told", **where, adds=signed(adds), missing=signed(missing), kind=kind)


def all_heads_table(found: AllHeads) -> pd.DataFrame:
    """A row a head."""
    rows = [
        (
            layer,
            head,
            *(
                None if math.isnan(value) else value
                for value in (float(of[layer, head]) for of in (found.attributions, found.influences))
            ),
            say(f"kind_{kind}") if kind else "",
        )
        for layer, row in enumerate(found.judgements)
        for head, kind in enumerate(row)
    ]
    named = [say(f"column_{name}") for name in ("adds", "missing", "kind")]
    return pd.DataFrame(rows, columns=[say("shared_layer"), say("shared_head"), *named])


def _judgements(attributions: Tensor, influences: Tensor) -> list[list[str]]:
    pairs = zip(attributions.tolist(), influences.tolist(), strict=True)
    return [
        [
            "" if math.isnan(adds) or math.isnan(missing) else judged(adds, missing)
            for adds, missing in zip(*both, strict=True)
        ]
        for both in pairs
    ]


def _strongest(values: Tensor) -> tuple[int, int]:
    layer, head = divmod(int(values.nan_to_num().abs().argmax()), values.size(1))
    return layer, head


def _kept(services: Services, run: RunKey, token: int, asked: Asked) -> Tensor:
    config = services.models.get(run.model).model.config
    found = services.influences.get(_key(run, token, asked))
    return torch.full((config.n_layers, config.n_heads), torch.nan) if found is None else found


def _key(run: RunKey, token: int, asked: Asked) -> tuple[str, RunKey, int, tuple[int, ...]]:
    return run.model, run, token, asked.ids
