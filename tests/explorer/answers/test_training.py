"""A live run: what stops it, what is kept, and what is refused before it begins."""

import io
import itertools
import json
import math
import os
import shlex
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from explorer.answers.recipe import CHARACTERS, OWN_VOCABULARY, VOCAB_SIZE, Recipe, command, python_of
from explorer.answers.take_away import model_file
from explorer.answers.training import (
    CorpusTooLong,
    OldText,
    TrainingRun,
    Wishes,
    entropy_nats,
    log_lines,
    moments_of,
    readable,
)
from explorer.store.services import Services
from gpt2core import TrainEvent, gpt2_tokenizer, load_pretrained, save_pretrained
from gpt2core.bpe_training import bpe_merges, tokenizer_of
from gpt2core.checkpoint import learned_tensors
from gpt2core.data import character_tokenizer
from gpt2core.errors import CorpusTooShort, InvalidSetting
from gpt2core.train import validation_loss
from gpt2core.train.__main__ import main
from gpt2core.train.loss import seeing_all
from tests.explorer.answers.conftest import TO_LEARN, TOY
from tests.reference import random_model

pytestmark = pytest.mark.usefixtures("toy_size")


def toy_run(steps=12, **options):
    return TrainingRun(TO_LEARN, Recipe("toy", steps, 1e-2, 4), **options)


def test_a_run_tells_every_step_and_learns():
    run = toy_run(steps=40)
    *_, last = run.ticks(Wishes())
    assert (last.end, last.step) == ("finished", 40)
    assert [step for step, _ in last.train] == list(range(1, 41))
    assert last.held_out[-1][1] < last.held_out[0][1] - 0.3


def test_held_back_loss_and_a_sample_are_there_before_any_update():
    first = next(toy_run().ticks(Wishes()))
    assert first.step == 0
    assert first.held_out[0] == (0, pytest.approx(math.log(VOCAB_SIZE), abs=0.1))
    assert [(sample.step, sample.prompt) for sample in first.samples] == [(0, "The cat sat")]


def test_the_last_sample_is_of_the_model_that_is_kept():
    *_, last = toy_run(steps=11).ticks(Wishes())
    assert last.samples[-1].step == 11


def test_stop_ends_the_run_before_the_next_update_and_keeps_what_was_learned():
    wishes, run = Wishes(), toy_run(steps=1000)
    for progress in run.ticks(wishes):
        if progress.step >= 3:
            wishes.stop.set()
    assert progress.end == "stopped"
    assert progress.step == 3
    kept = run.trained()
    assert torch.equal(kept.model.tok_emb.weight, run.trainer.model.tok_emb.weight)


def test_a_model_that_is_kept_does_not_change_when_training_goes_on():
    run = toy_run()
    ticks = run.ticks(Wishes())
    next(ticks), next(ticks)
    kept = run.trained()
    before = kept.model.tok_emb.weight.detach().clone()
    next(ticks)
    assert torch.equal(kept.model.tok_emb.weight, before)
    assert not kept.model.training


def test_a_run_stopped_before_its_first_update_leaves_no_model():
    wishes, run = Wishes(), toy_run()
    wishes.stop.set()
    *_, last = run.ticks(wishes)
    assert last.end == "stopped"
    assert run.trained() is None


def test_a_run_ends_when_its_time_is_over():
    *_, last = toy_run(steps=1000, max_seconds=0.0).ticks(Wishes())
    assert last.end == "time"


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_weights_that_are_numbers():
    run = toy_run(steps=100)
    for progress in run.ticks(Wishes()):
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
        assert [torch.get_num_threads() for _ in toy_run(steps=2).ticks(Wishes())] == [2, 2, 2]
    finally:
        torch.set_num_threads(before)


def test_a_text_too_short_or_too_long_is_refused_before_anything_is_built():
    with pytest.raises(CorpusTooShort, match="it needs 90"):
        TrainingRun("too short", Recipe("toy"))
    with pytest.raises(CorpusTooLong, match=r"takes at most 2,000,000. Remove about 1 characters"):
        TrainingRun("x" * 2_000_001, Recipe("toy"))


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


def test_a_paused_run_goes_on_as_if_it_had_never_been_left():
    """With dropout, which draws by chance."""
    recipe = Recipe("toy", 12, 1e-2, 4, drop_rate=0.2)
    whole, parted, wishes = TrainingRun(TO_LEARN, recipe), TrainingRun(TO_LEARN, recipe), Wishes()
    *_, straight = whole.ticks(Wishes())
    *_, paused = parted.ticks(wishes, 5)
    assert (paused.step, paused.end) == (5, "")
    torch.rand(3)  # what others draw meanwhile
    *_, last = parted.ticks(wishes)
    assert (last.step, last.end) == (12, "finished")
    assert last.train == straight.train
    assert torch.equal(parted.trained().model.tok_emb.weight, whole.trained().model.tok_emb.weight)


def test_moments_are_kept_from_the_first_to_the_last_and_are_the_model_of_their_step():
    run, found = toy_run(steps=30), {}
    for _ in run.ticks(Wishes()):
        found |= dict(run.moments())
    assert [*found] == moments_of(30)
    assert torch.equal(found[30].model.tok_emb.weight, run.trained().model.tok_emb.weight)
    assert not torch.equal(found[0].model.tok_emb.weight, found[1].model.tok_emb.weight)


@pytest.mark.parametrize("steps", [1, 2, 20, 400, 3000])
def test_moments_are_bounded_and_the_denser_the_earlier(steps):
    moments = moments_of(steps)
    assert moments[0] == 0
    assert moments[-1] == steps
    assert len(moments) <= 24
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    assert gaps[0] <= gaps[-1]


def test_the_rate_changes_from_the_next_update_on_and_that_is_written_down():
    run, wishes = toy_run(steps=40), Wishes()
    list(run.ticks(wishes, 20))
    run.change_rate(0.1)
    *_, last = run.ticks(wishes)
    usual = Recipe("toy", 40, 1e-2, 4).settings(1)
    assert last.rates[:20] == [usual.learning_rate_at(step) for step in range(20)]
    assert last.rates[20:] == pytest.approx([0.1 * usual.learning_rate_at(step) for step in range(20, 40)])
    assert last.rate_changes == [(20, 0.1)]


def test_a_run_without_progress_ends_when_patience_does():
    recipe = Recipe("toy", 400, 1e-7, 4, patience=3)
    run = TrainingRun(TO_LEARN, recipe)
    for progress in run.ticks(Wishes()):
        progress.held_out[:] = [(step, 5.0) for step, _ in progress.held_out]
    assert progress.end == "patience"
    assert progress.step == 3 * 20


def test_the_log_is_what_the_command_line_writes():
    run = toy_run(steps=20)
    *_, last = run.ticks(Wishes())
    lines = list(log_lines(last))
    assert [TrainEvent(**line).step for line in lines] == list(range(1, 21))
    assert [line["val_loss_nats"] for line in lines if line["val_loss_nats"]] == [loss for _, loss in last.held_out[1:]]


def test_a_run_from_another_model_begins_where_that_one_is_and_leaves_it_alone():
    first = toy_run(steps=30)
    list(first.ticks(Wishes()))
    start = first.trained()
    before = start.model.tok_emb.weight.detach().clone()
    recipe = Recipe("toy", 10, 1e-3, 4, source="mine", train_only="last")
    run = TrainingRun(TO_LEARN, recipe, start=start)
    *_, last = run.ticks(Wishes())
    assert last.held_out[0][1] == pytest.approx(first.progress.held_out[-1][1])
    assert torch.equal(start.model.tok_emb.weight, before)
    assert torch.equal(run.trained().model.pos_emb.weight, start.model.pos_emb.weight)  # not among what learns


def vocabulary_of(recipe):
    if recipe.vocab_size == OWN_VOCABULARY:
        return tokenizer_of(list(bpe_merges("a hen and a fox met at the mill " * 9, 300)), "own")
    return character_tokenizer(TO_LEARN) if recipe.vocab_size == CHARACTERS else None


def begun_in(folder, recipe):
    """The model that a recipe starts from, of three layers, and the folder that it lies in; nothing for one that starts afresh."""
    if not recipe.source:
        return None, ""
    save_pretrained(random_model(replace(TOY, n_layers=3)), folder / "start", tokenizer=gpt2_tokenizer(TOY.vocab_size))
    return load_pretrained(folder / "start"), str(folder / "start")


def take_along(run, folder):
    """The .zip of the run's model as the page hands it out, unpacked in `folder`."""
    services = Services()
    packed = model_file(services, services.models.add_trained(run.trained()))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)


@pytest.mark.parametrize(
    "chosen",
    [
        {"size": "toy"},
        {"size": "toy", "drop_rate": 0.1, "seed": 3, "weight_decay": 0.0, "accumulation_steps": 2},
        {
            "size": "own",
            "n_layers": 2,
            "n_heads": 2,
            "emb_dim": 16,
            "context_length": 8,
            "vocab_size": 512,
            "optimizer": "muon",
        },
        {"source": "a model", "train_only": "last", "drop_rate": 0.1},
        {"source": "a model", "train_only": "head"},
        {"size": "toy", "vocab_size": CHARACTERS},
        {"size": "toy", "vocab_size": OWN_VOCABULARY, "vocabulary": "a key"},
        {"size": "toy", "causal": False, "drop_rate": 0.1},
        {"size": "toy", "shuffled_targets": True},
    ],
    ids=[
        "usual",
        "dropout",
        "own shape",
        "fine-tuned",
        "its head alone",
        "characters",
        "own vocabulary",
        "no mask",
        "shuffled targets",
    ],
)
def test_the_command_line_trains_the_same_model_to_the_bit(tmp_path, monkeypatch, chosen):
    recipe = Recipe(**chosen, steps=12, learning_rate=0.0123456789, batch_size=4)
    start, source = begun_in(tmp_path, recipe)
    text = tmp_path / "text.txt"
    text.write_text(TO_LEARN, encoding="utf-8")
    run = TrainingRun(TO_LEARN, recipe, start=start, own=vocabulary_of(recipe))
    *_, last = run.ticks(Wishes())
    take_along(run, tmp_path)
    flags = shlex.split(command(recipe, run.progress.n_layers, source))[3:]
    monkeypatch.chdir(tmp_path)
    before = torch.get_num_threads()
    try:
        assert main(flags) == 0
    finally:
        torch.set_num_threads(before)
    opened = load_pretrained(tmp_path / "runs" / "mine")
    for name, weight in learned_tensors(run.trained().model).items():
        assert torch.equal(weight, learned_tensors(opened.model)[name]), name
    told = [json.loads(line) for line in (tmp_path / "runs" / "mine" / "log.jsonl").read_text().splitlines()]
    assert [line["loss_nats"] for line in told] == [loss for _, loss in last.train]


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"source": "a model", "train_only": "last"},
        {"vocab_size": CHARACTERS, "causal": False},
        {"vocab_size": OWN_VOCABULARY, "vocabulary": "a key"},
    ],
    ids=["random", "fine-tuned", "characters, no mask", "own vocabulary"],
)
def test_the_python_of_a_recipe_trains_the_same_model(tmp_path, monkeypatch, chosen):
    recipe = Recipe("toy", 6, 1e-2, 4, drop_rate=0.1, **chosen)
    start, source = begun_in(tmp_path, recipe)
    (tmp_path / "text.txt").write_text(TO_LEARN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run = TrainingRun(TO_LEARN, recipe, start=start, own=vocabulary_of(recipe))
    *_, last = run.ticks(Wishes())
    take_along(run, tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", python_of(recipe, run.progress.n_layers, source)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ).stdout
    assert [float(line.split()[1]) for line in told.splitlines()] == [loss for _, loss in last.train]


def test_a_run_without_the_mask_is_told_by_what_the_mask_costs_it(monkeypatch):
    recipe = Recipe("toy", 6, 1e-2, 4, causal=False)
    run = TrainingRun(TO_LEARN, recipe)
    *_, last = run.ticks(Wishes())
    windows = run.trainer.settings.eval_windows
    with_mask = validation_loss(run.trained().model, run.corpus.val_ids, max_windows=windows)
    assert last.with_mask == pytest.approx(with_mask, rel=1e-5)
    without = validation_loss(run.trained().model, run.corpus.val_ids, max_windows=windows, tap=seeing_all)
    assert last.held_out[-1][1] == pytest.approx(without, rel=1e-5)
    assert abs(without - with_mask) > 1e-4
    *_, usual = TrainingRun(TO_LEARN, Recipe("toy", 2, 1e-2, 4)).ticks(Wishes())
    assert usual.with_mask is None


def test_the_entropy_of_the_tokens_is_what_knowing_their_frequencies_gives():
    assert entropy_nats(torch.tensor([7, 7, 7, 7])) == 0
    assert entropy_nats(torch.tensor([1, 2, 1, 2, 3, 3, 4, 4])) == pytest.approx(math.log(4))


def test_a_model_that_goes_on_tells_its_loss_on_a_text_of_before(tmp_path):
    start, _ = begun_in(tmp_path, Recipe(source="a model"))
    old = "A hen and a fox went to the mill. " * 30
    recipe = Recipe("toy", 40, 1e-2, 4, source="a model")
    run = TrainingRun(TO_LEARN, recipe, start=start, old=OldText("own", old))
    *_, last = run.ticks(Wishes())
    assert [step for step, _ in last.old] == [step for step, _ in last.held_out]
    ids = torch.tensor(start.tokenizer.encode(old))
    for model, (_, loss) in ((start.model, last.old[0]), (run.trained().model, last.old[-1])):
        assert loss == pytest.approx(validation_loss(model, ids, max_windows=8), rel=1e-5)
    assert not TrainingRun(TO_LEARN, recipe, start=start).progress.old_kind
