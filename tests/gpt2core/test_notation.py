"""Edits written as text are the edits read from it."""

from __future__ import annotations

import itertools

import pytest
import torch

from gpt2core import edits, trace
from gpt2core.errors import InvalidEdit
from gpt2core.notation import (
    KINDS,
    MAX_EDITS,
    NamedEdit,
    check_edits,
    edit_set,
    named_so,
    parse_edits,
    read_edits,
    write_edits,
)
from tests.conftest import TINY, TINY_IDS

T = len(TINY_IDS)
MEANINGS = {
    "mask": edits.mask_off(),
    "positions": edits.positions_off(),
    "norm": edits.norm_off(),
    "scale": edits.scaling_off(),
    "residual:1": edits.shortcut_off(1),
    "mean-layer:0": edits.mean_layer(0),
    "mean-attention:1": edits.mean_attention(1),
    "mean-mlp:0": edits.mean_mlp(0),
    "layer:1": edits.zero_layer(1),
    "attention:0": edits.zero_attention(0),
    "mlp:1": edits.zero_mlp(1),
    "mean-neuron:1.7": edits.mean_neuron(1, 7),
    "neuron:0.41": edits.zero_neuron(0, 41),
    "mean-head:1.2": edits.mean_head(1, 2),
    "head:0.1": edits.zero_head(0, 1),
    "see:5-2": edits.knock_out(5, 2),
    "see:5-2@1.0": edits.knock_out(5, 2, layer=1, head=0),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_each_text_means_its_edit_and_is_how_that_edit_is_written(text):
    (named,) = parse_edits(text, TINY, T)
    assert named.edit() == MEANINGS[text]
    assert str(named) == text


def test_every_kind_is_written_above():
    assert {text.partition(":")[0] for text in MEANINGS} == set(KINDS)


@pytest.mark.parametrize("pair", list(itertools.permutations(MEANINGS, 2)), ids=",".join)
def test_however_a_list_is_written_it_is_read_as_one_and_the_same_value(pair):
    there, back = read_edits(" , ".join(pair)), read_edits(",".join(reversed(pair)))
    assert there == back
    assert hash(there) == hash(back)
    assert read_edits(write_edits(there)) == there
    assert {str(one) for one in there} == set(pair)


def test_no_text_is_no_edit():
    assert read_edits("") == read_edits("  ") == ()
    assert write_edits(()) == ""


def test_a_hidden_key_stays_hidden_with_the_mask_off_however_it_is_written(tiny_model):
    named = parse_edits("see:5-2,mask", TINY, T)
    pattern = trace(tiny_model, TINY_IDS, edits=[one.edit() for one in named])["pattern", 0]
    assert (pattern[:, 5, 2] == 0).all()
    assert (pattern[:, 5, 6] > 0).all()


@pytest.mark.parametrize("part", ["layer:1", "attention:1", "mlp:1", "head:1.2", "neuron:1.7"])
def test_what_is_off_stays_off_though_its_mean_is_asked_for_too(part, tiny_model):
    both, off = read_edits(f"{part},mean-{part}"), read_edits(part)
    logits = [trace(tiny_model, TINY_IDS, {"logits"}, [one.edit() for one in named])["logits"] for named in (both, off)]
    assert torch.equal(*logits)


def test_a_layer_without_shortcuts_hands_on_what_its_mlp_wrote(tiny_model):
    (named,) = read_edits("residual:0")
    seen = trace(tiny_model, TINY_IDS, edits=[named.edit()])
    assert torch.equal(seen["resid_mid", 0], seen["attn_out", 0])
    assert torch.equal(seen["resid_post", 0], seen["mlp_out", 0])
    assert not torch.equal(seen["resid_post", 1], seen["mlp_out", 1])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "head",
            "head:",
            "head:2",
            "head:2.",
            "head:.5",
            "head:2.5.1",
            "head:2,5",
            "head: 2.5",
            "head:2 .5",
            "Head:2.5",
        ),
        *(
            "head:-2.5",
            "head:+2.5",
            "head:02.5",
            "head:2.05",
            "head:2.5x",
            "head:٢.5",
            "head:²․5",
            "head:1e1.2",
            "head:0x1.2",
        ),
        *("mask:", "mask:1", "positions:0", "see:7", "see:7-", "see:7-2@4", "see:7-2@", "see:7-2@4.1@4.1", "see:7−2"),
        *(
            "mean-mlp:3.1",
            "neuron:3",
            "neuron:3.",
            "neuron:3-1",
            "mean-mask",
            "layer:3.1",
            "mlp:3\n4",
            "residual",
            "<b>",
            "{edit}",
            "None",
            "head:2.5;mlp:3",
            "mask mlp:1",
        ),
    ],
)
def test_what_is_not_written_exactly_so_is_refused_with_what_can_be_written(text):
    with pytest.raises(InvalidEdit, match=r"There is no edit '.*Write one of .*head:2\.5, see:7-2") as refusal:
        read_edits(f"mask,{text}" if text != "head:2,5" else text)
    assert "no edit 'mask'" not in str(refusal.value)


@pytest.mark.parametrize("text", [",", "mask,", ",mask", "mask,,norm", "mask, ,norm"])
def test_an_empty_place_in_the_list_is_refused(text):
    with pytest.raises(InvalidEdit, match="no edit between them"):
        read_edits(text)


def test_an_edit_listed_twice_is_refused():
    with pytest.raises(InvalidEdit, match=r"The edit head:2\.5 is listed twice"):
        read_edits("head:2.5,mask,head:2.5")
    with pytest.raises(InvalidEdit, match="The edit scale is listed twice"):
        write_edits([NamedEdit("scale"), NamedEdit("scale")])


def test_sixteen_edits_are_read_and_seventeen_refused():
    many = [NamedEdit("head", layer=1, head=head) for head in range(MAX_EDITS + 1)]
    assert read_edits(write_edits(many[:MAX_EDITS])) == tuple(many[:MAX_EDITS])
    with pytest.raises(InvalidEdit, match=r"There are 17 edits; at most 16 act at once\. Take 1 away"):
        edit_set(many)
    with pytest.raises(InvalidEdit, match="There are 17 edits"):
        read_edits(",".join(map(str, many)))


def test_a_long_text_is_refused_unread_and_a_long_edit_is_not_repeated_whole():
    with pytest.raises(InvalidEdit, match="is 100,000 characters long; at most 1,000 are read"):
        read_edits("9" * 100_000)
    with pytest.raises(InvalidEdit) as refusal:
        read_edits("x" * 1000)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("layer:2", "layer:2: there is no layer 2; this model's layers are 0 to 1"),
        ("residual:999999999999", "there is no layer 999999999999"),
        ("mean-head:2.0", "there is no layer 2"),
        ("mean-mlp:2", "mean-mlp:2: there is no layer 2; this model's layers are 0 to 1"),
        ("head:1.3", "head:1.3: there is no head 3; each layer's heads are 0 to 2"),
        ("neuron:1.96", "neuron:1.96: there is no neuron 96; each layer's neurons are 0 to 95. Choose one of those"),
        ("mean-neuron:2.0", "mean-neuron:2.0: there is no layer 2; this model's layers are 0 to 1"),
        ("see:5-2@0.3", "there is no head 3"),
        ("see:5-2@2.0", "there is no layer 2"),
        (
            "see:7-2",
            "see:7-2: there is no query 7; this text's tokens are at 0 to 6. Choose one of those, or write a longer",
        ),
        ("see:0-0", "see:0-0: query 0 would see no key at all"),
        ("see:1-0,see:1-1@0.2", "see:1-1@0.2: query 1 would see no key at all"),
    ],
)
def test_what_this_model_or_text_has_no_place_for_is_refused_though_it_can_be_read(text, sentence):
    named = read_edits(text)
    with pytest.raises(InvalidEdit, match=sentence):
        check_edits(named, TINY, T)
    with pytest.raises(InvalidEdit, match=sentence):
        parse_edits(text, TINY, T)


@pytest.mark.parametrize("text", ["see:1-0,see:1-1", "see:0-0,mask", "see:1-0@0.1,see:1-1@0.2", "see:6-6,see:5-5"])
def test_what_is_refused_because_a_query_sees_nothing_is_what_the_model_refuses(text, tiny_model):
    named = read_edits(text)
    try:
        trace(tiny_model, TINY_IDS, {"logits"}, [one.edit() for one in named])
    except InvalidEdit:
        with pytest.raises(InvalidEdit, match="would see no key"):
            check_edits(named, TINY, T)
    else:
        check_edits(named, TINY, T)


def test_a_key_in_the_querys_future_is_refused():
    with pytest.raises(InvalidEdit, match="see:2-7 hides key 7 from query 2, which never sees it"):
        read_edits("see:2-7")


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"layer": 1},
        {"layer": 1, "head": -1},
        {"layer": 1, "head": True},
        {"layer": 1, "head": "2"},
        {"query": 3, "key": 2},
    ],
    ids=str,
)
def test_a_value_that_could_not_be_written_is_refused_when_it_is_made(numbers):
    with pytest.raises(InvalidEdit, match=r"The edit head is written head:\{layer\}\.\{head\}"):
        NamedEdit("head", **numbers)
    with pytest.raises(InvalidEdit, match="There is no edit 'heads'"):
        NamedEdit("heads", **numbers)


@pytest.mark.parametrize("text", MEANINGS)
def test_the_text_of_an_edit_is_found_by_the_name_it_has_on_a_trace(text):
    assert str(named_so(MEANINGS[text].name)) == text


@pytest.mark.parametrize("name", [edits.mask_off(1).name, edits.norm_off(0).name, "zero head 1", "", "mask"])
def test_a_name_that_no_text_stands_for_has_none(name):
    assert named_so(name) is None
