"""What the cache of keys and values saves: greedy decoding timed with it and without it. T tokens, V vocabulary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.edits import Edit, EditedPass
from gpt2core.errors import InvalidEdit, InvalidSetting, PromptTooLong
from gpt2core.model import GPTModel
from gpt2core.reading import KVCache, check_token_ids, read_logits


@dataclass(frozen=True, eq=False)
class DecodingTime:
    """One answer of the model, obtained twice.

    n_tokens: how many tokens it answers; n_read: how many of them were new, all of the prompt at first and then one each.
    cached_seconds: reading the new ones beside the cache; recomputed_seconds: reading all n_tokens without it.
    cached_logits, recomputed_logits: what came out, [V], equal up to rounding.
    """

    n_tokens: int
    n_read: int
    cached_seconds: float
    recomputed_seconds: float
    cached_logits: Tensor
    recomputed_logits: Tensor


def decoding_times(
    model: GPTModel, token_ids: Sequence[int], n_steps: int, *, repeats: int = 3, edits: Sequence[Edit] = ()
) -> Iterator[DecodingTime]:
    """Yield the time of reading the prompt, then of each of n_steps further tokens, always the likeliest one.

    Each time is the fastest of `repeats`: whatever else the machine does can only make one slower.
    Both ways run the model changed by `edits`. Raises: EmptyPrompt, TokenOutOfRange, InvalidSetting, UnknownSite; and where
    nothing can be cached PromptTooLong (the window would have to slide) or InvalidEdit (an edit is not causal).
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if n_steps < 0 or repeats < 1:
        raise InvalidSetting(
            "{n_steps} steps timed {repeats} times; choose 0 steps or more and 1 time or more.",
            n_steps=n_steps,
            repeats=repeats,
        )
    if len(token_ids) + n_steps > model.config.context_length:
        raise PromptTooLong(len(token_ids) + n_steps, model.config.context_length)
    EditedPass(edits, model.config)  # refuses a layer or site that is not there
    for edit in edits:
        if not edit.causal:
            raise InvalidEdit(
                "Under the edit {edit!r} what was read changes with every new token, so that no key or value can be kept "
                "and there is nothing to time. Take that edit away.",
                edit=edit.name,
            )
    return _times(model, list(token_ids), n_steps, repeats, edits)


def _times(
    model: GPTModel, text: list[int], n_steps: int, repeats: int, edits: Sequence[Edit]
) -> Iterator[DecodingTime]:
    weight = model.tok_emb.weight
    cache = KVCache(model.config, weight.dtype, weight.device)
    for _ in range(n_steps + 1):
        n_cached = cache.length
        everything = torch.tensor([text], device=weight.device)  # [1, T]

        def beside_the_cache(n_cached: int = n_cached, everything: Tensor = everything) -> Tensor:
            cache.length = n_cached  # as if it had not been read yet
            return read_logits(model, everything[:, n_cached:], edits=edits, cache=cache)[0, 0]  # [V]

        def all_again(everything: Tensor = everything) -> Tensor:
            return read_logits(model, everything, edits=edits)[0, 0]

        cached_seconds, cached_logits = _fastest(beside_the_cache, repeats)
        recomputed_seconds, recomputed_logits = _fastest(all_again, repeats)
        yield DecodingTime(
            len(text), len(text) - n_cached, cached_seconds, recomputed_seconds, cached_logits, recomputed_logits
        )
        text.append(int(cached_logits.argmax()))


def _fastest(read: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        logits = read()
        if logits.is_cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds), logits
