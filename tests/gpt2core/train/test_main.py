"""The command line: python -m gpt2core.train."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from gpt2core import load_pretrained
from gpt2core.model import sinusoids
from gpt2core.train.__main__ import main

TEXT = "".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(400))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def command(text: Path, out: Path, *more: str) -> list[str]:
    return ["--text", str(text), "--out", str(out), "--batch-size", "2", "--save-every", "1", *more]


def test_a_run_leaves_a_model_that_opens_a_log_and_a_state(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(command(text, out, "--preset", "tiny", "--vocab-size", "512", "--steps", "2")) == 0
    opened = load_pretrained(out)
    assert opened.model.config.vocab_size == 512
    assert opened.tokenizer is not None
    assert [json.loads(line)["step"] for line in (out / "log.jsonl").read_text().splitlines()] == [1, 2]


def test_resuming_takes_size_and_vocabulary_from_the_run_not_from_the_flags(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(command(text, out, "--preset", "tiny", "--vocab-size", "512", "--steps", "1")) == 0
    assert main(command(text, out, "--resume", "--steps", "3")) == 0
    assert load_pretrained(out).model.config.vocab_size == 512
    assert [json.loads(line)["step"] for line in (out / "log.jsonl").read_text().splitlines()] == [1, 2, 3]


def test_resuming_on_another_text_is_refused(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(command(text, out, "--steps", "1")) == 0
    text.write_text(TEXT.replace("cat", "dog"), encoding="utf-8")
    assert main(command(text, out, "--resume", "--steps", "2")) == 2
    assert "trained on another text" in capsys.readouterr().err


def test_a_refusal_is_one_sentence_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short.txt"
    short.write_text("too short")
    assert main(command(short, tmp_path / "run", "--steps", "1")) == 2
    told = capsys.readouterr().err
    assert "Add more text" in told
    assert "Traceback" not in told


def test_positions_begin_as_the_sine_waves_asked_for(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    flags = ("--steps", "1", "--snapshots-at", "0")
    assert main(command(text, out, *flags, "--sinusoidal-positions", "0.25")) == 0
    rows = load_pretrained(out / "step-00000").model.pos_emb.weight
    torch.testing.assert_close(rows, 0.25 * sinusoids(*rows.shape))
    assert main(command(text, tmp_path / "other", *flags, "--sinusoidal-positions", "2")) == 2
    assert "choose 0 (noise) to 1" in capsys.readouterr().err


PHASES = ("--phase", "steps=3,window=16,exercises=0.5,learning-rate=0.01", "--phase", "steps=2,exercises=0.1")


def losses(out: Path) -> list[tuple[int, int, float]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [(line["step"], line["phase"], line["loss_nats"]) for line in lines]


def test_a_curriculum_is_run_and_resumed_from_the_command_line(text: Path, tmp_path: Path) -> None:
    whole, longer = tmp_path / "whole", tmp_path / "longer"
    for out, seed in ((whole, "4"), (longer, "4"), (tmp_path / "other", "5")):
        assert main(command(text, out, *PHASES, "--vocab-size", "300", "--seed", seed)) == 0
    assert [(step, phase) for step, phase, _ in losses(whole)] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]
    assert losses(whole) == losses(longer) != losses(tmp_path / "other")
    assert main(command(text, longer, "--resume", "--steps", "7")) == 0
    assert [phase for _, phase, _ in losses(longer)] == [1, 1, 1, 2, 2, 2, 2]
    assert main(command(text, longer, "--resume", "--steps", "3")) == 2  # would not reach the last phase


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--phase", "steps=2", "--steps", "2"), "leave out --steps"),
        (("--phase", "steps=2,exercises=1"), "choose at least 0 and less than 1"),
        (("--phase", "steps=2,exercises=nan"), "choose at least 0 and less than 1"),
        (("--phase", "steps=2,window=128"), "reads at most 64; choose a shorter window"),
        (("--phase", "steps=2,window=48"), "choose a window that divides it, for example 16"),
        (("--phase", "steps=2,window=8,exercises=0.1"), "choose longer windows"),
        (("--phase", "window=32"), "choose its steps"),
        (("--phase", "steps=0"), "choose a whole number from 1"),
    ],
)
def test_a_curriculum_that_cannot_be_is_refused_in_one_sentence_and_leaves_no_folder(
    text: Path, tmp_path: Path, flags: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(command(text, out, "--preset", "tiny", "--vocab-size", "300", *flags)) == 2
    said = capsys.readouterr().err.strip()
    assert told in said
    assert "\n" not in said
    assert said.endswith(".")
    assert not out.exists()


def test_no_flag_plants_or_sharpens_a_head(text: Path, tmp_path: Path) -> None:
    for flag in ("--previous-token-head", "--sharpen-head"):
        with pytest.raises(SystemExit):
            main(command(text, tmp_path / "run", flag, "1"))


def test_a_vocabulary_of_characters_is_kept_with_the_model_and_by_resuming(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(command(text, out, "--vocabulary", "characters", "--steps", "1")) == 0
    assert main(command(text, out, "--resume", "--steps", "2")) == 0
    opened = load_pretrained(out)
    assert opened.model.config.vocab_size == len(set(TEXT)) + 1
    assert opened.tokenizer is not None
    assert opened.tokenizer.encode("cat") == [sorted(set(TEXT)).index(letter) for letter in "cat"]
    assert main(command(text, tmp_path / "third", "--vocabulary", str(out), "--steps", "1")) == 0
    again = load_pretrained(tmp_path / "third").tokenizer
    assert again is not None
    assert again.token_ids == opened.tokenizer.token_ids
    assert main(command(text, tmp_path / "other", "--vocabulary", str(tmp_path / "nowhere"))) == 2
    assert main(command(text, tmp_path / "other", "--vocabulary", "characters", "--vocab-size", "300")) == 2
    assert "leave it out" in capsys.readouterr().err
    assert main(command(text, tmp_path / "other", "--vocabulary", "characters", "--from", str(out))) == 2
    assert "has its own; leave it out" in capsys.readouterr().err
