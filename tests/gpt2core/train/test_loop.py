"""Training: what a run does, and that stopping and going on leaves no mark."""

import contextlib
import itertools
import json
import math
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from gpt2core import GPTConfig, GPTModel, TrainSettings, gpt2_tokenizer, train
from gpt2core.data import Corpus, split_corpus
from gpt2core.errors import (
    CorpusTooShort,
    InvalidSetting,
    NotFinite,
    NotWeights,
    UnreadableCheckpoint,
    UnsupportedModel,
)
from gpt2core.train import Trainer, validation_loss
from gpt2core.train.distributed import Team
from gpt2core.train.loop import random_states, restore_random_states
from gpt2core.train.optimizer import Optimizer
from gpt2core.train.phases import Phase

TEXT = "The cat sat on the mat. The dog sat on the log. The frog sat on the rock and the bird on the sky. " * 60
CONFIG = GPTConfig(300, 16, 16, 2, 2, drop_rate=0.2, qkv_bias=True, tied_head=True)
SETTINGS = TrainSettings(
    steps=12,
    batch_size=4,
    learning_rate=1e-2,
    warmup_steps=3,
    eval_every=4,
    eval_windows=2,
    sample_every=5,
    sample_tokens=3,
)


@pytest.fixture(scope="module")
def tokenizer():
    return gpt2_tokenizer(300)


@pytest.fixture(scope="module")
def corpus(tokenizer):
    return split_corpus(TEXT, tokenizer, CONFIG.context_length)


@pytest.fixture(scope="module")
def long_corpus(tokenizer):
    return split_corpus(TEXT.replace("log. ", "log.\n<|endoftext|>\n"), tokenizer, LONGER.context_length)


def fresh_model(config=CONFIG):
    torch.manual_seed(0)
    return GPTModel(config)


def weights(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def assert_identical(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        assert torch.equal(weight, theirs[name]), name


@pytest.mark.parametrize(
    ("precision", "optimizer"), [("fp32", "adamw"), ("bf16", "adamw"), ("fp32", "muon"), ("bf16", "muon")]
)
@pytest.mark.parametrize("stop_after", [1, 7, 11])
def test_a_run_stopped_and_resumed_ends_bit_for_bit_like_one_never_stopped(
    tmp_path, corpus, tokenizer, stop_after, precision, optimizer
):
    settings = replace(SETTINGS, precision=precision, optimizer=optimizer)
    whole = Trainer(fresh_model(), corpus, settings, tokenizer)
    events = list(whole.run())

    first = Trainer(fresh_model(), corpus, settings, tokenizer)
    head = list(itertools.islice(first.run(), stop_after))
    first.save(tmp_path / "state")
    torch.manual_seed(999)  # another process has another random state
    torch.rand(17)
    second = Trainer.resume(tmp_path / "state", corpus, tokenizer)
    tail = list(second.run())

    assert_identical(weights(second.model), weights(whole.model))
    for one, other in zip(head + tail, events, strict=True):
        for name in ("step", "loss_nats", "learning_rate", "gradient_norm", "tokens_seen", "val_loss_nats", "sample"):
            assert getattr(one, name) == getattr(other, name)


CURRICULUM = replace(
    SETTINGS,
    steps=12,
    phases=(Phase(4, window=16, exercises=0.6), Phase(5, exercises=0.2, learning_rate=5e-3, warmup_steps=1), Phase(3)),
)
LONGER = replace(CONFIG, context_length=32)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("stop_after", [2, 3, 4, 5, 8, 9, 10])
def test_a_run_stopped_around_a_phases_end_goes_on_in_the_right_phase_bit_for_bit(
    tmp_path, long_corpus, tokenizer, stop_after, optimizer
):
    settings = replace(CURRICULUM, optimizer=optimizer)
    whole = Trainer(fresh_model(LONGER), long_corpus, settings, tokenizer)
    events = list(whole.run())
    assert [event.phase for event in events] == [1] * 4 + [2] * 5 + [3] * 3

    first = Trainer(fresh_model(LONGER), long_corpus, settings, tokenizer)
    head = list(itertools.islice(first.run(), stop_after))
    first.save(tmp_path / "state")
    second = Trainer.resume(tmp_path / "state", long_corpus, tokenizer)
    tail = list(second.run())

    assert_identical(weights(second.model), weights(whole.model))
    for one, other in zip(head + tail, events, strict=True):
        for name in ("step", "phase", "loss_nats", "learning_rate", "gradient_norm", "tokens_seen", "val_loss_nats"):
            assert getattr(one, name) == getattr(other, name)


def test_writing_the_state_down_does_not_disturb_the_run(tmp_path, corpus):
    plain, saved = (Trainer(fresh_model(), corpus, SETTINGS) for _ in range(2))
    list(plain.run())
    for _ in saved.run():
        saved.save(tmp_path / "state")
    assert_identical(weights(saved.model), weights(plain.model))


def test_a_file_that_is_no_training_state_is_refused(tmp_path, corpus):
    path = tmp_path / "state"
    with pytest.raises(UnreadableCheckpoint, match="start afresh"):
        Trainer.resume(path, corpus)
    trainer = Trainer(fresh_model(), corpus, SETTINGS)
    trainer.save(path)
    whole = path.read_bytes()
    for damaged in (b"", b"hello", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(UnreadableCheckpoint, match="start afresh"):
            Trainer.resume(path, corpus)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_weights_that_could_not_be_resumed_are_not_written_down_and_the_old_state_stays(tmp_path, corpus, bad):
    trainer = Trainer(fresh_model(), corpus, SETTINGS)
    next(trainer.run())
    trainer.save(tmp_path / "state")
    before = (tmp_path / "state").read_bytes()
    with torch.no_grad():
        trainer.model.pos_emb.weight[3, 2] = bad
    with pytest.raises(NotFinite, match=r"pos_emb.weight holds NaN or infinite weights"):
        trainer.save(tmp_path / "state")
    assert (tmp_path / "state").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_weights_of_another_kind_are_not_written_down(tmp_path, corpus):
    trainer = Trainer(fresh_model(), corpus, SETTINGS)
    trainer.model.pos_emb.weight = torch.nn.Parameter(trainer.model.pos_emb.weight.to(torch.int32), requires_grad=False)
    with pytest.raises(NotWeights, match=r"pos_emb.weight is of type int32"):
        trainer.save(tmp_path / "state")


def test_a_context_that_could_not_be_opened_again_is_not_trained(corpus):
    with pytest.raises(UnsupportedModel, match="reads at most 8,192"):
        Trainer(GPTModel(GPTConfig(300, 8_193, 2, 1, 1)), corpus, SETTINGS)


class FakeCuda:
    """Stands for the generators of two cards, each with a state that tells which it is and what was done to it."""

    def __init__(self, monkeypatch) -> None:
        self.states = {0: torch.tensor([0, 7], dtype=torch.uint8), 1: torch.tensor([1, 7], dtype=torch.uint8)}
        self.seeded: dict[int, int] = {}
        self.current = 0
        monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: self.states[device.index].clone())
        monkeypatch.setattr(
            torch.cuda, "set_rng_state", lambda state, device: self.states.update({device.index: state})
        )
        monkeypatch.setattr(torch.cuda, "device", self.on)
        monkeypatch.setattr(torch.cuda, "manual_seed", lambda seed: self.seeded.update({self.current: seed}))

    @contextlib.contextmanager
    def on(self, device):
        self.current = device.index
        yield
        self.current = 0


CARDS = [torch.device("cuda", index) for index in range(2)]


def test_a_state_written_on_a_card_holds_that_cards_generator_and_the_processors(monkeypatch):
    cuda = FakeCuda(monkeypatch)
    states = random_states(CARDS[1])
    assert set(states) == {"random_state", "random_state.cuda"}
    assert torch.equal(states["random_state"], torch.get_rng_state())
    assert torch.equal(states["random_state.cuda"], cuda.states[1])
    assert set(random_states(torch.device("cpu"))) == {"random_state"}


@pytest.mark.parametrize("card", CARDS, ids=str)
def test_a_run_goes_on_with_the_generator_of_its_card_on_whichever_card_it_finds_itself(monkeypatch, card):
    cuda = FakeCuda(monkeypatch)
    saved = random_states(CARDS[1])
    expected = torch.rand(5)
    cuda.states = {index: torch.zeros(2, dtype=torch.uint8) for index in range(2)}
    torch.rand(100)
    restore_random_states(saved, card, 3)
    assert torch.equal(torch.rand(5), expected)
    assert cuda.states[card.index].tolist() == [1, 7]
    assert cuda.states[1 - card.index].tolist() == [0, 0]
    assert not cuda.seeded


def test_a_run_that_began_on_a_processor_is_seeded_when_it_goes_on_on_a_card(monkeypatch):
    cuda = FakeCuda(monkeypatch)
    restore_random_states(random_states(torch.device("cpu")), CARDS[1], 12345)
    assert cuda.seeded == {1: 12345}


def test_a_state_is_written_for_the_device_of_the_model_and_read_for_that_of_the_process(tmp_path, corpus, monkeypatch):
    cuda = FakeCuda(monkeypatch)
    trainer = Trainer(fresh_model(), corpus, SETTINGS)
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "device", property(lambda _: CARDS[1]))
        trainer.save(tmp_path / "state")
    assert torch.equal(load_file(tmp_path / "state")["random_state.cuda"], cuda.states[1])
    cuda.states[0] = torch.zeros(2, dtype=torch.uint8)
    monkeypatch.setattr(GPTModel, "to", lambda model, _: model)  # there is no such card here
    Trainer.resume(tmp_path / "state", corpus, team=Team(device=CARDS[0]))
    assert cuda.states[0].tolist() == [1, 7]


def test_the_loss_falls_on_a_tiny_text(corpus):
    settings = replace(SETTINGS, steps=60, eval_every=60, eval_windows=8, sample_every=0)
    events = list(train(fresh_model(replace(CONFIG, drop_rate=0.0)), corpus, settings))
    assert events[0].loss_nats == pytest.approx(math.log(300), abs=0.2)
    assert events[-1].loss_nats < 0.5 * events[0].loss_nats
    assert events[-1].val_loss_nats < 0.5 * events[0].loss_nats


def test_events_tell_what_happened_and_when_it_is_due(corpus, tokenizer):
    events = list(Trainer(fresh_model(), corpus, SETTINGS, tokenizer).run())
    assert [event.step for event in events] == list(range(1, 13))
    assert [event.step for event in events if event.val_loss_nats is not None] == [4, 8, 12]
    assert [event.step for event in events if event.sample is not None] == [5, 10, 12]
    assert [event.tokens_seen for event in events] == [step * 4 * 16 for step in range(1, 13)]
    assert events[-1].seconds_left == 0
    assert all(event.tokens_per_second > 0 and event.gradient_norm > 0 for event in events)


def test_the_learning_rate_rises_to_its_peak_and_falls_to_a_tenth():
    rates = [SETTINGS.learning_rate_at(step) for step in range(13)]
    assert rates[2] == max(rates) == pytest.approx(1e-2)
    assert rates[:3] == sorted(rates[:3])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[12] == pytest.approx(1e-3)


def test_a_loss_that_is_no_number_is_refused_with_the_last_good_weights_intact(corpus, monkeypatch):
    trainer = Trainer(fresh_model(), corpus, SETTINGS)
    run = trainer.run()
    for _ in range(3):
        next(run)
    good = weights(trainer.model)
    whole_loss = trainer._loss.forward
    monkeypatch.setattr(trainer._loss, "forward", lambda *batch: whole_loss(*batch) * math.nan)
    with pytest.raises(NotFinite, match=r"at step 4.*those of step 3.*Lower the learning rate"):
        next(run)
    assert_identical(weights(trainer.model), good)
    assert all(bool(weight.isfinite().all()) for weight in good.values())
    assert trainer.step == 3


def test_decay_pulls_on_matrices_only(corpus):
    decayed, spared = Trainer(fresh_model(), corpus, SETTINGS).optimizer.param_groups
    assert decayed["weight_decay"] > 0 == spared["weight_decay"]
    assert all(parameter.dim() == 2 for parameter in decayed["params"])
    assert all(parameter.dim() == 1 for parameter in spared["params"])


def test_muon_moves_the_matrices_of_blocks_only_and_leaves_all_others_to_adamw():
    model = fresh_model(replace(CONFIG, qkv_bias=False))
    optimizer = Optimizer(model, "muon", weight_decay=0.0, betas=(0.9, 0.95))
    before = weights(model)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    optimizer.step(0.01)
    for name, weight in weights(model).items():
        moved = weight - before[name]
        if (
            name.startswith("trf_blocks.") and weight.dim() == 2
        ):  # orthogonal: all singular values alike, as far as Muon goes
            spread = torch.linalg.svdvals(moved / (0.01 * 0.2 * math.sqrt(max(weight.shape))))
            assert 0.5 < float(spread.min()) <= float(spread.max()) < 1.5, name
        else:  # AdamW's first step is the sign of the gradient
            torch.testing.assert_close(moved.abs(), torch.full_like(moved, 0.01), rtol=1e-3, atol=1e-5, msg=name)


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(InvalidSetting, match="choose 'adamw' or 'muon'"):
        replace(SETTINGS, optimizer="sgd")


def test_validation_counts_every_token_once_and_leaves_the_model_in_its_mode(corpus):
    model = fresh_model()
    model.train()
    T, n = 16, (len(corpus.val_ids) - 1) // 16
    total = 0.0
    with torch.no_grad():
        model.eval()
        for window in range(n):
            span = corpus.val_ids[window * T : window * T + T + 1]
            total += float(F.cross_entropy(model(span[None, :-1])[0], span[1:]))
        model.train()
    assert validation_loss(model, corpus.val_ids, batch_size=3) == pytest.approx(total / n, rel=1e-5)
    assert model.training


@pytest.mark.parametrize("parts", [2, 4])
def test_a_batch_computed_in_parts_teaches_the_same(corpus, parts):
    # no bias on keys: its gradient is rounding, and AdamW makes a full step of any rounding
    config = replace(CONFIG, drop_rate=0.0, qkv_bias=False)
    whole, cut = (
        Trainer(fresh_model(config), corpus, replace(SETTINGS, accumulation_steps=number)) for number in (1, parts)
    )
    for one, other in zip(whole.run(), cut.run(), strict=True):
        assert other.loss_nats == pytest.approx(one.loss_nats, abs=1e-5)
        assert other.gradient_norm == pytest.approx(one.gradient_norm, abs=1e-5)
    theirs = weights(cut.model)
    for name, weight in weights(whole.model).items():
        torch.testing.assert_close(theirs[name], weight, rtol=0, atol=1e-5, msg=name)


def test_stride_and_the_optimizers_memory_are_used_as_given(corpus):
    trainer = Trainer(fresh_model(), corpus, replace(SETTINGS, stride=5, beta1=0.5, beta2=0.7))
    assert trainer.curriculum.windows(0).stride == 5
    assert {group["betas"] for group in trainer.optimizer.param_groups} == {(0.5, 0.7)}


def test_dropout_is_on_while_training(corpus):
    losses = {
        next(train(fresh_model(replace(CONFIG, drop_rate=rate)), corpus, SETTINGS)).loss_nats for rate in (0.0, 0.5)
    }
    assert len(losses) == 2


def test_a_state_with_settings_of_another_version_is_refused_in_a_sentence(tmp_path, corpus):
    trainer = Trainer(fresh_model(), corpus, SETTINGS)
    trainer.save(tmp_path / "state")
    with safe_open(tmp_path / "state", framework="pt") as file:
        about = json.loads(file.metadata()["trainer"])
    about["settings"]["momentum"] = 0.9
    save_file(load_file(tmp_path / "state"), tmp_path / "state", metadata={"trainer": json.dumps(about)})
    with pytest.raises(UnreadableCheckpoint, match="another version"):
        Trainer.resume(tmp_path / "state", corpus)


def test_the_seed_fixes_the_run(corpus):
    losses = [[event.loss_nats for event in train(fresh_model(), corpus, replace(SETTINGS, seed=s))] for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"clip_norm": 0.0},
        {"warmup_steps": -1},
        {"precision": "fp8"},
        {"beta1": 1.0},
        {"stride": -1},
        {"batch_size": 4, "accumulation_steps": 3},
    ],
    ids=str,
)
def test_settings_outside_their_range_are_refused_with_the_way_out(wrong):
    with pytest.raises(InvalidSetting, match="choose"):
        replace(SETTINGS, **wrong)


def test_too_short_a_corpus_is_refused_before_the_first_update():
    short = Corpus(torch.arange(10), torch.arange(20), 4.0)
    with pytest.raises(CorpusTooShort, match="Add more text"):
        train(fresh_model(), short, SETTINGS)


def test_shuffled_targets_are_the_batchs_own_drawn_anew_and_the_same_after_resuming(tmp_path, corpus):
    settings = replace(SETTINGS, shuffled_targets=True, sample_every=0)
    shuffled, plain = (Trainer(fresh_model(), corpus, each) for each in (settings, SETTINGS))
    drawn = []
    for step in (0, 1):
        shuffled.step = plain.step = step
        (inputs, targets), (same, honest) = shuffled._batch(), plain._batch()
        assert torch.equal(inputs, same)
        assert torch.equal(targets.flatten().sort()[0], honest.flatten().sort()[0])
        assert not torch.equal(targets, honest)
        drawn.append(targets)
    assert not torch.equal(*drawn)
    shuffled.step = 0
    whole = [event.loss_nats for event in shuffled.run()]
    again = Trainer(fresh_model(), corpus, settings)
    begun = list(itertools.islice(again.run(), 5))
    again.save(tmp_path / "state")
    rest = Trainer.resume(tmp_path / "state", corpus).run()
    assert [event.loss_nats for event in (*begun, *rest)] == whole
    assert whole != [
        event.loss_nats for event in Trainer(fresh_model(), corpus, replace(SETTINGS, sample_every=0)).run()
    ]


@pytest.mark.parametrize("name", ["causal", "shuffled_targets"])
def test_what_goes_wrong_on_purpose_is_a_choice_of_two(name):
    with pytest.raises(InvalidSetting, match=f"{name} is 1; choose True or False"):
        TrainSettings(**{name: 1})
