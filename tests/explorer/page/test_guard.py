"""The guard of all figures: what is out of date is drawn, what cannot be drawn is marked, and a fault harms no other figure."""

from __future__ import annotations

import logging

import gradio as gr
import pytest

from explorer.page.guard import Figure, clamped, redrawn
from explorer.store.services import DEFAULT_MODEL, Services
from gpt2core.errors import InvalidSetting


@pytest.fixture
def components() -> list[gr.HTML]:
    with gr.Blocks():
        return [gr.HTML() for _ in range(3)]


def figure(name: str, draw, output, **options) -> Figure:
    return Figure(name, draw, (output,), options.get("follow", ()), options.get("controls", ()), options.get("when"))


def seen(services: Services, shown: dict | None = None, **positions: object) -> dict:
    run = services.read("abc", DEFAULT_MODEL)
    return {"run": run.to_json(), "token": 0, "layer": 0, "head": 0, "shown": shown or {}, **positions}


def test_only_what_is_out_of_date_is_drawn_again(services, components):
    calls: list[tuple[str, int]] = []
    figures = [
        figure("a", lambda _, token: calls.append(("a", token)) or token, components[0], follow=("token",)),
        figure("b", lambda _, layer: calls.append(("b", layer)) or layer, components[1], follow=("layer",)),
    ]
    updates, first = redrawn(services, figures, seen(services), {})
    assert updates == {components[0]: 0, components[1]: 0}
    updates, second = redrawn(services, figures, seen(services, first["current"], token=2), {})
    assert updates == {components[0]: 2}
    assert calls == [("a", 0), ("b", 0), ("a", 2)]
    assert second["current"]["b"] == first["current"]["b"]


def test_where_only_some_positions_matter_what_was_drawn_for_one_serves_for_others(services, components):
    layer_only = Figure(
        "a",
        lambda _, *at: list(at),
        (components[0],),
        ("layer", "head"),
        (),
        None,
        (),
        lambda _, layer, head: [layer, 0],
    )
    updates, first = redrawn(services, [layer_only], seen(services, layer=1, head=3), {})
    assert updates == {components[0]: [1, 0]}
    assert redrawn(services, [layer_only], seen(services, first["current"], layer=1, head=5), {})[0] == {}
    assert redrawn(services, [layer_only], seen(services, first["current"], layer=0, head=5), {})[0] == {
        components[0]: [0, 0]
    }


def test_a_changed_control_draws_again_and_an_equal_one_does_not(services, components):
    control = components[2]
    figures = [figure("a", lambda _, value: value, components[0], controls=(control,))]
    _, first = redrawn(services, figures, seen(services), {control: 1})
    assert redrawn(services, figures, seen(services, first["current"]), {control: 1})[0] == {}
    assert redrawn(services, figures, seen(services, first["current"]), {control: 2})[0] == {components[0]: 2}


def test_what_is_hidden_is_not_drawn(services, components):
    figures = [figure("table", lambda _: "rows", components[0], when=components[1])]
    for closed in (None, {}, {"open": False}, "forged"):
        updates, answer = redrawn(services, figures, seen(services), {components[1]: closed})
        assert (updates, answer["current"], answer["failed"]) == ({}, {}, {})
    assert redrawn(services, figures, seen(services), {components[1]: {"open": True}})[0] == {components[0]: "rows"}


def test_a_refusal_is_said_and_the_other_figures_are_drawn(services, components):
    def refuse(_):
        raise InvalidSetting("Choose another.")

    figures = [figure("a", refuse, components[0]), figure("b", lambda _: "drawn", components[1])]
    updates, answer = redrawn(services, figures, seen(services), {})
    assert updates == {components[1]: "drawn"}
    assert answer["failed"] == {"a": "Choose another."}
    assert list(answer["current"]) == ["b"]


def test_a_fault_is_logged_whole_and_not_shown(services, components, caplog):
    def break_down(_):
        raise ZeroDivisionError("secret")

    with caplog.at_level(logging.ERROR):
        _, answer = redrawn(services, [figure("a", break_down, components[0])], seen(services), {})
    assert "secret" not in answer["failed"]["a"]
    assert "our side" in answer["failed"]["a"]
    assert "ZeroDivisionError: secret" in caplog.text


def test_a_failed_figure_is_current_again_when_the_state_that_it_shows_comes_back(services, components):
    def draw(_, token):
        if token:
            raise InvalidSetting("Not this one.")
        return token

    figures = [figure("a", draw, components[0], follow=("token",))]
    _, first = redrawn(services, figures, seen(services), {})
    _, failed = redrawn(services, figures, seen(services, first["current"], token=1), {})
    assert (failed["current"], failed["failed"]) == ({}, {"a": "Not this one."})
    assert redrawn(services, figures, seen(services, first["current"]), {}) == ({}, {**first, "failed": {}})


def test_the_answer_says_where_the_cursor_was_so_that_what_is_pressed_meanwhile_knows_its_run(services, components):
    asked = seen(services, token=2)
    for draw in (lambda _: "drawn", lambda _: 1 / 0):
        _, answer = redrawn(services, [figure("a", draw, components[0])], asked, {})
        assert {part: answer[part] for part in ("run", "token", "layer", "head")} == {
            part: asked[part] for part in ("run", "token", "layer", "head")
        }


@pytest.mark.parametrize(
    "run",
    [
        "{",
        '{"text": "a", "model": "nobody"}',
        '{"text": 3}',
        '{"text": "a", "model": "tinystories", "edits": "head:7.7"}',
    ],
)
def test_a_run_that_cannot_be_read_marks_every_figure(services, components, run):
    updates, answer = redrawn(services, [figure("a", lambda _: 1, components[0])], {"run": run}, {})
    assert updates == {}
    assert list(answer["failed"]) == ["a"]


@pytest.mark.parametrize("forged", [None, 3, "x", [], {}, {"run": ""}])
def test_before_anything_is_read_nothing_is_drawn_and_it_is_asked_again_later(services, components, forged):
    updates, answer = redrawn(services, [figure("a", lambda _: 1, components[0])], forged, {})
    assert updates == {}
    assert answer == {"run": "", "current": {}, "failed": {}}


@pytest.mark.parametrize("shown", [3, "x", [1], {"a": {"b": 1}}])
def test_what_the_browser_says_it_shows_is_no_more_than_a_hint(services, components, shown):
    updates, _ = redrawn(
        services, [figure("a", lambda _: 1, components[0])], seen(services, None) | {"shown": shown}, {}
    )
    assert updates == {components[0]: 1}


@pytest.mark.parametrize(
    ("index", "place"), [(1, 1), (1.7, 1), (-3, 0), (99, 2), (None, 0), ("1", 0), (float("nan"), 0), (float("inf"), 0)]
)
def test_a_position_is_one_that_exists(index, place):
    assert clamped(index, 3) == place
