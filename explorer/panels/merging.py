"""Byte-pair encoding at work on the sentence: where the rule cuts it, and how the picked token's piece is put together."""

from __future__ import annotations

from typing import Any

from explorer.answers.merges import cut_by_rule, label, why_merges_end
from explorer.answers.token_views import piece_numbers
from explorer.catalogue import catalogue
from explorer.page.links import number_between
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey, Services
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.merges import merge_history, merge_tree, merges_value

say = catalogue("tokens")
MOST_STEPS = 1_000_000  # that a link may name


def build(ctx: TabContext) -> None:
    with frame("merges-frame", name="merges") as figure:
        tree = merge_tree("merges", "merge_step")

    def draw(run: RunKey) -> dict[Any, Any]:
        return {tree: merges_of(ctx.services, run), figure.bar: frame_value(say("merges_title"), say("merges_summary"))}

    ctx.draws(draw, [tree, figure.bar])
    ctx.linked(None, "merge_step", number_between(-1, MOST_STEPS, whole=True), -1)


def merges_of(services: Services, run: RunKey) -> dict[str, str]:
    """Every piece of the sentence, for the widget; pieces that are alike are told once."""
    tokenizer = services.models.tokenizer(run.model)
    pieces = tokenizer.pieces(run.text)
    distinct = list({piece.data: piece for piece in pieces}.values())
    place = {piece.data: number for number, piece in enumerate(distinct)}
    histories = [merge_history(piece, tokenizer, why_merges_end(piece, tokenizer)) for piece in distinct]
    cut = [(label(piece.data), rule) for piece, rule in zip(pieces, cut_by_rule(run.text, tokenizer), strict=True)]
    return merges_value(cut, piece_numbers(pieces), histories, [place[piece.data] for piece in pieces])
