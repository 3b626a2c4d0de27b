"""The models on offer: their names, how they are opened, and GPT-2 only where it is already."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from explorer.store import models
from explorer.store.models import GPT2, UNTRAINED, ModelRegistry, NotDownloaded
from explorer.store.services import Services
from explorer.wording.numbers import in_units
from gpt2core import GPTConfig, Pretrained, gpt2_tokenizer, load_pretrained, save_pretrained
from gpt2core.errors import UnknownModel
from gpt2core.untrained import untrained_model
from tests.reference import hugging_face_twin, random_model

SMALL = GPTConfig(vocab_size=600, context_length=16, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    for name in ("tinystories", "another", "growth/step-00030", "growth/step-00000", "growth/step-100000"):
        save_pretrained(random_model(SMALL), folder / name, tokenizer=gpt2_tokenizer(600))
    (folder / "growth" / "step-x").mkdir()
    (folder / "growth" / "step-x" / "model.safetensors").touch()
    return folder


@pytest.fixture
def registry(checkpoints: Path) -> ModelRegistry:
    return ModelRegistry(checkpoints)


def test_the_menu_holds_what_ships_then_the_untrained_twin_gpt2_and_the_snapshots_by_age(
    registry: ModelRegistry,
) -> None:
    assert registry.names() == [
        *("tinystories", "another", "untrained", "gpt2"),
        *("growth-00000", "growth-00030", "growth-100000"),
    ]
    assert [label.partition(" · ")[0] for label, _ in registry.choices()] == [
        *("TinyStories", "another", "Untrained twin", "GPT-2"),
        *("Growth, step 0", "Growth, step 30", "Growth, step 100,000"),
    ]
    assert [name for _, name in registry.choices()] == registry.names()


def test_every_model_that_really_ships_is_on_offer_and_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services()
    shipped = [name for name in services.models.names() if name != GPT2]
    assert len(shipped) == 2 + 16
    for name in shipped:
        assert services.read("Once upon a time", name).token_ids


def test_a_menu_opens_no_model_and_looks_for_none(registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.hub, "in_cache", lambda name: pytest.fail("looked for GPT-2"))
    monkeypatch.setattr(models, "load_pretrained", lambda path: pytest.fail(f"opened {path}"))
    labels = {name: label for label, name in registry.choices()}
    assert labels[GPT2] == "GPT-2 · 124 M · not here yet"
    assert labels["tinystories"] == "TinyStories · 29.3 k parameters"


def test_a_model_in_anothers_form_is_opened_to_be_counted(tmp_path: Path) -> None:
    hugging_face_twin(random_model(SMALL)).save_pretrained(tmp_path / "theirs")
    assert ModelRegistry(tmp_path).label("theirs") == f"theirs · {in_units(SMALL.n_parameters)} parameters"


def test_the_untrained_model_has_the_shipped_shape_and_words_and_is_the_same_every_time(checkpoints: Path) -> None:
    one, again = (ModelRegistry(checkpoints).get(UNTRAINED) for _ in range(2))
    assert one.model.config == SMALL
    assert one.tokenizer is not None
    assert one.tokenizer.vocab_size == 600
    assert torch.equal(one.model.tok_emb.weight, again.model.tok_emb.weight)
    assert torch.equal(one.model.tok_emb.weight, untrained_model(SMALL).tok_emb.weight)


def test_gpt2_is_never_downloaded_by_being_chosen(registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.http_get", lambda *_, **__: pytest.fail("downloaded"))
    with pytest.raises(NotDownloaded, match=r"about 550 MB from huggingface.co, once: press “Download GPT-2”"):
        registry.get(GPT2)
    assert not registry.is_here(GPT2)


def test_gpt2_opens_where_it_is(registry: ModelRegistry, checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.hub, "in_cache", lambda name: checkpoints / "another" if name == GPT2 else None)
    assert registry.is_here(GPT2)
    assert registry.get(GPT2) is registry.get(GPT2)


def test_a_model_is_opened_once_however_many_ask_and_others_do_not_wait_for_it(
    registry: ModelRegistry, checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.get("another")
    opened: list[Path] = []
    may_open = threading.Event()

    def slowly(path: Path) -> Pretrained:
        opened.append(path)
        may_open.wait(20)
        return load_pretrained(path)

    monkeypatch.setattr(models, "load_pretrained", slowly)
    found: list[Pretrained] = []
    threads = [threading.Thread(target=lambda: found.append(registry.get("tinystories"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert registry.get("another").model.config == SMALL  # while the other is being opened
    may_open.set()
    for thread in threads:
        thread.join(20)
    assert opened == [checkpoints / "tinystories"]
    assert len(found) == 4
    assert len({id(pretrained) for pretrained in found}) == 1


@pytest.mark.parametrize(
    "name",
    ["gpt-9", "", "..", "../tinystories", "tinystories/", "trained-guess", "growth", "growth-", "growth-x", "\n" * 500],
)
def test_a_name_nothing_answers_to_is_refused(registry: ModelRegistry, name: str) -> None:
    with pytest.raises(UnknownModel) as refused:
        registry.get(name)
    assert len(str(refused.value)) < 250


def test_a_refused_name_is_told_all_names_in_short(registry: ModelRegistry) -> None:
    known = "tinystories, another, untrained, gpt2, growth-00000 to growth-100000"
    with pytest.raises(UnknownModel, match=f"Choose one of: {known}"):
        registry.get("gpt-9")


def test_a_trained_model_opens_only_by_its_unguessable_name(registry: ModelRegistry) -> None:
    trained = Pretrained(random_model(SMALL), gpt2_tokenizer(600))
    name = registry.add_trained(trained)
    assert len(name) >= len("trained-") + 16
    assert registry.get(name) is trained
    assert name not in registry.names()


def test_only_the_newest_trained_models_are_kept() -> None:
    registry = ModelRegistry(Path("nowhere"), most_trained=2)
    names = [registry.add_trained(Pretrained(random_model(SMALL), None)) for _ in range(3)]
    with pytest.raises(UnknownModel, match="no longer kept"):
        registry.get(names[0])
    assert registry.get(names[2]) is not None


def test_the_moments_of_a_run_are_bounded_by_number_and_by_bytes_and_keep_both_ends() -> None:
    model = Pretrained(random_model(SMALL), None)
    n_bytes = 4 * model.model.parameter_count()
    for registry, most in (
        (ModelRegistry(Path("nowhere")), 40),
        (ModelRegistry(Path("nowhere"), trained_bytes=5 * n_bytes), 5),
    ):
        run = registry.new_run()
        for step in range(100):
            assert registry.add_moment(run, step, Pretrained(random_model(SMALL), None))
        steps = [step for step, _ in registry.moments(run)]
        assert len(steps) == most
        assert (steps[0], steps[-1]) == (0, 99)


def test_a_moment_opens_by_its_runs_name_and_step_and_goes_with_its_run() -> None:
    registry, first, last = (
        ModelRegistry(Path("nowhere")),
        Pretrained(random_model(SMALL), None),
        Pretrained(random_model(SMALL), None),
    )
    run = registry.new_run()
    assert registry.add_moment(run, 0, first) == f"{run}@0"
    assert registry.get(f"{run}@0") is first
    with pytest.raises(UnknownModel, match="no longer kept"):
        registry.get(run)  # it has not ended
    registry.end_run(run, last)
    assert registry.get(run) is last
    assert registry.siblings(run) == registry.siblings(f"{run}@0") == [(0, f"{run}@0")]
    registry.forget_run(run)
    for name in (run, f"{run}@0"):
        with pytest.raises(UnknownModel, match="no longer kept"):
            registry.get(name)
    assert registry.add_moment(run, 1, first) is None
    assert registry.siblings("tinystories") == []


def test_a_model_with_a_folder_is_opened_again_by_its_source(registry: ModelRegistry) -> None:
    for name in ("tinystories", "growth-00030"):
        opened = load_pretrained(registry.source(name) or "")
        assert torch.equal(opened.model.tok_emb.weight, registry.get(name).model.tok_emb.weight)
    assert registry.source(GPT2) == "gpt2"
    trained = registry.add_trained(registry.get("another"))
    assert registry.source(UNTRAINED) is registry.source(trained) is None


def test_what_ships_is_named_from_the_projects_folder() -> None:
    shipped = ModelRegistry(models.CHECKPOINTS)
    for name in shipped.shipped_names():
        assert shipped.source(name) == f"checkpoints/{name}"
