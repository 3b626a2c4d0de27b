"""The logit lens of a run, in words and numbers: what the model would say if it stopped on the way.

T tokens, P places of the stream, V vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import percent
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Gpt2CoreError, Tokenizer
from gpt2core.config import GPTConfig
from gpt2core.errors import InvalidSetting
from gpt2core.lens import LENS_SITES, LensGrid, lens_grid, lens_shares

say = catalogue("block")

SHOWN = ("share", "rank", "kl")
N_TOP = 10
N_PINNED_BY_ITSELF = 3
MOST_PINNED = 6
MOST_POSITIONS = 4
LONGEST = 200  # characters of a list of tokens
MOST_WORK = 4e10  # multiplications with W_U for one picture: about a second


@dataclass(frozen=True, eq=False)
class LensPicture:
    """What the grid shows. values [P, T]: NaN where nothing is told. texts, first [P T]: each cell's first guess as label and id, row by
    row. limits: of the colours, None for those of a share."""

    values: Tensor
    texts: list[str]
    first: list[int]
    limits: tuple[float, float] | None


@dataclass(frozen=True)
class Top:
    """The likeliest tokens at one place and token, their shares falling, and the kind of number that each share is (answers/derived).
    pins: how each may be written among the pinned ones, and whether it is there."""

    title: str
    tokens: list[TokenLabel]
    shares: list[float]
    kind: str
    layer: int | None
    position: int
    pins: list[tuple[list[str], bool]]

    def origins(self) -> list[dict[str, Any]]:
        return [{"kind": self.kind, "layer": self.layer, "index": [self.position, one.token_id]} for one in self.tokens]


@dataclass(frozen=True, eq=False)
class Curve:
    """How the share of one token at one position goes along the places: shares [P]."""

    token: TokenLabel
    position: int
    at: str
    shares: Tensor


def tokens_at_once(config: GPTConfig) -> int:
    """How many columns of the grid one picture may compute."""
    places = 2 * config.n_layers + 1
    return max(1, int(MOST_WORK // (places * config.vocab_size * config.emb_dim)))


def window(config: GPTConfig, n_tokens: int) -> range:
    """The positions that are computed: the last ones, as many as one picture may."""
    return range(max(0, n_tokens - tokens_at_once(config)), n_tokens)


def picture_of(services: Services, run: RunKey, shown: Any) -> LensPicture:
    """Raises: InvalidSetting for what cannot be shown, and what a pass raises."""
    if not isinstance(shown, str) or shown not in SHOWN:
        raise InvalidSetting(say("bad_shown"))
    model = services.models.get(run.model).model
    n, positions = len(run.token_ids), window(model.config, len(run.token_ids))
    grid = lens_grid(services.traces.get(run, LENS_SITES), model, list(positions))
    values = torch.full((len(grid.places), n), torch.nan)
    values[:, positions.start : positions.stop] = _values(grid, shown)
    names = labels_by_id(grid.first.unique().tolist(), services.models.tokenizer(run.model))
    first = torch.zeros_like(values, dtype=torch.long)
    first[:, positions.start : positions.stop] = grid.first
    told = [names[one].text if one in names else "" for one in first.flatten().tolist()]
    texts = [text if inside else "" for text, inside in zip(told, _inside(values, positions), strict=True)]
    limits = {"share": None, "rank": (1.0, float(max(2, model.config.vocab_size))), "kl": (0.0, _most(values))}
    return LensPicture(values, texts, first.flatten().tolist(), limits[shown])


def _values(grid: LensGrid, shown: str) -> Tensor:
    if shown == "rank":
        return grid.ranks.float().masked_fill(grid.ranks == 0, torch.nan)
    return grid.shares if shown == "share" else grid.divergences


def _inside(values: Tensor, positions: range) -> list[bool]:
    computed = torch.zeros_like(values, dtype=torch.bool)
    computed[:, positions.start : positions.stop] = True
    return computed.flatten().tolist()


def _most(values: Tensor) -> float:
    return max(1e-6, float(values.nan_to_num(0.0).max()))


def place_names(config: GPTConfig) -> list[str]:
    """Of lens_places, in their order, as rows are called under the title "after"."""
    names = [(say("step_attention", layer=layer), say("step_mlp", layer=layer)) for layer in range(config.n_layers)]
    return [say("step_embedding"), *(name for both in names for name in both)]


def _after(site: str, layer: int) -> str:
    """A place in a sentence."""
    if site == "resid_pre":
        return say("place_embedding")
    return say("place_attention" if site == "resid_mid" else "place_mlp", layer=layer)


def kind_of(site: str, layer: int) -> tuple[str, int | None]:
    """Which kind of share on the way (answers/derived) is read at a place, and at which layer."""
    if site == "resid_mid":
        return "guess_mid", layer
    return ("guess", None) if site == "resid_pre" and layer == 0 else ("guess", layer - (site == "resid_pre"))


def tops_of(services: Services, run: RunKey, token: int, pinned: Any = "") -> list[list[Top]]:
    """The likeliest tokens before each layer, after its attention and after its MLP: three lists, an entry a layer each. pinned: as in
    `curves_of`, which refuses what is no list of tokens. Raises: what a pass raises."""
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    config = model.config
    seen, chosen = services.traces.get(run, LENS_SITES), _known_of(pinned, tokenizer, config.vocab_size)
    tops: list[list[Top]] = []
    for site in ("resid_pre", "resid_mid", "resid_post"):
        stream = torch.stack([seen[site, layer][token] for layer in range(config.n_layers)])  # [L, C]
        with torch.no_grad():
            shares = model.out_head(model.final_norm(stream)).softmax(-1)  # [L, V]
        most, ids = shares.topk(min(N_TOP, config.vocab_size))
        names = labels_by_id(ids.unique().tolist(), tokenizer)
        pins = {one: (pin_names(label, tokenizer, config.vocab_size), one in chosen) for one, label in names.items()}
        tops.append([])
        for layer, (its_ids, its_shares) in enumerate(zip(ids.tolist(), most.tolist(), strict=True)):
            kind, at = kind_of(site, layer)
            tokens = [names[one] for one in its_ids]
            said = say("top_before", layer=layer) if site == "resid_pre" else _after(site, layer)
            tops[-1].append(Top(said, tokens, its_shares, kind, at, token, [pins[one] for one in its_ids]))
    return tops


def pin_names(token: TokenLabel, tokenizer: Tokenizer, vocab_size: int) -> list[str]:
    """How the token may be written among the pinned ones: as it is shown, where that reads back as it, and by its id."""
    by_id = f"#{token.token_id}"
    return [token.text, by_id] if _known_of(token.text, tokenizer, vocab_size) == [token.token_id] else [by_id]


def _known_of(text: Any, tokenizer: Tokenizer, vocab_size: int) -> list[int]:
    """As `pinned_ids`, and none of what that refuses."""
    try:
        return pinned_ids(text, tokenizer, vocab_size)
    except Gpt2CoreError:
        return []


def curves_of(services: Services, run: RunKey, token: int, pinned: Any, more: Any) -> list[Curve]:
    """Of the pinned tokens, without any those of the answer and the one that came next, at `token` and the positions in `more`.

    Raises: InvalidSetting for tokens or positions that are none.
    """
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    seen, labels = services.traces.get(run, LENS_SITES), services.labels(run)
    ids = pinned_ids(pinned, tokenizer, model.config.vocab_size)
    if not ids:
        ids = seen["logits"][token].topk(min(N_PINNED_BY_ITSELF, model.config.vocab_size)).indices.tolist()
        ids += [one for one in run.token_ids[token + 1 : token + 2] if one not in ids]
    names = labels_by_id(ids, tokenizer)
    positions = list(dict.fromkeys([token, *positions_of(more, len(run.token_ids))]))
    return [
        Curve(names[one], position, say("shared_at_position", token=labels[position].text, position=position), shares)
        for position in positions
        for one, shares in zip(ids, lens_shares(seen, model, position, ids).unbind(-1), strict=True)
    ]


def summary_of(services: Services, run: RunKey, token: int) -> str:
    """From where on the first guess at `token` is the answer, what is left out, and what to beware of."""
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    config, label = model.config, services.labels(run)[token]
    grid = lens_grid(services.traces.get(run, LENS_SITES), model, [token])
    answer = int(grid.first[-1, 0])
    settled = len(grid.places) - 1
    while settled and int(grid.first[settled - 1, 0]) == answer:
        settled -= 1
    where = {"token": label.text, "position": token, "answer": labels_by_id([answer], tokenizer)[answer].text}
    share, place = percent(float(grid.shares[-1, 0])), _after(*grid.places[settled])
    told = [say("lens_settled", **where, share=share, place=place)]
    if int(grid.ranks[-1, 0]):
        came = labels_by_id([run.token_ids[token + 1]], tokenizer)[run.token_ids[token + 1]].text
        told.append(
            say(
                "lens_ranks",
                next=came,
                first=int(grid.ranks[0, 0]),
                last=int(grid.ranks[-1, 0]),
                total=config.vocab_size,
            )
        )
    positions, n = window(config, len(run.token_ids)), len(run.token_ids)
    if len(positions) < n:
        told.append(say("lens_cut", n=len(positions), total=n, first=positions.start))
    if any(edit.kind == "norm" for edit in run.edits):
        told.append(say("lens_norm_off"))
    if not services.traces.get(run, LENS_SITES).causal:
        told.append(say("lens_not_causal"))
    return " ".join(told)


def pinned_ids(text: Any, tokenizer: Tokenizer, vocab_size: int) -> list[int]:
    """The tokens that a person pins, written as the page writes them: ·dog for one with a space before it, #262 for an id.

    Raises: InvalidSetting for what is no single token, or too many.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise InvalidSetting(say("bad_pinned", limit=LONGEST))
    ids = list(dict.fromkeys(_one_id(word, tokenizer, vocab_size) for word in text.split()))
    if len(ids) > MOST_PINNED:
        raise InvalidSetting(say("too_many_pinned", n=len(ids), limit=MOST_PINNED))
    return ids


def _one_id(word: str, tokenizer: Tokenizer, vocab_size: int) -> int:
    if re.fullmatch("#[0-9]{1,7}", word):
        token_id = int(word[1:])
        if token_id >= vocab_size:
            raise InvalidSetting(say("no_such_id", id=token_id, last=vocab_size - 1))
        return token_id
    ids = tokenizer.encode(word.replace("·", " ").replace("↵", "\n").replace("⇥", "\t"))
    if len(ids) != 1:
        parts = " ".join(label.text for label in token_labels(ids, tokenizer))
        raise InvalidSetting(say("not_one_token", word=word[:40], n=len(ids), parts=parts[:120]))
    return ids[0]


def positions_of(text: Any, n_tokens: int) -> list[int]:
    """Positions, written as numbers with spaces or commas between. Raises: InvalidSetting."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise InvalidSetting(say("bad_positions", last=n_tokens - 1))
    words = re.split(r"[\s,]+", text.strip()) if text.strip() else []
    if any(not re.fullmatch("[0-9]{1,6}", word) or int(word) >= n_tokens for word in words):
        raise InvalidSetting(say("bad_positions", last=n_tokens - 1))
    if len(words) > MOST_POSITIONS:
        raise InvalidSetting(say("too_many_positions", n=len(words), limit=MOST_POSITIONS))
    return [int(word) for word in words]


def labels_by_id(ids: Sequence[int], tokenizer: Tokenizer) -> dict[int, TokenLabel]:
    """Labels of any ids of the model; an id that its vocabulary has no bytes for is shown as a number."""
    known = [one for one in ids if one < tokenizer.vocab_size]
    named = dict(zip(known, token_labels(known, tokenizer), strict=True))
    return {one: named.get(one) or TokenLabel(one, f"#{one}", "", False) for one in ids}
