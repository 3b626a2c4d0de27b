"""What a model that is still learning makes of one sentence: how surprised it is by each token, and what one head looks at.

Knows nothing of the page. T tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Pretrained, trace


@dataclass(frozen=True)
class Watch:
    """What a person looks at while a run goes on: the page's sentence, and the head that the page's cursor stands on."""

    sentence: str
    layer: int
    head: int


@dataclass(frozen=True, eq=False)
class Watched:
    """labels [T]. losses [T - 1]: nats of tokens 1 to T - 1, each after those before it. guesses [T - 1]: what it would rather have read.
    pattern [T, T]: of head `head` of layer `layer`, the model's last one where the page's is beyond it. left_out: tokens at the end that
    do not fit the model's context."""

    labels: list[TokenLabel]
    losses: Tensor
    guesses: list[TokenLabel]
    pattern: Tensor
    layer: int
    head: int
    left_out: int


def watched(opened: Pretrained, watch: Watch) -> Watched | None:
    """None for a sentence of fewer than two tokens. Raises: NotInVocabulary, NotFinite."""
    model, tokenizer = opened.model, opened.tokenizer
    assert tokenizer is not None
    config = model.config
    whole = tokenizer.encode(watch.sentence)
    token_ids = whole[: config.context_length]
    if len(token_ids) < 2:
        return None
    layer, head = min(watch.layer, config.n_layers - 1), min(watch.head, config.n_heads - 1)
    seen = trace(model, token_ids, {"pattern", "logits"})
    log_p = seen["logits"][:-1].log_softmax(-1)  # [T - 1, V]
    asked = torch.tensor(token_ids[1:])
    return Watched(
        token_labels(token_ids, tokenizer),
        -log_p.gather(1, asked[:, None])[:, 0],
        token_labels(log_p.argmax(-1).tolist(), tokenizer),
        seen["pattern", layer][head],
        layer,
        head,
        len(whole) - len(token_ids),
    )
