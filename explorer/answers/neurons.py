"""The strongest neurons of one MLP at one token: how active, what each says to the vocabulary, where else it fires.

T tokens, n neurons, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from torch import Tensor

from explorer.answers.lens import labels_by_id
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed, percent, signed
from explorer.wording.text import TokenLabel
from gpt2core.neurons import NEURON_SITES, added_to_logit, neuron_readings, strongest_neurons

say = catalogue("block")

N_NEURONS = 8
N_TOKENS = 5  # promoted, and as many suppressed


@dataclass(frozen=True)
class Neuron:
    """One neuron at the picked token. before, after: GELU, `after` as the pass used it. strength: |GELU's| x length of what it writes.
    adds: to the logit of the likeliest next token."""

    number: int
    before: float
    after: float
    strength: float
    adds: float
    promoted: list[TokenLabel]
    suppressed: list[TokenLabel]


@dataclass(frozen=True, eq=False)
class Neurons:
    """layer, position: where. answer: the likeliest next token, as it is shown. fires [n, T]: the activation after GELU of each at every
    token. share: how much of the strength of all `total` neurons these have, None where all are silent."""

    layer: int
    position: int
    answer: str
    rows: list[Neuron]
    fires: Tensor
    share: float | None
    total: int


def neurons_at(services: Services, run: RunKey, position: int, layer: int) -> Neurons:
    """Raises: what a pass raises."""
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    seen = services.traces.get(run, NEURON_SITES)
    found = strongest_neurons(seen, model, layer, position, N_NEURONS)
    answer = int(seen["logits"][position].argmax())
    adds = added_to_logit(seen, model, layer, found.neurons, answer, position)
    readings = neuron_readings(model, layer, found.neurons)  # [n, V]
    n_tokens = min(N_TOKENS, max(1, readings.size(-1) // 2))
    most, least = (readings.topk(n_tokens, largest=largest).indices.tolist() for largest in (True, False))
    names = labels_by_id(sorted({answer, *(one for row in (*most, *least) for one in row)}), tokenizer)
    rows = [
        Neuron(
            number,
            float(found.before[at]),
            float(found.after[at]),
            float(found.strengths[at]),
            float(adds[at]),
            [names[one] for one in most[at]],
            [names[one] for one in least[at]],
        )
        for at, number in enumerate(found.neurons)
    ]
    fires = seen["mlp_post", layer][:, list(found.neurons)].T  # [n, T]
    share = float(found.strengths.sum()) / found.total if found.total > 0 else None
    return Neurons(layer, position, names[answer].text, rows, fires, share, 4 * model.config.emb_dim)


def neurons_in_words(found: Neurons) -> str:
    """What strong means, how much these have of it, and what the numbers at their right add to."""
    share = "" if found.share is None else percent(found.share)
    told = (
        say("neurons_in_words", n=len(found.rows), total=found.total, share=share) if share else say("neurons_silent")
    )
    adds = say("neurons_add", answer=found.answer, sum=signed(sum(one.adds for one in found.rows)))
    return f"{told} {adds}"


def where_in_words(found: Neurons, labels: list[TokenLabel]) -> str:
    """At which token the first of them is most active, and whether that is the picked one."""
    first = found.fires[0]
    at = int(first.argmax())
    where = {
        "neuron": found.rows[0].number,
        "token": labels[at].text,
        "position": at,
        "value": fixed(float(first[at]), 2),
    }
    return say("fires_here" if at == found.position else "fires_elsewhere", **where)


def neuron_table(found: Neurons) -> pd.DataFrame:
    """A row a neuron, its numbers as they are."""
    columns = {
        say("neuron"): [one.number for one in found.rows],
        say("before_gelu"): [one.before for one in found.rows],
        say("after_gelu"): [one.after for one in found.rows],
        say("neuron_strength"): [one.strength for one in found.rows],
        say("neuron_adds", answer=found.answer): [one.adds for one in found.rows],
        say("neuron_promotes"): [" ".join(token.text for token in one.promoted) for one in found.rows],
        say("neuron_suppresses"): [" ".join(token.text for token in one.suppressed) for one in found.rows],
    }
    return pd.DataFrame(columns)
