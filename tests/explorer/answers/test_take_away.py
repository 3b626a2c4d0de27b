"""What is taken along opens again with the same numbers, and what is brought in is checked."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from explorer.answers import take_away
from explorer.answers.recipe import Recipe
from explorer.answers.take_away import brought_in, log_file, model_file, plot_file
from explorer.answers.training import TrainingRun, Wishes
from explorer.store.services import Services
from gpt2core import TrainEvent, save_pretrained, trace
from gpt2core.checkpoint import learned_tensors
from gpt2core.data import character_tokenizer
from gpt2core.errors import Gpt2CoreError, InvalidSetting, UnknownModel
from tests.explorer.answers.conftest import TO_LEARN

pytestmark = pytest.mark.usefixtures("toy_size")


def trained(own=None):
    made = TrainingRun(TO_LEARN, Recipe("toy", 12, 1e-2, 4), own=own)
    list(made.ticks(Wishes()))
    return made


@pytest.fixture
def run():
    return trained()


@pytest.mark.parametrize("own", [None, character_tokenizer(TO_LEARN)], ids=["GPT-2's", "characters"])
def test_a_model_that_is_taken_along_and_brought_in_gives_identical_logits(tmp_path, own):
    services, run = Services(), trained(own)
    name = services.models.add_trained(run.trained())
    (tmp_path / "model.zip").write_bytes(model_file(services, name))
    opened = brought_in([str(tmp_path / "model.zip")], None)
    ids = run.tokenizer.encode("The cat sat on")[:8]
    assert torch.equal(trace(opened.model, ids)["logits"], trace(run.trained().model, ids)["logits"])
    assert opened.tokenizer.encode(TO_LEARN) == run.tokenizer.encode(TO_LEARN)


def test_a_folder_of_ours_and_a_file_of_weights_are_brought_in_as_files(tmp_path, run):
    model = run.trained().model
    save_pretrained(model, tmp_path / "ours", tokenizer=run.tokenizer)
    opened = brought_in([str(path) for path in (tmp_path / "ours").iterdir()], None)
    assert torch.equal(opened.model.tok_emb.weight, model.tok_emb.weight)
    torch.save(model.state_dict(), tmp_path / "mine.pth")
    opened = brought_in([str(tmp_path / "mine.pth")], 2)
    assert torch.equal(opened.model.tok_emb.weight, model.tok_emb.weight)


def test_the_log_and_the_plot_are_of_the_run(run):
    lines = log_file(run.progress).decode().splitlines()
    assert [TrainEvent(**json.loads(line)).loss_nats for line in lines] == [loss for _, loss in run.progress.train]
    assert plot_file(run.progress).startswith(b"%PDF")


def test_what_is_no_model_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "text.txt").write_text("no weights")
    save_file({"x": torch.ones(2)}, tmp_path / "other.safetensors")
    (tmp_path / "broken.zip").write_bytes(zipped({"a": b"b"})[:-8])
    for files in (["text.txt"], ["other.safetensors"], ["broken.zip"]):
        with pytest.raises(Gpt2CoreError):
            brought_in([str(tmp_path / file) for file in files], None)
    with pytest.raises(InvalidSetting, match="0 files were given"):
        brought_in([], None)


def test_an_archive_that_holds_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    (tmp_path / "many.zip").write_bytes(zipped({f"{n}": b"" for n in range(65)}))
    with pytest.raises(InvalidSetting, match="more than 64 files or 800 MB"):
        brought_in([str(tmp_path / "many.zip")], None)
    monkeypatch.setattr(take_away, "MOST_BYTES", 1000)
    (tmp_path / "bomb.zip").write_bytes(zipped({"a": bytes(2000)}))
    with pytest.raises(InvalidSetting, match="more than 64 files"):
        brought_in([str(tmp_path / "bomb.zip")], None)


def test_the_names_in_an_archive_lead_nowhere_else(tmp_path, run):
    files = take_away.huggingface_files(run.trained().model.config, learned_tensors(run.trained().model), run.tokenizer)
    (tmp_path / "up.zip").write_bytes(zipped({f"../../{name}": content for name, content in files.items()}))
    assert brought_in([str(tmp_path / "up.zip")], None).tokenizer is not None
    assert not (tmp_path.parent.parent / "config.json").exists()


def test_only_models_that_are_known_are_handed_out():
    with pytest.raises(UnknownModel):
        model_file(Services(), "../secret")


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
