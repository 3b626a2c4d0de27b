"""What is measured, by name. Each builder makes its own model and returns one piece of work.

Imports sit inside, so that the memory of ours is not theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from gpt2core import PRESETS, GPTModel, TrainSettings, generate, load_pretrained, trace
from gpt2core.config import GPTConfig
from gpt2core.data import Corpus
from gpt2core.quantization import reduced_precision
from gpt2core.train import Trainer
from tests.benchmarks.measure import Work

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "tinystories"
PROMPT_TOKENS, NEW_TOKENS = 32, 32
TINY = PRESETS["tiny"]  # 0.93 M: 4 x 128, T = 64, V = 1,024
SMALL = GPTConfig(50257, 256, 384, 6, 6, drop_rate=0.0, qkv_bias=True, tied_head=True)  # 30 M
TRAININGS = {"0.93M": (TINY, 32), "30M": (SMALL, 4)}  # configuration, windows a batch


def weights(which: str) -> GPTModel:
    """ "124M": random weights; "shipped": the model in checkpoints/."""
    if which == "shipped":
        return load_pretrained(SHIPPED).model
    torch.manual_seed(0)
    return GPTModel(PRESETS["124M"]).eval()


def prompt(model_config: GPTConfig, n_tokens: int) -> list[int]:
    return torch.randint(model_config.vocab_size, (n_tokens,), generator=torch.Generator().manual_seed(1)).tolist()


def twin(model: GPTModel, attention: str) -> Any:
    from tests.reference import hugging_face_twin  # noqa: PLC0415

    return hugging_face_twin(model, attention)


def full_trace(which: str, n_tokens: int) -> Work:
    model = weights(which)
    return partial(trace, model, prompt(model.config, n_tokens))


def plain_forward(which: str, n_tokens: int) -> Work:
    model = weights(which)
    return _without_gradients(partial(model, torch.tensor([prompt(model.config, n_tokens)])))


def hf_trace(which: str, n_tokens: int) -> Work:
    model = weights(which)
    theirs = twin(model, "eager")
    ids = torch.tensor([prompt(model.config, n_tokens)])
    return _without_gradients(partial(theirs, ids, output_attentions=True, output_hidden_states=True, use_cache=False))


def _without_gradients(work: Work) -> Work:
    def run() -> object:
        with torch.no_grad():
            return work()

    return run


def decode(which: str) -> Work:
    model = weights(which)
    return partial(_greedy, model)


def decode_reduced(which: str) -> Work:
    return partial(_greedy, reduced_precision(weights(which)))


def _greedy(model: GPTModel) -> list[int]:
    steps = generate(model, prompt(model.config, PROMPT_TOKENS), NEW_TOKENS, temperature=0.0)
    return [step.token_id for step in steps]


def decode_hf(which: str) -> Work:
    model = weights(which)
    theirs = twin(model, "sdpa")
    ids = torch.tensor([prompt(model.config, PROMPT_TOKENS)])

    def run() -> list[int]:
        text = theirs.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=NEW_TOKENS,
            use_cache=True,
            pad_token_id=0,
        )
        return text[0, PROMPT_TOKENS:].tolist()

    return run


def decode_naively(which: str) -> Work:
    """As courses write it: no cache, the whole text read again for every token, softmax before argmax."""
    model = weights(which)

    def run() -> list[int]:
        ids = torch.tensor([prompt(model.config, PROMPT_TOKENS)])
        for _ in range(NEW_TOKENS):
            with torch.no_grad():
                logits = model(ids[:, -model.config.context_length :])
            probabilities = torch.softmax(logits[:, -1, :], dim=-1)
            ids = torch.cat([ids, torch.argmax(probabilities, dim=-1, keepdim=True)], dim=1)
        return ids[0, PROMPT_TOKENS:].tolist()

    return run


def _random_corpus(config: GPTConfig) -> Corpus:
    ids = torch.randint(config.vocab_size, (200_000,), generator=torch.Generator().manual_seed(1))
    return Corpus(ids[:190_000], ids[190_000:], 1.0)


def train_ours(size: str, precision: Any) -> Work:
    config, batch_size = TRAININGS[size]
    torch.manual_seed(0)
    settings = TrainSettings(
        steps=10_000, batch_size=batch_size, precision=precision, eval_every=0, sample_every=0, warmup_steps=0
    )
    run = Trainer(GPTModel(config), _random_corpus(config), settings).run()
    return partial(next, run)


def train_hf(size: str, precision: str) -> Work:
    """transformers' module in the plainest good loop: the same optimizer, clipping and precision as ours."""
    config, batch_size = TRAININGS[size]
    torch.manual_seed(0)
    model = twin(GPTModel(replace(config)), "sdpa").train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    ids = _random_corpus(config).train_ids
    generator = torch.Generator().manual_seed(0)

    def run() -> float:
        starts = torch.randint(len(ids) - config.context_length, (batch_size, 1), generator=generator)
        batch = ids[starts + torch.arange(config.context_length)]
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = model(batch, labels=batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return run


def _named() -> dict[str, Callable[[], Work]]:
    found: dict[str, Callable[[], Work]] = {}
    for which in ("124M", "shipped"):
        for n in (64, 256):
            found[f"trace {which} {n} ours"] = partial(full_trace, which, n)
            found[f"trace {which} {n} plain"] = partial(plain_forward, which, n)
            found[f"trace {which} {n} hf"] = partial(hf_trace, which, n)
        found[f"decode {which} ours"] = partial(decode, which)
        found[f"decode {which} reduced"] = partial(decode_reduced, which)
        found[f"decode {which} hf"] = partial(decode_hf, which)
        found[f"decode {which} naive"] = partial(decode_naively, which)
    for size in TRAININGS:
        for precision in ("fp32", "bf16"):
            found[f"train {size} {precision} ours"] = partial(train_ours, size, precision)
            found[f"train {size} {precision} hf"] = partial(train_hf, size, precision)
    return found


BUILDERS = _named()
