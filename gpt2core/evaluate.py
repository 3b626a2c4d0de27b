"""How good a model is: its loss on a text it never saw, what it writes, what its heads do.

python -m gpt2core.evaluate checkpoints/tinystories
python -m gpt2core.evaluate runs/mine --text stories.txt
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from gpt2core.analysis import first_token_scores, induction_scores, previous_token_scores, repeated_tokens
from gpt2core.checkpoint import Pretrained, load_pretrained
from gpt2core.data import Corpus, split_corpus
from gpt2core.errors import Gpt2CoreError, InvalidSetting, NotInVocabulary
from gpt2core.generation import generate
from gpt2core.model import GPTModel
from gpt2core.tokenizer import END_OF_TEXT, Tokenizer
from gpt2core.trace import trace
from gpt2core.train.corpora import found_again, read_text
from gpt2core.train.loop import validation_loss

PROMPTS = (
    "Once upon a time",
    "One day, a little girl named Lily",
    "Tom and his dog",
    "The sun was hot and",
    '"Can I play with you?" asked',
    "In the big forest there lived",
    "Mom said it was time to",
    "Ben was sad because",
    "The little red car",
    "It was a cold day and",
)
TEMPERATURE, TOP_K, NEW_TOKENS = 0.7, 50, 100
USUALLY_KEPT = 0.05  # of a text of which nothing is known
N_SEEDS_OF_REPEATS = 8


@dataclass(frozen=True)
class Loss:
    """On n_tokens tokens of text; the loss per byte compares models of different vocabularies."""

    nats_per_token: float
    nats_per_byte: float
    n_tokens: int

    @property
    def perplexity(self) -> float:
        """As uncertain as a choice among this many tokens."""
        return math.exp(self.nats_per_token)


@dataclass(frozen=True)
class HeadScore:
    """The head in which a behaviour is strongest, and how strong, 0 to 1."""

    name: str
    layer: int
    head: int
    score: float


def held_out_loss(model: GPTModel, corpus: Corpus) -> Loss:
    """Mean loss over the whole validation part of `corpus`, in windows of T that do not overlap."""
    nats = validation_loss(model, corpus.val_ids)
    T = model.config.context_length
    return Loss(nats, nats / corpus.bytes_per_token, (len(corpus.val_ids) - 1) // T * T)


def completions(model: GPTModel, tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Each of PROMPTS that the vocabulary has tokens for, with what the model makes of it; stops at end of text."""
    stop_ids = [tokenizer.end_of_text] if END_OF_TEXT in tokenizer.special else []
    written = []
    for seed, prompt in enumerate(PROMPTS):
        try:
            prompt_ids = tokenizer.encode(prompt)
        except NotInVocabulary:
            continue
        steps = generate(
            model, prompt_ids, NEW_TOKENS, temperature=TEMPERATURE, top_k=TOP_K, seed=seed, stop_ids=stop_ids
        )
        token_ids = [step.token_id for step in steps if step.token_id not in stop_ids]
        written.append((prompt, tokenizer.decode(token_ids)))
    return written


def head_scores(model: GPTModel, token_ids: list[int]) -> list[HeadScore]:
    """The strongest previous-token, first-token and induction heads; the first two on `token_ids`, induction on random
    tokens read twice, the mean over several draws."""
    read = trace(model, token_ids[: model.config.context_length], {"pattern"})
    period = min(64, model.config.context_length // 2)
    repeats = [repeated_tokens(model.config.vocab_size, period, seed) for seed in range(N_SEEDS_OF_REPEATS)]
    induction = torch.stack([induction_scores(trace(model, ids, {"pattern"})) for ids in repeats]).mean(0)  # [L, H]
    scores = {
        "previous token": previous_token_scores(read),
        "first token": first_token_scores(read),
        "induction": induction,
    }
    found = []
    for name, table in scores.items():
        layer, head = divmod(int(table.argmax()), table.size(1))
        found.append(HeadScore(name, layer, head, float(table[layer, head])))
    return found


# Where a text that a model was trained on is looked for, besides the model's own folder.
PLACES = tuple(Path(place) for place in (".", "downloads", "data", "../shared/data"))


def own_text(pretrained: Pretrained, source: str) -> str | None:
    """The text that the model was trained on, where it lies nearby; its hash is checked."""
    if pretrained.trained_on is None:
        return None
    return found_again(pretrained.trained_on.name, pretrained.trained_on.sha256, (*PLACES, Path(source)))


def how_to_measure(pretrained: Pretrained) -> str:
    """What is missing for a loss."""
    known = pretrained.trained_on
    if known is None:
        return "loss not measured: nothing says what this model was trained on; give a text with --text."
    return (
        f"loss not measured: this model was trained on {known.name} (sha256 {known.sha256}), which is not here; "
        "put it into this folder, or give a text with --text."
    )


def report(pretrained: Pretrained, text: str | None, val_fraction: float) -> str:
    """All of it as text. Raises: InvalidSetting for a model without a vocabulary; CorpusTooShort."""
    model, tokenizer = pretrained.model, pretrained.tokenizer
    if tokenizer is None:
        raise InvalidSetting(
            "This model came without a vocabulary, so no text can be put to it. Give a model folder that has one."
        )
    lines = [] if text is not None else [how_to_measure(pretrained)]
    if text is not None:
        corpus = split_corpus(text, tokenizer, model.config.context_length, val_fraction)
        loss = held_out_loss(model, corpus)
        lines += [
            f"loss on the last {val_fraction:.0%} of the text ({loss.n_tokens:,} tokens): {loss.nats_per_token:.4f} nats per token, "
            f"{loss.nats_per_byte:.4f} nats per byte, perplexity {loss.perplexity:.2f}"
        ]
        lines += [
            f"strongest {found.name} head: layer {found.layer}, head {found.head}, score {found.score:.3f}"
            for found in head_scores(model, corpus.val_ids.tolist())
        ]
    lines.append(f"\ncompletions (temperature {TEMPERATURE}, top-k {TOP_K}, up to {NEW_TOKENS} tokens, seed = number):")
    written = completions(model, tokenizer)
    lines += [f"\n{PROMPTS.index(prompt)}. **{prompt}**{made}" for prompt, made in written]
    if len(written) < len(PROMPTS):
        lines.append(f"\nleft out: {len(PROMPTS) - len(written)} prompts that this vocabulary has no tokens for")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m gpt2core.evaluate", description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("model", help="anything that load_pretrained opens: a folder, a file, a Hugging Face id")
    arguments.add_argument("--n-heads", type=int, help="attention heads a layer, for a file that does not state them")
    arguments.add_argument(
        "--gelu",
        choices=("tanh", "erf"),
        help="the GELU of a nanoGPT checkpoint: erf if its code calls nn.GELU() (since June 2023), tanh if it defines new_gelu",
    )
    arguments.add_argument(
        "--text",
        type=Path,
        help="UTF-8 text; its end is what the loss is measured on (default: the one the model was trained on, if it lies nearby)",
    )
    arguments.add_argument(
        "--last", type=float, help="share of the text to measure on (default: what training kept, or 0.05)"
    )
    return arguments


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        if options.last is not None and not 0 < options.last < 1:
            raise InvalidSetting("--last is {last}; choose a share between 0 and 1.", last=options.last)
        pretrained = load_pretrained(options.model, options.n_heads, gelu=options.gelu)
        kept = pretrained.trained_on.val_fraction if pretrained.trained_on else 0.0
        text = own_text(pretrained, options.model) if options.text is None else read_text(options.text)
        print(report(pretrained, text, options.last or kept or USUALLY_KEPT))
    except Gpt2CoreError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
