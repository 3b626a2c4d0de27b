"""The map of a vocabulary: a point for each row of the token table, at each age of the model that is known. A ages, N tokens, C model width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.answers.tsne import TSNE, kept_tsne
from explorer.catalogue import catalogue
from explorer.store.models import UNTRAINED
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import percent
from explorer.wording.text import TokenLabel, token_labels
from gpt2core.embeddings import MEASURES, Components, Measure, nearest_rows, principal_components
from gpt2core.errors import InvalidSetting
from gpt2core.untrained import untrained_token_table

say = catalogue("vocabulary")

LAYOUTS = ("pca", "pca3", "tsne")
HISTORIES = ("model", "growth")
MOST_COMPONENTS = 20  # that may be chosen; beyond them shares are below a per cent
KINDS = ("begins", "goes_on", "digits", "marks", "white", "part", "special")


@dataclass(frozen=True)
class Age:
    """One state of a token table. title: what it is called on the page."""

    title: str
    table: Tensor


@dataclass(frozen=True, eq=False)
class Picture:
    """Where the tokens lie. points [A, N, 3], in typical distances of a row from the mean row (t-SNE: of its own); shares [A, 3]: of each
    age's variance along the components, nothing for t-SNE. told: one sentence on what is seen."""

    ages: tuple[Age, ...]
    points: Tensor
    shares: Tensor | None
    told: str


def checked_axes(axes: Any, width: int) -> list[int]:
    """Which three components are shown, counted from 0. Raises: InvalidSetting."""
    most = min(MOST_COMPONENTS, width)
    fine = isinstance(axes, list) and len(axes) == 3 and all(isinstance(one, int) and 0 <= one < most for one in axes)
    if not fine:
        raise InvalidSetting(say("bad_axes", most=most))
    return axes


def ages_of(services: Services, model: str, history: Any) -> tuple[Age, ...]:
    """model: the table as training found it and as it is now; growth: the snapshots that ship. Raises: InvalidSetting, UnknownModel."""
    if history not in HISTORIES:
        raise InvalidSetting(say("bad_history"))
    models = services.models
    if history == "growth":
        names = models.growth_names()
        if not names:
            raise InvalidSetting(say("no_growth"))
        return tuple(
            Age(say("after_updates", n=int(name.rpartition("-")[2])), models.get(name).model.tok_emb.weight.detach())
            for name in names
        )
    now = models.get(model).model
    trained = Age(say("never" if model == UNTRAINED else "trained"), now.tok_emb.weight.detach())
    if model == UNTRAINED:
        return (trained,)
    first: Tensor = services.layouts.of((model, "untrained"), lambda: untrained_token_table(now.config))
    return (Age(say("never"), first), trained)


def named_model(services: Services, model: str, history: str) -> str:
    """Whose tokens are on the map."""
    return services.models.growth_names()[-1] if history == "growth" else model


def components_of(services: Services, model: str) -> Components:
    """Of the token table, kept."""
    table = services.models.get(model).model.tok_emb.weight
    found: Components = services.layouts.of((model, "components"), lambda: principal_components(table))
    return found


def picture_of(services: Services, model: str, layout: Any, axes: Any, history: Any) -> Picture | None:
    """None for a t-SNE that nobody has computed yet. Raises: InvalidSetting, UnknownModel."""
    if layout not in LAYOUTS:
        raise InvalidSetting(say("bad_layout"))
    ages = ages_of(services, model, history)
    name = named_model(services, model, history)
    table = ages[-1].table
    if layout == "tsne":
        kept = kept_tsne(services, name)
        if kept is None:
            return None
        settings = TSNE.for_rows(len(table))
        told = say(
            "tsne_told", perplexity=settings.perplexity, seed=settings.seed, n=settings.rounds, left=kept.divergence
        )
        return Picture(ages[-1:], flat_points(kept.places)[None], None, told)
    which = checked_axes(axes, table.size(1))
    found = components_of(services, name)
    points = torch.stack([age_points(found, age.table, which) for age in ages])
    shares = torch.stack([found.shares_of(age.table, which) for age in ages])
    shown = which if layout == "pca3" else which[:2]
    listed = say("and_list", first=", ".join(str(one + 1) for one in shown[:-1]), last=shown[-1] + 1)
    seen = float(shares[-1, : len(shown)].sum())
    told = say("pca_told", components=listed, share=percent(min(1.0, seen)), width=table.size(1))
    return Picture(ages, points, shares, told)


def age_points(found: Components, table: Tensor, which: Sequence[int]) -> Tensor:
    """[N, 3]: along the components, from the age's own mean row, its typical distance from that being 1."""
    rows = table.float()
    away = rows - rows.mean(0)
    typical = away.square().sum(-1).mean().sqrt().clamp_min(1e-12)
    return away @ found.directions[list(which)].T / typical


def flat_points(places: Tensor) -> Tensor:
    """[N, 2] around 0, with typical distance 1, as [N, 3] in one plane."""
    away = places - places.mean(0)
    typical = away.square().sum(-1).mean().sqrt().clamp_min(1e-12)
    return torch.cat([away / typical, torch.zeros(len(places), 1)], dim=1)


def kind_of(label: TokenLabel, data: bytes) -> int:
    """Which of KINDS a token is."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return KINDS.index("part")
    bare = text.strip()
    if not bare:
        return KINDS.index("white")
    if bare.isdigit():
        return KINDS.index("digits")
    if any(unicodedata.category(one)[0] == "L" for one in bare):
        return KINDS.index("begins" if text[0].isspace() else "goes_on")
    return KINDS.index("marks")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What is known of each token. kinds: of KINDS; spaces: whether it begins with one; letters: its first, 1 for a to 26, 0 for none;
    counts [N]: how often it was read in training, None where nobody has counted."""

    labels: list[TokenLabel]
    kinds: list[int]
    spaces: list[int]
    letters: list[int]
    counts: Tensor | None


def vocabulary_of(services: Services, model: str) -> Vocabulary:
    """Kept, for a large vocabulary takes a second."""
    found: Vocabulary = services.layouts.of((model, "vocabulary"), lambda: _vocabulary(services, model))
    return found


def _vocabulary(services: Services, model: str) -> Vocabulary:
    size = services.models.get(model).model.config.vocab_size
    tokenizer = services.models.tokenizer(model)
    labels = token_labels(range(size), tokenizer)
    special = set(tokenizer.special.values())
    kinds, spaces, letters = [], [], []
    for label in labels:
        known = label.token_id < tokenizer.vocab_size
        data = tokenizer.decode_bytes([label.token_id]) if known else b""
        kinds.append(KINDS.index("special") if label.token_id in special or not known else kind_of(label, data))
        spaces.append(int(data[:1] == b" "))
        first = data.decode("utf-8", "ignore").strip()[:1].lower()
        letters.append(ord(first) - ord("a") + 1 if "a" <= first <= "z" else 0)
    return Vocabulary(labels, kinds, spaces, letters, services.models.token_counts(model))


def checked_measure(measure: Any) -> Measure:
    """Raises: InvalidSetting."""
    if measure not in MEASURES:
        raise InvalidSetting(say("bad_measure"))
    found: Measure = measure
    return found


def focus_of(services: Services, run: RunKey, token: int, asked: dict[str, Any]) -> tuple[str, int]:
    """What the map has picked: whose history it shows, and the token, the sentence's own at the cursor where none was picked on it.

    Raises: InvalidSetting for a token that is not in the vocabulary.
    """
    history = asked.get("history", "model")
    if history not in HISTORIES:
        raise InvalidSetting(say("bad_history"))
    picked = asked.get("id")
    if picked is None:
        return history, run.token_ids[token]
    n = services.models.get(run.model).model.config.vocab_size
    if not (isinstance(picked, int) and 0 <= picked < n):
        raise InvalidSetting(say("bad_focus", n=n))
    return history, picked


@dataclass(frozen=True)
class Near:
    """The nearest tokens in the original space, the most alike first."""

    ids: list[int]
    values: list[float]


def near_at_ages(ages: Sequence[Age], token_id: int, k: int, measure: Measure, centred: bool) -> list[Near]:
    """At each age, the token itself left out; nothing where the table has no such row."""
    found = []
    for age in ages:
        if token_id >= len(age.table):
            found.append(Near([], []))
            continue
        ids, values = nearest_rows(age.table, age.table[token_id], k, measure, centred=centred, left_out=[token_id])
        found.append(Near(ids.tolist(), values.tolist()))
    return found
