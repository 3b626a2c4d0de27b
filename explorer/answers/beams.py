"""Beam search as its tree, and the texts that it finds beside greedy's and one that was sampled."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from explorer.answers.pace import Pace
from explorer.answers.settings import MAX_SEED
from explorer.catalogue import catalogue
from explorer.store.services import RunKey, Services
from explorer.wording.numbers import as_given, exponential, fixed, is_whole, percent_of_log
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Tokenizer, generate
from gpt2core.beam import BeamNode, BeamSearch, beam_levels
from gpt2core.errors import InvalidSetting
from gpt2core.tokenizer import END_OF_TEXT

say = catalogue("beams")

MAX_WIDTH, MAX_NEW_TOKENS, MAX_PENALTY = 8, 30, 10
MAX_SECONDS = 60.0
SECONDS_BETWEEN_UPDATES = 0.3
ENDS = ("never", "text", "sentence")


@dataclass(frozen=True)
class Asked:
    """One search, checked. ends: what may end a text early, one of ENDS; seed: of the sampled text."""

    width: int
    n_tokens: int
    penalty: float
    ends: str
    seed: int


@dataclass(frozen=True)
class TextRow:
    """One text beside others. kind: how it was found; text: whole characters only; path: its nodes of the tree, as far as they go.

    sum, score, probability: as a person reads them.
    """

    kind: str
    text: str
    length: int
    sum: str
    score: str
    probability: str
    path: tuple[int, ...]


@dataclass(frozen=True)
class BeamTree:
    """What there is to draw. key: what was searched for, "" while it is not whole; last: the token that the tree grows from;
    labels: of every token in it; best: the path marked where no row is picked. n_tokens: of the sentence; context_length: how many the
    model reads at once."""

    key: str
    prompt: str
    n_tokens: int
    context_length: int
    last: TokenLabel
    nodes: Sequence[BeamNode]
    labels: Sequence[TokenLabel]
    rows: Sequence[TextRow]
    best: Sequence[int]


@dataclass(frozen=True)
class Searching:
    """How far a search is. told: the same in a sentence; over: whether it has ended. tree, verdict on its best text: None
    where nothing new is to be shown."""

    told: str
    over: bool = False
    tree: BeamTree | None = None
    verdict: str | None = None


@dataclass
class _Others:
    """The texts that the search is held against, by kind: their tokens and summed log-probabilities."""

    token_ids: dict[str, list[int]] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)


def checked(width: Any, n_tokens: Any, penalty: Any, ends: Any, seed: Any) -> Asked:
    """What was asked for. Raises: InvalidSetting."""
    is_number = isinstance(penalty, int | float) and not isinstance(penalty, bool)
    if not (is_number and -MAX_PENALTY <= penalty <= MAX_PENALTY):
        raise InvalidSetting(say("bad_penalty", value=as_given(penalty), limit=MAX_PENALTY))
    if ends not in ENDS:
        raise InvalidSetting(say("bad_ends"))
    if not is_whole(width, 1, MAX_WIDTH):
        raise InvalidSetting(say("bad_width", value=as_given(width), limit=MAX_WIDTH))
    if not is_whole(n_tokens, 1, MAX_NEW_TOKENS):
        raise InvalidSetting(say("shared_bad_n_tokens", value=as_given(n_tokens), least=1, limit=MAX_NEW_TOKENS))
    if not is_whole(seed, 0, MAX_SEED):
        raise InvalidSetting(say("shared_bad_seed", value=as_given(seed), limit=MAX_SEED))
    return Asked(int(width), int(n_tokens), float(penalty), ends, int(seed))


def key_of(run: RunKey, asked: Asked) -> str:
    """What a whole tree on screen is known by."""
    return json.dumps([run.to_json(), asked.width, asked.n_tokens, asked.penalty, asked.ends, asked.seed])


def stop_ids(tokenizer: Tokenizer, ends: str) -> list[int]:
    """The tokens that may end a text, as far as this vocabulary has them."""
    ids = [] if ends == "never" else [tokenizer.special[END_OF_TEXT]] if END_OF_TEXT in tokenizer.special else []
    if ends == "sentence":
        full_stop = tokenizer.encode(".")
        ids += full_stop if len(full_stop) == 1 else []
    return ids


def searched(services: Services, run: RunKey, asked: Asked) -> Iterator[Searching]:
    """The search as it goes on: first the texts that it is held against are written, then the tree grows. Raises: NotFinite."""
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    stops = [token_id for token_id in stop_ids(tokenizer, asked.ends) if token_id < model.config.vocab_size]
    width = min(asked.width, model.config.vocab_size)
    pace, others = Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS), _Others()

    yield _underway(asked, 0, 0)
    for kind, temperature in (("greedy", 0.0), ("sampled", 1.0)):
        ids, others.sums[kind] = others.token_ids.setdefault(kind, []), 0.0
        drawn = generate(
            model,
            run.token_ids,
            asked.n_tokens,
            temperature=temperature,
            seed=asked.seed,
            stop_ids=stops,
            edits=run.pass_edits,
        )
        for step in drawn:
            ids.append(step.token_id)
            others.sums[kind] += step.log_probability
            if pace.out_of_time():
                yield Searching(_too_slow(asked, 0), over=True)
                return
            if pace.due():  # where Stop takes hold
                yield _underway(asked, 0, 0)

    found = BeamSearch((), ())
    for found in beam_levels(
        model,
        run.token_ids,
        asked.n_tokens,
        width=width,
        length_penalty=asked.penalty,
        stop_ids=stops,
        edits=run.pass_edits,
    ):
        depth = found.nodes[-1].depth
        if depth == asked.n_tokens:
            continue
        if pace.out_of_time():
            rows = text_rows(found, others.token_ids, others.sums, asked.penalty, tokenizer)
            tree = tree_of("", services, run, found, rows)
            yield Searching(_too_slow(asked, depth), True, tree, "")
            return
        if pace.due():
            rows = text_rows(found, others.token_ids, others.sums, asked.penalty, tokenizer)
            now = _underway(asked, depth, len(found.nodes))
            yield Searching(now.told, False, tree_of("", services, run, found, rows), "")
    rows = text_rows(found, others.token_ids, others.sums, asked.penalty, tokenizer)
    best = found.hypotheses[0]
    verdict = verdict_sentence(best.token_ids, found.nodes[best.node].cumulative, others.token_ids, others.sums)
    tree = tree_of(key_of(run, asked), services, run, found, rows)
    yield Searching(_summary(found, width, asked), True, tree, verdict)


def _underway(asked: Asked, depth: int, n_weighed: int) -> Searching:
    return Searching(say("searching", done=depth, n=asked.n_tokens, weighed=n_weighed))


def _too_slow(asked: Asked, depth: int) -> str:
    return say("out_of_time", seconds=int(MAX_SECONDS), done=depth, n=asked.n_tokens)


def _summary(found: BeamSearch, width: int, asked: Asked) -> str:
    fates = [node.fate for node in found.nodes]
    return say(
        "found",
        width=width,
        n=asked.n_tokens,
        weighed=len(fates),
        kept=fates.count("kept"),
        finished=fates.count("finished"),
    )


def tree_of(key: str, services: Services, run: RunKey, found: BeamSearch, rows: Sequence[TextRow]) -> BeamTree:
    """The tree with the path marked of the best text, or while there is none, of the likeliest beam."""
    tokenizer = services.models.tokenizer(run.model)
    labels = token_labels(sorted({node.token_id for node in found.nodes}), tokenizer)
    deepest = found.nodes[-1].depth
    leader = max((node for node in found.nodes if node.depth == deepest), key=lambda node: node.cumulative)
    best = found.path(found.hypotheses[0].node if found.hypotheses else leader.index)
    last = token_labels(run.token_ids[-1:], tokenizer)[0]
    limit = services.models.get(run.model).model.config.context_length
    return BeamTree(
        key, run.text, len(run.token_ids), limit, last, found.nodes, labels, rows, [node.index for node in best]
    )


def text_rows(
    found: BeamSearch,
    written: dict[str, list[int]],
    measured: dict[str, float],
    penalty: float,
    tokenizer: Tokenizer,
) -> list[TextRow]:
    """The finished texts of the search, best first, then greedy's and the sampled one, all measured alike."""

    def row(kind: str, token_ids: Sequence[int], total: float, path: Sequence[int]) -> TextRow:
        return TextRow(
            kind,
            tokenizer.decode_bytes(token_ids).decode("utf-8", errors="ignore"),
            len(token_ids),
            fixed(total, 4),
            fixed(total / len(token_ids) ** penalty, 4),
            odds(total),
            tuple(path),
        )

    beams = [
        row(
            say("beam", number=number),
            hypothesis.token_ids,
            found.nodes[hypothesis.node].cumulative,
            [node.index for node in found.path(hypothesis.node)],
        )
        for number, hypothesis in enumerate(found.hypotheses, 1)
    ]
    names = {"greedy": say("greedy"), "sampled": say("sampled")}
    others = [row(names[kind], ids, measured[kind], path_along(found.nodes, ids)) for kind, ids in written.items()]
    return [*beams, *others]


def path_along(nodes: Sequence[BeamNode], token_ids: Sequence[int]) -> list[int]:
    """The nodes of the tree that spell the beginning of `token_ids`, as far as the tree has them."""
    children = {(node.parent, node.token_id): node.index for node in nodes}
    path: list[int] = []
    for token_id in token_ids:
        following = children.get((path[-1] if path else None, token_id))
        if following is None:
            break
        path.append(following)
    return path


def verdict_sentence(
    best_ids: Sequence[int], best: float, written: dict[str, list[int]], measured: dict[str, float]
) -> str:
    """How the best beam's text compares with greedy's and the sampled one. best: its summed log-probability."""
    return " ".join(_verdict(kind, best - measured[kind], same=list(best_ids) == ids) for kind, ids in written.items())


def _verdict(kind: str, gain: float, *, same: bool) -> str:
    """gain: how many nats the best beam is ahead of the text of that kind."""
    which = "same" if same else "alike" if alike(gain) else "less" if gain > 0 else "more"
    key = {"greedy": f"greedy_{which}", "sampled": f"sampled_{which}"}[kind]
    return say(key, times=exponential(abs(gain)))


def alike(gain: float) -> bool:
    return abs(gain) < 5e-4  # a factor that would read as 1.00


def odds(nats: float) -> str:
    """A probability e^nats: in per cent, and as one in so many where that says more."""
    share = percent_of_log(nats)
    return share if nats > math.log(0.01) else catalogue("beam_tree")("one_in", share=share, n=exponential(-nats))
