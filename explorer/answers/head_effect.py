"""What one head does to the answer after one token: what it looks at, what it adds directly, and what is missing without it.

T tokens, V vocabulary, L layers, H heads. Logits and their differences are as the model computes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from explorer.answers.lens import labels_by_id, pinned_ids
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed, percent, signed
from explorer.wording.text import TokenLabel
from gpt2core import Tokenizer
from gpt2core.analysis import direct_logit_attribution, head_logits
from gpt2core.errors import InvalidSetting
from gpt2core.notation import NamedEdit, edit_set

say = catalogue("head_effect")

SITES = ("pattern", "tok_emb", "pos_emb", "z", "mlp_out", "ln_final_var", "logits")
N_WRITTEN = 12  # tokens promoted, and as many suppressed
SMALL = 0.1  # logits: the odds of two tokens move by a tenth
MUCH, LITTLE = 0.5, 0.25  # of the attention, on one token


@dataclass(frozen=True)
class Asked:
    """The answer that is looked at: the logit of one token, or how much more the first has than the second. ids: one or two."""

    ids: tuple[int, ...]
    labels: tuple[TokenLabel, ...]

    @property
    def signs(self) -> tuple[int, ...]:
        return (1, -1)[: len(self.ids)]

    @property
    def words(self) -> str:
        """ "the logit of “a”", "“a” over “b”"."""
        first, *others = (label.text for label in self.labels)
        return say("difference", first=first, second=others[0]) if others else say("one_logit", first=first)

    def of(self, logits: Tensor) -> float:
        """The answer, read from one row of logits [V]."""
        return sum(sign * float(logits[one]) for sign, one in zip(self.signs, self.ids, strict=True))


@dataclass(frozen=True)
class Adds:
    """Tokens with what a head adds to their logits, the strongest first, and where: for the drawer."""

    labels: list[TokenLabel]
    logits: list[float]
    place: dict[str, Any]

    def origins(self) -> list[dict[str, Any]]:
        *before, _ = self.place["index"]
        return [{**self.place, "index": [*before, label.token_id]} for label in self.labels]


@dataclass(frozen=True, eq=False)
class Effect:
    """One head at one token. weight, key: its largest weight, and on which position. direct: what it adds to the answer; parts: to each
    of the answer's tokens. before, after: the answer with it and without; shares: of each token, likewise. off: it is off on the page
    already, and `after` is then the answer as it is."""

    asked: Asked
    weight: float
    key: int
    direct: float
    parts: tuple[float, ...]
    before: float
    after: float
    shares: tuple[tuple[float, float], ...]
    off: bool

    @property
    def missing(self) -> float:
        """What goes from the answer when the head is switched off: its influence, in the same unit and direction as `direct`."""
        return self.before - self.after


def is_off(run: RunKey, layer: int, head: int) -> bool:
    """Whether the page's own edits let the head write nothing, alone or with all of its layer's attention."""
    silent = {NamedEdit("head", layer, head), NamedEdit("attention", layer), NamedEdit("layer", layer)}
    return not silent.isdisjoint(run.edits)


def check_writes(run: RunKey, layer: int) -> None:
    """Raises: InvalidSetting where an edit lets the layer's attention write its mean: then no head of it writes for itself."""
    if _averaged(run, layer):
        raise InvalidSetting(say("averaged", layer=layer))


def _averaged(run: RunKey, layer: int) -> bool:
    means = {NamedEdit("mean-attention", layer), NamedEdit("mean-layer", layer)}
    return not means.isdisjoint(run.edits) and not is_off(run, layer, 0)


def asked_of(services: Services, run: RunKey, token: int, first: Any, second: Any) -> Asked:
    """first, second: tokens as a person writes them. Both empty: the two likeliest; the second alone empty: the first one's logit.

    Raises: InvalidSetting for what is no single token, or twice the same; what a pass raises.
    """
    tokenizer, vocab_size = services.models.tokenizer(run.model), services.models.get(run.model).model.config.vocab_size
    one, other = (_one_id(text, tokenizer, vocab_size) for text in (first, second))
    likeliest = services.traces.get(run, {"logits"})["logits"][token].topk(min(2, vocab_size)).indices.tolist()
    if one is None:
        one = likeliest[-1] if likeliest[0] == other else likeliest[0]
        other = likeliest[-1] if other is None else other
    ids = [one] if other is None else [one, other]
    names = labels_by_id(ids, tokenizer)
    if len(set(ids)) < len(ids):
        raise InvalidSetting(say("same_twice", token=names[ids[0]].text))
    return Asked(tuple(ids), tuple(names[found] for found in ids))


def _one_id(text: Any, tokenizer: Tokenizer, vocab_size: int) -> int | None:
    ids = pinned_ids(text, tokenizer, vocab_size)
    if len(ids) > 1:
        raise InvalidSetting(say("one_token_each", n=len(ids)))
    return ids[0] if ids else None


def adds_of(services: Services, run: RunKey, token: int, layer: int, head: int) -> tuple[Adds, Adds]:
    """The tokens that the head promotes most and suppresses most, none of which it leaves as it is.

    Raises: InvalidSetting as check_writes does; what a pass raises.
    """
    check_writes(run, layer)
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    logits = head_logits(services.traces.get(run, {"z", "ln_final_var"}), model, layer, head, token)  # [V]
    if is_off(run, layer, head):
        logits = torch.zeros_like(logits)  # with the whole attention off it still gathers, but nothing is written
    n, place = min(N_WRITTEN, len(logits)), {"kind": "head_logit", "layer": layer, "index": [head, token, 0]}
    both = []
    for sign in (1, -1):
        most = (sign * logits).topk(n)
        ids = [one for one, value in zip(most.indices.tolist(), most.values.tolist(), strict=True) if value > 0]
        names = labels_by_id(ids, tokenizer)
        both.append(Adds([names[one] for one in ids], [float(logits[one]) for one in ids], place))
    return both[0], both[1]


@torch.no_grad()
def effect_of(services: Services, run: RunKey, token: int, layer: int, head: int, asked: Asked) -> Effect:
    """Raises: InvalidEdit where the page has as many edits as there may be; InvalidSetting as check_writes does; what a pass raises, with
    the head and without."""
    check_writes(run, layer)
    model = services.models.get(run.model).model
    seen, off = services.traces.get(run, {"pattern", "z", "ln_final_var", "logits"}), is_off(run, layer, head)
    without = seen if off else services.traces.get(switched_off(run, layer, head), {"logits"})
    written = head_logits(seen, model, layer, head, token) * (not off)  # [V]
    with_it, without_it = seen["logits"][token], without["logits"][token]
    shares = [logits.double().softmax(-1)[list(asked.ids)].tolist() for logits in (with_it, without_it)]
    weight, key = seen["pattern", layer][head, token].max(-1)
    return Effect(
        asked,
        float(weight),
        int(key),
        asked.of(written),
        tuple(float(written[one]) for one in asked.ids),
        asked.of(with_it),
        asked.of(without_it),
        tuple(zip(*shares, strict=True)),
        off,
    )


def switched_off(run: RunKey, layer: int, head: int) -> RunKey:
    """The same run with one edit more. Raises: InvalidEdit."""
    return replace(run, edits=edit_set([*run.edits, NamedEdit("head", layer, head)]))


def attributions_of(services: Services, run: RunKey, token: int, asked: Asked) -> Tensor:
    """What every head adds to the answer directly, [L, H]; NaN where an edit lets its layer's attention write its mean.

    Raises: what a pass raises.
    """
    model, seen = services.models.get(run.model).model, services.traces.get(run, SITES)
    parts = [direct_logit_attribution(seen, model, one, token).heads for one in asked.ids]
    found = parts[0] if len(parts) == 1 else parts[0] - parts[1]
    for layer in range(len(found)):
        if _averaged(run, layer):
            found[layer] = torch.nan
        silent = [is_off(run, layer, head) for head in range(found.size(1))]
        found[layer] = found[layer].masked_fill(torch.tensor(silent), 0.0)
    return found


def verdict(effect: Effect, labels: Sequence[TokenLabel]) -> str:
    """Whether attention, attribution and influence agree, in plain words."""
    if effect.off:
        return say("verdict_off")
    direct, missing = effect.direct, effect.missing
    said = {"answer": effect.asked.words, "direct": signed(direct), "change": signed(-missing)}
    told = [say(f"says_{judged(direct, missing)}", **said)]
    at = {"token": labels[effect.key].text, "position": effect.key, "share": percent(effect.weight)}
    if abs(missing) < SMALL and effect.weight >= MUCH:
        told.append(say("looks_hard", **at))
    if abs(missing) >= SMALL and effect.weight < LITTLE:
        told.append(say("looks_wide", share=percent(effect.weight)))
    return " ".join(told)


def judged(direct: float, missing: float) -> str:
    """How what a head adds directly stands to what is missing without it: "neither", "through_others", "made_up", "turned", "partly",
    "stronger" or "agree"."""
    if abs(missing) < SMALL:
        return "neither" if abs(direct) < SMALL else "made_up"
    if abs(direct) < SMALL:
        return "through_others"
    if direct * missing < 0:
        return "turned"
    ratio = missing / direct
    return "partly" if ratio < 0.5 else "stronger" if ratio > 2 else "agree"


def measures_of(
    effect: Effect, labels: Sequence[TokenLabel], token: int, layer: int, head: int
) -> list[dict[str, Any]]:
    """The three measures one below the other, as widgets/measures shows them."""
    asked, at = effect.asked, labels[token]
    looked = {"token": labels[effect.key].text, "position": effect.key}
    parts = zip(asked.labels, effect.parts, strict=True)
    shares = zip(asked.labels, effect.shares, strict=True)
    return [
        {
            "name": say("attention"),
            "about": say("attention_about", token=at.text, position=token),
            "value": effect.weight,
            "scale": "share",
            "shown": percent(effect.weight),
            "origin": {"site": "pattern", "layer": layer, "index": [head, token, effect.key]},
            "details": [{"text": say("attention_where", **looked)}],
        },
        {
            "name": say("attribution"),
            "about": say("attribution_about", answer=asked.words),
            "value": effect.direct,
            "scale": "signed",
            "shown": signed(effect.direct),
            "details": [
                {
                    "text": say("attribution_part", token=label.text),
                    "shown": signed(part),
                    "origin": {"kind": "head_logit", "layer": layer, "index": [head, token, label.token_id]},
                }
                for label, part in parts
            ],
        },
        {
            "name": say("influence"),
            "about": say("influence_off" if effect.off else "influence_about"),
            "value": None if effect.off else effect.missing,
            "scale": "signed",
            "shown": "" if effect.off else signed(effect.missing),
            "details": []
            if effect.off
            else [*_before_and_after(effect), *(_share_moved(*one, token) for one in shares)],
        },
    ]


def _before_and_after(effect: Effect) -> list[dict[str, Any]]:
    moved = say("moved", before=fixed(effect.before, 2), after=fixed(effect.after, 2))
    return [{"text": effect.asked.words, "shown": moved}]


def _share_moved(label: TokenLabel, shares: tuple[float, float], token: int) -> dict[str, Any]:
    before, after = map(percent, shares)
    return {
        "text": say("share_of", token=label.text),
        "shown": before,
        "origin": {"kind": "share", "index": [token, label.token_id]},
        "then": say("to", after=after),
    }


def effect_table(effect: Effect) -> pd.DataFrame:
    """A row a number."""
    rows: list[tuple[str, str, float | None]] = [(say("attention"), say("row_weight"), effect.weight)]
    rows.append((say("attribution"), effect.asked.words, effect.direct))
    rows += [
        (say("attribution"), say("attribution_part", token=label.text), part)
        for label, part in zip(effect.asked.labels, effect.parts, strict=True)
    ]
    if not effect.off:
        rows.append((say("influence"), effect.asked.words, effect.missing))
        for name, answer, at in (("row_before", effect.before, 0), ("row_after", effect.after, 1)):
            rows.append((say(name), effect.asked.words, answer))
            rows += [
                (say(name), say("share_of", token=label.text), shares[at])
                for label, shares in zip(effect.asked.labels, effect.shares, strict=True)
            ]
    return pd.DataFrame(rows, columns=[say("column_measure"), say("column_of"), say("column_number")])
