"""The documented endpoints: the same numbers as on the page, for notebooks and scripts (gradio_client)."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr
import torch

from explorer.catalogue import catalogue
from explorer.store.services import MAX_CHARACTERS, Services, TextTooLong
from explorer.wording.numbers import is_whole
from explorer.wording.refusals import refusal_in_words
from explorer.wording.text import hex_bytes
from gpt2core import Gpt2CoreError, generate, gpt2_tokenizer
from gpt2core.errors import InvalidSetting
from gpt2core.ranges import shown
from gpt2core.sampling import SamplingSettings, falling_order, next_token_probabilities
from gpt2core.sites import check_site
from gpt2core.tokenizer import END_OF_TEXT

log = logging.getLogger(__name__)
MAX_LISTED = 50
MAX_NEW_TOKENS = 1_000


def add_endpoints(services: Services) -> None:
    """Attach /tokenize, /next_token, /attention and /generate to the Blocks being built."""
    default = services.models.default
    models = services.models

    def tokenize(text: str) -> dict:
        """GPT-2's tokens of a text: {"tokens": [{"id", "bytes", "text"}]}; bytes in hex, text empty-safe UTF-8."""
        tokenizer = gpt2_tokenizer()
        if len(_as_text(text)) > MAX_CHARACTERS:
            raise TextTooLong(len(text))
        pieces = [(token_id, tokenizer.decode_bytes([token_id])) for token_id in tokenizer.encode(text)]
        return {
            "tokens": [
                {"id": token_id, "bytes": hex_bytes(data), "text": data.decode("utf-8", errors="replace")}
                for token_id, data in pieces
            ]
        }

    def next_token(
        text: str,
        model: str = default,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        edits: str = "",
    ) -> dict:
        """What may come next: the kept tokens, at most 50, by falling probability, and the tail that is kept but not listed.

        edits: changes to the model, as links write them: "head:2.5,mlp:3".
        """
        settings = SamplingSettings(temperature, top_k, top_p, min_p)
        logits = services.traces.get(services.read(_as_text(text), model, edits), {"logits"})["logits"][-1]
        probabilities = next_token_probabilities(logits, settings)
        order = falling_order(probabilities)
        n_kept = int((probabilities > 0).sum())
        listed = order[: min(MAX_LISTED, n_kept)].tolist()
        tokenizer = models.tokenizer(model)
        return {
            "tokens": [
                {
                    "id": token_id,
                    "text": tokenizer.decode([token_id]) if token_id < tokenizer.vocab_size else "",
                    "logit": float(logits[token_id]),
                    "probability": float(probabilities[token_id]),
                }
                for token_id in listed
            ],
            "tail_probability": float(probabilities[order[len(listed) : n_kept]].sum()),
            "tail_count": n_kept - len(listed),
        }

    def attention(text: str, model: str = default, layer: int = 0, head: int = 0, edits: str = "") -> dict:
        """One head's pattern: {"labels", "pattern"}; rows look from, columns look at, each row sums to 1."""
        run = services.read(_as_text(text), model, edits)
        config = models.get(model).model.config
        layer, head = _whole(layer, "layer"), _whole(head, "head")
        check_site("pattern", layer, config.n_layers)
        if not 0 <= head < config.n_heads:
            raise InvalidSetting(
                "There is no head {head}; this model's heads are 0 to {last}.",
                head=shown(head),
                last=config.n_heads - 1,
            )
        pattern = services.traces.get(run, {"pattern"})["pattern", layer][head]
        return {"labels": [label.text for label in services.labels(run)], "pattern": pattern.tolist()}

    def generate_text(
        text: str,
        model: str = default,
        max_new_tokens: int = 40,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        seed: int = 0,
        repetition_penalty: float = 1.0,
        stop_at_end_of_text: bool = False,
        edits: str = "",
    ) -> dict:
        """Text continued with a seed: {"text", "token_ids"}, the new part only; temperature 0 is greedy.

        With stop_at_end_of_text the model may end it earlier; that last token is in token_ids and not in text.
        """
        run = services.read(_as_text(text), model, edits)
        n = _whole(max_new_tokens, "max_new_tokens")
        if not 0 <= n <= MAX_NEW_TOKENS:
            raise InvalidSetting("max_new_tokens is {n}; choose 0 to {most:,}.", n=shown(n), most=MAX_NEW_TOKENS)
        if not isinstance(stop_at_end_of_text, bool):
            raise InvalidSetting(
                "stop_at_end_of_text is {value}; give true or false.", value=shown(stop_at_end_of_text)
            )
        tokenizer = models.tokenizer(model)
        stop_ids = [tokenizer.end_of_text] if stop_at_end_of_text and END_OF_TEXT in tokenizer.special else []
        steps = generate(
            models.get(model).model,
            run.token_ids,
            n,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            seed=_whole(seed, "seed"),
            stop_ids=stop_ids,
            edits=run.pass_edits,
        )
        token_ids = [step.token_id for step in steps]
        ended = token_ids[-1:] == stop_ids != []
        return {"text": tokenizer.decode(token_ids[:-1] if ended else token_ids), "token_ids": token_ids}

    for endpoint, name in ((tokenize, "tokenize"), (next_token, "next_token"), (attention, "attention")):
        gr.api(_refusing(endpoint), api_name=name, queue=False)
    gr.api(_refusing(generate_text), api_name="generate", concurrency_limit=2)


def _refusing(endpoint: Callable[..., dict]) -> Callable[..., dict]:
    """The endpoint with refusals as the sentence a caller reads; anything else is logged whole."""

    @functools.wraps(endpoint)
    def guarded(*arguments: Any, **named: Any) -> dict:
        try:
            with torch.no_grad():
                return endpoint(*arguments, **named)
        except Gpt2CoreError as error:
            raise gr.Error(refusal_in_words(error), print_exception=False) from error
        except Exception as error:
            log.exception("endpoint %s failed", endpoint.__name__)
            raise gr.Error(catalogue("page")("broken"), print_exception=False) from error

    return guarded


def _as_text(text: object) -> str:
    if not isinstance(text, str):
        raise InvalidSetting("The text is {value}; give a string.", value=shown(text))
    return text


def _whole(value: object, name: str) -> int:
    """A whole number of any size, also written 3.0."""
    if isinstance(value, float) and is_whole(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidSetting("{name} is {value}; give a whole number.", name=name, value=shown(value))
    return value
