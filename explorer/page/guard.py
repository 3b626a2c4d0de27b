"""The one guard of all handlers: figures that cannot be drawn are marked and the reason is said; a fault is logged whole."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.widgets.page_state import PARTS
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """What TabContext.draws was given, under a name within its tab."""

    name: str
    draw: Callable[..., Any]
    outputs: tuple[Block, ...]
    follow: tuple[str, ...]
    controls: tuple[Component, ...]
    when: gr.HTML | None
    again: tuple[Callable[..., Any], ...] = ()
    matters: Callable[..., Sequence[int]] | None = None

    def watched(self) -> dict[str, Any]:
        """What widgets/sight must know of it: on which positions it depends, and which elements to mark."""
        return {"follow": list(self.follow), "ids": [dom_id(output) for output in self.outputs]}


def dom_id(component: Block) -> str:
    """The id of a component's element on the page. Gradio (6.31) writes one only where one was given: here, at the latest."""
    component.elem_id = component.elem_id or f"component-{component._id}"
    return component.elem_id


def in_words(error: Exception) -> str:
    """What a person reads of an error: a refusal as it is; anything else is logged whole and said to be our fault."""
    if isinstance(error, Gpt2CoreError):
        return refusal_in_words(error)
    log.error("a handler failed", exc_info=error)
    return catalogue("page")("broken")


def redrawn(
    services: Services, figures: Sequence[Figure], seen: Any, given: Mapping[Any, Any]
) -> tuple[dict[Block, Any], dict[str, Any]]:
    """The updates of all `figures` that are out of date, and what is told to widgets/sight of all of them.

    seen: the value of widgets/sight, as the browser sent it: where the cursor is, and for what each figure was last drawn.
    given: the values of controls and frames.
    """
    if not (isinstance(seen, dict) and seen.get("run")):
        return {}, {
            "run": "",
            "current": {},
            "failed": {},
        }  # asked before anything was read: widgets/sight asks again once it is
    shown = seen["shown"] if isinstance(seen.get("shown"), dict) else {}
    current: dict[str, str] = {}
    failed: dict[str, str] = {}
    updates: dict[Block, Any] = {}
    open_ones = [figure for figure in figures if figure.when is None or is_open(given[figure.when])]
    try:
        run = services.run(seen["run"])
        limits = services.cursor_limits(run)
    except Exception as error:
        sentence = in_words(error)
        return {}, {**_where(seen), "current": {}, "failed": {figure.name: sentence for figure in open_ones}}
    for figure in open_ones:
        positions = [clamped(seen.get(part), limits[part]) for part in figure.follow]
        if figure.matters is not None:
            positions = list(figure.matters(run, *positions))
        values = [given[control] for control in figure.controls]
        key = key_of(run, positions, values)
        if shown.get(figure.name) != key:
            try:
                updates.update(by_name(figure, figure.draw(run, *positions, *values)))
            except Exception as error:
                failed[figure.name] = in_words(error)
                continue
        current[figure.name] = key
    return updates, {**_where(seen), "current": current, "failed": failed}


def _where(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Where the cursor was when it was asked: what is pressed before widgets/sight has read an answer still knows of what run it is."""
    return {part: seen.get(part) for part in ("run", *PARTS)}


def by_name(figure: Figure, drawn: Any) -> dict[Block, Any]:
    """What a draw returned, as {component: value}."""
    if isinstance(drawn, dict) and drawn and all(isinstance(key, Block) for key in drawn):
        return drawn
    if len(figure.outputs) == 1:
        return {figure.outputs[0]: drawn}
    return dict(zip(figure.outputs, drawn, strict=True))


def is_open(frame: Any) -> bool:
    return isinstance(frame, dict) and bool(frame.get("open"))


def key_of(run: RunKey, positions: Sequence[int], values: Sequence[Any]) -> str:
    """What a figure was drawn for, in a few characters: the browser keeps it and sends it back."""
    whole = json.dumps([run.to_json(), *positions, *values], default=repr)
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def clamped(index: object, n: int) -> int:
    """A cursor position as an index below n, whatever the browser sent."""
    return max(0, min(n - 1, int(index))) if isinstance(index, int | float) and math.isfinite(index) else 0
