from __future__ import annotations

import ast
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import gpt2core
from gpt2core import GPTConfig, evaluate, gpt2_tokenizer, load_pretrained, save_pretrained
from gpt2core.checkpoint import TrainedOn
from gpt2core.data import split_corpus
from gpt2core.evaluate import PROMPTS, completions, head_scores, held_out_loss, main, parser
from gpt2core.model import GPTModel
from gpt2core.tokenizer import PlainTokenizer
from gpt2core.train.__main__ import main as train_main
from gpt2core.train.cli import parser as train_parser
from gpt2core.train.corpora import text_sha256
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=512, context_length=32, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
TEXT = "".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(300))


@pytest.fixture(scope="module")
def model() -> GPTModel:
    return random_model(CONFIG)


def test_a_model_that_knows_nothing_is_as_uncertain_as_its_vocabulary_is_large(model: GPTModel) -> None:
    corpus = split_corpus(TEXT, gpt2_tokenizer(512), 32)
    silent = random_model(CONFIG)
    with torch.no_grad():
        silent.final_norm.scale.zero_()
        silent.final_norm.shift.zero_()  # every logit is 0
    loss = held_out_loss(silent, corpus)
    assert math.isclose(loss.nats_per_token, math.log(512), rel_tol=1e-5)
    assert math.isclose(loss.perplexity, 512, rel_tol=1e-4)
    assert math.isclose(loss.nats_per_byte * corpus.bytes_per_token, loss.nats_per_token)


def test_the_completions_are_the_same_every_time(model: GPTModel) -> None:
    first, second = (completions(model, gpt2_tokenizer(512)) for _ in range(2))
    assert first == second
    assert [prompt for prompt, _ in first] == list(PROMPTS)


def test_head_scores_are_means_of_weights(model: GPTModel) -> None:
    found = head_scores(model, list(range(32)))
    assert [score.name for score in found] == ["previous token", "first token", "induction"]
    for score in found:
        assert 0 < score.score < 1
        assert score.layer < 2
        assert score.head < 3


def test_the_command_prints_the_loss_and_refuses_in_a_sentence(
    model: GPTModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_pretrained(model, tmp_path / "model", tokenizer=gpt2_tokenizer(512))
    (tmp_path / "text.txt").write_text(TEXT)
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "text.txt")]) == 0
    assert "nats per token" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing")]) == 2
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "absent.txt")]) == 2
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "text.txt"), "--last", "2"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_without_a_text_the_one_trained_on_is_found_by_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    out = tmp_path / "run"
    flags = ("--preset", "tiny", "--vocab-size", "512", "--steps", "1", "--batch-size", "2", "--val-fraction", "0.2")
    assert train_main(["--text", str(text), "--out", str(out), *flags]) == 0
    known = load_pretrained(out).trained_on
    assert known == TrainedOn("text.txt", text_sha256(TEXT), 0.2)

    def told() -> str:
        capsys.readouterr()
        assert main([str(out)]) == 0
        return capsys.readouterr().out

    monkeypatch.setattr(evaluate, "NEW_TOKENS", 1)  # what it writes is not looked at here
    monkeypatch.chdir(tmp_path)
    assert "loss on the last 20% of the text" in told()
    text.write_text(TEXT.replace("cat", "dog"))
    assert f"trained on text.txt (sha256 {known.sha256}), which is not here" in told()
    text.unlink()
    assert "which is not here" in told()


def test_a_model_of_unknown_origin_asks_for_a_text(
    model: GPTModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_pretrained(model, tmp_path, tokenizer=gpt2_tokenizer(512))
    assert main([str(tmp_path)]) == 0
    assert "give a text with --text" in capsys.readouterr().out
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"tokenizer"', '"trained_on": [1], "tokenizer"'))
    assert main([str(tmp_path)]) == 2
    assert "trained_on" in capsys.readouterr().err


def test_a_text_that_cannot_be_read_is_told_in_a_sentence(
    model: GPTModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_pretrained(model, tmp_path / "model", tokenizer=gpt2_tokenizer(512))
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\r\n\x00\xff")
    (tmp_path / "short.txt").write_text("Too short.")
    for name, sentence in (
        (
            "absent.txt",
            "absent.txt cannot be read (No such file or directory). Check its permissions, or give another file.",
        ),
        ("picture.txt", "is not UTF-8 text"),
        (".", "cannot be read"),
        ("short.txt", "it needs 660. Add more text, or choose a shorter window or a larger share."),
    ):
        assert main([str(tmp_path / "model"), "--text", str(tmp_path / name)]) == 2
        told = capsys.readouterr().err
        assert sentence in told
        assert "Errno" not in told


def test_another_file_of_the_texts_name_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: GPTModel, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = TrainedOn("text.txt", text_sha256(TEXT), 0.2)
    save_pretrained(model, tmp_path / "model", tokenizer=gpt2_tokenizer(512), trained_on=origin)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_bytes(b"\xff\xfe no text")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "text.txt").write_text(TEXT)
    assert main(["model"]) == 0
    assert "loss on the last 20%" in capsys.readouterr().out


def test_a_model_that_kept_nothing_is_measured_on_a_usual_share(
    tmp_path: Path, model: GPTModel, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = TrainedOn("text.txt", text_sha256(TEXT), 0.0)
    save_pretrained(model, tmp_path, tokenizer=gpt2_tokenizer(512), trained_on=origin)
    (tmp_path / "text.txt").write_text(TEXT)
    assert main([str(tmp_path)]) == 0
    assert "loss on the last 5%" in capsys.readouterr().out


def test_a_vocabulary_without_end_of_text_or_capitals_is_measured_with_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = {bytes([byte]): place for place, byte in enumerate(b"\n :abcdefghijklmnopqrstuvwxyz0123456789.")}
    tokenizer = PlainTokenizer(letters)
    save_pretrained(random_model(replace(CONFIG, vocab_size=len(letters))), tmp_path / "model", tokenizer=tokenizer)
    (tmp_path / "text.txt").write_text(TEXT.lower())
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "text.txt")]) == 0
    told = capsys.readouterr().out
    assert "nats per byte" in told
    assert "left out: 10 prompts" in told
    (tmp_path / "text.txt").write_text("one\n<|endoftext|>\ntwo\n" * 200)
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "text.txt")]) == 2
    assert "Take it out of the text" in capsys.readouterr().err


def flags_named(folder: Path) -> dict[str, set[str]]:
    """Every --flag in a text of the package's code, docstrings left out, by file."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {
            ast.get_docstring(each, clean=False)
            for each in ast.walk(tree)
            if hasattr(each, "body") and isinstance(each, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        texts = [
            each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        named = {
            flag
            for text in texts
            if text not in documentation
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z_-]+", text)
        }
        if named:
            found[path.relative_to(folder).as_posix()] = named
    return found


def test_every_flag_that_a_refusal_advises_is_one_of_the_command_that_says_it() -> None:
    """What both commands call names flags of evaluate alone: training opens no weights of others."""
    ours = {flag for action in parser()._actions for flag in action.option_strings}
    training = {flag for action in train_parser()._actions for flag in action.option_strings}
    named = flags_named(Path(gpt2core.__file__).parent)
    assert "evaluate.py" in named
    assert "errors.py" in named
    for name, flags in named.items():
        known = training | {"--nproc_per_node"} if name.startswith("train/") else ours
        if name == "token_counts.py":  # a command of its own
            known = known | {"--val-fraction"}
        assert flags <= known, name
