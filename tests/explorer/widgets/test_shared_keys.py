"""Where the arrow keys, Home and End lead in a list and in a grid."""

from __future__ import annotations

import pytest

from tests.explorer.widgets.scripts import evaluator

# An element with listeners, and what a key press does to it.
PAGE = """
function pressed(listen, event) {
  const went = [];
  let prevented = false;
  listen({ addEventListener: (_, act) => act({ ...event, preventDefault: () => { prevented = true; } }) }, (place) => went.push(place));
  return { went, prevented };
}
"""


@pytest.fixture(scope="module")
def browser():
    return evaluator("shared/keys.js", more=PAGE)


@pytest.mark.parametrize(
    ("key", "at", "along", "target"),
    [
        ("ArrowRight", 1, "horizontal", 2),
        ("ArrowLeft", 1, "horizontal", 0),
        ("ArrowRight", 4, "horizontal", 4),
        ("ArrowLeft", 0, "both", 0),
        ("ArrowDown", 1, "vertical", 2),
        ("ArrowUp", 1, "both", 0),
        ("Home", 3, "horizontal", 0),
        ("End", 1, "vertical", 4),
        ("ArrowRight", -1, "horizontal", 0),
    ],
)
def test_a_key_leads_along_the_list_and_never_out_of_it(browser, key, at, along, target):
    assert browser(f"stepInList('{key}', {at}, 5, '{along}')") == target


@pytest.mark.parametrize(
    ("key", "along"), [("ArrowDown", "horizontal"), ("ArrowLeft", "vertical"), ("Tab", "both"), ("a", "both")]
)
def test_other_keys_are_the_page_s(browser, key, along):
    assert browser(f"stepInList('{key}', 1, 5, '{along}') === undefined")


def test_an_empty_list_has_no_place_to_go(browser):
    assert browser(
        "[stepInList('Home', 0, 0), stepInGrid('ArrowUp', [0, 0], 0, 3)].every((step) => step === undefined)"
    )


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("ArrowUp", [0, 2]),
        ("ArrowDown", [2, 2]),
        ("ArrowLeft", [1, 1]),
        ("ArrowRight", [1, 3]),
        ("Home", [1, 0]),
        ("End", [1, 3]),
    ],
)
def test_a_grid_has_both_directions(browser, key, target):
    assert browser(f"stepInGrid('{key}', [1, 2], 3, 4)") == target
    assert browser(f"stepInGrid('{key}', {target}, 3, 4).every((at, i) => at >= 0 && at < [3, 4][i])")


def test_a_key_that_moves_is_taken_from_the_page_and_one_with_alt_is_not(browser):
    listen = "(box, go) => listKeys(box, { at: () => 0, count: () => 3, go })"
    assert browser(f"pressed({listen}, {{ key: 'End' }})") == {"went": [2], "prevented": True}
    assert browser(f"pressed({listen}, {{ key: 'x' }})") == {"went": [], "prevented": False}
    assert browser(f"pressed({listen}, {{ key: 'ArrowLeft', altKey: true }})") == {"went": [], "prevented": False}


def test_one_option_is_selected_and_holds_the_tab_stop(browser):
    options = "[0, 1, 2].map(() => ({ setAttribute(name, value) { this[name] = value; } }))"
    marked = browser(f"((options) => {{ select(options, 1); return options; }})({options})")
    assert [option["tabIndex"] for option in marked] == [-1, 0, -1]
    assert [option["aria-selected"] for option in marked] == ["false", "true", "false"]
