"""What the rows of neurons hold, and what is said of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from explorer.answers.neurons import N_NEURONS, neuron_table, neurons_at, neurons_in_words, where_in_words
from explorer.widgets.neurons import neuron_rows
from gpt2core.errors import InvalidSetting
from gpt2core.neurons import neuron_readings
from gpt2core.notation import read_edits


def test_a_row_holds_what_the_trace_holds_and_its_tokens_are_the_ends_of_the_reading(services, run):
    found = neurons_at(services, run, 2, 1)
    seen = services.traces.get(run, {"mlp_pre", "mlp_post", "logits"})
    model = services.models.get(run.model).model
    assert len(found.rows) == N_NEURONS
    for at, row in enumerate(found.rows):
        assert row.before == float(seen["mlp_pre", 1][2, row.number])
        assert row.after == float(seen["mlp_post", 1][2, row.number]) == float(found.fires[at, 2])
        reading = neuron_readings(model, 1, [row.number])[0]
        assert row.promoted[0].token_id == int(reading.argmax())
        assert row.suppressed[0].token_id == int(reading.argmin())
    assert found.answer in neurons_in_words(found)
    table = neuron_table(found)
    assert table.shape == (N_NEURONS, 7)
    assert table.iloc[:, 4].tolist() == [row.adds for row in found.rows]


def test_a_neuron_switched_off_stays_in_its_row_with_nothing_to_add(services, run):
    plain = neurons_at(services, run, 2, 1)
    off = replace(run, edits=read_edits(f"neuron:1.{plain.rows[0].number}"))
    found = neurons_at(services, off, 2, 1)
    assert [row.number for row in found.rows] == [row.number for row in plain.rows]
    assert found.rows[0].after == found.rows[0].adds == 0.0
    assert found.rows[0].strength == plain.rows[0].strength


def test_a_switch_names_the_edit_that_it_turns_and_numbers_open_where_they_are(services, run):
    found = neurons_at(services, run, 2, 1)
    number = found.rows[0].number
    first = json.loads(neuron_rows(found, "zero")["rows"])["rows"][0]
    assert first["edits"] == [f"neuron:1.{number}", f"mean-neuron:1.{number}"]
    assert first["after"]["origin"] == {"site": "mlp_post", "layer": 1, "index": [2, number]}
    assert first["part"] == 1.0
    mean = json.loads(neuron_rows(found, "mean")["rows"])["rows"][0]
    assert mean["edits"] == first["edits"][::-1]
    with pytest.raises(InvalidSetting, match="to zero or to its mean"):
        neuron_rows(found, ["zero"])


def test_where_the_first_fires_most_is_said(services, run):
    labels = services.labels(run)
    for position in range(4):
        found = neurons_at(services, run, position, 0)
        here = int(found.fires[0].argmax()) == position
        assert ("nowhere more active" in where_in_words(found, labels)) == here


def test_one_token_is_enough(services):
    run = services.read("a", "tinystories")
    assert neurons_at(services, run, 0, 1).fires.shape == (N_NEURONS, 1)
