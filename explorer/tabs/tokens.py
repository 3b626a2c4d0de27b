"""Tokens: the sentence cut up as GPT-2 reads it, and how byte-pair encoding made each token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import pandas as pd

from explorer.catalogue import catalogue
from explorer.page.spec import TabSpec
from explorer.page.tables import table_with_csv
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey
from explorer.widgets.merges import merge_list, merge_rows
from explorer.widgets.tokens import PICKED, token_cards, token_keys
from explorer.wording.text import TokenLabel, printable
from gpt2core.tokenizer import Piece

say = catalogue("tokens")


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    cards = token_keys("token-cards")
    gr.Markdown(say("merges"))
    merges = merge_list("merges")
    with gr.Accordion(say("table"), open=False):
        table = table_with_csv(say("table"), "tokens")

    def draw(run: RunKey, token: int) -> tuple[Any, Any]:
        tokenizer = ctx.services.models.tokenizer(run.model)
        pieces = tokenizer.pieces(run.text)
        piece = pieces[piece_numbers(pieces)[token]]
        rows = merge_rows(piece, tokenizer.ranks, say("start"), say("step"))
        return token_cards(ctx.services.labels(run), token), rows

    def fill(run: RunKey) -> pd.DataFrame:
        return token_table(ctx.services.labels(run), ctx.services.models.tokenizer(run.model).pieces(run.text))

    ctx.draws(draw, [cards, merges], follow=["token"])
    ctx.draws(fill, table)
    ctx.picks("token", cards.pick, cards, PICKED)


def piece_numbers(pieces: Sequence[Piece]) -> list[int]:
    """For each token in order, which piece it came from."""
    return [number for number, piece in enumerate(pieces) for _ in piece.tokens]


def token_table(labels: Sequence[TokenLabel], pieces: Sequence[Piece]) -> pd.DataFrame:
    """One row a token."""
    numbers = piece_numbers(pieces)
    return pd.DataFrame(
        {
            say("column_position"): range(len(labels)),
            say("column_token"): [label.text for label in labels],
            say("column_id"): [label.token_id for label in labels],
            say("column_bytes"): [label.hex for label in labels],
            say("column_piece"): [printable(pieces[number].data) for number in numbers],
            say("column_merges"): [len(pieces[number].merges) for number in numbers],
        }
    )


TAB = TabSpec(say("title"), 10, build)
