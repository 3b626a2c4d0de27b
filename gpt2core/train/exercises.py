"""Copy exercises: text in which nothing but an earlier copy tells what comes next, so that a model learns to look back.

N tokens, V ids in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.errors import InvalidSetting
from gpt2core.ranges import checked_seed, is_number, shown

SHORTEST = 4  # tokens in a stretch
LEAST_WINDOW = 3 * SHORTEST
FROM_STORIES = 0.4  # of the stretches; the others are drawn evenly from all ids
REPEATS = (2, 4)  # copies of a stretch, the first one counted


@dataclass(frozen=True)
class CopyExercises:
    """Exercises for a model that reads `window` tokens at once and knows `vocab_size` ids.

    Each is a stretch of SHORTEST to window / 3 tokens, two to four times over, closed by `end_of_text`. The tokens of FROM_STORIES of
    the stretches are drawn one by one from a text, so common ones are common in them; those of the others evenly from all ids.
    end_of_text is in no stretch. Raises: InvalidSetting for a window in which no stretch could be read three times.
    """

    window: int
    vocab_size: int
    end_of_text: int

    def __post_init__(self) -> None:
        if self.window < LEAST_WINDOW:
            raise InvalidSetting(
                "Copy exercises need windows of {least} tokens at least, and these are of {window}; choose longer windows.",
                least=LEAST_WINDOW,
                window=self.window,
            )

    def drawn(self, token_ids: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
        """One exercise after the other, without end, each [N]. token_ids [N]: the text that some stretches are drawn from."""
        words = token_ids[token_ids != self.end_of_text]
        while True:
            length = _whole(SHORTEST, self.window // 3, generator)
            n_copies = _whole(*REPEATS, generator)
            if len(words) and torch.rand((), generator=generator) < FROM_STORIES:
                stretch = words[torch.randint(len(words), (length,), generator=generator)]
            else:
                stretch = torch.randint(self.vocab_size - 1, (length,), generator=generator)
                stretch += stretch >= self.end_of_text  # all ids but that one
            yield torch.cat([stretch.repeat(n_copies), torch.tensor([self.end_of_text])])

    def mixed_into(self, token_ids: Tensor, share: float, seed: int) -> Tensor:
        """The documents of `token_ids` [N] in another order, with exercises between them: `share` of all tokens, and at most one
        exercise more. Each document stays whole and is closed by end_of_text. The same seed gives the same ids.

        Raises: InvalidSetting.
        """
        check_share(share)
        if share == 0:
            return token_ids
        generator = torch.Generator().manual_seed(checked_seed(seed))
        documents = documents_of(token_ids, self.end_of_text)
        missing = share / (1 - share) * sum(map(len, documents))
        exercises = []
        for exercise in self.drawn(token_ids, generator):
            exercises.append(exercise)
            missing -= len(exercise)
            if missing <= 0:
                break
        parts = documents + exercises
        order = torch.randperm(len(parts), generator=generator).tolist()
        return torch.cat([parts[number] for number in order])


def documents_of(token_ids: Tensor, end_of_text: int) -> list[Tensor]:
    """A text [N] cut after each end_of_text; one that was left open at the end is closed. Empty documents are kept."""
    if len(token_ids) and token_ids[-1] != end_of_text:
        token_ids = torch.cat([token_ids, token_ids.new_tensor([end_of_text])])
    ends = (token_ids == end_of_text).nonzero().flatten() + 1
    return list(token_ids.tensor_split(ends)[:-1])  # nothing comes after the last


def check_share(share: object) -> None:
    """Raises: InvalidSetting unless it is a number from 0 to less than 1."""
    if not (is_number(share) and 0 <= share < 1):
        raise InvalidSetting(
            "The share of copy exercises is {share}; choose at least 0 and less than 1, for example 0.1.",
            share=shown(share),
        )


def _whole(least: int, most: int, generator: torch.Generator) -> int:
    return int(torch.randint(least, most + 1, (), generator=generator))
