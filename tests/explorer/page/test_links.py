"""Links: what they hold is checked, what they hold in vain is said."""

from __future__ import annotations

import gradio as gr
import pytest

from explorer.page.links import MOST_QUOTED, Linked, any_text, fitting, flag, number_between, one_of, read_link
from gpt2core.errors import InvalidSetting

TABS = ["tokens", "attention"]
LINKED = [
    Linked("hide_first", None, False, flag),
    Linked("width", None, 4, one_of([1, 2, 4])),
    Linked("penalty", None, 1.0, number_between(-10, 10)),
    Linked("n", None, 12, number_between(1, 30, whole=True)),
    Linked("scored", None, "", any_text),
]


def test_a_link_gives_back_what_it_was_made_of() -> None:
    query = {
        "text": "a & b",
        "model": "m",
        "token": "2",
        "layer": "1",
        "head": "0",
        "tab": "attention",
        "edits": "mlp:1",
    }
    link = read_link(
        {**query, "hide_first": "true", "width": "2", "penalty": "-0.5", "n": "30", "scored": "<b>"}, TABS, LINKED
    )
    assert (link.text, link.model, link.tab, link.edits) == ("a & b", "m", "attention", "mlp:1")
    assert link.positions == {"token": 2, "layer": 1, "head": 0}
    assert link.settings == {"hide_first": True, "width": 2, "penalty": -0.5, "n": 30, "scored": "<b>"}
    assert link.troubles == []


def test_an_empty_address_says_nothing() -> None:
    link = read_link({}, TABS, LINKED)
    assert (link.text, link.model, link.tab, link.edits, link.positions, link.settings) == (
        None,
        None,
        None,
        "",
        {},
        {},
    )
    assert link.troubles == []


@pytest.mark.parametrize("position", ["-1", "x", "", "1.5", "²", "٣", "1e9", "1234567"])
def test_a_position_that_is_no_number_is_left_out_and_said(position: str) -> None:
    link = read_link({"token": position, "layer": "1"}, TABS)
    assert link.positions == {"layer": 1}
    assert len(link.troubles) == 1
    assert f"“{position}”" in link.troubles[0]


def test_an_address_that_was_too_long_to_be_read_is_said_to_be_so() -> None:
    assert read_link({"address_too_long": "100000"}, TABS).troubles[0].startswith("The link is 100,000 characters long")
    for forged in ("", "x", "-1", "1e9", "1" * 10, "²"):
        assert read_link({"address_too_long": forged}, TABS).troubles == []


def test_an_unknown_tab_is_left_out_and_said() -> None:
    link = read_link({"tab": "<script>"}, TABS)
    assert link.tab is None
    assert "“<script>”" in link.troubles[0]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("hide_first", "yes", "1 or 0"),
        ("width", "3", "one of 1, 2, 4"),
        ("penalty", "nan", "from -10 to 10"),
        ("penalty", "1e3", "from -10 to 10"),
        ("penalty", "11", "from -10 to 10"),
        ("n", "1.5", "whole number from 1 to 30"),
        ("n", "9" * 400, "whole number from 1 to 30"),
    ],
)
def test_a_setting_out_of_range_stays_as_usual_and_says_the_range(name: str, value: str, said: str) -> None:
    link = read_link({name: value}, TABS, LINKED)
    assert link.settings == {}
    assert len(link.troubles) == 1
    assert name in link.troubles[0]
    assert said in link.troubles[0]


def test_a_fault_in_one_part_costs_no_other_part() -> None:
    link = read_link({"text": "kept", "tab": "x", "token": "y", "width": "0", "n": "7", "layer": "2"}, TABS, LINKED)
    assert (link.text, link.positions, link.settings) == ("kept", {"layer": 2}, {"n": 7})
    assert len(link.troubles) == 3


def test_foreign_text_in_a_sentence_stays_short_and_on_one_line() -> None:
    (told,) = read_link({"tab": "a\n" * 5000}, TABS).troubles
    assert "\n" not in told
    assert len(told) < MOST_QUOTED + 100


def test_the_parts_of_gradio_and_of_nobody_are_left_alone() -> None:
    link = read_link({"__theme": "dark", "unknown": "1"}, TABS, LINKED)
    assert (link.settings, link.troubles) == ({}, [])


@pytest.mark.parametrize("check", [flag, one_of([1]), number_between(0, 1)])
def test_an_empty_value_is_refused(check) -> None:
    with pytest.raises(InvalidSetting):
        check("")


@pytest.mark.parametrize(
    ("control", "check", "taken", "refused"),
    [
        (gr.Slider(20, 3000), number_between(1, 5000, whole=True), "20", ["19", "3001"]),
        (gr.Number(minimum=2), number_between(1, 9, whole=True), "9", ["1"]),
        (gr.Radio([("four", 4), ("eight", 8)]), number_between(1, 64, whole=True), "8", ["5"]),
        (gr.Dropdown(["a", "b"]), any_text, "b", ["c"]),
        (gr.Dropdown(["a", "b"], allow_custom_value=True), any_text, "c", []),
        (None, any_text, "c", []),
    ],
)
def test_a_link_holds_nothing_that_its_control_would_not_take(control, check, taken, refused) -> None:
    """Gradio would refuse it at every later press, before any handler could say so."""
    linked = Linked("one", control, "", fitting(control, check))
    assert str(read_link({"one": taken}, TABS, [linked]).settings["one"]) == taken
    for value in refused:
        link = read_link({"one": value}, TABS, [linked])
        assert link.settings == {}
        assert len(link.troubles) == 1
