"""Beams: beam search as its tree, and the texts it finds beside greedy's and one that was sampled."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import pandas as pd

from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import number_between, one_of
from explorer.page.spec import TabSpec
from explorer.page.tables import table_with_csv
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey, Services
from explorer.widgets.beam_tree import USED, TextRow, beam_drawing, beam_tree
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.settings import MAX_SEED, START_SEED
from explorer.wording.numbers import is_whole
from explorer.wording.text import token_labels
from gpt2core import Tokenizer, generate
from gpt2core.beam import BeamNode, BeamSearch, beam_levels
from gpt2core.errors import InvalidSetting
from gpt2core.tokenizer import END_OF_TEXT

log = logging.getLogger(__name__)
say = catalogue("beams")

MAX_WIDTH, START_WIDTH = 8, 4
MAX_NEW_TOKENS, START_TOKENS = 30, 12
MAX_SECONDS = 60.0
SECONDS_BETWEEN_UPDATES = 0.3
ENDS = ("never", "text", "sentence")


@dataclass(frozen=True)
class Asked:
    """One search, checked."""

    width: int
    n_tokens: int
    penalty: float
    ends: str
    seed: int


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        width = gr.Radio(
            list(range(1, MAX_WIDTH + 1)),
            value=START_WIDTH,
            label=say("width"),
            elem_id="beam-width",
            elem_classes="label-beside",
            min_width=330,
        )
        ends = gr.Radio(
            [(say(f"ends_{name}"), name) for name in ENDS],
            value="text",
            label=say("ends"),
            elem_id="beam-ends",
            elem_classes="label-beside",
            min_width=300,
        )
    with gr.Row(equal_height=False):
        number: dict[str, Any] = {"elem_classes": "label-beside", "min_width": 200}
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), elem_id="beam-n-tokens", **number)
        penalty = gr.Number(1.0, step=0.1, label=say("penalty"), elem_id="beam-penalty", **number)
        seed = gr.Number(START_SEED, step=1, label=say("seed"), elem_id="beam-seed", **number)
        start = gr.Button(say("search"), variant="primary", scale=0, min_width=110, elem_id="beam-search")
        stop = gr.Button(say("stop"), variant="stop", scale=0, min_width=90, elem_id="beam-stop")
    told = notice_line("beam-status")
    tree = beam_tree("beam-tree", catalogue("beam_tree").sentences)
    verdict = notice_line("beam-verdict")
    gr.Markdown(say("moral"))
    with gr.Accordion(say("table"), open=False):
        table = table_with_csv(say("table"), "beams")

    def search(
        run: RunKey, _: int, width: Any, n_tokens: Any, penalty: Any, ends: Any, seed: Any
    ) -> Iterator[dict[Any, Any]]:
        for update in searched(ctx.services, run, checked(width, n_tokens, penalty, ends, seed)):
            yield dict(zip((tree, told, verdict, table), update, strict=True))

    ctx.streams(
        search,
        [tree, verdict, table],
        told=told,
        starts=[start.click],
        follows_run=True,
        controls=[width, n_tokens, penalty, ends, seed],
        marks=[tree],
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="beams",
    )
    ctx.linked(width, "beam_width", one_of(range(1, MAX_WIDTH + 1)))
    ctx.linked(ends, "beam_ends", one_of(ENDS))
    ctx.linked(n_tokens, "beam_tokens", number_between(1, MAX_NEW_TOKENS, whole=True))
    ctx.linked(penalty, "beam_penalty", number_between(-10, 10))
    ctx.linked(seed, "beam_seed", number_between(0, MAX_SEED, whole=True))
    tree.apply(None, [tree, ctx.sentence], ctx.sentence, js=USED, **QUICK)


def checked(width: Any, n_tokens: Any, penalty: Any, ends: Any, seed: Any) -> Asked:
    """What was asked for. Raises: InvalidSetting."""
    if isinstance(penalty, bool) or not isinstance(penalty, int | float) or not -10 <= penalty <= 10:
        raise InvalidSetting(say("bad_penalty", value=_shown(penalty)))
    if ends not in ENDS:
        raise InvalidSetting(say("bad_ends"))
    return Asked(
        _whole(width, 1, MAX_WIDTH, "bad_width"),
        _whole(n_tokens, 1, MAX_NEW_TOKENS, "bad_n_tokens"),
        float(penalty),
        ends,
        _whole(seed, 0, MAX_SEED, "bad_seed"),
    )


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


def searched(services: Services, run: RunKey, asked: Asked) -> Iterator[tuple[Any, Any, Any, Any]]:
    """What (tree, notice, verdict, table) show as the search goes on. Raises: NotFinite."""
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    stops = [token_id for token_id in stop_ids(tokenizer, asked.ends) if token_id < model.config.vocab_size]
    width = min(asked.width, model.config.vocab_size)
    started = last_shown = time.monotonic()
    job = new_job()

    def out_of_time() -> bool:
        return time.monotonic() - started > MAX_SECONDS

    def underway_at(depth: int, weighed: int) -> dict[str, Any]:
        return underway(say("searching", done=depth, n=asked.n_tokens, weighed=weighed), job)

    def too_slow(depth: int) -> dict[str, Any]:
        return info(say("out_of_time", seconds=int(MAX_SECONDS), done=depth, n=asked.n_tokens))

    yield gr.skip(), underway_at(0, 0), gr.skip(), gr.skip()
    written: dict[str, list[int]] = {}
    measured: dict[str, float] = {}
    for kind, temperature in (("greedy", 0.0), ("sampled", 1.0)):
        ids, measured[kind] = written.setdefault(kind, []), 0.0
        drawn = generate(model, run.token_ids, asked.n_tokens, temperature=temperature, seed=asked.seed, stop_ids=stops)
        for step in drawn:
            ids.append(step.token_id)
            measured[kind] += step.log_probability
            if out_of_time():
                yield gr.skip(), too_slow(0), gr.skip(), gr.skip()
                return
            if time.monotonic() - last_shown >= SECONDS_BETWEEN_UPDATES:  # where Stop takes hold
                last_shown = time.monotonic()
                yield gr.skip(), underway_at(0, 0), gr.skip(), gr.skip()

    found = BeamSearch((), ())
    levels = beam_levels(
        model, run.token_ids, asked.n_tokens, width=width, length_penalty=asked.penalty, stop_ids=stops
    )
    for found in levels:
        depth = found.nodes[-1].depth
        if out_of_time() and depth < asked.n_tokens:
            rows = text_rows(found, written, measured, asked.penalty, tokenizer)
            yield drawing("", services, run, found, rows), too_slow(depth), info(""), node_table(found.nodes, tokenizer)
            return
        if time.monotonic() - last_shown >= SECONDS_BETWEEN_UPDATES:
            last_shown = time.monotonic()
            yield (
                drawing("", services, run, found, text_rows(found, written, measured, asked.penalty, tokenizer)),
                underway_at(depth, len(found.nodes)),
                info(""),
                gr.skip(),
            )
    rows = text_rows(found, written, measured, asked.penalty, tokenizer)
    fates = [node.fate for node in found.nodes]
    summary = say(
        "found",
        width=width,
        n=asked.n_tokens,
        tokens=catalogue("page")("token" if asked.n_tokens == 1 else "tokens"),
        weighed=len(fates),
        kept=fates.count("kept"),
        finished=fates.count("finished"),
    )
    best = found.hypotheses[0]
    compared = verdict_sentence(best.token_ids, found.nodes[best.node].cumulative, written, measured)
    yield (
        drawing(key_of(run, asked), services, run, found, rows),
        info(summary),
        info(compared),
        node_table(found.nodes, tokenizer),
    )


def drawing(key: str, services: Services, run: RunKey, found: BeamSearch, rows: Sequence[TextRow]) -> dict[str, Any]:
    """What the tree shows. The path marked at first: the best text's, or while there is none, that of the likeliest beam."""
    tokenizer = services.models.tokenizer(run.model)
    labels = token_labels(sorted({node.token_id for node in found.nodes}), tokenizer)
    deepest = found.nodes[-1].depth
    leader = max((node for node in found.nodes if node.depth == deepest), key=lambda node: node.cumulative)
    best = found.path(found.hypotheses[0].node if found.hypotheses else leader.index)
    last = token_labels(run.token_ids[-1:], tokenizer)[0]
    return beam_drawing(key, run.text, last, found.nodes, labels, rows, [node.index for node in best])


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
            signed(total),
            signed(total / len(token_ids) ** penalty),
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
    others = [row(say(kind), ids, measured[kind], path_along(found.nodes, ids)) for kind, ids in written.items()]
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
    sentences = []
    for kind, ids in written.items():
        gain = best - measured[kind]
        which = "same" if list(best_ids) == ids else "alike" if alike(gain) else "less" if gain > 0 else "more"
        key = {"greedy": f"greedy_{which}", "sampled": f"sampled_{which}"}[kind]
        sentences.append(say(key, times=number_in_words(abs(gain))))
    return " ".join(sentences)


def alike(gain: float) -> bool:
    return abs(gain) < 5e-4  # a factor that would read as 1.00


def odds(nats: float) -> str:
    """A probability e^nats: in per cent, or as one in so many."""
    return (
        say("percent", percent=100 * math.exp(nats))
        if nats > math.log(0.01)
        else say("one_in", n=number_in_words(-nats))
    )


def number_in_words(nats: float) -> str:
    """e^nats, three digits."""
    if nats < math.log(100):
        return f"{math.exp(nats):.3g}"
    if nats < math.log(1e9):
        return f"{math.exp(nats):,.0f}"
    exponent = math.floor(nats / math.log(10))
    return say("power", mantissa=f"{math.exp(nats - exponent * math.log(10)):.1f}", exponent=exponent)


def signed(value: float) -> str:
    """With a minus sign, not a hyphen."""
    return f"{value:.4f}".replace("-", "−")


def node_table(nodes: Sequence[BeamNode], tokenizer: Tokenizer) -> pd.DataFrame:
    """One row a candidate, in the order in which they were weighed."""
    labels = token_labels([node.token_id for node in nodes], tokenizer)
    return pd.DataFrame(
        {
            say("column_node"): [node.index for node in nodes],
            say("column_parent"): [say("prompt") if node.parent is None else node.parent for node in nodes],
            say("column_depth"): [node.depth for node in nodes],
            say("column_token"): [label.text for label in labels],
            say("column_id"): [node.token_id for node in nodes],
            say("column_probability"): [math.exp(node.log_probability) for node in nodes],
            say("column_log"): [node.log_probability for node in nodes],
            say("column_sum"): [node.cumulative for node in nodes],
            say("column_fate"): [say(f"fate_{node.fate}") for node in nodes],
        }
    )


def _shown(value: Any) -> str:
    return say("missing") if value is None else repr(value)


def _whole(value: Any, least: int, most: int, sentence: str) -> int:
    if not is_whole(value, least, most):
        raise InvalidSetting(say(sentence, value=_shown(value), limit=most))
    return int(value)


TAB = TabSpec(say("title"), 70, build)
