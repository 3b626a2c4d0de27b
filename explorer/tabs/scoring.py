"""Scoring: how well the model predicts a text that somebody wrote, token by token and as a whole."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pandas as pd

from explorer.catalogue import catalogue
from explorer.page.guard import clamped
from explorer.page.links import any_text
from explorer.page.spec import TabSpec
from explorer.page.tables import table_with_csv
from explorer.page.wiring import TabContext
from explorer.store.services import MAX_CHARACTERS, RunKey, Services, TextTooLong
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.scored_text import PICKED, Summary, scored, scored_text
from explorer.wording.text import token_labels
from gpt2core import Tokenizer
from gpt2core.errors import InvalidSetting
from gpt2core.scoring import TextScore, score_windows

log = logging.getLogger(__name__)
say = catalogue("scoring")

MAX_TOKENS = 3000
MAX_SECONDS = 60.0
SECONDS_BETWEEN_UPDATES = 0.5


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        typed = gr.Textbox(
            label=say("text"),
            info=say("text_info"),
            lines=2,
            max_lines=10,
            elem_id="scoring-text",
            min_width=280,
        )
        stop = gr.Button(say("stop"), variant="stop", scale=0, min_width=110, elem_id="scoring-stop")
    told = notice_line("scoring-status")
    scored_view = scored_text("scored-text", catalogue("scored_text").sentences)
    with gr.Accordion(say("table"), open=False):
        table = table_with_csv(say("table"), "scoring")

    def score(run: RunKey, token: int, typed: Any) -> Iterator[dict[Any, Any]]:
        text = typed if isinstance(typed, str) and typed else run.text
        for update in scoring(ctx.services, run, text, token):
            yield dict(zip((scored_view, told, table), update, strict=True))

    ctx.streams(
        score,
        [scored_view, table],
        told=told,
        follows_run=True,
        controls=[typed],
        marks=[scored_view],
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="scoring",
    )
    ctx.picks("token", scored_view.pick, scored_view, PICKED)
    ctx.linked(typed, "scored", any_text)


def key_of(model: str, text: str) -> str:
    """What a whole score on screen is known by."""
    return json.dumps([model, text])


def checked_ids(text: str, tokenizer: Tokenizer) -> list[int]:
    """The text's tokens. Raises: TextTooLong, InvalidSetting for too many or a single one, NotInVocabulary."""
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(len(text))
    token_ids = tokenizer.encode(text)
    if len(token_ids) > MAX_TOKENS:
        excess = len(token_ids) - MAX_TOKENS
        tokens = catalogue("page")("token" if excess == 1 else "tokens")
        raise InvalidSetting(say("too_long", n=len(token_ids), limit=MAX_TOKENS, excess=excess, tokens=tokens))
    if len(token_ids) == 1:
        raise InvalidSetting(say("single"))
    return token_ids


def scoring(services: Services, run: RunKey, text: str, token: Any) -> Iterator[tuple[Any, Any, Any]]:
    """What (scored text, notice, table) show as `text` is scored by the run's model. token: where the cursor stands.

    Raises: what checked_ids and score_windows raise.
    """
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    token_ids = checked_ids(text, tokenizer)
    n, follows = len(token_ids), text == run.text
    started = last_shown = time.monotonic()
    job = new_job()

    def drawing(key: str, score: TextScore) -> dict[str, Any]:
        ids = sorted({*score.token_ids, *score.alternatives.flatten().tolist()})
        selected = clamped(token, len(score.token_ids)) if follows else int(score.losses.argmax()) + 1
        summary = summary_of(score, tokenizer, model.config.vocab_size)
        return scored(key, score, token_labels(ids, tokenizer), model.config.vocab_size, summary, selected, follows)

    yield gr.skip(), underway(say("scoring", done=0, n=n), job), gr.skip()
    for score in score_windows(model, token_ids):
        done, now = len(score.token_ids), time.monotonic()
        if done == n:
            limit = model.config.context_length
            told = say("scored_sentence" if follows else "scored_text", n=n)
            if score.n_windows > 1:
                told += " " + say("windows", limit=limit, windows=score.n_windows, least=limit - limit // 2)
            yield drawing(key_of(run.model, text), score), info(told), token_table(score, tokenizer)
        elif now - started > MAX_SECONDS:
            told = say("out_of_time", seconds=int(MAX_SECONDS), done=done, n=n)
            yield drawing("", score), info(told), token_table(score, tokenizer)
            return
        elif now - last_shown > SECONDS_BETWEEN_UPDATES:
            last_shown = now
            yield drawing("", score), underway(say("scoring", done=done, n=n), job), gr.skip()


def summary_of(score: TextScore, tokenizer: Tokenizer, vocab_size: int) -> Summary:
    """The whole text in numbers and words."""
    n = len(score.losses)
    n_bytes = len(tokenizer.decode_bytes(score.token_ids[1:]))
    per_byte = score.loss_per_byte(n_bytes)
    n_first = int((score.ranks == 1).sum())
    perplexity = number(score.perplexity)
    meaning = "meaning" if score.perplexity <= vocab_size else "meaning_worse"
    most = int(score.losses.argmax())
    hardest = token_labels([score.token_ids[most + 1]], tokenizer)[0].text
    facts = (
        (say("fact_perplexity"), say("fact_perplexity_value", perplexity=perplexity)),
        (say("fact_loss"), say("fact_loss_value", nats=score.mean_loss)),
        (say("fact_bytes"), say("fact_bytes_value", nats=per_byte, bits=per_byte / math.log(2))),
        (say("fact_first"), say("fact_first_value", n=n_first, total=n, percent=100 * n_first / n)),
    )
    chart = say(
        "chart",
        n=n + 1,
        mean=score.mean_loss,
        token=hardest,
        position=most + 2,
        most=float(score.losses[most]),
    )
    return Summary(facts, say(meaning, perplexity=perplexity, vocabulary=vocab_size), chart)


def number(value: float) -> str:
    """Two decimals, or whole from a thousand on; a power of ten where there would be too many digits to read."""
    return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}" if value < 1e9 else f"{value:.2e}"


def token_table(score: TextScore, tokenizer: Tokenizer) -> pd.DataFrame:
    """One row a token; the first has nothing before it and no numbers."""
    labels = token_labels(score.token_ids, tokenizer)
    likeliest = token_labels(score.alternatives[:, 0].tolist(), tokenizer)
    losses = score.losses.tolist()
    columns: dict[str, list[Any]] = {
        "column_rank": score.ranks.tolist(),
        "column_probability": [math.exp(-loss) for loss in losses],
        "column_nats": losses,
        "column_bits": [loss / math.log(2) for loss in losses],
        "column_context": score.context.tolist(),
        "column_likeliest": [label.text for label in likeliest],
        "column_likeliest_probability": score.alternative_probabilities[:, 0].tolist(),
    }
    return pd.DataFrame(
        {
            say("column_position"): range(1, len(labels) + 1),
            say("column_token"): [label.text for label in labels],
            say("column_id"): list(score.token_ids),
            **{say(name): pd.Series(["", *values], dtype=object) for name, values in columns.items()},
        }
    )


TAB = TabSpec(say("title"), 90, build)
