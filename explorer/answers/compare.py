"""Two models on one sentence: what each expects next under the same settings, and how well each foresaw the sentence itself.

V, W vocabularies of A and B.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import RunKey, Services
from explorer.wording.numbers import percent
from explorer.wording.refusals import refusal_in_words
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Gpt2CoreError, SamplingSettings, Tokenizer, Trace, pipeline
from gpt2core.comparison import first_bytes, kl_divergence_nats, renamed, same_tokens, text_scores, total_variation
from gpt2core.edits import all_causal
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import draw, falling_order, gumbel_noise
from gpt2core.scoring import TextScore, score_text

say = catalogue("compare")
LETTERS = ("A", "B")
N_TOP = 6  # likeliest tokens of each model
MOST_PASSES = 64  # tokens of a sentence that is scored with a pass each: about 0.3 s on the shipped model


@dataclass(frozen=True)
class Bar:
    """One model's share of one token. length: of the bar, 0 to 1; share: the same in words; note: what there is to add; probability and
    token_id in its own vocabulary: None where it does not know the token."""

    length: float
    share: str
    note: str = ""
    probability: float | None = None
    token_id: int | None = None


@dataclass(frozen=True)
class Row:
    label: TokenLabel
    bars: tuple[Bar, Bar]


@dataclass(frozen=True)
class Scores:
    """A table: a head of three cells and lines of three."""

    caption: str
    head: tuple[str, str, str]
    lines: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Comparison:
    """All that is shown, in words and bars. rest: what the bars leave out; note: what to make of the scores, or why there are none.

    places: for A and for B what the drawer needs beside a bar's token id: the position and, of another model than that on screen,
    the model. settings: by name, those of the shares.
    """

    heading: str
    sentences: Sequence[str]
    legend: str
    rows: Sequence[Row]
    rest: str
    scores: Scores | None
    note: str
    places: tuple[dict[str, Any], dict[str, Any]]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Side:
    """One model at one place of the sentence. probabilities [V]: under the settings; order: its likeliest tokens before the
    filters; drawn: the token that the seed picks. place: of the token after which it is looked."""

    letter: str
    title: str
    run: RunKey
    place: int
    tokenizer: Tokenizer
    probabilities: Tensor
    order: list[int]
    entropy_nats: float
    drawn: int


def two_runs(services: Services, run: RunKey, names: tuple[Any, Any]) -> tuple[RunKey, RunKey]:
    """The sentence of `run` as read by the models named; an empty name is run's own. Raises: Gpt2CoreError, saying of which model."""
    first, second = (_read(services, run, name, letter) for name, letter in zip(names, LETTERS, strict=True))
    return first, second


def _read(services: Services, run: RunKey, name: Any, letter: str) -> RunKey:
    if name == "":
        return run
    try:
        return services.read(run.text, name if isinstance(name, str) else repr(name))
    except Gpt2CoreError as error:
        raise InvalidSetting(say("refused", letter=letter, reason=refusal_in_words(error))) from error


def title_of(services: Services, run: RunKey) -> str:
    """The model's name, and whether it is changed: edits are those of the model on screen, any other is as it is."""
    title = services.models.title(run.model)
    return say("changed", title=title) if run.edits else title


def comparison(
    services: Services, run: RunKey, token: int, names: tuple[Any, Any], settings: SamplingSettings, seed: int
) -> Comparison:
    """What the figure shows after `token` of `run`, the sentence on screen. Raises: Gpt2CoreError."""
    runs = two_runs(services, run, names)
    a, b = (_side(services, run, token, *pair, settings, seed) for pair in zip(LETTERS, runs, strict=True))
    labels = services.labels(run)
    to_b, to_a = same_tokens(a.tokenizer, b.tokenizer), same_tokens(b.tokenizer, a.tokenizer)
    same_words = bool((to_b >= 0).all() and (to_a >= 0).all())
    rows, longest, rest = _rows(a, b, to_b.tolist(), to_a.tolist())
    scores, note = _scores(services, runs)
    return Comparison(
        say("shared_after_token", token=labels[token].text, position=token + 1, n=len(labels)),
        [
            say("drawn", seed=seed, a=_text(a, a.drawn), b=_text(b, b.drawn)),
            difference(a, b, to_a) if same_words else _other_words(a, b, to_b, to_a),
            say("entropies", **_entropy(a), **_entropy(b)),
        ],
        say("legend", a=a.title, b=b.title, full=percent(longest)),
        rows,
        rest,
        scores,
        note,
        ({"position": a.place} | model_of(a.run, run), {"position": b.place} | model_of(b.run, run)),
        asdict(settings),
    )


def model_of(run: RunKey, on_screen: RunKey) -> dict[str, str]:
    """What the drawer needs to find numbers of `run`, the sentence on screen as another model reads it (answers/passes.py)."""
    return {} if run == on_screen else {"model": run.model}


def _side(
    services: Services, shown: RunKey, token: int, letter: str, run: RunKey, settings: SamplingSettings, seed: int
) -> Side:
    ends = services.token_ends(run)
    end = services.token_ends(shown)[token]
    title = title_of(services, run)
    if end not in ends:
        raise InvalidSetting(say("no_place", letter=letter, title=title, token=services.labels(shown)[token].text))
    place = ends.index(end)
    logits = services.traces.get(run, {"logits"})["logits"][place]  # [V]
    context = run.token_ids[: place + 1]
    stages = pipeline(logits, settings, context)
    luck = gumbel_noise(len(logits), seed, len(context))
    return Side(
        letter,
        title,
        run,
        place,
        services.models.tokenizer(run.model),
        stages.probabilities,
        falling_order(stages["repetition_penalty"].logits)[:N_TOP].tolist(),
        stages.stages[-1].entropy_nats,
        draw(stages.logits, luck),
    )


def _rows(a: Side, b: Side, to_b: list[int], to_a: list[int]) -> tuple[list[Row], float, str]:
    """A's likeliest tokens, then those of B that are not among them, then the drawn ones; the longest bar's share; the rest in words."""
    listed: list[tuple[int | None, int | None]] = [(one, _known(to_b, one)) for one in a.order]
    listed += [(_known(to_a, other), other) for other in b.order]
    listed += [(a.drawn, _known(to_b, a.drawn)), (_known(to_a, b.drawn), b.drawn)]
    together = list(dict.fromkeys(listed))
    shares = [(_share(a, one), _share(b, other)) for one, other in together]
    longest = max(share for pair in shares for share in pair if share is not None)
    rows = []
    for (one, other), (mine, yours) in zip(together, shares, strict=True):
        label = _label(b, other) if one is None else _label(a, one)
        rows.append(Row(label, (_bar(a, one, mine, longest), _bar(b, other, yours, longest))))
    left = (max(0.0, 1.0 - sum(filter(None, column))) for column in zip(*shares, strict=True))
    return rows, longest, say("rest", **dict(zip(("a", "b"), map(percent, left), strict=True)))


def _known(names: list[int], token_id: int) -> int | None:
    """Its id in the other vocabulary; None where it has none, or is a row that no token uses."""
    return names[token_id] if token_id < len(names) and names[token_id] >= 0 else None


def _share(side: Side, token_id: int | None) -> float | None:
    return None if token_id is None else float(side.probabilities[token_id])


def _bar(side: Side, token_id: int | None, share: float | None, full: float) -> Bar:
    if token_id is None or share is None:
        return Bar(0.0, say("dash"), say("not_a_token"))
    note = say("mark_drawn") if token_id == side.drawn else say("shared_cut") if share == 0 else ""
    return Bar(share / full, percent(share), note, share, token_id)


def _label(side: Side, token_id: int | None) -> TokenLabel:
    assert token_id is not None
    return token_labels([token_id], side.tokenizer)[0]


def _text(side: Side, token_id: int) -> str:
    return _label(side, token_id).text


def _entropy(side: Side) -> dict[str, str]:
    """Its entropy in bits, and how many equally likely tokens that amounts to."""
    bits, alike = side.entropy_nats / math.log(2), math.exp(side.entropy_nats)
    name = side.letter.lower()
    return {f"bits_{name}": f"{bits:.2f}", f"alike_{name}": f"{alike:,.1f}" if alike < 100 else f"{alike:,.0f}"}


def difference(a: Side, b: Side, to_a: Tensor) -> str:
    """How far apart two distributions over the same tokens are, in words."""
    p, (q, _) = a.probabilities, renamed(b.probabilities, to_a, len(a.probabilities))
    kl = kl_divergence_nats(p, q)
    apart = say("apart", share=percent(total_variation(p, q)))
    more = say("never_drawn") if math.isinf(kl) else say("surprise", nats=f"{kl:.2f}")
    return f"{apart} {more}"


def _other_words(a: Side, b: Side, to_b: Tensor, to_a: Tensor) -> str:
    """What can be said of models whose vocabularies differ."""
    _, only_a = renamed(a.probabilities, to_b, len(b.probabilities))
    _, only_b = renamed(b.probabilities, to_a, len(a.probabilities))
    letters = total_variation(first_bytes(a.probabilities, a.tokenizer), first_bytes(b.probabilities, b.tokenizer))
    shares = {"only_a": percent(max(0.0, only_a)), "only_b": percent(max(0.0, only_b)), "bytes": percent(letters)}
    return say("other_words", **shares, n_a=a.tokenizer.vocab_size, n_b=b.tokenizer.vocab_size)


def _scores(services: Services, runs: tuple[RunKey, RunKey]) -> tuple[Scores | None, str]:
    """How well each model foresaw the sentence, and what to make of it."""
    tokenizers = [services.models.tokenizer(run.model) for run in runs]
    try:
        a, b = text_scores([_read_through(services, run) for run in runs], tokenizers)
    except InvalidSetting as error:
        return None, refusal_in_words(error)
    lines = [
        (say("row_tokens"), f"{a.n_tokens:,}", f"{b.n_tokens:,}"),
        (say("row_per_token"), f"{a.nats_per_token:.3f}", f"{b.nats_per_token:.3f}"),
        (say("row_choices"), _choices(a.nats_per_token), _choices(b.nats_per_token)),
        (say("row_per_byte"), f"{a.nats_per_byte:.3f}", f"{b.nats_per_byte:.3f}"),
    ]
    given = "".join(label.text for label in services.labels(runs[0])[: -a.n_tokens])
    head = ("", *(f"{letter}: {services.models.title(run.model)}" for letter, run in zip(LETTERS, runs, strict=True)))
    return Scores(say("scores"), (head[0], head[1], head[2]), lines), say("scores_note", given=given, n=a.n_bytes)


def _read_through(services: Services, run: RunKey) -> Trace | TextScore:
    """The sentence as foreseen by the run's model. Raises: InvalidSetting where that costs a pass for each of too many tokens."""
    if all_causal(run.pass_edits):
        return services.traces.get(run, {"logits"})
    if len(run.token_ids) > MOST_PASSES:
        raise InvalidSetting(say("too_many_passes", n=len(run.token_ids), limit=MOST_PASSES))
    return score_text(services.models.get(run.model).model, run.token_ids, edits=run.pass_edits)


def _choices(nats: float) -> str:
    """e^nats: as unsure as a choice among so many tokens."""
    choices = math.exp(min(nats, 50.0))
    return f"{choices:,.1f}" if choices < 100 else f"{choices:,.0f}"
