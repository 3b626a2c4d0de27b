import pytest
import torch

from explorer.tabs.attention import (
    looks_at_rows,
    overview_sentence,
    pattern_table,
    percent,
    reading_sentence,
    summary_sentence,
)
from explorer.wording.text import TokenLabel
from gpt2core.patterns import without_first_token

TEXTS = ["Once", "·upon", "·a", "·{time}"]
LABELS = [TokenLabel(number, text, "", True) for number, text in enumerate(TEXTS)]
WEIGHTS = torch.tensor([0.5, 0.1, 0.15, 0.25])


def test_the_list_holds_every_token_seen_in_order_with_its_weight():
    rows = looks_at_rows(WEIGHTS, LABELS, 3, False)["rows"]
    assert [row["text"] for row in rows] == TEXTS
    assert [row["value"] for row in rows] == WEIGHTS.tolist()
    assert [row["shown"] for row in rows] == ["50.0 %", "10.0 %", "15.0 %", "25.0 %"]


def test_the_list_ends_at_the_token_itself_for_the_future_is_not_seen():
    assert len(looks_at_rows(torch.tensor([0.4, 0.6, 0.0, 0.0]), LABELS, 1, False)["rows"]) == 2


def test_hiding_the_first_token_takes_it_off_the_list_and_says_so():
    shown = looks_at_rows(without_first_token(torch.diag(torch.ones(4)) * 0 + WEIGHTS)[3], LABELS, 3, True)
    assert [row["text"] for row in shown["rows"]] == TEXTS[1:]
    assert sum(row["value"] for row in shown["rows"]) == pytest.approx(1.0)
    assert "renormalised" in shown["caption"]


def test_the_summary_names_the_most_looked_at_and_the_share_of_the_rest():
    told = summary_sentence(WEIGHTS, TEXTS, 2, 5, 3, False)
    assert "Layer 2, head 5" in told
    assert told.index("“Once” (position 0) 50 %") < told.index("“·{time}” (position 3) 25 %")
    assert told.index("“·{time}” (position 3) 25 %") < told.index("“·a” (position 2) 15 %")
    assert "the other one has 10 %" in told


def test_the_summary_of_a_token_that_sees_only_the_hidden_one_says_so():
    told = summary_sentence(torch.zeros(4), TEXTS, 0, 0, 0, True)
    assert "looked at nothing else" in told
    assert "renormalised" not in told


def test_no_weight_above_zero_reads_as_zero():
    assert percent(0.0) == "0.0 %"
    assert percent(0.0004) == "< 0.1 %"
    assert percent(0.314) == "31.4 %"


def test_the_table_is_the_whole_pattern_with_the_future_empty(tiny_trace):
    pattern = tiny_trace["pattern", 0][1]
    texts = ["·a"] * len(pattern)  # equal tokens must not merge
    table = pattern_table(pattern, texts)
    assert table.shape == (len(pattern), len(pattern) + 1)
    assert table.iloc[4, 1:6].tolist() == pytest.approx(pattern[4, :5].tolist(), abs=5.1e-5)
    assert table.iloc[4, 6:].isna().all()


def test_notes_tell_of_pooling_and_of_thinned_labels_only_where_that_happens():
    assert "5 × 5" in overview_sentence(238)["text"]
    assert "×" not in overview_sentence(48)["text"]
    assert "only some names fit" in reading_sentence(41)["text"]
    assert "only some names fit" not in reading_sentence(40)["text"]
