"""How large a model is: the numbers it learns part by part, the bytes they take, and the work and memory of a token.

All of it follows from the configuration; no model is built. T tokens, C model width, V vocabulary, L layers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gpt2core.config import GPTConfig


@dataclass(frozen=True)
class Part:
    """A part of a model by the name that it has in its parent's modules: a tensor of `shape`, or what is made of `parts`.

    A tied output head has neither: its numbers are those of tok_emb, and are counted there.
    """

    name: str
    shape: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def n_parameters(self) -> int:
        return (math.prod(self.shape) if self.shape else 0) + sum(part.n_parameters for part in self.parts)

    def tensors(self, prefix: str = "") -> Iterator[tuple[str, Part]]:
        """Every tensor by its name in the state dict, as seen from here."""
        for part in self.parts:
            name = f"{prefix}{part.name}"
            if part.shape:
                yield name, part
            yield from part.tensors(f"{name}.")


def model_parts(config: GPTConfig) -> Part:
    """The whole model as a tree, in the names of its modules; n_parameters of it is config.n_parameters."""
    V, P, C = config.vocab_size, config.context_length, config.emb_dim
    blocks = tuple(_block(str(layer), config) for layer in range(config.n_layers))
    return Part(
        "model",
        parts=(
            _linear("tok_emb", C, V, bias=False),
            _linear("pos_emb", C, P, bias=False),
            Part("trf_blocks", parts=blocks),
            _norm("final_norm", C),
            Part("out_head") if config.tied_head else _linear("out_head", C, V, bias=False),
        ),
    )


def parameters_by_kind(config: GPTConfig) -> dict[str, int]:
    """The numbers learned, those of all layers together: {"tok_emb": .., "att.W_query": .., ..}, 0 for a head that is tied."""
    counts: Counter[str] = Counter()
    for part in model_parts(config).parts:
        if part.name != "trf_blocks":
            counts[part.name] += part.n_parameters
            continue
        for block in part.parts:
            for inner in block.parts:
                for kind, n in [(inner.name, inner.n_parameters)] if inner.name.startswith("norm") else _each(inner):
                    counts[kind] += n
    return dict(counts)


def memory_bytes(config: GPTConfig, element_size: int = 4) -> int:
    """What the parameters take. element_size: bytes a number, 4 for float32, 2 for float16."""
    return config.n_parameters * element_size


def cache_bytes_per_token(config: GPTConfig, element_size: int = 4) -> int:
    """What one token adds to the cache: a key and a value of width C in every layer."""
    return 2 * config.n_layers * config.emb_dim * element_size


def cache_bytes(config: GPTConfig, element_size: int = 4) -> int:
    """The cache at full context."""
    return config.context_length * cache_bytes_per_token(config, element_size)


def flops_per_token(config: GPTConfig, context: int) -> int:
    """Multiplications and additions of matrix products for one more token, a multiply-add counted as 2. context: how many tokens
    it looks at, itself included.

    Each weight of a matrix is used once; each head makes a score of D products with every key, and adds up as many values. Norms,
    softmax, GELU and the adding of biases are left out, as is usual.
    Source: Kaplan et al., "Scaling Laws for Neural Language Models", 2020, table 1.
    """
    C, L = config.emb_dim, config.n_layers
    in_layers = L * (4 * C * C + 8 * C * C)
    in_attention = L * 2 * C * context
    return 2 * (in_layers + in_attention + config.vocab_size * C)


def flops_of_pass(config: GPTConfig, n_tokens: int) -> int:
    """Of a pass over n_tokens, which multiplies every query with every key and hides the future only then."""
    return n_tokens * flops_per_token(config, n_tokens)


def _block(name: str, config: GPTConfig) -> Part:
    C = config.emb_dim
    projections = tuple(_linear(f"W_{one}", C, C, bias=config.qkv_bias) for one in ("query", "key", "value"))
    attention = Part("att", parts=(*projections, _linear("out_proj", C, C)))
    mlp = Part("ff", parts=(_linear("layers.0", C, 4 * C), _linear("layers.2", 4 * C, C)))
    return Part(name, parts=(attention, mlp, _norm("norm1", C), _norm("norm2", C)))


def _linear(name: str, n_in: int, n_out: int, *, bias: bool = True) -> Part:
    weight = Part("weight", (n_out, n_in))
    return Part(name, parts=(weight, Part("bias", (n_out,))) if bias else (weight,))


def _norm(name: str, width: int) -> Part:
    return Part(name, parts=(Part("scale", (width,)), Part("shift", (width,))))


def _each(part: Part) -> list[tuple[str, int]]:
    return [(f"{part.name}.{inner.name}", inner.n_parameters) for inner in part.parts]
