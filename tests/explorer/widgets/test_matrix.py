"""The matrix without a page: what is sent, which colour a value wears, which cell lies under a pixel, what is said of it."""

from __future__ import annotations

import base64
import json
import math

import numpy as np
import plotly.colors
import pytest
import torch

from explorer.catalogue import catalogue
from explorer.page.theme import DIVERGING, SEQUENTIAL, token_tint
from explorer.widgets.matrix import Axis, Origin, Sheet, matrix_value
from explorer.widgets.matrix.palettes import palettes
from explorer.wording.text import TokenLabel
from tests.explorer.widgets.scripts import evaluator

WORDS = catalogue("matrix").sentences
TOKENS = [TokenLabel(7, "Tom", "", True), TokenLabel(8, "·ran", "", True), TokenLabel(9, "<b>${x}</b>", "", True)]
READING = "from {row} at {column}: {value}"


@pytest.fixture(scope="module")
def browser():
    return evaluator(
        *(f"matrix/{name}.js" for name in ("scale", "view", "ticks", "reading", "saved", "origins", "sheets")),
        "shared/cut.js",
    )


def bytes_of(text: str, kind: type = np.uint8) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def js_floats(values: np.ndarray) -> str:
    numbers = ", ".join("NaN" if math.isnan(value) else repr(float(value)) for value in values.ravel())
    return f"new Float32Array([{numbers}])"


def value_of(values: torch.Tensor, **options) -> dict:
    labels = {"rows": Axis("from", TOKENS[: len(values)]), "columns": Axis("at")}
    return matrix_value(values, **{"reading": READING, "label": "l", **labels, **options})


def table_of(values: torch.Tensor, **options) -> dict:
    return json.loads(value_of(values, **options)["table"])


def test_every_value_arrives_as_the_float32_it_is():
    values = torch.randn(3, 50, generator=torch.Generator().manual_seed(1))
    assert bytes_of(value_of(values, scale="diverging")["cells"], np.float32).tolist() == values.flatten().tolist()


def test_the_future_is_not_sent_and_comes_back_empty(browser):
    values = torch.arange(9.0).reshape(3, 3)
    cells = bytes_of(value_of(values, number="plain", blank="future")["cells"], np.float32)
    assert cells.tolist() == [0, 3, 4, 6, 7, 8]
    filled = browser(f"Array.from(allCells({js_floats(cells)}, 3, 3, 'future'))")
    assert filled == [0, None, None, 3, 4, None, 6, 7, 8]


def test_what_is_not_finite_is_empty():
    cells = bytes_of(value_of(torch.tensor([[math.inf, math.nan, -math.inf, 1.0]]))["cells"], np.float32)
    assert np.isnan(cells).tolist() == [True, True, True, False]


def test_limits_are_those_of_the_quantity():
    assert table_of(torch.tensor([[0.2, 0.3]]))["limits"] == [0, 1]
    assert table_of(torch.tensor([[-3.0, 2.0, math.nan]]), scale="diverging")["limits"] == [-3, 3]
    assert table_of(torch.zeros(1, 2), scale="diverging")["limits"] == [-1, 1]
    assert table_of(torch.tensor([[4.0, 7.0]]), number="plain")["limits"] == [4, 7]
    assert table_of(torch.tensor([[4.0, 4.0]]), number="plain")["limits"] == [3.5, 4.5]
    assert table_of(torch.tensor([[0.2]]), limits=(0, 0.5))["limits"] == [0, 0.5]


@pytest.mark.parametrize(
    ("values", "options", "told"),
    [
        (torch.zeros(3), {}, "shape"),
        (torch.zeros(0, 3), {"rows": Axis("")}, "at least one"),
        (torch.zeros(2, 3), {"columns": Axis("", ["a"])}, "3 columns and 1 labels"),
        (torch.zeros(2, 3), {"blank": "future"}, "square"),
        (torch.tensor([[1.1]]), {}, "between 0 and 1"),
        (torch.zeros(2, 3), {"limits": (1.0, 1.0)}, "smaller to a greater"),
        (torch.zeros(2, 3), {"limits": (0.0, math.nan)}, "smaller to a greater"),
    ],
)
def test_what_is_no_matrix_is_refused_in_a_sentence(values, options, told):
    with pytest.raises(ValueError, match=told):
        value_of(values, **options)


def test_tokens_keep_their_tint_and_names_have_none():
    table = table_of(torch.zeros(2, 2), columns=Axis("at", ["one", "two"]))
    assert table["rows"]["labels"] == [["Tom", token_tint(7)], ["·ran", token_tint(8)]]
    assert table["columns"]["labels"] == [["one"], ["two"]]


@pytest.mark.parametrize(
    ("scale", "named", "limits", "values"),
    [
        ("sequential", SEQUENTIAL, (0, 1), [0, 0.001, 0.1234, 0.5, 0.77, 0.999, 1]),
        ("diverging", DIVERGING, (-0.31, 0.31), [-0.31, -0.2, -0.001, 0, 0.001, 0.15, 0.31]),
    ],
)
def test_a_cell_wears_the_colour_that_the_figures_give_its_value(browser, scale, named, limits, values):
    palette = bytes_of(palettes()[scale]["light"])
    cells = js_floats(np.array(values, dtype=np.float32))
    pixels = browser(f"Array.from(coloured({cells}, {palette.tolist()}, {list(limits)}))")
    shares = [(value - limits[0]) / (limits[1] - limits[0]) for value in values]
    wanted = plotly.colors.sample_colorscale(named, shares, colortype="tuple")
    for index, colour in enumerate(wanted):
        painted = pixels[4 * index : 4 * index + 4]
        # half a step of the table, where a scale is steepest
        assert np.abs(np.array(painted[:3]) - 255 * np.array(colour)).max() <= 3
        assert painted[3] == 255


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_grey_but_zero_on_a_scale_that_diverges(browser, theme):
    palette = bytes_of(palettes()["diverging"][theme]).reshape(-1, 3).astype(int)
    middle = browser(f"colourIndex(0, [-0.7, 0.7], {len(palette)})")
    spread = palette.max(1) - palette.min(1)
    assert spread[middle] <= 15
    assert palette[middle].mean() > 230 if theme == "light" else palette[middle].mean() < 60
    # red is on the side of the negative, blue on the other, in both themes
    assert palette[middle // 2][0] > palette[middle // 2][2]
    assert palette[middle + middle // 2][2] > palette[middle + middle // 2][0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_farther_from_zero_the_farther_from_the_paper(theme):
    palette = bytes_of(palettes()["diverging"][theme]).reshape(-1, 3) / 255
    linear = np.where(palette <= 0.04045, palette / 12.92, ((palette + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    middle = len(palette) // 2
    away = luminance if theme == "dark" else -luminance
    assert (np.diff(away[middle:]) > -1e-3).all()
    assert (np.diff(away[middle::-1]) > -1e-3).all()


def test_values_beyond_the_limits_wear_the_ends_and_no_value_is_transparent(browser):
    assert browser("[-9, 0, 1, 9, NaN].map((value) => colourIndex(value, [0, 1], 256))") == [0, 0, 255, 255, -1]
    assert browser("Array.from(coloured(new Float32Array([NaN]), [1, 2, 3], [0, 1]))") == [0, 0, 0, 0]


@pytest.mark.parametrize(("wide", "high"), [(7, 5), (3, 5), (7, 2), (3, 2), (1, 1)])
@pytest.mark.parametrize("diverging", [False, True])
def test_a_dot_shows_the_strongest_of_its_cells_and_none_is_lost(browser, wide, high, diverging):
    values = torch.randn(9, 11, generator=torch.Generator().manual_seed(3)).numpy()
    values[4, 5] = np.nan
    top, left, bottom, right = 2, 3, 7, 10
    call = f"pooled({js_floats(values)}, 11, [{top}, {bottom}], [{left}, {right}], {wide}, {high}, {json.dumps(diverging)})"
    dots = np.array(browser(f"Array.from({call})"), dtype=float).reshape(high, wide)
    size = np.abs if diverging else np.asarray
    wanted = np.full((high, wide), np.nan)
    for row in range(top, bottom):
        for column in range(left, right):
            dot = (row - top) * high // (bottom - top), (column - left) * wide // (right - left)
            value = values[row, column]
            if not np.isnan(value) and not size(value) <= size(wanted[dot]):
                wanted[dot] = value
    np.testing.assert_array_equal(dots, wanted)


def test_every_pixel_of_the_picture_belongs_to_the_cell_drawn_there(browser):
    view = {"from": 2.25, "span": 5.5}
    cells = browser(f"Array.from({{length: 110}}, (_, pixel) => cellAt(40 + pixel, 40, 110, {json.dumps(view)}, 20))")
    assert cells == [math.floor(2.25 + pixel / 20) for pixel in range(110)]
    assert browser(f"cellAt(39.9, 40, 110, {json.dumps(view)}, 20)") == -1
    assert browser(f"cellAt(150, 40, 110, {json.dumps(view)}, 20)") == -1
    for cell in set(cells):
        edge = browser(f"edgeOf({cell}, 40, 110, {json.dumps(view)})")
        assert edge == pytest.approx(40 + 20 * (cell - 2.25))


@pytest.mark.parametrize("at", [0.0, 3.5, 19.9])
@pytest.mark.parametrize("factor", [1.5, 40, 1 / 3])
def test_zooming_keeps_the_place_under_the_finger_and_never_leaves_the_matrix(browser, at, factor):
    before = {"from": 0 if at < 10 else 10, "span": 10}
    after = browser(f"zoomed({json.dumps(before)}, 20, {factor}, {at}, 2)")
    assert after["from"] >= 0
    assert after["from"] + after["span"] <= 20 + 1e-9
    assert 2 <= after["span"] <= 20
    if factor > 1:
        seen_before = (at - before["from"]) / before["span"]
        assert (at - after["from"]) / after["span"] == pytest.approx(seen_before)


def test_a_cell_out_of_sight_comes_into_it_and_one_in_sight_moves_nothing(browser):
    view = {"from": 5, "span": 4}
    assert browser(f"withCell({json.dumps(view)}, 20, 6)") == view
    assert browser(f"withCell({json.dumps(view)}, 20, 19)") == {"from": 16, "span": 4}
    assert browser(f"withCell({json.dumps(view)}, 20, 0)") == {"from": 0, "span": 4}


def test_zooming_ends_where_a_cell_can_be_read(browser):
    assert browser("fewestCells(200, 640, 64)") == 10
    assert browser("fewestCells(5, 640, 64)") == 5
    assert browser("fewestCells(200, 30, 64)") == 1


def test_keys_walk_inside_and_know_the_corners(browser):
    steps = {
        ("ArrowRight", False): [4, 6], ("ArrowUp", False): [3, 5], ("PageDown", False): [9, 5], ("PageUp", False): [0, 5],
        ("Home", False): [4, 0], ("End", False): [4, 7], ("Home", True): [0, 0], ("End", True): [9, 7],
    }  # fmt: skip
    for (key, ctrl), wanted in steps.items():
        assert browser(f"stepped('{key}', {json.dumps(ctrl)}, [4, 5], 10, 8)") == wanted
    assert browser("stepped('Tab', false, [4, 5], 10, 8) === undefined")


@pytest.mark.parametrize(("pitch", "step"), [(18, 1), (17.5, 2), (8.8, 2), (4, 5), (1.9, 10), (0.4, 50), (0.35, 100)])
def test_names_are_thinned_by_steps_that_people_count_in(browser, pitch, step):
    assert browser(f"niceStep({pitch}, 17.6)") == step


def test_names_are_cut_between_characters_and_say_so(browser):
    ten_a_letter = "(text) => 10 * [...text].length"
    assert browser(f"cut('short', 50, {ten_a_letter})") == "short"
    assert browser(f"cut('longer', 50, {ten_a_letter})") == "long…"
    assert browser(f"cut('👍👍👍', 20, {ten_a_letter})") == "👍…"
    assert browser(f"cut('longer', 1, {ten_a_letter})") == "…"


def said(browser, values: torch.Tensor, cell: list, **options) -> str:
    table = table_of(values, **options)
    parts = f"said({json.dumps(table)}, {js_floats(values.numpy())}, {json.dumps(cell)}, {json.dumps(WORDS)})"
    return browser(f"plain({parts})")


def test_a_cell_is_read_with_its_names_and_its_value(browser):
    weights = torch.tensor([[1.0, math.nan], [0.25, 0.75]])
    tokens = {"columns": Axis("at", TOKENS[:2]), "blank": "future"}
    assert said(browser, weights, [1, 0], **tokens) == "from “·ran” (1) at “Tom” (0): 25.0 %"
    assert said(browser, weights, [0, 1], **tokens) == "“Tom” (0) cannot see “·ran” (1): it comes later"
    assert said(browser, weights, [1, None], **tokens) == "The most in this line: from “·ran” (1) at “·ran” (1): 75.0 %"
    assert said(browser, weights, [None, 0], **tokens) == "The most in this column: from “Tom” (0) at “Tom” (0): 100 %"


def test_signed_values_are_told_from_zero_and_to_six_digits(browser):
    values = torch.tensor([[0.123456789, -2.0], [1e-7, 0.0]])
    options = {"scale": "diverging", "reading": "{row}, dimension {column}: {value}"}
    assert said(browser, values, [0, 0], **options).endswith(": +0.123457")
    assert said(browser, values, [1, 0], **options).endswith(": +1e−7")
    assert said(browser, values, [1, 1], **options).endswith(": 0")
    assert said(browser, values, [None, None], **options) == "Farthest from 0: “Tom” (0), dimension 1: −2"


def test_what_people_typed_stays_data_in_a_sentence(browser):
    table = table_of(torch.zeros(3, 3))
    parts = browser(f"cellSaid({json.dumps(table)}, 2, 1, 0.5, {json.dumps(WORDS)})")
    assert [part["text"] for part in parts if part["data"]] == ["<b>${x}</b>"]


def test_the_saved_table_holds_the_exact_values_and_leaves_the_future_empty(browser):
    values = torch.tensor([[0.1, math.nan], [0.2, 0.7]])
    table = table_of(values, columns=Axis("at", TOKENS[:2]), blank="future")
    saved = browser(f"figureTable({json.dumps(table)}, {js_floats(values.numpy())})")
    assert saved["columns"] == ["from", "0 Tom", "1 ·ran"]
    assert saved["rows"][0] == ["0 Tom", float(values[0, 0]), ""]
    assert saved["rows"][1] == ["1 ·ran", *values[1].tolist()]


def test_a_cells_origin_is_its_place_in_the_site_and_an_empty_one_has_none(browser):
    table = table_of(torch.zeros(2, 3), origin=Origin("pattern", 2, (5, "row", "column")))
    places = [
        browser(f"placeOf({json.dumps(table)}, {js_floats(np.array([0, 0, 0, 0, 0, math.nan]))}, 1, {column})")
        for column in (1, 2)
    ]
    assert places == [{"site": "pattern", "layer": 2, "index": [5, 1, 1]}, None]


def test_strips_have_an_origin_a_row(browser):
    table = table_of(torch.zeros(2, 3), origin=[Origin(site, None, (7, "column")) for site in ("tok_emb", "pos_emb")])
    values = js_floats(np.zeros(6))
    places = [browser(f"placeOf({json.dumps(table)}, {values}, {row}, 2)") for row in (0, 1)]
    assert places == [{"site": site, "layer": None, "index": [7, 2]} for site in ("tok_emb", "pos_emb")]
    rows = browser(f"(({{ origins }}) => [origins(1, 0), origins(1, 3)])(figureTable({json.dumps(table)}, {values}))")
    assert rows == [None, {"site": "pos_emb", "layer": None, "index": [7, 2]}]


def test_numbers_of_no_run_have_no_origin_and_origins_are_one_a_row(browser):
    table = table_of(torch.zeros(2, 3), no_origin="scaled up")
    assert table["no_origin"] == "scaled up"
    assert browser(f"placeOf({json.dumps(table)}, {js_floats(np.zeros(6))}, 1, 1)") is None
    with pytest.raises(ValueError, match="2 rows and 1 origins"):
        table_of(torch.zeros(2, 3), origin=[Origin("embed", None, (0, "column"))])


def test_cells_may_hold_words_that_are_said_with_them_and_numbers_that_lead_to_their_origin(browser):
    values = torch.tensor([[0.25, math.nan], [0.5, 1.0]])
    origin = [None, Origin("guess", 1, ("column", "cell"))]
    told = table_of(
        values, texts=["a", "b", "c", "d"], about=[7, 8, 9, 10], origin=origin, nothing="{row} at {column} is none"
    )
    sent = json.dumps({**told, "reading": "{row} at {column}: {text} {value}"})
    assert browser(f"placeOf({sent}, {js_floats(values.numpy())}, 1, 1)") == {
        "site": "guess",
        "layer": 1,
        "index": [1, 10],
    }
    assert browser(f"placeOf({sent}, {js_floats(values.numpy())}, 0, 0)") is None
    assert browser(f"plain(cellSaid({sent}, 1, 0, 0.5, {json.dumps(WORDS)}))") == "“·ran” (1) at 0: c 50.0 %"
    assert browser(f"plain(cellSaid({sent}, 0, 1, NaN, {json.dumps(WORDS)}))") == "“Tom” (0) at 1 is none"
    for wrong in ({"texts": ["a"]}, {"about": [1, 2, 3]}):
        with pytest.raises(ValueError, match="give one for each"):
            table_of(values, **wrong)


def test_a_logarithmic_scale_gives_every_power_the_same_room(browser):
    assert browser("[1, 10, 100, 1000].map((value) => colourIndex(value, [1, 1000], 4, true))") == [0, 1, 2, 3]
    assert browser("middleOf([1, 10000], true)") == pytest.approx(100)
    with pytest.raises(ValueError, match="limits of a scale"):
        table_of(torch.ones(2, 2), number="plain", log=True, limits=(0.0, 5.0))


def test_sheets_arrive_one_after_the_other_each_under_its_own_name(browser):
    values = torch.arange(18.0).reshape(2, 3, 3) / 100
    sheets = [
        Sheet(0, 1, "first", Origin("pattern", 0, (1, "row", "column"))),
        Sheet(2, None, "second", None, "why not"),
    ]
    value = value_of(values, blank="future", sheets=sheets, rows=Axis("from", TOKENS))
    cells = bytes_of(value["cells"], np.float32)
    assert cells.tolist() == values[:, torch.ones(3, 3).tril().bool()].flatten().tolist()
    told = json.loads(value["table"])["sheets"]
    assert [sheet["label"] for sheet in told] == ["first", "second"]
    assert told[0]["origin"] == [{"site": "pattern", "layer": 0, "index": [1, "row", "column"], "model": None}]
    assert told[1]["no_origin"] == "why not"
    at = [
        browser(f"sheetAt({json.dumps(told)}, {{layer: {layer}, head: {head}}})")
        for layer, head in [(0, 1), (0, 2), (2, 5)]
    ]
    assert at == [0, -1, 1]
    assert browser("[sheetAt(null, {layer: 0, head: 0}), sheetAt([], null)]") == [-1, -1]


def test_as_many_sheets_as_matrices():
    with pytest.raises(ValueError, match="2 matrices and 1 sheets"):
        value_of(torch.zeros(2, 3, 3), sheets=[Sheet(0, 0, "one")], rows=Axis("from", TOKENS))
