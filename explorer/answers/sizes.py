"""Where a model's numbers are and what they cost, beside the other sizes, in words and as a table."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from explorer.catalogue import catalogue
from explorer.store.services import RunKey, Services
from explorer.wording.numbers import in_units, percent
from gpt2core import PRESETS, GPTConfig
from gpt2core.sizes import cache_bytes, cache_bytes_per_token, flops_per_token, memory_bytes, parameters_by_kind

say = catalogue("sizes")

# Which parts stand together, and in this order.
GROUPS: dict[str, tuple[str, ...]] = {
    "embeddings": ("tok_emb", "pos_emb"),
    "attention": ("att.W_query", "att.W_key", "att.W_value", "att.out_proj"),
    "mlps": ("ff.layers.0", "ff.layers.2"),
    "norms": ("norm1", "norm2", "final_norm"),
    "head": ("out_head",),
}
_WORDS = {
    "tok_emb": "kind_token_table",
    "pos_emb": "kind_position_table",
    "att.W_query": "kind_queries",
    "att.W_key": "kind_keys",
    "att.W_value": "kind_values",
    "att.out_proj": "kind_attention_output",
    "ff.layers.0": "kind_mlp_in",
    "ff.layers.2": "kind_mlp_out",
    "norm1": "kind_first_norm",
    "norm2": "kind_second_norm",
    "final_norm": "kind_final_norm",
    "out_head": "kind_output_table",
}


@dataclass(frozen=True)
class Share:
    """One kind of part, that of all layers together. kind, group: their keys; label: the kind in words, group_label: the group."""

    kind: str
    label: str
    group: str
    group_label: str
    n_parameters: int


@dataclass(frozen=True)
class Sizes:
    """shares: where the parameters are; table: all sizes that have names, the model on screen first; summary: one sentence;
    difference: why the course's 124M and GPT-2's are not equally large."""

    shares: tuple[Share, ...]
    table: pd.DataFrame
    summary: str
    difference: str


def sizes_of(services: Services, run: RunKey) -> Sizes:
    """Of the model on screen, at the length of the sentence."""
    config, n_tokens = services.models.get(run.model).model.config, len(run.token_ids)
    table = size_table(config, services.models.title(run.model), n_tokens)
    return Sizes(shares_of(config), table, summary_sentence(config), difference_sentence())


def shares_of(config: GPTConfig) -> tuple[Share, ...]:
    """Every kind of part that learns numbers of its own, group by group; a tied head learns none."""
    counts = parameters_by_kind(config)
    return tuple(
        Share(kind, say(_WORDS[kind]), group, say(f"group_{group}"), counts[kind])
        for group, kinds in GROUPS.items()
        for kind in kinds
        if counts[kind]
    )


def counts_of(config: GPTConfig) -> dict[str, int]:
    """How many numbers a model of this shape learns, by the groups of GROUPS, and "token_table" and "all"."""
    counts = parameters_by_kind(config)
    groups = {group: sum(counts[kind] for kind in kinds) for group, kinds in GROUPS.items()}
    return {**groups, "token_table": counts["tok_emb"], "all": config.n_parameters}


def size_table(config: GPTConfig, title: str, n_tokens: int) -> pd.DataFrame:
    """The model on screen, and under it every preset, at the same context or at the longest that it reads."""
    rows = [_row(title, config, n_tokens), *(_row(name, preset, n_tokens) for name, preset in PRESETS.items())]
    return pd.DataFrame(rows)


def summary_sentence(config: GPTConfig) -> str:
    """Which group holds most."""
    groups: dict[str, int] = {}
    for share in shares_of(config):
        groups[share.group_label] = groups.get(share.group_label, 0) + share.n_parameters
    most = max(groups, key=lambda group: groups[group])
    total = config.n_parameters
    return say(
        "summary", group=most, n=in_units(groups[most]), total=in_units(total), share=percent(groups[most] / total)
    )


def difference_sentence() -> str:
    """The course's 124M against GPT-2's, part by part."""
    course, released = PRESETS["course-124M"], PRESETS["124M"]
    ours, theirs = parameters_by_kind(course), parameters_by_kind(released)
    return say(
        "difference",
        course=course.n_parameters,
        released=released.n_parameters,
        head=ours["out_head"] - theirs["out_head"],
        biases=sum(theirs[kind] - ours[kind] for kind in ("att.W_query", "att.W_key", "att.W_value")),
        difference=course.n_parameters - released.n_parameters,
    )


def in_bytes(number: int) -> str:
    """Three significant digits and kB, MB or GB, of 1,000 each."""
    text = in_units(number)
    return f"{text}B" if text[-1].isalpha() else f"{text} B"


def _row(title: str, config: GPTConfig, n_tokens: int) -> dict[str, str]:
    context = min(n_tokens, config.context_length)
    return {
        say("model"): title,
        say("parameters"): f"{config.n_parameters:,}",
        say("float32"): in_bytes(memory_bytes(config)),
        say("float16"): in_bytes(memory_bytes(config, 2)),
        say("flops", n=n_tokens): in_units(flops_per_token(config, context)),
        say("cache_token"): in_bytes(cache_bytes_per_token(config)),
        say("cache_full"): say("cache_at", size=in_bytes(cache_bytes(config)), n=config.context_length),
    }
