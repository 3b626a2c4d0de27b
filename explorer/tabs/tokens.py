"""Tokens: the sentence cut up as GPT-2 reads it, and how byte-pair encoding made each token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from explorer.answers.merges import label, why_merges_end
from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey, Services
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.merges import merge_history, merge_list
from explorer.widgets.tokens import PICKED, STRIP_MIRRORED, token_cards, token_keys
from explorer.wording.text import TokenLabel
from gpt2core.merging import Piece

say = catalogue("tokens")


def build(ctx: TabContext) -> None:
    intro(say)
    with frame("tokens-frame", name="tokens", main=True) as figure:
        cards = token_keys("token-cards")
    with frame("merges-frame", name="merges") as merges_frame:
        merges = merge_list("merges")

    def draw(run: RunKey) -> dict[Any, Any]:
        labels, n_bytes = ctx.services.labels(run), len(run.text.encode())
        counted = say("counted", characters=len(run.text), bytes=n_bytes, tokens=len(labels))
        return {cards: token_cards(labels, 0), figure.bar: frame_value(say("cards_title", n=len(labels)), counted)}

    def draw_merges(run: RunKey, token: int) -> dict[Any, Any]:
        history, bar = merges_figure(ctx.services, run, token)
        return {merges: history, merges_frame.bar: bar}

    def rows(run: RunKey) -> Any:
        pieces = ctx.services.models.tokenizer(run.model).pieces(run.text)
        return table_value(token_table(ctx.services.labels(run), pieces))

    ctx.draws(draw, [cards, figure.bar])
    ctx.draws(draw_merges, [merges, merges_frame.bar], follow=["token"])
    ctx.draws(rows, figure.table, when=figure.bar)
    ctx.picks("token", cards.pick, cards, PICKED)
    ctx.mirrors(cards, STRIP_MIRRORED)


def merges_figure(services: Services, run: RunKey, token: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """How the piece that `token` belongs to was put together: the widget's data and its frame's."""
    tokenizer = services.models.tokenizer(run.model)
    pieces = tokenizer.pieces(run.text)
    piece = pieces[piece_numbers(pieces)[token]]
    bar = frame_value(say("merges_title", piece=label(piece.data)), say("merges_summary"))
    return merge_history(piece, tokenizer, why_merges_end(piece, tokenizer)), bar


def piece_numbers(pieces: Sequence[Piece]) -> list[int]:
    """For each token in order, which piece it came from."""
    return [number for number, piece in enumerate(pieces) for _ in piece.tokens]


def token_table(labels: Sequence[TokenLabel], pieces: Sequence[Piece]) -> pd.DataFrame:
    """One row a token."""
    numbers, shown = piece_numbers(pieces), [label(piece.data) for piece in pieces]
    return pd.DataFrame(
        {
            say("shared_position"): range(len(labels)),
            say("shared_token"): [label.text for label in labels],
            say("column_id"): [label.token_id for label in labels],
            say("column_bytes"): [label.hex for label in labels],
            say("column_piece"): [shown[number] for number in numbers],
            say("column_merges"): [len(pieces[number].joints) for number in numbers],
        }
    )


TAB = TabSpec(say("title"), 10, build)
