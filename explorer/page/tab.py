"""What a tab is, what it is given, and how tabs are found."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from explorer import tabs
from explorer.store.services import Services
from explorer.widgets.cursor import moved, moves
from gpt2core import Gpt2CoreError

# Small requests answered at once, with nothing blanked meanwhile.
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

Part = Literal["token", "layer", "head"]
Choices = list[tuple[str, str]]  # label, name


@dataclass(frozen=True)
class TabContext:
    """The one sentence and the one cursor that all tabs share, and the services.

    sentence, model: the two inputs above the tabs (a tab may put text or a new model into them). cursor: what is on screen
    and which token, layer and head, as a tab sees it (widgets/cursor): it stands still while the tab is closed, so that only
    what can be seen is computed. page_cursor: the one that picks move; it lives in the browser, so moving it costs only the
    requests of what follows. menus: the menus of models inside tabs, each with what it offers before the models that the one
    above the tabs does.
    """

    services: Services
    blocks: gr.Blocks
    sentence: gr.Textbox
    model: gr.Dropdown
    cursor: gr.HTML
    page_cursor: gr.HTML
    menus: list[tuple[gr.Dropdown, Choices]] = field(default_factory=list)

    def model_menu(self, first: Choices, value: str, **options: Any) -> gr.Dropdown:
        """A menu of all models, after `first`; a model trained here joins it as it joins the one above the tabs."""
        menu = gr.Dropdown([*first, *self.services.models.choices()], value=value, **options)
        self.menus.append((menu, first))
        return menu

    def offered(self, choices: Choices) -> list[Any]:
        """What the menus inside tabs become when these models are on offer."""
        return [gr.update(choices=[*first, *choices]) for _, first in self.menus]

    def draws(
        self,
        draw: Callable[..., Any],
        outputs: Component | Sequence[Component],
        *,
        follow: Sequence[Part] = (),
        controls: Sequence[Any] = (),
    ) -> Dependency:
        """Keep `outputs` equal to draw(run, *positions, *controls), called when any of them changes in sight, the last change winning.

        draw gets a RunKey, the cursor's positions named in `follow` (they exist in that run), and the controls' values. A
        Gpt2CoreError that it raises is shown to the person; outputs then stay as they were.
        """
        n_outputs = 1 if isinstance(outputs, Component) else len(outputs)

        def guarded(cursor: Any, *values: Any) -> Any:
            if not (isinstance(cursor, dict) and cursor.get("run")):
                return gr.skip() if n_outputs == 1 else tuple(gr.skip() for _ in range(n_outputs))
            try:
                run = self.services.run(cursor["run"])
                limits = self.services.cursor_limits(run)
                return draw(run, *(clamped(cursor.get(part), limits[part]) for part in follow), *values)
            except Gpt2CoreError as error:
                raise gr.Error(str(error), print_exception=False) from error

        return gr.on(
            [*(moved(self.cursor, part) for part in ("run", *follow)), *(control.change for control in controls)],
            guarded,
            [self.cursor, *controls],
            outputs,
            trigger_mode="always_last",
            **QUICK,
        )

    def picks(self, part: Part, pick: Callable[..., Any], widget: Component, js: str) -> None:
        """When the event `pick` of `widget` fires, move the cursor to `js`, an expression over the widget's `value`; no request."""
        self.picks_together({part: js}, pick, widget)

    def picks_together(self, positions: Mapping[str, str], pick: Callable[..., Any], widget: Component) -> None:
        """The same for several parts at once, each with its expression."""
        pick(None, [self.page_cursor, widget], self.page_cursor, js=moves(positions), **QUICK)

    def mirrors(self, component: Component, js: str, *, follow: Sequence[Part], after: Dependency) -> None:
        """Keep `component` in step with the cursor, in the browser alone: its value becomes `js`, an expression over `cursor`
        and its old `value`, when a position in `follow` changes, and again after a redraw (`after`) has replaced it."""
        mirror: dict[str, Any] = {
            "fn": None,
            "inputs": [self.cursor, component],
            "outputs": component,
            "js": f"(cursor, value) => ({js})",
            **QUICK,
        }
        gr.on([moved(self.cursor, part) for part in follow], **mirror)
        after.then(**mirror)


@dataclass(frozen=True)
class TabSpec:
    """title: what the tab is called. order: its place, from the left. build: lays it out and wires it.

    id: its name in links and in the page's events, whatever its title says in which language: find_tabs gives it the module's.
    """

    title: str
    order: int
    build: Callable[[TabContext], None]
    id: str = ""


def find_tabs() -> list[TabSpec]:
    """TAB of every module in explorer/tabs, from left to right, each with the module's name as its id."""
    names = [found.name for found in pkgutil.iter_modules(tabs.__path__)]
    found = [replace(importlib.import_module(f"{tabs.__name__}.{name}").TAB, id=name) for name in names]
    return sorted(found, key=lambda tab: tab.order)


def clamped(index: object, n: int) -> int:
    """A cursor position as an index below n, whatever the browser sent."""
    return max(0, min(n - 1, int(index))) if isinstance(index, int | float) and math.isfinite(index) else 0
