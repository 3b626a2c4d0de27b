"""What keeping keys and values saves: one more token with and without the cache, measured on the model and sentence on screen."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from gpt2core.decoding import DecodingTime, decoding_times

say = catalogue("generation")

TIMED_STEPS, MAX_TIMING_SECONDS = 64, 60.0


@dataclass(frozen=True)
class Timed:
    """How far the measurement is, in words; times: all that were taken, the first of them for reading the sentence, once it is over."""

    told: str
    times: tuple[DecodingTime, ...] = ()


def timed(services: Services, run: RunKey) -> Iterator[Timed]:
    """The sentence is read, then TIMED_STEPS further tokens.

    A sentence that leaves the model too few positions loses its beginning, which is said.
    """
    model = services.models.get(run.model).model
    limit = model.config.context_length
    n_steps = min(TIMED_STEPS, limit // 2)
    token_ids = run.token_ids[-(limit - n_steps) :]
    cut = say("cut", n=len(token_ids), all=len(run.token_ids)) if len(token_ids) < len(run.token_ids) else ""
    started = last_shown = time.monotonic()
    times: list[DecodingTime] = []
    yield Timed(say("measuring", n=0, of=n_steps))
    for time_taken in decoding_times(model, token_ids, n_steps, edits=run.pass_edits):
        times.append(time_taken)
        now = time.monotonic()
        if now - started > MAX_TIMING_SECONDS:
            break
        if now - last_shown > 0.5 and len(times) > 1:
            last_shown = now
            yield Timed(say("measuring", n=len(times) - 1, of=n_steps))
    yield Timed(" ".join(filter(None, (timing_sentence(times), cut))), tuple(times))


def timing_sentence(times: list[DecodingTime]) -> str:
    """The measurement in words: medians over the tokens that were timed."""
    first, *rest = times
    read_ms = 1e3 * first.cached_seconds
    prefill = say("prefill", n=first.n_tokens, ms=read_ms, each=read_ms / first.n_tokens)
    if not rest:
        return prefill
    cached = 1e3 * statistics.median(one.cached_seconds for one in rest)
    recomputed = 1e3 * statistics.median(one.recomputed_seconds for one in rest)
    difference = max(float((one.cached_logits - one.recomputed_logits).abs().max()) for one in times)
    decode = say("decode", n=len(rest), cached=cached, recomputed=recomputed, times=recomputed / cached)
    return " ".join((prefill, decode, say("same_logits", difference=difference), say("why")))


def timing_table(times: tuple[DecodingTime, ...]) -> pd.DataFrame:
    rows = [
        (one.n_tokens, one.n_read, round(1e3 * one.cached_seconds, 3), round(1e3 * one.recomputed_seconds, 3))
        for one in times
    ]
    return pd.DataFrame(
        rows, columns=[say("column_tokens"), say("column_read"), say("with_cache"), say("without_cache")]
    )
