"""A live run: what stops it, what is kept, and what is refused before it begins."""

import math
import threading

import pytest
import torch

from explorer.answers import training
from explorer.answers.training import CorpusTooLong, Job, Recipe, TrainingRun, TrainingSession, corpus_for, readable
from gpt2core.errors import CorpusTooShort, InvalidSetting
from tests.explorer.answers.conftest import TO_LEARN

pytestmark = pytest.mark.usefixtures("toy_size")


def toy_run(steps=12, **options):
    return TrainingRun(TO_LEARN, Recipe("toy", steps, 1e-2, 4), **options)


def test_a_run_tells_every_step_and_learns():
    run = toy_run(steps=40)
    *_, last = run.ticks(threading.Event())
    assert (last.end, last.step) == ("finished", 40)
    assert [step for step, _ in last.train] == list(range(1, 41))
    assert last.held_out[-1][1] < last.held_out[0][1] - 0.3


def test_held_back_loss_and_a_sample_are_there_before_any_update():
    first = next(toy_run().ticks(threading.Event()))
    assert first.step == 0
    assert first.held_out[0] == (0, pytest.approx(math.log(training.VOCAB_SIZE), abs=0.1))
    assert [(sample.step, sample.prompt) for sample in first.samples] == [(0, "The cat sat")]


def test_the_last_sample_is_of_the_model_that_is_kept():
    *_, last = toy_run(steps=11).ticks(threading.Event())
    assert last.samples[-1].step == 11


def test_stop_ends_the_run_before_the_next_update_and_keeps_what_was_learned():
    stop, run = threading.Event(), toy_run(steps=1000)
    for progress in run.ticks(stop):
        if progress.step >= 3:
            stop.set()
    assert progress.end == "stopped"
    assert progress.step == 3
    kept = run.trained()
    assert torch.equal(kept.model.tok_emb.weight, run.trainer.model.tok_emb.weight)


def test_a_model_that_is_kept_does_not_change_when_training_goes_on():
    run = toy_run()
    ticks = run.ticks(threading.Event())
    next(ticks), next(ticks)
    kept = run.trained()
    before = kept.model.tok_emb.weight.detach().clone()
    next(ticks)
    assert torch.equal(kept.model.tok_emb.weight, before)
    assert not kept.model.training


def test_a_run_stopped_before_its_first_update_leaves_no_model():
    stop, run = threading.Event(), toy_run()
    stop.set()
    *_, last = run.ticks(stop)
    assert last.end == "stopped"
    assert run.trained() is None


def test_a_run_ends_when_its_time_is_over():
    *_, last = toy_run(steps=1000, max_seconds=0.0).ticks(threading.Event())
    assert last.end == "time"


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_weights_that_are_numbers():
    run = toy_run(steps=100)
    for progress in run.ticks(threading.Event()):
        if progress.step == 5 and not progress.end:
            good = run.trained().model.tok_emb.weight.detach().clone()
            with torch.no_grad():
                run.trainer.model.tok_emb.weight.fill_(math.nan)
    assert progress.end == "not finite"
    assert "Lower the learning rate" in progress.trouble
    assert torch.equal(run.trained().model.tok_emb.weight, good)


def test_the_thread_count_of_others_is_what_it_was_between_ticks():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert [torch.get_num_threads() for _ in toy_run(steps=2).ticks(threading.Event())] == [2, 2, 2, 2]
    finally:
        torch.set_num_threads(before)


def test_a_text_too_short_or_too_long_is_refused_before_anything_is_built():
    with pytest.raises(CorpusTooShort, match="it needs 90"):
        corpus_for("too short", Recipe("toy"))
    with pytest.raises(CorpusTooLong, match=r"takes at most 2,000,000. Remove about 1 characters"):
        corpus_for("x" * 2_000_001, Recipe("toy"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "huge"},
        {"steps": 0},
        {"steps": 10**9},
        {"steps": 2.5},
        {"batch_size": 1000},
        {"learning_rate": math.nan},
        {"learning_rate": -1.0},
        {"learning_rate": "fast"},
    ],
    ids=str,
)
def test_settings_that_the_page_does_not_offer_are_refused(wrong):
    with pytest.raises(InvalidSetting, match="choose"):
        Recipe(**wrong)


def test_parts_of_characters_and_control_characters_are_shown_as_bytes():
    assert readable("né\n👩".encode()) == "né\n👩"
    assert readable("👩".encode()[:2] + b"a\x00\x7f") == "‹F0 9F›a‹00 7F›"


def test_a_job_runs_once_and_a_new_one_stops_the_one_before():
    session = TrainingSession()
    first = session.ask(TO_LEARN, Recipe("toy"))
    assert session.start() is first
    assert session.start() is None
    second = session.ask(TO_LEARN, Recipe("toy"))
    assert first.stop.is_set()
    assert session.start() is second


def test_a_job_stopped_while_it_waits_never_starts():
    session = TrainingSession()
    session.ask(TO_LEARN, Recipe("toy"))
    session.stop()
    assert session.start() is None


def test_a_refused_text_leaves_a_running_job_alone():
    session = TrainingSession()
    session.job = Job(TO_LEARN, Recipe("toy"))
    with pytest.raises(CorpusTooShort):
        session.ask("", Recipe("toy"))
    assert not session.job.stop.is_set()
