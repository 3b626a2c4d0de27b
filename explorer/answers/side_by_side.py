"""A sentence continued side by side: by two models with the same luck, or by one model under several seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.answers.compare import LETTERS, title_of, two_runs
from explorer.answers.pace import Pace
from explorer.answers.settings import MAX_SEED, checked_settings
from explorer.answers.streams import Column, Stream, growing
from explorer.catalogue import catalogue
from explorer.store.services import RunKey, Services
from explorer.wording.numbers import as_given, is_whole
from gpt2core.comparison import parting, spread
from gpt2core.errors import InvalidSetting

say = catalogue("compare")

MAX_NEW_TOKENS = 120
LEAST_SAMPLES, MOST_SAMPLES = 2, 6
MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = 0.15  # six columns cost the page about 30 ms


@dataclass(frozen=True)
class Written:
    """How far the texts are. prompt: what they continue; told: a sentence on them; over: whether they have ended; n: how many tokens
    each has."""

    prompt: str
    columns: Sequence[Column]
    told: str
    over: bool
    n: int


def written(services: Services, run: RunKey, names: tuple[Any, Any], n_tokens: Any, chosen: Any) -> Iterator[Written]:
    """The sentence continued by two models with the same settings and seed. Raises: Gpt2CoreError."""
    n = _checked_length(n_tokens)
    settings, seed = checked_settings(chosen)
    runs = two_runs(services, run, names)
    streams = [Stream(services, one, settings, seed, n) for one in runs]
    titles = [
        say("column", letter=letter, title=title_of(services, one)) for letter, one in zip(LETTERS, runs, strict=True)
    ]
    lengths = [len(one.token_ids) for one in runs]
    luck = say("same_luck", seed=seed) if lengths[0] == lengths[1] else say("other_places", a=lengths[0], b=lengths[1])
    if settings.temperature == 0:
        luck = say("no_luck")

    def columns() -> list[Column]:
        apart = parting(streams[0].tokens, streams[1].tokens) or (None, None)
        return [Column(*each) for each in zip(titles, (tuple(stream.drawn) for stream in streams), apart, strict=True)]

    yield from _underway(run.text, streams, n, columns)
    done = len(streams[0].drawn)
    apart = parting(streams[0].tokens, streams[1].tokens)
    yield _ended(run.text, columns(), (parting_sentence(apart, done), luck), done, n)


def parting_sentence(apart: tuple[int, int] | None, n: int) -> str:
    """Where two texts of n tokens part: apart, the places of the first tokens that differ."""
    if apart is None:
        return say("never_part", n=n)
    a, b = (place + 1 for place in apart)
    return say("part", a=a) if a == b else say("part_apart", a=a, b=b)


def sampled(
    services: Services, run: RunKey, name: Any, n_samples: Any, n_tokens: Any, chosen: Any
) -> Iterator[Written]:
    """The sentence continued several times by model A, with a seed each. Raises: Gpt2CoreError."""
    n = _checked_length(n_tokens)
    if not is_whole(n_samples, LEAST_SAMPLES, MOST_SAMPLES):
        asked = as_given(n_samples)
        raise InvalidSetting(say("bad_n_samples", value=asked, least=LEAST_SAMPLES, limit=MOST_SAMPLES))
    settings, first = checked_settings(chosen)
    run, _ = two_runs(services, run, (name, ""))
    seeds = [(first + number) % (MAX_SEED + 1) for number in range(int(n_samples))]
    streams = [Stream(services, run, settings, seed, n) for seed in seeds]

    def columns() -> list[Column]:
        return [Column(say("seed", seed=stream.seed), tuple(stream.drawn)) for stream in streams]

    yield from _underway(run.text, streams, n, columns)
    luck = say("no_luck") if settings.temperature == 0 else ""
    found = spread_sentence([stream.token_ids for stream in streams], title_of(services, run))
    yield _ended(run.text, columns(), (found, luck), len(streams[0].drawn), n)


def spread_sentence(texts: list[list[int]], title: str) -> str:
    """How different the samples are, in words. texts: their token ids."""
    found, n = spread(texts), len(texts)
    first = say("first_same") if found.n_first == 1 else say("first_other", first=found.n_first)
    whole = "texts_same" if found.n_texts == 1 else "texts_other" if found.n_texts == n else "texts_some"
    return say("spread", n=n, title=title, first=first, texts=say(whole, texts=found.n_texts), shared=found.shared)


def _underway(prompt: str, streams: Sequence[Stream], n: int, columns: Callable[[], list[Column]]) -> Iterator[Written]:
    """The texts as they grow, not more often than the page can draw."""
    pace = Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS)
    yield Written(prompt, columns(), say("writing", done=0, n=n), over=False, n=0)
    for done in growing(streams, n, pace):
        if pace.due():
            yield Written(prompt, columns(), say("writing", done=done, n=n), over=False, n=done)


def _ended(prompt: str, columns: Sequence[Column], sentences: Sequence[str], done: int, n: int) -> Written:
    late = "" if done == n else say("out_of_time", seconds=int(MAX_SECONDS), done=done, n=n)
    return Written(prompt, columns, " ".join(filter(None, (late, *sentences))), over=True, n=done)


def _checked_length(n_tokens: Any) -> int:
    if not is_whole(n_tokens, 1, MAX_NEW_TOKENS):
        raise InvalidSetting(say("shared_bad_n_tokens", value=as_given(n_tokens), least=1, limit=MAX_NEW_TOKENS))
    return int(n_tokens)
