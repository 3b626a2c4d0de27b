"""Tokens: the sentence cut up as GPT-2 reads it, how byte-pair encoding made each token, and what other vocabularies make of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explorer.answers.merges import label
from explorer.answers.presets import PRESETS
from explorer.answers.token_views import TokenViews, counted, token_views
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.intro import intro
from explorer.page.links import flag
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import merging, vocabularies, vocabulary_training
from explorer.store.services import RunKey
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.presets import CHOSEN, presets
from explorer.widgets.token_text import token_text, token_text_value
from explorer.wording.text import TokenLabel

say = catalogue("tokens")


def build(ctx: TabContext) -> None:
    intro(say)
    with frame("tokens-frame", name="tokens") as figure:
        views = token_text("token-cards", "token_bytes")
    choices = [(say(f"preset_{name}"), text, say(f"told_{name}")) for name, text in PRESETS.items()]
    to_try = presets("token-presets", choices, say("try"))
    merging.build(ctx)
    vocabularies.build(ctx)
    vocabulary_training.build(ctx)

    def draw(run: RunKey) -> dict[Any, Any]:
        labels, found = ctx.services.labels(run), token_views(ctx.services, run)
        families, which = found.told_families()
        value = token_text_value(labels, found.seen, found.characters, found.whys, families, which)
        words = counted(run.text, len(labels))
        return {views: value, figure.bar: frame_value(say("cards_title", n=len(labels)), words)}

    def rows(run: RunKey) -> Any:
        return table_value(token_table(ctx.services.labels(run), token_views(ctx.services, run)))

    ctx.draws(draw, [views, figure.bar])
    ctx.draws(rows, figure.table, when=figure.bar)
    ctx.linked(None, "token_bytes", flag, False)
    to_try.pick(None, to_try, ctx.sentence, js=CHOSEN, **QUICK)


def token_table(labels: list[TokenLabel], found: TokenViews) -> pd.DataFrame:
    """One row a token."""
    pieces = [found.pieces[number] for number in found.piece_of]
    return pd.DataFrame(
        {
            say("shared_position"): range(len(labels)),
            say("shared_token"): [one.text for one in labels],
            say("column_id"): [one.token_id for one in labels],
            say("column_bytes"): [one.hex for one in labels],
            say("column_piece"): [label(piece.data) for piece in pieces],
            say("column_merges"): [len(piece.joints) for piece in pieces],
        }
    )


TAB = TabSpec(say("title"), 10, build)
