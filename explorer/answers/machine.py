"""The whole model on one screen: what each part of it did with the sentence, and what comes next.

T tokens, L layers, H heads, C model width, V vocabulary, B bins of an MLP's 4C neurons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.answers.settings import START_SEED, checked_settings
from explorer.store.services import Services
from explorer.store.traces import RunKey
from gpt2core import Tokenizer, Trace
from gpt2core.analysis import token_losses
from gpt2core.config import GPTConfig
from gpt2core.model import GPTModel
from gpt2core.sampling import SamplingSettings, Stage, draw, gumbel_noise, pipeline

N_BARS = 10  # likeliest next tokens
N_BEFORE = 4  # of those before an edit, which are told of whatever has become of them
N_BINS = 64  # of an MLP's neurons, in a picture of a few dozen pixels
MOST_WEIGHTS = 40_000_000  # attention weights that are looked at for one picture: 160 MB
MOST_NEURONS = 16_000_000
ALL_AT_ONCE = (
    3e9  # multiplications with W_U; beyond it guesses are computed at the picked token alone, others when asked for
)
TOKENS_AT_A_TIME = 16

WRITTEN = ("attn_out", "mlp_out")
STREAM = ("resid_mid", "resid_post")


@dataclass(frozen=True)
class Neurons:
    """Of each bin of an MLP's neurons the one that is farthest from 0: its value and number, [L, T, B]."""

    values: Tensor
    numbers: Tensor


@dataclass(frozen=True)
class Machine:
    """One run, as large as a picture of it needs.

    patterns: [L, H, T, T], None where there are too many weights to look at. lengths: by site, [T] or [L, T], of the vectors at tok_emb,
    pos_emb, embed and what WRITTEN and STREAM name. neurons: None where there are too many. losses: [T - 1] in nats, None where nothing is
    foretold (one token, or a pass that is not causal).
    """

    run: RunKey
    config: GPTConfig
    causal: bool
    patterns: Tensor | None
    lengths: Mapping[str, Tensor]
    neurons: Neurons | None
    losses: Tensor | None

    @property
    def mean_loss(self) -> float | None:
        """Of the sentence, in nats a token."""
        return None if self.losses is None else float(self.losses.double().mean())


@dataclass(frozen=True)
class Luck:
    """How a token is drawn."""

    settings: SamplingSettings
    seed: int


@dataclass(frozen=True)
class Guesses:
    """What the model says of the token after position `token`: had it stopped after each of the L + 1 places, and at its end.

    first [L + 1]: the likeliest token's id after the embedding and after every layer; shares [L + 1]: its share there.
    bars: ids of the likeliest next tokens under the sampling settings, at most N_BARS, bar_shares their shares; n_kept: tokens that the
    filters leave. along [L + 1, bars]: the shares of the same tokens at each place, without any settings. drawn: the id that the seed's
    luck draws; longer: the text up to here with it, None where no text can be made of that.
    """

    token: int
    first: list[int]
    shares: list[float]
    bars: list[int]
    bar_shares: list[float]
    n_kept: int
    along: list[list[float]]
    drawn: int
    longer: str | None


@dataclass(frozen=True)
class Strip:
    """One step inside a layer, at one token and head: `values` [n] are site[*index, 0..n-1].

    shape: of the whole site. parameters: learned numbers of this step in this layer.
    """

    site: str
    layer: int
    index: list[int]
    shape: str
    parameters: int
    is_share: bool
    values: Tensor


def machine_of(services: Services, run: RunKey) -> Machine:
    """What the picture shows of a run, its edits included. Raises: what gpt2core.trace raises."""
    config, seen = services.models.get(run.model).model.config, _seen(services, run)
    alone = {name: _lengths(seen[name]) for name in ("tok_emb", "pos_emb", "embed")}
    layers = range(config.n_layers)
    stacked = {name: torch.stack([_lengths(seen[name, layer]) for layer in layers]) for name in (*WRITTEN, *STREAM)}
    return Machine(
        run,
        config,
        seen.causal,
        seen.stacked("pattern") if _draws_patterns(config, len(run.token_ids)) else None,
        alone | stacked,
        _neurons(seen) if _draws_neurons(config, len(run.token_ids)) else None,
        token_losses(seen) if seen.causal and len(run.token_ids) > 1 else None,
    )


def sites_of(config: GPTConfig, n_tokens: int) -> set[str]:
    """What a trace must hold for the picture and the guesses beside it."""
    sites = {"tok_emb", "pos_emb", "embed", *WRITTEN, *STREAM, "logits"}
    if _draws_patterns(config, n_tokens):
        sites.add("pattern")
    if _draws_neurons(config, n_tokens):
        sites.add("mlp_post")
    return sites


def tells_all(config: GPTConfig, n_tokens: int) -> bool:
    """Whether the guesses at every token are computed at once."""
    return n_tokens * (config.n_layers + 1) * config.vocab_size * config.emb_dim <= ALL_AT_ONCE


def guesses_of(services: Services, run: RunKey, luck: Luck, tokens: Sequence[int]) -> list[Guesses]:
    """One for each position in `tokens`, told of its likeliest next tokens. Raises: NotFinite where a logit is no number."""
    stages = _stages(services, run, luck, tokens)
    return _told(services, run, luck, stages, {token: _likeliest(stage) for token, stage in stages.items()})


def compared(services: Services, run: RunKey, luck: Luck, tokens: Sequence[int]) -> tuple[list[Guesses], list[Guesses]]:
    """guesses_of an edited run and of the same without its edits, both told of the same next tokens: the likeliest of either."""
    before = unedited(run)
    now, then = (_stages(services, one, luck, tokens) for one in (run, before))
    bars = {token: _of_both(now[token], then[token]) for token in tokens}
    return _told(services, run, luck, now, bars), _told(services, before, luck, then, bars)


def _stages(services: Services, run: RunKey, luck: Luck, tokens: Sequence[int]) -> dict[int, Stage]:
    """What the settings leave of the logits, by position."""
    logits = _seen(services, run)["logits"]
    return {token: pipeline(logits[token], luck.settings, run.token_ids[: token + 1]).stages[-1] for token in tokens}


def _likeliest(stage: Stage) -> list[int]:
    return stage.probabilities.topk(min(N_BARS, stage.n_kept)).indices.tolist()


def _of_both(now: Stage, then: Stage) -> list[int]:
    """N_BARS ids at most, the likeliest now first: a few of the best of then, whatever has become of them, and the best of now."""
    few = _likeliest(then)[:N_BEFORE]
    ids = [*few, *(one for one in _likeliest(now) if one not in few)][:N_BARS]
    return sorted(ids, key=lambda one: -float(now.probabilities[one]))


def _seen(services: Services, run: RunKey) -> Trace:
    return services.traces.get(run, sites_of(services.models.get(run.model).model.config, len(run.token_ids)))


@torch.no_grad()
def _told(
    services: Services, run: RunKey, luck: Luck, stages: Mapping[int, Stage], bars: Mapping[int, Sequence[int]]
) -> list[Guesses]:
    model, seen = services.models.get(run.model).model, _seen(services, run)
    tokenizer = services.models.tokenizer(run.model)
    told, ordered = [], list(stages)
    for start in range(0, len(ordered), TOKENS_AT_A_TIME):
        tokens = ordered[start : start + TOKENS_AT_A_TIME]
        for token, shares in zip(tokens, _lens(seen, model, tokens), strict=True):
            stage, ids, so_far = stages[token], torch.tensor(bars[token]), run.token_ids[: token + 1]
            drawn = draw(stage.logits, gumbel_noise(model.config.vocab_size, luck.seed, len(so_far)))
            most, first = shares.max(-1)  # [L + 1]
            told.append(
                Guesses(
                    token=token,
                    first=first.tolist(),
                    shares=most.tolist(),
                    bars=ids.tolist(),
                    bar_shares=stage.probabilities[ids].tolist(),
                    n_kept=stage.n_kept,
                    along=shares[:, ids].tolist(),
                    drawn=drawn,
                    longer=_text_of(tokenizer, [*so_far, drawn]),
                )
            )
    return told


def _lens(seen: Trace, model: GPTModel, tokens: Sequence[int]) -> Tensor:
    """The shares of all tokens, had the model stopped after the embedding or a layer: [n, L + 1, V]."""
    at = list(tokens)
    after = [seen["resid_post", layer][at] for layer in range(model.config.n_layers)]
    streams = torch.stack([seen["embed"][at], *after], 1)  # [n, L + 1, C]
    return model.out_head(model.final_norm(streams)).softmax(-1)


def _text_of(tokenizer: Tokenizer, token_ids: Sequence[int]) -> str | None:
    try:
        return tokenizer.decode_bytes(token_ids).decode("utf-8")
    except UnicodeDecodeError:  # the last character is not whole yet
        return None


def asked_luck(value: Any) -> Luck:
    """The sampling settings as the browser sent them; as they are usually where it sent none. Raises: InvalidSetting."""
    return Luck(SamplingSettings(), START_SEED) if value is None else Luck(*checked_settings(value))


def unedited(run: RunKey) -> RunKey:
    """The same sentence read by the model as it is."""
    return replace(run, edits=())


def _lengths(vectors: Tensor) -> Tensor:
    return vectors.norm(dim=-1)


def _neurons(seen: Trace) -> Neurons:
    values = seen.stacked("mlp_post")  # [L, T, 4C]
    n_bins = min(N_BINS, values.size(-1))
    width = -(-values.size(-1) // n_bins)
    filled = F.pad(values, (0, n_bins * width - values.size(-1))).unflatten(-1, (n_bins, width))  # [L, T, B, width]
    inside = filled.abs().argmax(-1, keepdim=True)
    numbers = inside.squeeze(-1) + width * torch.arange(n_bins)
    return Neurons(filled.gather(-1, inside).squeeze(-1), numbers)


def _draws_patterns(config: GPTConfig, n_tokens: int) -> bool:
    return config.n_layers * config.n_heads * n_tokens**2 <= MOST_WEIGHTS


def _draws_neurons(config: GPTConfig, n_tokens: int) -> bool:
    return 4 * config.n_layers * n_tokens * config.emb_dim <= MOST_NEURONS


# Site, whether it is per head, and which part of the block its learned numbers belong to.
_INSIDE = (
    ("resid_pre", False, ""),
    ("ln1", False, "norm1"),
    ("q", True, "att.W_query"),
    ("k", True, "att.W_key"),
    ("v", True, "att.W_value"),
    ("scores", True, ""),
    ("pattern", True, ""),
    ("z", True, ""),
    ("attn_out", False, "att.out_proj"),
    ("resid_mid", False, ""),
    ("ln2", False, "norm2"),
    ("mlp_pre", False, "ff.layers.0"),
    ("mlp_post", False, ""),
    ("mlp_out", False, "ff.layers.2"),
    ("resid_post", False, ""),
)


def inside_of(services: Services, run: RunKey, layer: int, head: int, token: int) -> list[Strip]:
    """The steps of one layer from stream to stream, at one token; of the head's own where a step is per head. Raises: what trace raises."""
    model = services.models.get(run.model).model
    seen = services.traces.get(run, {site for site, _, _ in _INSIDE})
    return [_strip(seen, model, layer, head, token, *step) for step in _INSIDE]


def _strip(
    seen: Trace, model: GPTModel, layer: int, head: int, token: int, site: str, per_head: bool, part: str
) -> Strip:
    index = [head, token] if per_head else [token]
    owner = model.trf_blocks[layer].get_submodule(part) if part else None
    parameters = sum(weight.numel() for weight in owner.parameters()) if owner is not None else 0
    values = seen[site, layer][tuple(index)]
    return Strip(site, layer, index, _shape(seen, site, layer), parameters, site == "pattern", values)


def _shape(seen: Trace, site: str, layer: int) -> str:
    return " × ".join(f"{size:,}" for size in seen[site, layer].shape)
