"""Text after a sentence, token by token: what was asked for, checked, and what the model writes. Nothing is kept between questions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from explorer.answers.settings import checked_settings
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import as_given, is_whole
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import SamplingSettings, generate
from gpt2core.errors import InvalidSetting
from gpt2core.generation import Alternative, alternatives
from gpt2core.tokenizer import END_OF_TEXT

say = catalogue("generation")

MOST_TOKENS = 500
N_ALTERNATIVES = 7
MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = 0.2  # an update costs the page some 20 ms; a quick model would leave it no time to answer


@dataclass(frozen=True)
class Prompt:
    """A sentence before anything is written: what the model reads at once, and its id of end-of-text, if it has one."""

    run: RunKey
    context_length: int
    end_of_text: int | None


def prompted(services: Services, run: RunKey) -> Prompt:
    end_of_text = services.models.tokenizer(run.model).special.get(END_OF_TEXT)
    return Prompt(run, services.models.get(run.model).model.config.context_length, end_of_text)


@dataclass(frozen=True)
class Asked:
    """n tokens after `path`, those written so far; stop: not beyond end-of-text; job: whatever the answer is to be known by."""

    job: Any
    path: tuple[int, ...]
    n: int
    stop: bool
    settings: SamplingSettings
    seed: int


def asked(request: Any, run: RunKey) -> Asked:
    """What the browser asks for, checked but for the ids.

    Raises: InvalidSetting, also where it continues another sentence than `run`, the one on screen by now.
    """
    if not isinstance(request, dict):
        raise InvalidSetting(say("bad_request"))
    if request.get("run") != run.to_json():
        raise InvalidSetting(say("other_sentence"))
    path = request.get("path")
    if not (isinstance(path, list) and len(path) <= MOST_TOKENS and all(type(token_id) is int for token_id in path)):
        raise InvalidSetting(say("bad_request"))
    n = request.get("n")
    if not is_whole(n, 1, MOST_TOKENS):
        raise InvalidSetting(say("shared_bad_n_tokens", value=as_given(n), least=1, limit=MOST_TOKENS))
    if len(path) + n > MOST_TOKENS:
        raise InvalidSetting(say("too_long", n=len(path) + int(n), limit=MOST_TOKENS))
    settings, seed = checked_settings(request.get("settings"))
    return Asked(request.get("job"), tuple(path), int(n), bool(request.get("stop")), settings, seed)


@dataclass(frozen=True)
class Token:
    """A token that was written, and what could have come in its place, each with its label."""

    token_id: int
    found: tuple[tuple[Alternative, TokenLabel], ...]


@dataclass(frozen=True)
class Written:
    """The tokens of one job that came since the last time.

    state: "writing", "done", "ended" (by the model) or "late" (out of time, `said` says so). settings: those drawn with, as JSON.
    """

    job: Any
    state: Literal["writing", "done", "ended", "late"]
    fresh: tuple[Token, ...]
    settings: str
    seconds: float
    said: str = ""


def written(services: Services, run: RunKey, request: Any) -> Iterator[Written]:
    """The text as it grows. What comes after a path is what `generate` writes after it, whenever it is asked.

    Raises: InvalidSetting, TokenOutOfRange, NotFinite.
    """
    wanted = asked(request, run)
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    end_of_text = tokenizer.special.get(END_OF_TEXT)
    stop_ids = [end_of_text] if wanted.stop and end_of_text is not None else []
    settings = asdict(wanted.settings)
    drawn_with = json.dumps([*settings.values(), wanted.seed])
    started = last_shown = time.monotonic()
    fresh: list[Token] = []

    def told(state: Literal["writing", "done", "ended", "late"], said: str = "") -> Written:
        tokens = tuple(fresh)
        fresh.clear()
        return Written(wanted.job, state, tokens, drawn_with, time.monotonic() - started, said)

    steps = generate(
        model,
        [*run.token_ids, *wanted.path],
        wanted.n,
        **settings,
        seed=wanted.seed,
        stop_ids=stop_ids,
        edits=run.pass_edits,
    )
    for n_written, step in enumerate(steps, 1):
        found = alternatives(step, N_ALTERNATIVES)
        labels = token_labels([one.token_id for one in found], tokenizer)
        fresh.append(Token(step.token_id, tuple(zip(found, labels, strict=True))))
        now = time.monotonic()
        if now - started > MAX_SECONDS and n_written < wanted.n:
            yield told("late", say("out_of_time", seconds=int(MAX_SECONDS), n=n_written, asked=wanted.n))
            return
        if now - last_shown >= SECONDS_BETWEEN_UPDATES and n_written < wanted.n:
            last_shown = now
            yield told("writing")
    yield told("ended" if step.token_id in stop_ids else "done")
