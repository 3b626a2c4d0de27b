"""The sizes of a GPT-2, and the ones that have names."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from gpt2core.errors import InvalidConfig, plausible_heads


@dataclass(frozen=True)
class GPTConfig:
    """Everything that fixes a GPT-2's shape.

    vocab_size: rows of the embedding table. context_length: tokens read at once. emb_dim: width C of the residual
    stream. n_heads, n_layers: attention heads a layer, layers. drop_rate: dropout probability while training.
    qkv_bias: whether the query, key and value projections have a bias. tied_head: whether the output head is the
    token embedding itself. gelu: "tanh" as OpenAI trained it, or "erf", the exact form. norm_eps: added to the variance.
    Raises: InvalidConfig where no such model can be built.
    """

    vocab_size: int = 50257
    context_length: int = 1024
    emb_dim: int = 768
    n_heads: int = 12
    n_layers: int = 12
    drop_rate: float = 0.1
    qkv_bias: bool = False
    tied_head: bool = False
    gelu: Literal["tanh", "erf"] = "tanh"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidConfig(
                    "{name} is {value!r}; it must be a whole number of at least 1.", name=name, value=value
                )
        for name in ("qkv_bias", "tied_head"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidConfig(
                    "{name} is {value!r}; it must be True or False.", name=name, value=getattr(self, name)
                )
        if self.emb_dim % self.n_heads:
            raise InvalidConfig(
                "emb_dim {emb_dim} cannot be split into {n_heads} heads of equal width. "
                "Choose a number of heads that divides it, for example {example}.",
                emb_dim=self.emb_dim,
                n_heads=self.n_heads,
                example=plausible_heads(self.emb_dim),
            )
        if not (_is_number(self.drop_rate) and 0.0 <= self.drop_rate < 1.0):
            raise InvalidConfig("drop_rate is {value!r}; it must be at least 0 and below 1.", value=self.drop_rate)
        if self.gelu not in ("tanh", "erf"):
            raise InvalidConfig("gelu is {value!r}; choose 'tanh' (GPT-2's own) or 'erf'.", value=self.gelu)
        if not (_is_number(self.norm_eps) and 0.0 < self.norm_eps < 1.0):
            raise InvalidConfig(
                "norm_eps is {value!r}; it must be above 0 and below 1, as GPT-2's 1e-05 is.", value=self.norm_eps
            )

    @property
    def head_dim(self) -> int:
        """D, the width of one head."""
        return self.emb_dim // self.n_heads

    @property
    def n_parameters(self) -> int:
        """Numbers that a model of this shape learns; a tied head is counted once."""
        V, T, C = self.vocab_size, self.context_length, self.emb_dim
        attention = 4 * C * C + C + (3 * C if self.qkv_bias else 0)
        block = attention + 8 * C * C + 5 * C + 4 * C  # the feed-forward part, and two norms
        return V * C + T * C + self.n_layers * block + 2 * C + (0 if self.tied_head else V * C)

    def as_released(self) -> GPTConfig:
        """The same size in the form of OpenAI's published weights: q, k, v biases and a tied head."""
        return replace(self, qkv_bias=True, tied_head=True)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> GPTConfig:
        """The inverse of to_dict. Raises: InvalidConfig for a key that is no field."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InvalidConfig(
                "{name!r} is not a field of a GPT configuration; the fields are {fields}. Take it out.",
                name=unknown[0],
                fields=", ".join(sorted(known)),
            )
        return cls(**values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# As the course writes them: no q, k, v bias, an output head of its own.
GPT_CONFIG_124M = GPTConfig()
GPT_CONFIG_355M = replace(GPT_CONFIG_124M, emb_dim=1024, n_heads=16, n_layers=24)
GPT_CONFIG_774M = replace(GPT_CONFIG_124M, emb_dim=1280, n_heads=20, n_layers=36)
GPT_CONFIG_1558M = replace(GPT_CONFIG_124M, emb_dim=1600, n_heads=25, n_layers=48)
GPT_CONFIG_SMALL = replace(GPT_CONFIG_124M, context_length=256, emb_dim=384, n_heads=6, n_layers=6)

# What a name on the command line or in a menu stands for; the plain sizes are OpenAI's released form.
PRESETS: dict[str, GPTConfig] = {
    "124M": GPT_CONFIG_124M.as_released(),
    "355M": GPT_CONFIG_355M.as_released(),
    "774M": GPT_CONFIG_774M.as_released(),
    "1558M": GPT_CONFIG_1558M.as_released(),
    "course-124M": GPT_CONFIG_124M,
    "small": GPT_CONFIG_SMALL,
    # The shape that ships: an 8,192-token prefix of GPT-2's vocabulary, so that the parameters go into layers.
    "stories": GPTConfig(8192, 256, 192, 6, 6, drop_rate=0.0, qkv_bias=True, tied_head=True),
    # Small enough to learn while a class watches.
    "tiny": GPTConfig(1024, 64, 128, 4, 4, drop_rate=0.0, qkv_bias=True, tied_head=True),
}
