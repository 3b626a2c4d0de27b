"""What takes a while: results that arrive piece by piece, can be stopped, and are marked once they belong to other settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.catalogue import catalogue
from explorer.page.events import QUICK, UNMARKED, changed
from explorer.page.guard import clamped, dom_id, in_words
from explorer.page.stopping import stops
from explorer.store.services import Services
from explorer.widgets.made import made_of
from explorer.widgets.notice import refusal


@dataclass(frozen=True)
class Stream:
    """What TabContext.streams was given."""

    write: Callable[..., Any]
    outputs: tuple[Component, ...]
    told: gr.HTML
    starts: tuple[Callable[..., Any], ...]
    follows_run: bool
    controls: tuple[Component, ...]
    waits: bool
    marks: tuple[Component, ...]
    stop: gr.Button | None
    stopped: str
    concurrency_id: str
    concurrency_limit: int
    outlives_edits: bool


# In the browser, for inputs [seen, made, *controls]: `now` is what a result would be made of; a notice line or a figure among the
# controls would travel whole, so there are none. A box that nobody has typed into is null, and once it was restored ''.
_RUN = "seen && seen.run"
_RUN_UNEDITED = "seen && seen.run && (({ edits, ...unedited }) => JSON.stringify(unedited))(JSON.parse(seen.run))"
_WITH_NOW = """(seen, made, ...controls) =>
  [seen, { ...made, now: JSON.stringify([%s, ...controls.map((one) => one ?? '')]) }, ...controls]"""
_NOW_ONLY = """(seen, made, ...controls) =>
  ({ ...made, now: JSON.stringify([%s, ...controls.map((one) => one ?? '')]) })"""


def connect_stream(services: Services, watched: gr.HTML, stream: Stream) -> None:
    """Wire one stream of the tab whose widgets/sight is `watched`."""
    made = made_of([dom_id(mark) for mark in stream.marks])
    inputs = [watched, made, *stream.controls]
    changes = [changed(control) for control in stream.controls]
    of = _RUN_UNEDITED if stream.outlives_edits else _RUN

    def guarded(seen: Any, made_now: Any, *values: Any) -> Iterator[dict[Any, Any]]:
        yield from written(services, stream, made, seen, made_now, values)

    running = gr.on(
        [*stream.starts, *([watched.edit, *([] if stream.waits else changes)] if stream.follows_run else [])],
        guarded,
        inputs,
        list(dict.fromkeys([*stream.outputs, stream.told, made, *([stream.stop] if stream.stop else [])])),
        js=_WITH_NOW % of,
        trigger_mode="always_last",
        concurrency_limit=stream.concurrency_limit,
        concurrency_id=stream.concurrency_id,
        **UNMARKED,
        api_visibility="private",
    )
    if stream.marks:
        gr.on(
            [*stream.starts, watched.edit, *changes],
            None,
            inputs,
            made,
            js=_NOW_ONLY % of,
            **QUICK,
        )
    if stream.stop is not None:
        stops(stream.stop, running, stream.told, stream.stopped)
        off = "() => ({ __type__: 'update', interactive: false })"
        running.then(None, None, stream.stop, js=off, **QUICK)


def written(
    services: Services, stream: Stream, made: gr.HTML, seen: Any, made_now: Any, values: tuple[Any, ...]
) -> Iterator[dict[Any, Any]]:
    """The updates of one call: those of `stream.write`, its refusal or fault in words, and of what the results are made."""
    if not (isinstance(seen, dict) and isinstance(seen.get("run"), str) and seen["run"]):
        yield {made: gr.skip()}
        return
    state = made_now if isinstance(made_now, dict) else {}
    now = state["now"] if isinstance(state.get("now"), str) else json.dumps(None)
    if stream.follows_run and state.get("made") == now and not state.get("failed"):
        yield {made: gr.skip()}
        return
    going = {stream.stop: gr.Button(interactive=True)} if stream.stop else {}
    try:
        run = services.run(seen["run"])
        token = clamped(seen.get("token"), len(run.token_ids))
        yield {made: {"whole": False}, **going}
        for given in stream.write(run, token, *values):
            updates = {component: value for component, value in given.items() if not _skipped(value)}
            results = any(mark in updates for mark in stream.marks)
            yield {made: {"made": now} if results else gr.skip(), **updates}
        yield {made: {"whole": True}}
    except Exception as error:
        sentence = in_words(error)
        yield {stream.told: refusal(sentence), made: {"failed": sentence or catalogue("page")("broken")}}


def _skipped(value: Any) -> bool:
    return isinstance(value, dict) and value == gr.skip()
