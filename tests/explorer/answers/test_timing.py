"""The cost of one more token with and without the cache, on a random model."""

from __future__ import annotations

from explorer.answers import timing
from explorer.store.services import DEFAULT_MODEL
from gpt2core.decoding import decoding_times
from tests.explorer.conftest import CONFIG


def test_the_timing_says_what_was_measured_and_that_both_ways_agree(services, run):
    *_, last = timing.timed(services, run)
    table = timing.timing_table(last.times)
    n_prompt = len(run.token_ids)
    assert list(table.iloc[:, 0]) == list(range(n_prompt, n_prompt + 9))  # half of the context
    assert list(table.iloc[:, 1]) == [n_prompt] + [1] * 8
    assert f"Reading your {n_prompt} tokens at once" in last.told
    assert "they differ by 0.0000" in last.told


def test_a_sentence_too_long_to_time_loses_its_beginning_and_that_is_said(services):
    run = services.read("a" + " b" * 7 + "c" * 8, DEFAULT_MODEL)
    *_, last = timing.timed(services, run)
    assert timing.timing_table(last.times).iloc[-1, 0] == CONFIG.context_length
    assert "Only the last 8 of your 16 tokens" in last.told


def test_timing_ends_when_its_time_is_up(services, run, monkeypatch):
    monkeypatch.setattr(timing, "MAX_TIMING_SECONDS", -1.0)
    *_, last = timing.timed(services, run)
    assert len(last.times) == 1


def test_the_sentence_holds_the_times_that_were_taken(services, run):
    times = list(decoding_times(services.models.get(DEFAULT_MODEL).model, run.token_ids, 3))
    assert f"took {1e3 * times[0].cached_seconds:.1f} ms" in timing.timing_sentence(times)
