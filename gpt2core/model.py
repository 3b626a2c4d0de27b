"""GPT-2, whole. Module names are those of Raschka's course, activation names those of sites.py.

B batch, T tokens, P tokens already cached, H heads, D head width, C model width, V vocabulary.

`forward(token_ids)` runs fused and fast. `forward(token_ids, tap)` runs the same mathematics step by step and calls
`x = tap(site, layer, x)` at every site: what the tap returns replaces the value, so recording, ablation and patching
are one mechanism. Of a long text, a tap that does without what lies inside the attention leaves that part fused (Tap).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt2core.config import GPTConfig
from gpt2core.errors import EmptyPrompt, PromptTooLong
from gpt2core.linear import Linear


class Tap(Protocol):
    """Sees every site of a forward pass; what it returns is used in place of `value`.

    One whose attribute `opens_attention` is False does without scores, mask and pattern: in a text of more than OPENED_UP_TO tokens
    it is not called with them.
    """

    def __call__(self, site: str, layer: int | None, value: Tensor, /) -> Tensor: ...


# Below, opening attention costs little, and a number is the same to the last bit whoever asks for it.
OPENED_UP_TO = 256


def _opens_attention(tap: Tap | None, n_keys: int) -> bool:
    return tap is not None and (n_keys <= OPENED_UP_TO or getattr(tap, "opens_attention", True))


class Cache(Protocol):
    """Keys and values of the tokens read so far; reading.KVCache is ours."""

    length: int

    def extend(self, layer: int, k: Tensor, v: Tensor, /) -> tuple[Tensor, Tensor]: ...


class LayerNorm(nn.Module):
    """Centre and scale each token's vector to mean 0, variance 1, then stretch by `scale` and move by `shift`."""

    def __init__(self, emb_dim: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x: Tensor, tap: Tap | None = None, site: str = "", layer: int | None = None) -> Tensor:
        if tap is None:
            return F.layer_norm(x, x.shape[-1:], self.scale, self.shift, self.eps)
        mean = x.mean(-1)  # [B, T]
        var = (x - mean.unsqueeze(-1)).square().mean(-1)  # [B, T]; divided by C, not C - 1
        mean, var = tap(f"{site}_mean", layer, mean), tap(f"{site}_var", layer, var)
        normed = (x - mean.unsqueeze(-1)) * torch.rsqrt(var + self.eps).unsqueeze(-1)
        return tap(site, layer, normed * self.scale + self.shift)


class GELU(nn.Module):
    """x * P(N(0, 1) < x). GPT-2 was trained with the tanh approximation, which differs by up to 4.7e-4."""

    def __init__(self, form: Literal["tanh", "erf"] = "tanh") -> None:
        super().__init__()
        self.approximate = "tanh" if form == "tanh" else "none"

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate=self.approximate)


def _let_pass(site: str, layer: int | None, value: Tensor, /) -> Tensor:
    return value


def _fused_derivative_is_slow(q: Tensor) -> bool:
    """On CPUs the fused attention's bfloat16 derivative takes 2 to 4 times as long as the explicit one (torch 2.13)."""
    return q.requires_grad and q.dtype == torch.bfloat16 and q.device.type == "cpu" and q.size(-2) <= 512


def future_mask(context_length: int) -> Tensor:
    """[T, T], True where the key lies in the query's future."""
    return torch.ones(context_length, context_length, dtype=torch.bool).triu(1)


class MultiHeadAttention(nn.Module):
    """Every token asks (query), answers (key) and offers (value), H times side by side, never looking ahead."""

    mask: Tensor

    def __init__(self, config: GPTConfig, mask: Tensor | None = None) -> None:
        super().__init__()
        C = config.emb_dim
        self.n_heads, self.drop_rate = config.n_heads, config.drop_rate
        self.W_query = Linear(C, C, bias=config.qkv_bias)
        self.W_key = Linear(C, C, bias=config.qkv_bias)
        self.W_value = Linear(C, C, bias=config.qkv_bias)
        self.out_proj = Linear(C, C)
        # computed, not learned: no copy in a checkpoint, and the layers of one model share one
        self.register_buffer("mask", future_mask(config.context_length) if mask is None else mask, persistent=False)

    def forward(self, x: Tensor, layer: int = 0, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        B, T, C = x.shape
        q, k, v = (
            project(x).view(B, T, self.n_heads, -1).transpose(1, 2)
            for project in (self.W_query, self.W_key, self.W_value)
        )
        if tap is not None:
            q, k, v = tap("q", layer, q), tap("k", layer, k), tap("v", layer, v)
        if cache is not None:
            k, v = cache.extend(layer, k, v)  # [B, H, P + T, D]
        past = k.size(2) - T
        dropout = self.drop_rate if self.training else 0.0
        opener = tap if _opens_attention(tap, k.size(2)) else None
        if opener is None and not _fused_derivative_is_slow(q):
            visible = None if past == 0 or T == 1 else ~self.mask[past : past + T, : past + T]
            z = F.scaled_dot_product_attention(q, k, v, visible, dropout, is_causal=past == 0 and T > 1)
        else:
            see = opener or _let_pass
            scores = see("scores", layer, (q / math.sqrt(q.size(-1))) @ k.mT)  # [B, H, T, P + T]
            hidden = see("mask", layer, self.mask[past : past + T, : past + T])  # [T, P + T]
            pattern = see("pattern", layer, scores.masked_fill(hidden, -math.inf).softmax(-1))
            z = F.dropout(pattern, dropout) @ v  # [B, H, T, D]
        if tap is not None:
            z = tap("z", layer, z)
        return self.out_proj(z.transpose(1, 2).reshape(B, T, C))


class FeedForward(nn.Module):
    """Two linear maps around a GELU, four times as wide inside; each token by itself."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        C = config.emb_dim
        self.layers = nn.Sequential(Linear(C, 4 * C), GELU(config.gelu), Linear(4 * C, C))

    def forward(self, x: Tensor, layer: int = 0, tap: Tap | None = None) -> Tensor:
        if tap is None:
            return self.layers(x)
        widen, gelu, narrow = self.layers
        hidden = tap("mlp_pre", layer, widen(x))  # [B, T, 4C]
        return narrow(tap("mlp_post", layer, gelu(hidden)))


class TransformerBlock(nn.Module):
    """Read the residual stream through a norm, write back by adding: attention first, then the MLP (pre-norm)."""

    def __init__(self, config: GPTConfig, mask: Tensor | None = None) -> None:
        super().__init__()
        self.att = MultiHeadAttention(config, mask)
        self.ff = FeedForward(config)
        self.norm1 = LayerNorm(config.emb_dim, config.norm_eps)
        self.norm2 = LayerNorm(config.emb_dim, config.norm_eps)
        self.drop_shortcut = nn.Dropout(config.drop_rate)

    def forward(self, x: Tensor, layer: int = 0, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        if tap is None:
            x = x + self.drop_shortcut(self.att(self.norm1(x), layer, None, cache))
            return x + self.drop_shortcut(self.ff(self.norm2(x)))
        x = tap("resid_pre", layer, x)
        attn_out = self.att(self.norm1(x, tap, "ln1", layer), layer, tap, cache)
        x = tap("resid_mid", layer, x + self.drop_shortcut(tap("attn_out", layer, attn_out)))
        mlp_out = self.ff(self.norm2(x, tap, "ln2", layer), layer, tap)
        return tap("resid_post", layer, x + self.drop_shortcut(tap("mlp_out", layer, mlp_out)))


class GPTModel(nn.Module):
    """Token ids [B, T] in, logits [B, T, V] out.

    Raises: EmptyPrompt for T = 0, PromptTooLong for more tokens than context_length.
    Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_emb = nn.Embedding(config.vocab_size, config.emb_dim)
        self.pos_emb = nn.Embedding(config.context_length, config.emb_dim)
        self.drop_emb = nn.Dropout(config.drop_rate)
        mask = future_mask(config.context_length)
        self.trf_blocks = nn.ModuleList(TransformerBlock(config, mask) for _ in range(config.n_layers))
        self.final_norm = LayerNorm(config.emb_dim, config.norm_eps)
        self.out_head = Linear(config.emb_dim, config.vocab_size, bias=False)
        self.apply(self._initialise)
        for name, weight in self.named_parameters():
            if name.endswith(("att.out_proj.weight", "ff.layers.2.weight")):
                # 2L branches add to one stream; scaled down so that its variance stays put
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * config.n_layers))
        if config.tied_head:
            self.out_head.weight = self.tok_emb.weight

    @staticmethod
    def _initialise(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, token_ids: Tensor, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        logits = self.out_head(self.before_head(token_ids, tap, cache))  # [B, T, V]
        return logits if tap is None else tap("logits", None, logits)

    def before_head(self, token_ids: Tensor, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        """What the output head reads, for those who need the logits of some tokens only. [B, T] -> [B, T, C]"""
        T = token_ids.size(1)
        past = 0 if cache is None else cache.length
        if T == 0:
            raise EmptyPrompt
        if past + T > self.config.context_length:
            raise PromptTooLong(past + T, self.config.context_length)
        tok_emb = self.tok_emb(token_ids)  # [B, T, C]
        pos_emb = self.pos_emb.weight[past : past + T]  # [T, C]
        if tap is None:
            x = tok_emb + pos_emb
        else:
            tok_emb, pos_emb = tap("tok_emb", None, tok_emb), tap("pos_emb", None, pos_emb.expand_as(tok_emb))
            x = tap("embed", None, tok_emb + pos_emb)
        x = self.drop_emb(x)
        for layer, block in enumerate(self.trf_blocks):
            x = block(x, layer, tap, cache)
        return self.final_norm(x, tap, "ln_final")

    def parameter_count(self) -> int:
        """Numbers learned; a tied head is counted once."""
        return sum(parameter.numel() for parameter in self.parameters())


def sinusoids(context_length: int, emb_dim: int) -> Tensor:
    """Position rows in which every step onwards is one and the same rotation: [T, C], -1 to 1.

    GPT-2 learns its position rows from noise; these are for beginning nearer to what it ends with.
    Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.5.
    """
    channels = torch.arange(emb_dim)
    frequencies = 10_000.0 ** (-2 * (channels // 2) / emb_dim)  # [C], each twice
    angles = torch.arange(context_length).unsqueeze(1) * frequencies  # [T, C]
    return torch.where(channels % 2 == 0, angles.sin(), angles.cos())


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """No dropout and no gradients inside; a model already in evaluation mode, as shared ones are, is not touched."""
    was_training = model.training
    if was_training:
        model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        if was_training:
            model.train()
