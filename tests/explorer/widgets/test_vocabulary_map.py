"""The map of a vocabulary without a page: where points come to lie, which one is under a finger, what is painted, found and named."""

import json
import math

import pytest

from explorer.answers.vocabulary import KINDS
from tests.explorer.widgets.scripts import evaluator

NOW = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -2.0, -1.0, 1.0]
WINDOW = "{ width: 200, height: 100 }"


@pytest.fixture(scope="module")
def browser():
    return evaluator(
        *(f"vocabulary_map/{name}.js" for name in ("space", "raster", "labels", "groups")),
        more=f"""globalThis.points = new Float32Array({NOW});
        globalThis.all = () => true;
        globalThis.placed = (view) => {{
          const at = new Float32Array(8), depth = new Float32Array(4);
          project(points, 4, view, {WINDOW}, at, depth);
          return {{ at: [...at], depth: [...depth] }};
        }};
        globalThis.shown = (view) => Float32Array.from(placed(view).at);
        globalThis.flat = {{ x: 0, y: 0, scale: 10, turn: 0, tilt: 0 }};""",
    )


def test_the_middle_of_the_view_is_the_middle_of_the_window_and_up_is_up(browser):
    assert browser("placed(flat).at") == [100, 50, 110, 50, 100, 40, 80, 60]


def test_a_quarter_turn_brings_what_was_deep_to_the_side(browser):
    at = browser("placed({ ...flat, turn: Math.PI / 2 }).at")
    assert at[6] == pytest.approx(110, abs=1e-3)  # its z was 1
    assert at[2] == pytest.approx(100, abs=1e-3)


def test_turning_keeps_all_distances(browser):
    turned = browser("placed({ ...flat, scale: 1, turn: 0.7, tilt: 0.4 })")
    spots = [(turned["at"][2 * i] - 100, turned["at"][2 * i + 1] - 50, 2 * turned["depth"][i]) for i in range(4)]
    for i in range(4):
        assert math.hypot(*spots[i]) == pytest.approx(math.hypot(*NOW[3 * i : 3 * i + 3]), abs=1e-4)


def test_a_fitted_view_shows_every_point(browser):
    at = browser(f"placed({{ ...flat, ...fitted(points, 4, all, [], {WINDOW}) }}).at")
    assert all(0 < x < 200 for x in at[::2])
    assert all(0 < y < 100 for y in at[1::2])
    assert max(at[1::2]) - min(at[1::2]) == pytest.approx(86, abs=0.5)


@pytest.mark.parametrize("held", ["[]", "[2000]", "[2000, 9999]"])
def test_the_outermost_points_are_left_out_but_for_those_that_are_held(browser, held):
    """Two thousand points in a square of 1 and one at (50, 0); a sentence may hold ids that are not on the map."""
    crowd = "Float32Array.from({ length: 6003 }, (_, i) => (i === 6000 ? 50 : i < 6000 && i % 3 < 2 ? ((i * 7) % 100) / 100 : 0))"
    x, scale = browser(
        f"(() => {{ const {{ x, scale }} = fitted({crowd}, 2001, all, {held}, {WINDOW}); return [x, scale]; }})()"
    )
    far = 100 + (50 - x) * scale  # where the one far out lies in a window 200 wide
    assert (0 < far < 200) == (held != "[]")


def test_zooming_keeps_what_is_under_the_finger(browser):
    before = browser("placed(flat).at")
    after = browser(f"placed(zoomed(flat, 3, 110, 50, {WINDOW})).at")
    assert after[2:4] == pytest.approx(before[2:4])
    assert after[0] == pytest.approx(110 - 30)


def test_the_nearest_point_within_reach_is_found_and_what_is_hidden_is_not(browser):
    assert browser("pointAt(shown(flat), 4, all, 108, 49, 14)") == 1
    assert browser("pointAt(shown(flat), 4, (id) => id !== 1, 108, 49, 14)") == 0
    assert browser("pointAt(shown(flat), 4, all, 150, 90, 14)") == -1


def test_arrows_lead_to_the_nearest_point_that_way_and_stay_where_there_is_none(browser):
    assert browser(f"stepTo(shown(flat), 4, all, 0, [1, 0], {WINDOW})") == 1
    assert browser(f"stepTo(shown(flat), 4, all, 0, [0, -1], {WINDOW})") == 2
    assert browser(f"stepTo(shown(flat), 4, all, 0, [-1, 0], {WINDOW})") == 3
    assert browser(f"stepTo(shown(flat), 4, all, 1, [1, 0], {WINDOW})") == 1


def test_what_lies_straight_ahead_comes_before_what_lies_nearer_to_the_side(browser):
    spots = "Float32Array.of(0, 0, 10, 0, 8, 7, -1, 0)"
    assert browser(f"stepTo({spots}, 4, all, 0, [1, 0], {WINDOW})") == 1


def test_between_two_ages_points_glide(browser):
    made = "[...atAge(new Float32Array([0, 0, 0, 1, 2, 3, 5, 5, 5]), 1, {age}, new Float32Array(3))]"
    assert browser(made.replace("{age}", "0.5")) == [0.5, 1, 1.5]
    assert browser(made.replace("{age}", "2")) == [5, 5, 5]
    assert browser(made.replace("{age}", "9")) == [5, 5, 5]


def test_a_dot_is_painted_where_its_point_lies_and_none_at_the_edge(browser):
    browser("globalThis.pixels = new Uint32Array(20 * 10).fill(0xffffffff)")
    browser(
        "paintDots(pixels, 20, 10, { order: [0, 1], at: [6, 4, 19.6, 9.8], colours: [0xff0000ff, 0xff00ff00], mask: dotMask(1.5) }) ?? null"
    )
    assert browser("pixels[4 * 20 + 6]") == 0xFF0000FF
    assert browser("[...pixels].filter((one) => one !== 0xffffffff).length") in range(5, 22)


def test_a_square_has_just_its_pixels(browser):
    browser("(globalThis.pixels = new Uint32Array(20 * 10).fill(0xffffffff)) && null")
    browser(
        "paintDots(pixels, 20, 10, { order: [0, 1], at: [6, 4, 19.6, 9.8], colours: [0xff0000ff, 0xff00ff00], mask: 2 }) ?? null"
    )
    painted = [place for place, one in enumerate(browser("[...pixels]")) if one != 0xFFFFFFFF]
    assert painted == [86, 87, 106, 107]
    assert browser("inWindow([6, 4, 19.6, 9.8, -1, 3], 3, 20, 10)") == 2


def test_half_a_colour_is_between_both(browser):
    assert browser("mixed(0xff0000ff, 0xff000000, 128)") == 0xFF000080
    assert browser("mixed(0xff123456, 0xffffffff, 255)") == 0xFF123456


def test_what_is_farther_is_painted_first(browser):
    sorted_ = "[...byDepth(Uint32Array.of(0, 1, 2, 3), Float32Array.of(0.9, -0.9, 0.9, 0), new Uint32Array(4))]"
    assert browser(sorted_) == [1, 3, 0, 2]


def test_labels_never_lie_on_one_another(browser):
    browser("(globalThis.made = room(200, 100)) && null")
    boxes = [box for box in browser("Array.from({ length: 12 }, () => made.place(100, 50, 60, 16, 6))") if box]
    assert 2 <= len(boxes) < 12
    for place, one in enumerate(boxes):
        for other in boxes[:place]:
            apart = one["left"] >= other["right"] or one["right"] <= other["left"]
            assert apart or one["top"] >= other["bottom"] or one["bottom"] <= other["top"]
    assert browser("made.place(100, 50, 60, 16, 6, { must: true })") is not None


DATA = {
    "n": 5,
    "kinds": [0, 1, 0, 2, 6],
    "spaces": [1, 0, 1, 0, 0],
    "letters": [3, 3, 4, 0, 0],
    "counts": [50, 0, 1000, 3, 0],
}
TEXTS = ["·cat", "cat", "·Dog", "5", "·concat"]


def test_every_token_is_in_one_group_of_each_sort(browser):
    for sort, expected in (
        ("often", [2, 0, 4, 1, 0]),
        ("kind", DATA["kinds"]),
        ("space", DATA["spaces"]),
        ("letter", DATA["letters"]),
    ):
        made = browser(
            f"(() => {{ const one = groupsOf('{sort}', {json.dumps(DATA)}, {json.dumps(KINDS)}); return [one.names.length, [...one.of]]; }})()"
        )
        assert made[1] == expected
        assert max(expected) < made[0]


def test_without_counts_ids_are_the_frequency(browser):
    without = json.dumps({**DATA, "n": 1500, "counts": None})
    names, of = browser(
        f"(() => {{ const one = groupsOf('often', {without}, []); return [one.names, [...one.of]]; }})()"
    )
    assert names == ["0", "256", "1000"]
    assert (of[255], of[256], of[1499]) == (0, 1, 2)


def test_a_search_finds_the_whole_text_first_then_beginnings_then_the_rest(browser):
    order = browser(f"byImportance({json.dumps(DATA)})")
    assert order == [2, 0, 3, 1, 4]
    look = f"found({json.dumps(TEXTS)}, {order}, %s)"
    assert browser(look % "'cat'") == [0, 1, 4]
    assert browser(look % "' cat'") == [0]
    assert browser(look % "'DOG'") == [2]
    assert browser(look % "'xyz'") == []
    assert browser(look % "''") == []
