"""Where in model.py a site is computed, read from the source that runs: only what to look for is written down here."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gpt2core.model import GELU, FeedForward, GPTModel, LayerNorm, MultiHeadAttention, TransformerBlock


@dataclass(frozen=True)
class CodeLines:
    """Consecutive lines of a file of this package. first: its number, from 1."""

    file: str
    first: int
    text: str

    @property
    def last(self) -> int:
        return self.first + self.text.count("\n")


# Methods, and parts of the statements in them that compute the site and hand it to the tap.
_Where = tuple[tuple[Callable[..., object], tuple[str, ...]], ...]


def _norm(site: str, owner: Callable[..., object], call: str) -> dict[str, _Where]:
    """The three sites of a norm that `owner` calls so."""
    begun = ("mean = x.mean(-1)",)
    within = {
        f"{site}_mean": (*begun, "mean, var = tap("),
        f"{site}_var": (*begun, "var = (x", "mean, var = tap("),
        site: ("normed = ", "return tap(site"),
    }
    return {name: ((owner, (call,)), (LayerNorm.forward, parts)) for name, parts in within.items()}


_PROJECTIONS: _Where = (
    (MultiHeadAttention.forward, ("project(x).view", 'q, k, v = tap("q"')),
    (TransformerBlock.forward, ('tap, "ln1", layer',)),
)
_PLACES: dict[str, _Where] = {
    "tok_emb": ((GPTModel.before_head, ("tok_emb = self.tok_emb(token_ids)", 'tap("tok_emb"')),),
    "pos_emb": ((GPTModel.before_head, ("pos_emb = self.pos_emb.weight", 'tap("pos_emb"')),),
    "embed": ((GPTModel.before_head, ('tap("embed"',)),),
    "resid_pre": (
        (GPTModel.before_head, ("x = self.drop_emb(x)", "x = block(x")),
        (TransformerBlock.forward, ('tap("resid_pre"',)),
    ),
    **_norm("ln1", TransformerBlock.forward, 'self.norm1(x, tap, "ln1"'),
    "q": _PROJECTIONS,
    "k": _PROJECTIONS,
    "v": _PROJECTIONS,
    "scores": ((MultiHeadAttention.forward, ('see("scores"',)),),
    "mask": ((MultiHeadAttention.forward, ('see("mask"',)),),
    "pattern": ((MultiHeadAttention.forward, ('see("mask"', 'see("pattern"')),),
    "z": ((MultiHeadAttention.forward, ("F.dropout(pattern, dropout) @ v", 'z = tap("z"')),),
    "attn_out": (
        (MultiHeadAttention.forward, ("self.out_proj(z",)),
        (TransformerBlock.forward, ('tap, "ln1", layer', 'tap("attn_out"')),
    ),
    "resid_mid": ((TransformerBlock.forward, ('tap("resid_mid"',)),),
    **_norm("ln2", TransformerBlock.forward, 'self.norm2(x, tap, "ln2"'),
    "mlp_pre": ((FeedForward.forward, ("widen, gelu, narrow = ", 'tap("mlp_pre"')),),
    "mlp_post": (
        (FeedForward.forward, ("widen, gelu, narrow = ", 'tap("mlp_post"')),
        (GELU.forward, ("F.gelu(x",)),
    ),
    "mlp_out": (
        (FeedForward.forward, ("widen, gelu, narrow = ", 'narrow(tap("mlp_post"')),
        (TransformerBlock.forward, ('tap, "ln2", layer', 'tap("mlp_out"')),
    ),
    "resid_post": ((TransformerBlock.forward, ('tap("resid_post"',)),),
    **_norm("ln_final", GPTModel.before_head, 'self.final_norm(x, tap, "ln_final")'),
    "logits": ((GPTModel.forward, ("logits = self.out_head", 'tap("logits"')),),
}


@functools.cache
def code_of(site: str) -> tuple[CodeLines, ...]:
    """The lines that compute `site`, in the order in which they are written there."""
    runs = [run for method, parts in _PLACES[site] for run in lines_of(method, parts)]
    return tuple(sorted(runs, key=lambda run: run.first))


def lines_of(method: Callable[..., object], parts: tuple[str, ...]) -> list[CodeLines]:
    """Whole statements, each part in exactly one of them; neighbours joined."""
    lines, start = inspect.getsourcelines(method)
    source = textwrap.dedent("".join(lines))
    simple = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    numbers: set[int] = set()
    for part in parts:
        (node,) = (node for node in simple if part in (ast.get_source_segment(source, node) or ""))
        numbers |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    path = inspect.getsourcefile(inspect.unwrap(method))
    assert path is not None
    file = f"{Path(path).parent.name}/{Path(path).name}"
    runs = itertools.groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    blocks = [[number for _, number in run] for _, run in runs]
    return [
        CodeLines(file, start + block[0] - 1, "".join(lines[block[0] - 1 : block[-1]]).rstrip("\n")) for block in blocks
    ]
