"""Activation patching: what of one run, carried over into another, brings the other's answer along.

Two texts of the same number of tokens are read. Into the run over the *corrupted* one a single value of the run over the *clean* one is put
("denoising"): a site of one layer at one position, or one head's. How far the answer moves says how much of what tells the two texts
apart was there.

B batch, T tokens, H heads, D head width, C model width, V vocabulary, L layers. Answers are differences of two logits.
Source: Vig et al., "Investigating Gender Bias in Language Models Using Causal Mediation Analysis", 2020; Meng et al., "Locating and
Editing Factual Associations in GPT", 2022; Wang et al., "Interpretability in the Wild", 2022; Heimersheim and Nanda, "How to use and
interpret activation patching", 2024.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.edits import Edit, EditedPass, Here, patch
from gpt2core.errors import InvalidSetting, TokenOutOfRange
from gpt2core.model import GPTModel, evaluating
from gpt2core.ranges import is_whole, shown
from gpt2core.reading import check_finite, check_token_ids
from gpt2core.trace import Trace, trace

STREAM_SITES = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")
HEADS = "z"
PATCH_SITES = (*STREAM_SITES, HEADS)
PAIR_SITES = frozenset({*PATCH_SITES, "logits"})
MOST_ROWS_AT_ONCE = 4096  # B times T of one batch


@dataclass(frozen=True, eq=False)
class PatchedRow:
    """One layer of the grid. answers [T], or [H] of `z`: the answer with each place of this layer patched, one at a time."""

    layer: int
    answers: Tensor


@dataclass(frozen=True, eq=False)
class Patching:
    """Two runs that may be patched into one another, and what is measured.

    clean, corrupted: traces of PAIR_SITES under `edits`. answer: two token ids; the answer of a run is the logit of the
    first less that of the second, after `position`. clean_answer, corrupted_answer: of the two runs as they are.
    """

    clean: Trace
    corrupted: Trace
    answer: tuple[int, int]
    position: int
    edits: tuple[Edit, ...] = field(repr=False)

    @property
    def clean_answer(self) -> float:
        return _answer(self.clean["logits"][self.position], self.answer)

    @property
    def corrupted_answer(self) -> float:
        return _answer(self.corrupted["logits"][self.position], self.answer)

    def score(self, answers: Tensor) -> Tensor:
        """How much of the answer is recovered: (patched - corrupted) / (clean - corrupted). 0: nothing, 1: all of it; below 0 and above 1
        are possible. NaN where the two runs answer alike, for there is nothing to recover."""
        apart = self.clean_answer - self.corrupted_answer
        return (answers - self.corrupted_answer) / (apart if apart else math.nan)


def patching(
    model: GPTModel,
    clean_ids: Sequence[int],
    corrupted_ids: Sequence[int],
    answer: tuple[int, int] | None = None,
    edits: Sequence[Edit] = (),
    position: int = -1,
) -> Patching:
    """Run both. answer: two different token ids; None: what each run holds likeliest after `position`, and where that is the same
    token, it and the clean run's second.

    Raises: InvalidSetting for texts of different lengths, answers that are the same, a position that is not there or an edit of the logits;
    and what trace raises.
    """
    check_token_ids(clean_ids, model.config.vocab_size)
    clean, corrupted = (trace(model, ids, PAIR_SITES, edits) for ids in (clean_ids, corrupted_ids))
    return pair_of(clean, corrupted, answer, edits, position)


def pair_of(
    clean: Trace,
    corrupted: Trace,
    answer: tuple[int, int] | None = None,
    edits: Sequence[Edit] = (),
    position: int = -1,
) -> Patching:
    """The same, of two traces of one model that hold PAIR_SITES, both made under `edits`."""
    T, vocab_size = len(clean.token_ids), clean.config.vocab_size
    if len(corrupted.token_ids) != T:
        raise InvalidSetting(
            "The clean text has {clean} tokens and the corrupted one {corrupted}. A value is carried to the same place of the other run: give "
            "two texts of the same number of tokens.",
            clean=T,
            corrupted=len(corrupted.token_ids),
        )
    if not is_whole(position) or not -T <= position < T:
        raise InvalidSetting(
            "There is no position {position}; this text's tokens are at 0 to {last}.",
            position=shown(position),
            last=T - 1,
        )
    if any("logits" in edit.sites for edit in edits):
        raise InvalidSetting("An edit of the logits changes the answer itself. Patch without it.")
    chosen = _likeliest(clean["logits"][position], corrupted["logits"][position]) if answer is None else answer
    for token_id in chosen:
        if not 0 <= token_id < vocab_size:
            raise TokenOutOfRange(token_id, vocab_size)
    if chosen[0] == chosen[1]:
        raise InvalidSetting("Both answers are the token {token_id}. Name two different ones.", token_id=chosen[0])
    return Patching(clean, corrupted, chosen, position % T, tuple(edits))


def patched_rows(
    model: GPTModel, pair: Patching, site: str, *, at: int | None = None, layers: Sequence[int] | None = None
) -> Iterator[PatchedRow]:
    """The grid, layer by layer (all of them if None): each place of `site` patched from the clean into the corrupted run, one at a time.

    Of a site of the stream there is one place a position. Of `z` there is one a head, patched at position `at`, at all of them if None.
    The numbers are those of trace(model, corrupted_ids, edits=[*edits, edits.patch(clean, site, layer, ...)]): the passes of a layer are
    made together and begin at it, for what lies before the patch is as it was.
    Raises: InvalidSetting for a site, layer or position that is not there; NotFinite where a patched run's answer is no number.
    """
    if site not in PATCH_SITES:
        raise InvalidSetting(
            "There is no patching at {site}. Choose one of {sites}.", site=shown(site), sites=", ".join(PATCH_SITES)
        )
    T, config = len(pair.clean.token_ids), model.config
    if at is not None and not (is_whole(at) and 0 <= at < T):
        raise InvalidSetting(
            "There is no position {position}; this text's tokens are at 0 to {last}.", position=shown(at), last=T - 1
        )
    chosen = range(config.n_layers) if layers is None else layers
    for layer in chosen:
        if not is_whole(layer) or not 0 <= layer < config.n_layers:
            raise InvalidSetting(
                "There is no layer {layer}; this model's layers are 0 to {last}.",
                layer=shown(layer),
                last=config.n_layers - 1,
            )
    return _rows(model, pair, site, at, chosen)


def _rows(model: GPTModel, pair: Patching, site: str, at: int | None, layers: Sequence[int]) -> Iterator[PatchedRow]:
    T = len(pair.clean.token_ids)
    n_places = model.config.n_heads if site == HEADS else T
    for layer in layers:
        parts = torch.arange(n_places).split(max(1, MOST_ROWS_AT_ONCE // T))
        answers = [_answers(model, pair, site, layer, part, at) for part in parts]
        yield PatchedRow(layer, torch.cat(answers))


def _answers(model: GPTModel, pair: Patching, site: str, layer: int, places: Tensor, at: int | None) -> Tensor:
    """The answers with each of `places` patched, [B]: the rest of the pass from `layer` on, one text of the batch a place."""
    B, wanted = len(places), pair.clean[site, layer]
    rows, places = torch.arange(B, device=wanted.device), places.to(wanted.device)

    def change(value: Tensor, _: Here) -> Tensor:
        if site == HEADS:
            positions = slice(None) if at is None else at
            value[rows, places, positions] = wanted[places, positions]  # [B, T, D] or [B, D]
        else:
            value[rows, places] = wanted[places]
        return value

    tap = EditedPass(
        [*pair.edits, Edit(f"patch {site} of layer {layer}", (site,), layer, change, fused=True)], model.config
    )
    stream = _before(pair.corrupted, layer).expand(B, -1, -1)  # [B, T, C]
    with evaluating(model):
        for number in range(layer, model.config.n_layers):
            plain = number > layer and not pair.edits
            stream = model.trf_blocks[number](stream, number, None if plain else tap)
        last = stream if pair.edits else stream[:, pair.position : pair.position + 1]
        normed = model.final_norm(last, tap if pair.edits else None, "ln_final")
        logits = model.out_head(normed[:, pair.position if pair.edits else 0])  # [B, V]
    check_finite(logits, pair.edits)
    return logits[:, pair.answer[0]] - logits[:, pair.answer[1]]


def _before(seen: Trace, layer: int) -> Tensor:
    """The stream before `layer` and before any edit of it, [1, T, C]."""
    replaced = seen.replaced.get(("resid_pre", layer))
    return (seen["resid_pre", layer] if replaced is None else replaced.before).unsqueeze(0)


@dataclass(frozen=True, eq=False)
class Reach:
    """What one patch does further on, at each place of the stream: after the embedding, then after each layer's attention and its MLP.

    changes [P, T]: the length of the difference that it makes there, P = 2L + 1 places. answers [P, T]: by how much it moves the answer,
    read there through the final norm (the logit lens). possible [P, T]: True where it can change anything at all. patched_answer: of the
    patched run.
    """

    changes: Tensor
    answers: Tensor
    possible: Tensor
    patched_answer: float


def patch_reach(model: GPTModel, pair: Patching, site: str, layer: int, *, place: int, at: int | None = None) -> Reach:
    """One patch followed to the end. place: the position, or of `z` the head (at: its position, None for all).

    A patch reaches its own position from its layer on, and from the next attention on every position after it; the ones before it only
    through an edit that is not causal. Raises: as patched_rows, and what trace raises.
    """
    T = len(pair.clean.token_ids)
    patched_rows(model, pair, site, at=at, layers=[layer])  # refuses what is not there
    n_places = model.config.n_heads if site == HEADS else T
    if not is_whole(place) or not 0 <= place < n_places:
        raise InvalidSetting(
            "There is no place {place} of {site}; they are 0 to {last}.",
            place=shown(place),
            site=site,
            last=n_places - 1,
        )
    change = _patch(pair.clean, site, layer, place, at)
    seen = trace(
        model, pair.corrupted.token_ids, {"resid_pre", "resid_mid", "resid_post", "logits"}, [*pair.edits, change]
    )
    patched, plain = _stream(seen), _stream(pair.corrupted)  # [P, T, C]
    first = (0 if at is None else at) if site == HEADS else place
    return Reach(
        (patched - plain).norm(dim=-1),
        _answers_on_the_way(model, patched, pair.answer) - _answers_on_the_way(model, plain, pair.answer),
        _possible(
            model.config, T, site, layer, first, spread=site == HEADS and at is None, causal=pair.corrupted.causal
        ),
        _answer(seen["logits"][pair.position], pair.answer),
    )


def _stream(seen: Trace) -> Tensor:
    """What is in the stream at each place, [P, T, C]: before a layer as that layer reads it."""
    n_layers = seen.config.n_layers
    places = [seen[site, layer] for layer in range(n_layers) for site in ("resid_pre", "resid_mid")]
    return torch.stack([*places, seen["resid_post", n_layers - 1]])


@torch.no_grad()
def _answers_on_the_way(model: GPTModel, stream: Tensor, answer: tuple[int, int]) -> Tensor:
    """[P, T, C] -> [P, T]: the answer as the lens reads it."""
    rows = model.out_head.weight[list(answer)]  # [2, C]
    return model.final_norm(stream) @ (rows[0] - rows[1])


def _patch(source: Trace, site: str, layer: int, place: int, at: int | None) -> Edit:
    if site == HEADS:
        return patch(source, site, layer, head=place, positions=None if at is None else [at])
    return patch(source, site, layer, positions=[place])


def _possible(config: GPTConfig, T: int, site: str, layer: int, first: int, *, spread: bool, causal: bool) -> Tensor:
    """[P, T]. spread: the patch is at every position."""
    own = torch.arange(T) == first
    after = torch.arange(T) >= first
    if not causal or spread:
        after = torch.ones(T, dtype=torch.bool)
    entered = 2 * layer + {"resid_pre": 0, "mlp_out": 2, "resid_post": 2}.get(site, 1)  # the first place that has it
    attended = entered + 1 + entered % 2  # the first place after an attention that reads it
    reached = torch.zeros(2 * config.n_layers + 1, T, dtype=torch.bool)
    reached[entered:attended] = after if spread else own
    reached[attended:] = after
    return reached


def _answer(logits: Tensor, answer: tuple[int, int]) -> float:
    return float(logits[answer[0]] - logits[answer[1]])


def _likeliest(clean: Tensor, corrupted: Tensor) -> tuple[int, int]:
    first, other = int(clean.argmax()), int(corrupted.argmax())
    if first == other:
        other = int(clean.index_fill(0, torch.tensor(first, device=clean.device), -math.inf).argmax())
    return first, other


def patching_work(config: GPTConfig, n_tokens: int, site: str) -> float:
    """How many multiplications a whole grid takes, nearly."""
    places = config.n_heads if site == HEADS else n_tokens
    a_layer = 12 * config.emb_dim**2 + 2 * n_tokens * config.emb_dim  # a token
    layers = config.n_layers * (config.n_layers + 1) / 2
    return places * (layers * n_tokens * a_layer + config.n_layers * config.emb_dim * config.vocab_size)
