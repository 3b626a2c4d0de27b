"""The map's value as the browser unpacks it, and where things lie on it."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch

from explorer.answers.machine import machine_of
from explorer.answers.sizes import counts_of
from explorer.store.services import DEFAULT_MODEL, RunKey, Services
from explorer.widgets import map as widget
from explorer.widgets.map import map_value
from explorer.wording.numbers import in_units
from tests.explorer.widgets.scripts import engine_with, evaluator

SIZES = [(1232, 360), (1232, 760), (800, 264), (366, 600), (640, 300)]
SHAPES = [(1, 1, 1), (6, 6, 22), (12, 12, 64), (48, 25, 1024), (2, 3, 4)]


@pytest.fixture(scope="module")
def layout():
    return evaluator("map/layout.js", "map/places.js", "map/paint.js", "map/walk.js", "shared/numbers.js")


def unpacked(value: dict, asked: str):
    engine = engine_with("map/data.js", more=f"const data = unpacked({json.dumps(value)});")
    return json.loads(engine.eval(f"JSON.stringify({asked})"))


def value_of(services: Services, run: RunKey) -> dict:
    machine = machine_of(services, run)
    return map_value(machine, services.labels(run), counts_of(machine.config), None, {})


@pytest.mark.parametrize("edits", ["", "mask"])
@pytest.mark.parametrize(("form", "bound"), [("exact", 0.0), ("half", 5e-4), ("pooled", 1 / 510 + 1e-6)])
def test_every_weight_length_and_neuron_arrives(services: Services, edits: str, form: str, bound: float, monkeypatch):
    if form != "exact":
        monkeypatch.setattr(widget, "MOST_EXACT", 0)
    if form == "pooled":
        monkeypatch.setattr(widget, "MOST_HALF", 0)
        monkeypatch.setattr(widget, "MOST_DOTS", 4)
    run = services.read("abcd", DEFAULT_MODEL, edits)
    machine, value = machine_of(services, run), value_of(services, run)
    assert json.loads(value["about"])["form"] == form
    places = list(itertools.product(range(2), range(3), range(4), range(4)))
    told = unpacked(value, f"{json.dumps(places)}.map((place) => data.weight(...place))")
    for (layer, head, query, key), weight in zip(places, told, strict=True):
        if key > query and machine.causal:
            assert weight is None  # NaN: nothing is there
        else:
            assert weight == pytest.approx(float(machine.patterns[layer, head, query, key]), rel=bound, abs=bound)
    for site, layer in (("tok_emb", None), ("embed", None), ("attn_out", 1), ("resid_post", 0)):
        told = unpacked(value, f"[0, 1, 2, 3].map((token) => data.length('{site}', {json.dumps(layer)}, token))")
        lengths = machine.lengths[site] if layer is None else machine.lengths[site][layer]
        assert told == pytest.approx(lengths.tolist(), rel=1e-6)
    told = unpacked(value, "data.neuron(1, 2, 5)")
    assert told["value"] == pytest.approx(float(machine.neurons.values[1, 2, 5]))
    assert told["number"] == int(machine.neurons.numbers[1, 2, 5])


def test_half_precision_is_read_as_numpy_writes_it():
    values = np.array([0, 1, 0.1, 6e-8, 65504, 0.33325, 1e-5, -2.5], dtype="<f2")
    half = evaluator("map/data.js")
    text = widget._packed_half(torch.tensor(values.astype(np.float32)))
    assert half(f"Array.from(halvesOf('{text}'))") == pytest.approx(values.astype(float).tolist(), rel=1e-6)


def laid(size: tuple[int, int], shape: tuple[int, int, int], token: int, layer: int, is_open: bool) -> str:
    width, height = size
    n_layers, n_heads, n_tokens = shape
    about = {"layers": n_layers, "heads": n_heads, "tokens": n_tokens}
    asked = {
        "width": width,
        "height": height,
        "size": 16,
        "about": about,
        "widest": 90,
        "at": {"token": token, "layer": layer},
        "open": is_open,
    }
    return f"layoutOf({json.dumps(asked)})"


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_columns_follow_one_another_and_stay_within_the_picture(layout, size, shape, is_open):
    n_layers, n_heads, n_tokens = shape
    found = layout(laid(size, shape, n_tokens - 1, n_layers // 2, is_open))
    shown = [column for column in found["columns"] if column["width"] > 0]
    for one, other in itertools.pairwise(shown):
        assert one["x"] + one["width"] == pytest.approx(other["x"])
    assert all(column["x"] + column["width"] <= found["width"] + 1e-6 for column in found["columns"])
    picked = found["columns"][n_layers // 2]["width"]
    assert picked == pytest.approx(max(column["width"] for column in found["columns"]))
    for layer in range(n_layers):
        if not found["columns"][layer]["width"] or (is_open and layer == n_layers // 2):
            continue
        squares = layout(
            f"((squares) => Array.from({{ length: {n_heads} }}, (_, head) => [squares.at(head), squares.side]))"
            f"(headSquares({laid(size, shape, n_tokens - 1, n_layers // 2, is_open)}, {layer}))"
        )
        for at, side in squares:
            column = found["columns"][layer]
            assert at["x"] >= column["x"] - 1e-6
            assert at["x"] + side <= column["x"] + column["width"] + 1e-6
            assert at["y"] + side <= found["heads"]["y"] + found["heads"]["height"] + 1e-6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_the_picked_token_is_always_in_sight_and_what_is_folded_is_counted(layout, size, shape):
    n_tokens = shape[2]
    for token in {0, n_tokens // 3, n_tokens - 1}:
        found = layout(laid(size, shape, token, 0, False))
        rows = found["rows"]
        lines = [[row["token"]] if "token" in row else list(range(*row["folded"])) for row in rows]
        assert list(itertools.chain(*lines)) == list(range(n_tokens))
        assert [token] in [line for line, row in zip(lines, rows, strict=True) if "token" in row]
        assert rows[0]["y"] >= found["mlp"]["y"] + found["mlp"]["height"]
        for one, other in itertools.pairwise(rows):
            assert one["y"] + one["height"] == pytest.approx(other["y"])


def test_keys_reach_every_place_and_never_leave_the_map(layout):
    scene = (
        f"{{ layout: {laid((1232, 360), (2, 3, 4), 3, 0, False)}, cursor: {{ token: 3, layer: 0, head: 0 }}, before: null, "
        "inside: null, guess: { first: [1, 2, 3], bars: [5, 6, 7] } }"
    )
    columns = layout(f"columnsOfPlaces({scene})")
    kinds = {place["kind"] for column in columns for place in column}
    assert kinds == {"token", "embed", "layer", "head", "mlp", "written", "guess", "norm", "bar"}
    reached, waiting = set(), [columns[0][0]]
    while waiting:
        place = waiting.pop()
        if (written := json.dumps(place, sort_keys=True)) in reached:
            continue
        reached.add(written)
        for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"):
            waiting.append(layout(f"stepped('{key}', {json.dumps(place)}, {json.dumps(columns)})"))
    assert reached == {json.dumps(place, sort_keys=True) for column in columns for place in column}
    assert layout(f"stepped('x', {json.dumps(columns[0][0])}, {json.dumps(columns)}) === undefined")


def test_a_place_lies_where_its_box_says(layout):
    scene = (
        f"{{ layout: {laid((1232, 360), (6, 6, 22), 21, 1, False)}, cursor: {{ token: 21, layer: 1, head: 0 }}, before: null, inside: null, "
        "data: { side: 22, isExact: () => true, weight: () => 0, about: { pooled: 1, neurons: 64 } }, "
        "guess: { first: [1, 2, 3, 4, 5, 6, 7], bars: [5, 6, 7] } }"
    )
    found = layout(
        f"((scene) => columnsOfPlaces(scene).flat().map((place) => {{ const box = boxOf(scene, place); "
        f"return [place, placeAt(scene, box.x + box.width / 2, box.y + box.height / 2)]; }}))({scene})"
    )
    assert len(found) > 60
    for place, there in found:
        assert {key: there[key] for key in place} == place


# Stop of the walk: what of the layer's column it lights, and what not. norm: the stream before the layer has written.
LIT = {
    "norm": ({"before"}, {"attn_out", "mlp_out", "heads", "mlp"}),
    "scores": ({"heads"}, {"before", "attn_out", "mlp_out", "mlp"}),
    "pattern": ({"heads", "before"}, {"mlp_out", "mlp"}),
    "values": ({"heads", "attn_out"}, {"before", "mlp_out", "mlp"}),
    "mlp": ({"mlp", "mlp_out"}, {"before", "attn_out", "heads"}),
}


@pytest.mark.parametrize("stop", LIT)
@pytest.mark.parametrize("shape", [(1, 1, 1), (6, 6, 22), (12, 12, 64)])
@pytest.mark.parametrize("size", SIZES)
def test_a_stop_of_the_walk_lights_the_part_of_the_layer_that_it_tells_of(layout, size, shape, stop):
    layer, lit, dark = shape[0] // 2, *LIT[stop]
    laid_out = laid(size, shape, shape[2] - 1, layer, False)
    found = layout(laid_out)
    boxes = layout(f"litParts({{ layout: {laid_out} }}, STOPS.findIndex(({{ name }}) => name === '{stop}'))")
    column, line = found["columns"][layer], found["rows"][-1]["line"]
    written = layout(f"joints({json.dumps(column)})")
    places = {name: (x, line) for name, x in written.items()}
    places["before"] = (column["x"] + 1, line)
    for name in ("heads", "mlp"):
        places[name] = (column["x"] + column["width"] / 2, found[name]["y"] + found[name]["height"] / 2)

    def is_lit(x: float, y: float) -> bool:
        return any(
            box["x"] <= x <= box["x"] + box["width"] and box["y"] <= y <= box["y"] + box["height"] for box in boxes
        )

    assert {name for name in lit | dark if is_lit(*places[name])} == lit


def test_a_stop_of_the_walk_lights_its_steps_in_an_open_layer(layout):
    sites = ["resid_pre", "ln1", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_mid", "ln2", "mlp_pre"]
    scene = f"{{ layout: {laid((1232, 360), (6, 6, 22), 21, 2, True)}, inside: {json.dumps([{'site': site} for site in sites])} }}"
    rows = layout(f"stripRows({scene}.layout, {len(sites)})")
    told = layout("STOPS.map(({ steps }) => steps ?? null)")
    seen = set()
    for stop, steps in enumerate(told):
        if steps:
            boxes = layout(f"litParts({scene}, {stop})")
            assert [box["y"] for box in boxes] == [
                row["y"] for row, site in zip(rows, sites, strict=True) if site in steps
            ]
            seen |= set(steps)
    assert seen >= set(sites)


@pytest.mark.parametrize(
    "n", [0, 7, 999, 999_499, 999_500, 1000, 12_345, 37_056, 888_912, 4_290_048, 124_439_808, 1_557_611_200]
)
def test_large_counts_read_alike_in_python_and_in_the_browser(layout, n):
    assert layout(f"inUnits({n})") == in_units(n)
