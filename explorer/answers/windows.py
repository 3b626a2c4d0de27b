"""How a text becomes what a model learns from: ids, the part held back, windows in the order in which they are read, and what each
of them asks. Knows nothing of the page.

B windows a batch, T tokens a window.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.recipe import Recipe
from explorer.answers.training import corpus_for, read_by
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Pretrained, Tokenizer
from gpt2core.data import SlidingWindows

SHOWN = 24  # windows that are sent with their tokens


@dataclass(frozen=True)
class Windows:
    """n_train, n_held_out: tokens. starts: of the first epoch's windows, in the order in which they are read. windows: of the first
    SHOWN of them, T + 1 labels each: the last T are what the first T are asked for. seen: how often a run reads each token as an
    input, on average."""

    n_characters: int
    n_train: int
    n_held_out: int
    window: int
    stride: int
    batch_size: int
    steps: int
    starts: list[int]
    windows: list[list[TokenLabel]]

    @property
    def steps_an_epoch(self) -> float:
        return len(self.starts) / self.batch_size

    @property
    def epochs(self) -> float:
        return self.steps / self.steps_an_epoch

    @property
    def seen(self) -> float:
        return self.steps * self.batch_size * self.window / self.n_train


def windows_of(text: str, recipe: Recipe, start: Pretrained | None = None, own: Tokenizer | None = None) -> Windows:
    """start: the model that the run goes on from; own: a vocabulary of the person's own. Raises: CorpusTooLong, CorpusTooShort."""
    config, tokenizer = read_by(recipe, start, own)
    corpus = corpus_for(text, tokenizer, config)
    T = config.context_length
    cut = SlidingWindows(corpus.train_ids, T, recipe.batch_size, stride=recipe.stride or None, seed=recipe.seed)
    starts = cut.starts(0).tolist()
    shown = [token_labels(corpus.train_ids[at : at + T + 1].tolist(), tokenizer) for at in starts[:SHOWN]]
    return Windows(
        len(text),
        len(corpus.train_ids),
        len(corpus.val_ids),
        T,
        cut.stride,
        recipe.batch_size,
        recipe.steps,
        starts,
        shown,
    )
