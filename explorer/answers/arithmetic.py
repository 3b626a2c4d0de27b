"""a - b + c over the rows of the token table: what is nearest to it, with and without what went in, and how often a known answer comes first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.wording.numbers import fixed
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Tokenizer
from gpt2core.embeddings import Measure, analogy_vector, nearest_rows
from gpt2core.errors import InvalidSetting

say = catalogue("arithmetic")

N_ANSWERS = 10
LONGEST = 40  # characters of a word
WELL = 10  # an answer among so many is near


@dataclass(frozen=True)
class Analogy:
    """a - b + c, and the answer that people expect. words: as they are written; ids: of their tokens."""

    words: tuple[str, str, str, str]
    ids: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Sum:
    """inputs: a, b, c. tokens and values: the nearest of all others. unhindered: the nearest of all, inputs included."""

    inputs: tuple[TokenLabel, TokenLabel, TokenLabel]
    tokens: list[TokenLabel]
    values: list[float]
    unhindered: TokenLabel


@dataclass(frozen=True)
class Score:
    """Of `asked` analogies: how many have their answer first, among the first WELL, and first where inputs are allowed. ranks: from 1."""

    asked: int
    first: int
    well: int
    unhindered: int
    ranks: list[int]


def one_token(word: Any, tokenizer: Tokenizer, vocab_size: int) -> int:
    """The token that a person means by a word: with a space before it where that is one token, else as it stands; ·dog, #262 as elsewhere.

    Raises: InvalidSetting for what is no single token.
    """
    if not isinstance(word, str) or not word.strip() or len(word) > LONGEST:
        raise InvalidSetting(say("no_word", limit=LONGEST))
    if match := re.fullmatch("#([0-9]{1,7})", word.strip()):
        if int(match[1]) >= vocab_size:
            raise InvalidSetting(say("no_such_id", id=int(match[1]), last=vocab_size - 1))
        return int(match[1])
    bare = word.strip()
    written = bare.replace("·", " ")
    tries = [written] if "·" in bare else [f" {bare}", bare]
    encoded = [tokenizer.encode(one) for one in tries]
    found = [ids[0] for ids in encoded if len(ids) == 1]
    if not found:
        parts = " ".join(label.text for label in token_labels(encoded[0], tokenizer))
        raise InvalidSetting(say("not_one_token", word=bare, n=len(encoded[0]), parts=parts[:120]))
    return found[0]


def sum_of(services: Services, model: str, words: Sequence[Any], measure: Measure, centred: bool) -> Sum:
    """words: a, b, c. Raises: InvalidSetting, as one_token."""
    table, tokenizer = _table(services, model), services.models.tokenizer(model)
    a, b, c = (one_token(word, tokenizer, len(table)) for word in words)
    vector = analogy_vector(table, a, b, c)
    ids, values = nearest_rows(table, vector, N_ANSWERS, measure, centred=centred, left_out={a, b, c})
    (every,), _ = nearest_rows(table, vector, 1, measure, centred=centred)
    first, second, third, anyone = token_labels([a, b, c, int(every)], tokenizer)
    return Sum((first, second, third), token_labels(ids.tolist(), tokenizer), values.tolist(), anyone)


def analogies_of(services: Services, model: str) -> list[Analogy]:
    """Those of the catalogue's whose four words are a token each in the model's vocabulary."""
    tokenizer, size = services.models.tokenizer(model), len(_table(services, model))
    found = []
    for line in say("analogies").split(", "):
        words = line.split(" ")
        try:
            ids = [one_token(word, tokenizer, size) for word in words]
        except InvalidSetting:
            continue
        found.append(Analogy((words[0], words[1], words[2], words[3]), (ids[0], ids[1], ids[2], ids[3])))
    return found


def score_of(services: Services, model: str, measure: Measure, centred: bool) -> Score:
    """Kept: the same for every sentence."""

    def compute() -> Score:
        table, ranks, unhindered = _table(services, model), [], 0
        for analogy in analogies_of(services, model):
            a, b, c, answer = analogy.ids
            vector = analogy_vector(table, a, b, c)
            order, _ = nearest_rows(table, vector, len(table), measure, centred=centred)
            unhindered += int(order[0]) == answer
            ids = [one for one in order.tolist() if one not in (a, b, c)]
            ranks.append(ids.index(answer) + 1)
        return Score(len(ranks), ranks.count(1), sum(rank <= WELL for rank in ranks), unhindered, ranks)

    found: Score = services.layouts.of((model, "analogies", measure, centred), compute)
    return found


def sum_in_words(found: Sum) -> str:
    """What came out, and what would have without leaving the inputs out."""
    best, value = found.tokens[0], found.values[0]
    if found.unhindered.token_id == best.token_id:
        return say("answer_anyway", answer=best.text, value=fixed(value, 3))
    return say("answer_hindered", answer=best.text, value=fixed(value, 3), input=found.unhindered.text)


def score_in_words(score: Score) -> str:
    if not score.asked:
        return say("score_none")
    return say("score", n=score.asked, first=score.first, well=score.well, limit=WELL, unhindered=score.unhindered)


def _table(services: Services, model: str) -> Tensor:
    return services.models.get(model).model.tok_emb.weight.detach()
