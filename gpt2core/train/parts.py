"""Parts of a model that can learn while the others stay as they are, for fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence

from gpt2core.config import GPTConfig
from gpt2core.errors import InvalidSetting
from gpt2core.model import GPTModel

EMBEDDINGS, HEAD = "embeddings", "head"
_BEGINNINGS = {EMBEDDINGS: ("tok_emb.", "pos_emb."), HEAD: ("final_norm.", "out_head.")}


def learn_only(model: GPTModel, parts: Sequence[str]) -> None:
    """Let gradients reach these parts and no others, in place; none named: all of them.

    A part is the number of a layer, from 0; "embeddings", the tables of tokens and positions; or "head", the final norm and the output
    head. A tied head is the table of tokens: either name lets it learn. Raises: InvalidSetting for a part that the model does not have.
    """
    check_parts(parts, model.config)
    beginnings = tuple(beginning for part in parts for beginning in _BEGINNINGS.get(part, (f"trf_blocks.{part}.",)))
    if HEAD in parts and model.config.tied_head:
        beginnings += ("tok_emb.",)
    for name, weight in model.named_parameters():
        weight.requires_grad_(not parts or name.startswith(beginnings))


def check_parts(parts: Sequence[str], config: GPTConfig) -> None:
    """Raises: InvalidSetting."""
    known = [*map(str, range(config.n_layers)), *_BEGINNINGS]
    unknown = next((part for part in parts if part not in known), None)
    if unknown is not None:
        raise InvalidSetting(
            "This model has no part {part}; choose layers 0 to {last}, {embeddings} or {head}.",
            part=repr(unknown),
            last=config.n_layers - 1,
            embeddings=EMBEDDINGS,
            head=HEAD,
        )
