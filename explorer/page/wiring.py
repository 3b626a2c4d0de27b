"""What a tab is given, and how its figures are kept equal to what is on screen.

A tab says what it draws (`draws`), what it writes over time (`streams`), what moves the cursor (`picks`), what follows it in the
browser alone (`mirrors`) and what belongs into a link (`linked`). One pick is one event and one request for the open tab, whatever
it changed; a closed tab asks nothing. Every handler runs under one guard (`explorer/page/guard.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from explorer.page.events import QUICK, changed
from explorer.page.guard import Figure, redrawn
from explorer.page.links import Check, Linked, fitting
from explorer.page.streaming import Stream, connect_stream
from explorer.store.services import Services
from explorer.widgets.page_state import moves
from explorer.widgets.sight import sight

Part = Literal["token", "layer", "head"]
Choices = list[tuple[str, str]]  # label, name
Controls = Sequence[Component]


def _forgetting(names: Sequence[str]) -> str:
    """In the browser: as if the figures of these names had not been drawn yet."""
    return f"""(seen, ...values) => {{
      const shown = Object.entries((seen && seen.shown) || {{}}).filter(([name]) => !{json.dumps(list(names))}.includes(name));
      return [{{ ...seen, shown: Object.fromEntries(shown) }}, ...values];
    }}"""


@dataclass(frozen=True)
class Offer:
    """What TabContext.offers_models was given."""

    event: Callable[..., Any]
    answer: Callable[..., dict[Any, Any]]
    inputs: tuple[Component, ...]
    outputs: tuple[Component, ...]


@dataclass(frozen=True)
class Page:
    """What all tabs share: the services, the sentence and the model above the tabs, and the one cursor (widgets/page_state).

    menus: the menus of models inside tabs, each with what it offers before the models that the one above the tabs does.
    linked: every control beside the cursor that a link holds.
    offers: what puts models into all of these menus, wired by `connect` once every tab stands.
    vocabulary: the key of the vocabulary that this session trained last (`services.vocabularies.get`), "" before; invisible.
    """

    services: Services
    blocks: gr.Blocks
    sentence: gr.Textbox
    model: gr.Dropdown
    cursor: gr.HTML
    menus: list[tuple[gr.Dropdown, Choices]] = field(default_factory=list)
    linked: list[Linked] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    vocabulary: gr.Textbox = field(default_factory=lambda: gr.Textbox("", visible="hidden", show_label=False))

    def connect(self) -> None:
        """Wire what concerns all tabs, once they are laid out."""
        for offer in self.offers:
            outputs = [self.model, *offer.outputs, *(menu for menu, _ in self.menus)]
            offer.event(partial(self._offered, offer), list(offer.inputs), outputs, **QUICK)

    def _offered(self, offer: Offer, *values: Any) -> dict[Any, Any]:
        updates = offer.answer(*values)
        offered = updates.get(self.model, {})
        if "choices" in offered:
            updates |= {menu: gr.update(choices=[*first, *offered["choices"]]) for menu, first in self.menus}
        return updates or {self.model: gr.skip()}


@dataclass(frozen=True)
class TabContext:
    """One tab's way to the page. tab: its id; "" for what stands above the tabs and is always in sight."""

    page: Page
    tab: str = ""
    _figures: list[Figure] = field(default_factory=list)
    _streams: list[Stream] = field(default_factory=list)
    _mirrors: list[tuple[Component, str, Controls]] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.page.services

    @property
    def sentence(self) -> gr.Textbox:
        return self.page.sentence

    @property
    def model(self) -> gr.Dropdown:
        return self.page.model

    def model_menu(self, first: Choices, value: str, **options: Any) -> gr.Dropdown:
        """A menu of all models, after `first`; a model trained here joins it as it joins the one above the tabs."""
        menu = gr.Dropdown([*first, *self.services.models.choices()], value=value, **options)
        self.page.menus.append((menu, first))
        return menu

    def offers_models(
        self, event: Callable[..., Any], answer: Callable[..., dict[Any, Any]], inputs: Controls, outputs: Controls
    ) -> None:
        """After `event`, answer(*inputs) returns {component: value} for `outputs` and the Model menu; new choices of that one reach
        the menus inside tabs too, those of tabs further right as well."""
        self.page.offers.append(Offer(event, answer, tuple(inputs), tuple(outputs)))

    def draws(
        self,
        draw: Callable[..., Any],
        outputs: Block | Sequence[Block],
        *,
        follow: Sequence[Part] = (),
        controls: Controls = (),
        when: gr.HTML | None = None,
        again: Sequence[Callable[..., Any]] = (),
        matters: Callable[..., Sequence[int]] | None = None,
    ) -> None:
        """Keep `outputs` equal to draw(run, *positions, *controls), called when any of them changes in sight, the last change winning.

        draw gets a RunKey, the cursor's positions named in `follow` (they exist in that run), and the controls' values; it returns
        {component: value}, or the value alone where there is one output. What it raises is said above the tab, and its outputs are
        marked as belonging to the earlier state until they are drawn again. when: a frame's bar; draw is called only while it is open.
        again: events after which it is called whether or not anything has changed. matters(run, *positions): the positions that draw is
        given in their place; where they are the same for two cursors, what was drawn for one serves for the other and is not drawn again.
        """
        outputs = (outputs,) if isinstance(outputs, Block) else tuple(outputs)
        self._figures.append(
            Figure(f"f{len(self._figures)}", draw, outputs, tuple(follow), tuple(controls), when, tuple(again), matters)
        )

    def streams(
        self,
        write: Callable[..., Any],
        outputs: Sequence[Component],
        *,
        told: gr.HTML,
        starts: Sequence[Callable[..., Any]] = (),
        follows_run: bool = False,
        controls: Controls = (),
        waits: bool = False,
        marks: Sequence[Component] = (),
        stop: gr.Button | None = None,
        stopped: str = "",
        concurrency_id: str = "streams",
        concurrency_limit: int = 2,
        outlives_edits: bool = False,
    ) -> None:
        """Let write(run, token, *controls) yield {component: value} over time, begun by `starts`, and where it follows the run by a
        new sentence or a changed control too; not by the controls where it `waits` for its starts.

        told: the notice line where its refusals are said. marks: the results, marked while they belong to another run or to other
        controls than those on screen, and where a refusal stands; with `outlives_edits` not for an edit alone. stop: enabled while
        something runs, ends it; `stopped` is then said, with {n} for the n of the last notice `underway`.
        """
        self._streams.append(
            Stream(
                write,
                tuple(outputs),
                told,
                tuple(starts),
                follows_run,
                tuple(controls),
                waits,
                tuple(marks),
                stop,
                stopped,
                concurrency_id,
                concurrency_limit,
                outlives_edits,
            )
        )

    def picks(self, part: Part, pick: Callable[..., Any], widget: Component, js: str) -> None:
        """When the event `pick` of `widget` fires, move the cursor to `js`, an expression over the widget's `value`; no request."""
        self.picks_together({part: js}, pick, widget)

    def picks_together(self, positions: Mapping[str, str], pick: Callable[..., Any], widget: Component) -> None:
        """The same for several parts at once, each with its expression."""
        pick(None, [self.page.cursor, widget], self.page.cursor, js=moves(positions), **QUICK)

    def mirrors(self, component: Component, js: str, beside: Controls = ()) -> None:
        """Keep `component` in step with the cursor, in the browser alone: its value becomes `js`, an expression over `cursor`
        and its old `value`, when the cursor moves, and again after a redraw has replaced it. beside: controls of a figure of this tab
        whose values the expression may use too, as a list `beside`."""
        self._mirrors.append((component, js, tuple(beside)))

    def linked(self, component: Component | None, name: str, check: Check, usual: Any = None) -> None:
        """Let a link hold the value of `component` as `name`, where it is not the one it has now. check: the value that a link's
        text stands for; raises InvalidSetting. component None: a widget keeps it in the browser (widgets/shared/linked.js), where
        it is `usual` without a link."""
        usual = usual if component is None else component.value
        self.page.linked.append(Linked(name, component, usual, fitting(component, check)))

    def connect(self) -> None:
        """Wire what was said, once the tab is laid out."""
        watched = sight(self.tab, {figure.name: figure.watched() for figure in self._figures})
        if self._figures:
            self._connect_figures(watched)
        elif self._mirrors:
            watched.select(**self._mirroring(watched))
        for stream in self._streams:
            connect_stream(self.services, watched, stream)

    def _connect_figures(self, watched: gr.HTML) -> None:
        figures = self._figures
        controls = list(dict.fromkeys(control for figure in figures for control in figure.controls))
        gates = list(dict.fromkeys(figure.when for figure in figures if figure.when is not None))
        inputs: list[Any] = [watched, *controls, *gates]

        def redraw(seen: Any, *values: Any) -> dict[Any, Any]:
            given = dict(zip(inputs[1:], values, strict=True))
            updates, answer = redrawn(self.services, figures, seen, given)
            return {watched: answer, **updates}

        outputs = [watched, *dict.fromkeys(output for figure in figures for output in figure.outputs)]
        drawn = gr.on(
            [watched.submit, *(changed(control) for control in controls)],
            redraw,
            inputs,
            outputs,
            trigger_mode="always_last",
            **QUICK,
        )
        for gate in gates:
            asked = [figure.name for figure in figures if figure.when is gate]
            gate.ask(redraw, inputs, outputs, js=_forgetting(asked), trigger_mode="always_last", **QUICK)
        for event in dict.fromkeys(event for figure in figures for event in figure.again):
            event(redraw, inputs, outputs, js=_forgetting([figure.name for figure in figures]), **QUICK)
        if self._mirrors:
            watched.select(**self._mirroring(watched))
            drawn.then(**self._mirroring(watched))

    def _mirroring(self, watched: gr.HTML) -> dict[str, Any]:
        components = [component for component, _, _ in self._mirrors]
        besides = list(dict.fromkeys(one for _, _, beside in self._mirrors for one in beside))
        inputs = [watched, *components, *besides]
        each = ", ".join(
            f"((value, beside) => ({js}))(values[{inputs.index(component)}], [{', '.join(f'values[{inputs.index(one)}]' for one in beside)}])"
            for component, js, beside in self._mirrors
        )
        return {
            "fn": None,
            "inputs": inputs,
            "outputs": components,
            "js": f"(...values) => {{ const cursor = values[0]; return [{each}]; }}",
            **QUICK,
        }
