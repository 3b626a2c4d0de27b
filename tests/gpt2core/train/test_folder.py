"""What goes wrong around a run: no room, no permission, too little text, no number. One sentence, and nothing lost."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import pytest

from gpt2core import load_pretrained
from gpt2core.errors import CannotSave, NotFinite
from gpt2core.files import write_atomically
from gpt2core.train import loop
from gpt2core.train.__main__ import main
from gpt2core.train.folder import RunFolder
from gpt2core.train.loop import NextTokenLoss, TrainEvent, saved_config

FLAGS = [
    *("--vocab-size", "300", "--context-length", "16", "--emb-dim", "16", "--n-heads", "2", "--n-layers", "1"),
    *("--steps", "4", "--batch-size", "2", "--save-every", "1", "--device", "cpu"),
]  # fmt: skip


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(200)))
    return path


def refused(capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    """What a person is told: one line, no traceback."""
    assert main([*flags, *FLAGS]) == 2
    told = capsys.readouterr().err.strip()
    assert "\n" not in told
    assert "Traceback" not in told
    return told


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "log.jsonl"}


def full_after(monkeypatch: pytest.MonkeyPatch, n_writes: int) -> None:
    """A disk on which so many files can still be written whole."""
    calls, whole = iter(range(10_000)), os.fsync

    def fsync(descriptor: int) -> None:
        if next(calls) >= n_writes:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize("n_writes", range(1, 8))
def test_a_full_disk_ends_the_run_with_the_last_good_state_and_model_whole(
    text: Path, tmp_path: Path, n_writes: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        full_after(patched, n_writes)
        told = refused(capsys, "--text", str(text), "--out", str(out))
    assert "no space left" in told
    assert "Free some space" in told
    saved_config(out / "training.safetensors")
    if (out / "model.safetensors").exists():
        load_pretrained(out)
    assert not list(out.glob(".*.partial"))
    assert main(["--text", str(text), "--out", str(out), "--resume"]) == 0
    assert [event.step for event in RunFolder(out).events()] == [1, 2, 3, 4]


def test_a_failed_write_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "kept", b"old")
    full_after(monkeypatch, 0)
    with pytest.raises(CannotSave, match="What was saved before is untouched"):
        write_atomically(tmp_path / "kept", b"new")
    assert contents(tmp_path) == {"kept": b"old"}


def test_a_log_that_cannot_grow_is_told_in_a_sentence_too(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(CannotSave, match="log"):
        RunFolder(tmp_path).note(TrainEvent(1, 1, 1.0, 1.0, 1.0, 1, 1.0, 0.0))


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(
    text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loop.Trainer, "run", lambda _: pytest.fail("trained before it looked"))
    assert "Choose a folder" in refused(capsys, "--text", str(text), "--out", str(text / "below-a-file"))


def test_a_folder_that_may_not_be_written_is_refused_before_any_work(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "fsync", denied)
    monkeypatch.setattr(loop.Trainer, "run", lambda _: pytest.fail("trained before it looked"))
    told = refused(capsys, "--text", str(text), "--out", str(tmp_path / "run"))
    assert "permission denied" in told
    assert "Choose a folder" in told


def test_a_second_run_does_not_overwrite_the_first(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 0
    before = contents(out)
    assert {"loss.png", "loss.pdf"} < before.keys()
    assert "--resume" in refused(capsys, "--text", str(text), "--out", str(out))
    assert contents(out) == before


def test_a_text_of_one_line_is_refused_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = tmp_path / "line.txt"
    line.write_text("One line is no book.\n")
    assert "Add more text" in refused(capsys, "--text", str(line), "--out", str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_ends_the_run_with_the_last_good_checkpoint_whole(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, out = tmp_path / "good", tmp_path / "run"
    assert main(["--text", str(text), "--out", str(good), *FLAGS, "--steps", "4", "--snapshots-at", "2"]) == 0
    whole, calls = NextTokenLoss.forward, iter(range(1000))
    with monkeypatch.context() as patched:
        patched.setattr(NextTokenLoss, "forward", lambda *a: whole(*a) * (math.nan if next(calls) == 2 else 1))
        told = refused(capsys, "--text", str(text), "--out", str(out))
    assert "at step 3" in told
    assert "Lower the learning rate" in told
    assert (out / "model.safetensors").read_bytes() == (good / "step-00002" / "model.safetensors").read_bytes()
    assert main(["--text", str(text), "--out", str(out), "--resume"]) == 0
    assert (out / "model.safetensors").read_bytes() == (good / "model.safetensors").read_bytes()


def test_resuming_after_a_line_that_was_cut_short_keeps_each_step_once(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 0
    with (out / "log.jsonl").open("a") as log:
        log.write('{"step": 5, "ste')
    assert main(["--text", str(text), "--out", str(out), "--resume", "--steps", "6"]) == 0
    assert [event.step for event in RunFolder(out).events()] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("seed", [20261128123456, -7, 2**63, 2**64 - 1, -(2**63)])
def test_a_run_takes_any_whole_number_as_its_seed_and_resumes(text: Path, tmp_path: Path, seed: int) -> None:
    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), *FLAGS, "--seed", str(seed)]) == 0
    assert main(["--text", str(text), "--out", str(out), "--resume", "--steps", "6"]) == 0
    assert [event.step for event in RunFolder(out).events()] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "wrong",
    [
        *(("--seed", str(2**64)), ("--seed", str(-(2**63) - 1)), ("--clip-norm", "nan"), ("--clip-norm", "inf")),
        *(("--weight-decay", "nan"), ("--weight-decay", "inf"), ("--learning-rate", "nan"), ("--beta1", "nan")),
        *(("--beta2", "inf"), ("--final-learning-rate", "nan"), ("--drop-rate", "nan"), ("--val-fraction", "nan")),
        *(("--sinusoidal-positions", "nan"), ("--stride", "-1"), ("--batch-size", str(10**30))),
    ],
    ids=" ".join,
)
def test_a_setting_that_cannot_be_leaves_no_folder_and_the_next_run_begins_there(
    text: Path, tmp_path: Path, wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), *FLAGS, *wrong]) == 2
    told = capsys.readouterr().err.strip()
    assert "\n" not in told
    assert told.endswith(".")
    assert not out.exists()


@pytest.mark.parametrize("failure", [RuntimeError("out of memory"), NotFinite("The loss became nan.")], ids=repr)
def test_a_run_that_fails_before_its_first_update_keeps_the_next_one_from_nothing(
    text: Path, tmp_path: Path, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"

    def fail(*_: object) -> None:
        assert (out / "training.safetensors").exists()  # it had begun
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(loop.Trainer, "_update", fail)
        if isinstance(failure, NotFinite):
            assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 2
        else:
            with pytest.raises(RuntimeError):
                main(["--text", str(text), "--out", str(out), *FLAGS])
    assert not out.exists()
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 0


def test_a_resumed_run_that_fails_at_once_leaves_all_that_was_there(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 0
    before = contents(out)

    def fail(*_: object) -> None:
        raise NotFinite("The loss became nan.")

    monkeypatch.setattr(loop.Trainer, "_update", fail)
    assert main(["--text", str(text), "--out", str(out), "--resume", "--steps", "6"]) == 2
    assert contents(out) == before
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 2  # and another run does not take its place
    assert contents(out) == before


def test_a_log_without_a_state_is_not_continued_by_another_run(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 0
    (out / "training.safetensors").unlink()
    assert main(["--text", str(text), "--out", str(out), *FLAGS]) == 0
    assert [event.step for event in RunFolder(out).events()] == [1, 2, 3, 4]
