"""An edit does what its name says, to one pass only."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from gpt2core import GPTModel, edits, model, trace
from gpt2core.edits import Edit
from gpt2core.errors import InvalidEdit, MissingActivation, NotFinite, UnknownSite
from gpt2core.sites import ATTENTION_SITES, SITES
from tests.conftest import TINY, TINY_IDS
from tests.reference import random_model

OTHER_IDS = (1, 2, 4, 8, 16, 32, 5)
T = len(TINY_IDS)
close = torch.testing.assert_close


@pytest.fixture(scope="module")
def other_trace(tiny_model):
    return trace(tiny_model, OTHER_IDS)


EVERY_KIND = [
    edits.zero_head(0, 1),
    edits.mean_head(1, 2),
    edits.zero_attention(0),
    edits.mean_attention(1),
    edits.zero_mlp(1),
    edits.mean_mlp(0),
    edits.zero_neuron(0, 41),
    edits.mean_neuron(1, 7),
    edits.zero_layer(0),
    edits.mean_layer(1),
    edits.knock_out(5, 2),
    edits.knock_out(5, 2, layer=0),
    edits.knock_out(5, 2, layer=1, head=0),
    edits.mask_off(),
    edits.mask_off(1),
    edits.positions_off(),
    edits.norm_off(),
    edits.norm_off(0),
    edits.shortcut_off(0, "attention"),
    edits.shortcut_off(1, "mlp"),
    edits.scaling_off(),
]
by_name = pytest.mark.parametrize("edit", EVERY_KIND, ids=lambda edit: edit.name)


FUSED = "scaled_dot_product_attention"


@pytest.mark.parametrize("edit", [None, *EVERY_KIND], ids=lambda edit: edit.name if edit else "none")
def test_attention_is_opened_only_for_those_who_look_into_it_and_nothing_else_hangs_on_that(
    edit, tiny_model, monkeypatch
):
    """As `fused` claims of every edit of ours: what is recorded beside attention is the same whether it is opened or not."""
    monkeypatch.setattr(model, "OPENED_UP_TO", 0)
    changes = [edit] if edit else []
    opened = trace(tiny_model, TINY_IDS, edits=changes)
    fused = getattr(torch.nn.functional, FUSED)
    calls = []
    monkeypatch.setattr(torch.nn.functional, FUSED, lambda *given, **named: calls.append(1) or fused(*given, **named))
    trace(tiny_model, TINY_IDS, {"pattern"}, changes)
    assert not calls
    beside = set(SITES) - set(ATTENTION_SITES)
    closed = trace(tiny_model, TINY_IDS, beside, changes)
    inside = bool(edit) and not set(edit.sites).isdisjoint(ATTENTION_SITES)
    assert len(calls) == (0 if inside else TINY.n_layers)
    assert edit is None or edit.fused == (not inside)
    for key, value in closed.values.items():
        close(value, opened[key], rtol=1e-5, atol=1e-5 * float(opened[key].abs().max()))


def test_a_short_text_has_the_same_numbers_to_the_bit_whatever_is_asked_for(tiny_model, tiny_trace):
    for site in ("z", "resid_post", "logits"):
        for key, value in trace(tiny_model, TINY_IDS, {site}).values.items():
            assert torch.equal(value, tiny_trace[key])


@by_name
def test_every_edit_changes_its_own_pass_and_is_named_on_it(edit, tiny_model, tiny_trace):
    edited = trace(tiny_model, TINY_IDS, edits=[edit])
    assert edited.edits == (edit.name,)
    assert not torch.allclose(edited["logits"], tiny_trace["logits"])


@by_name
def test_no_edit_changes_the_model_or_the_next_pass(edit, tiny_model, tiny_trace):
    tensors = {**tiny_model.state_dict(), **dict(tiny_model.named_buffers())}
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    trace(tiny_model, TINY_IDS, edits=[edit])
    for name, tensor in tensors.items():
        assert torch.equal(tensor, before[name]), name
    after = trace(tiny_model, TINY_IDS)
    assert after.edits == ()
    for site, layer in after:
        assert torch.equal(after[site, layer], tiny_trace[site, layer])


def test_edited_and_unedited_passes_of_one_model_run_side_by_side(tiny_model):
    jobs = [(), *[(edit,) for edit in EVERY_KIND]]
    alone = [trace(tiny_model, TINY_IDS, edits=job)["logits"] for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            together = pool.map(lambda job: trace(tiny_model, TINY_IDS, edits=job)["logits"], jobs)
            for expected, logits in zip(alone, together, strict=True):
                assert torch.equal(logits, expected)


def test_equal_edits_are_equal_and_can_be_keys(tiny_model, other_trace):
    assert edits.zero_head(0, 1) == edits.zero_head(0, 1)
    assert len({edits.zero_head(0, 1), edits.zero_head(0, 1), edits.zero_head(1, 1), edits.mean_head(0, 1)}) == 3
    assert edits.patch(other_trace, "z", 0) == edits.patch(trace(tiny_model, OTHER_IDS), "z", 0)
    assert edits.patch(other_trace, "z", 0) != edits.patch(trace(tiny_model, TINY_IDS), "z", 0)
    assert edits.patch(other_trace, "z", 0, head=1) != edits.patch(other_trace, "z", 0, head=2)
    assert len({edit.name for edit in EVERY_KIND}) == len(EVERY_KIND)


def test_a_zeroed_head_gathers_nothing_and_the_others_are_as_before(tiny_model, tiny_trace):
    edited = trace(tiny_model, TINY_IDS, edits=[edits.zero_head(0, 1)])
    assert (edited["z", 0][1] == 0).all()
    assert torch.equal(edited["z", 0][[0, 2]], tiny_trace["z", 0][[0, 2]])
    assert torch.equal(edited["pattern", 0], tiny_trace["pattern", 0])


def test_a_mean_ablated_head_writes_its_mean_everywhere(tiny_model, tiny_trace):
    edited = trace(tiny_model, TINY_IDS, edits=[edits.mean_head(1, 2)])
    close(edited["z", 1][2], tiny_trace["z", 1][2].mean(0).expand(T, -1))
    assert torch.equal(edited["z", 1][:2], tiny_trace["z", 1][:2])


def test_a_neuron_that_is_off_writes_nothing_and_the_mlp_lacks_its_row_alone(tiny_model, tiny_trace):
    edited = trace(tiny_model, TINY_IDS, edits=[edits.zero_neuron(0, 41)])
    others = torch.arange(4 * TINY.emb_dim) != 41
    assert (edited["mlp_post", 0][:, 41] == 0).all()
    assert torch.equal(edited["mlp_post", 0][:, others], tiny_trace["mlp_post", 0][:, others])
    row = tiny_model.trf_blocks[0].ff.layers[2].weight[:, 41]  # [C]
    close(tiny_trace["mlp_out", 0] - edited["mlp_out", 0], tiny_trace["mlp_post", 0][:, 41:42] * row)


def test_a_neuron_at_its_mean_is_as_active_everywhere(tiny_model, tiny_trace):
    edited = trace(tiny_model, TINY_IDS, edits=[edits.mean_neuron(1, 7)])
    close(edited["mlp_post", 1][:, 7], tiny_trace["mlp_post", 1][:, 7].mean().expand(T))


def test_a_zeroed_layer_passes_the_stream_on_unchanged(tiny_model):
    edited = trace(tiny_model, TINY_IDS, edits=[edits.zero_layer(1)])
    assert torch.equal(edited["resid_post", 1], edited["resid_pre", 1])


def test_mean_ablated_branches_write_one_vector_everywhere(tiny_model, tiny_trace):
    close(
        trace(tiny_model, TINY_IDS, edits=[edits.mean_attention(0)])["attn_out", 0],
        tiny_trace["attn_out", 0].mean(0).expand(T, -1),
    )
    close(
        trace(tiny_model, TINY_IDS, edits=[edits.mean_mlp(1)])["mlp_out", 1],
        tiny_trace["mlp_out", 1].mean(0).expand(T, -1),
    )


def test_a_hidden_key_gets_nothing_and_the_rest_of_the_row_shares_it(tiny_model, tiny_trace):
    whole = tiny_trace["pattern", 0]
    everywhere = trace(tiny_model, TINY_IDS, edits=[edits.knock_out(5, 2)])["pattern", 0]
    assert (everywhere[:, 5, 2] == 0).all()
    kept = whole[:, 5].clone()
    kept[:, 2] = 0
    close(everywhere[:, 5], kept / kept.sum(-1, keepdim=True))
    assert torch.equal(everywhere[:, :5], whole[:, :5])
    in_one_head = trace(tiny_model, TINY_IDS, edits=[edits.knock_out(5, 2, layer=0, head=1)])["pattern", 0]
    close(in_one_head[1], everywhere[1])
    assert torch.equal(in_one_head[[0, 2]], whole[[0, 2]])


def test_patching_a_trace_with_itself_changes_nothing(tiny_model, tiny_trace):
    for site, layer in tiny_trace:
        patched = trace(tiny_model, TINY_IDS, edits=[edits.patch(tiny_trace, site, layer)])
        for key in tiny_trace:
            assert torch.equal(patched[key], tiny_trace[key]), (site, layer, key)


def test_patching_the_stream_from_another_text_gives_its_predictions(tiny_model, other_trace):
    patched = trace(tiny_model, TINY_IDS, edits=[edits.patch(other_trace, "resid_pre", 1)])
    close(patched["logits"], other_trace["logits"])
    assert torch.equal(patched["resid_pre", 1], other_trace["resid_pre", 1])


def test_a_patch_can_be_of_one_head_at_some_positions(tiny_model, tiny_trace, other_trace):
    patched = trace(tiny_model, TINY_IDS, edits=[edits.patch(other_trace, "z", 0, head=2, positions=[1, 4])])["z", 0]
    own, given = tiny_trace["z", 0], other_trace["z", 0]
    assert torch.equal(patched[2, [1, 4]], given[2, [1, 4]])
    assert torch.equal(patched[2, [0, 2, 3, 5, 6]], own[2, [0, 2, 3, 5, 6]])
    assert torch.equal(patched[:2], own[:2])


def test_a_patch_at_positions_may_come_from_a_longer_text(tiny_model, tiny_trace):
    longer = trace(tiny_model, [*OTHER_IDS, 9, 9])
    patched = trace(tiny_model, TINY_IDS, edits=[edits.patch(longer, "mlp_out", 0, positions=[6])])["mlp_out", 0]
    assert torch.equal(patched[6], longer["mlp_out", 0][6])
    assert torch.equal(patched[:6], tiny_trace["mlp_out", 0][:6])


def test_the_mask_off_every_query_sees_the_future(tiny_model):
    pattern = trace(tiny_model, TINY_IDS, edits=[edits.mask_off(0)])
    assert (pattern["pattern", 0] > 0).all()
    assert (pattern["pattern", 1].triu(1) == 0).all()
    close(pattern["pattern", 0], pattern["scores", 0].softmax(-1))


def test_positions_off_equal_words_get_equal_embeddings(tiny_model):
    embed = trace(tiny_model, TINY_IDS, edits=[edits.positions_off()])["embed"]
    assert TINY_IDS[1] == TINY_IDS[3]
    assert torch.equal(embed[1], embed[3])
    assert torch.equal(embed, tiny_model.tok_emb.weight[list(TINY_IDS)])


def test_layer_norm_off_only_stretches_and_shifts(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.norm_off()])
    block = tiny_model.trf_blocks[1]
    close(seen["ln2", 1], seen["resid_mid", 1] * block.norm2.scale + block.norm2.shift)
    close(seen["ln_final"], seen["resid_post", 1] * tiny_model.final_norm.scale + tiny_model.final_norm.shift)


def test_a_shortcut_off_leaves_what_the_branch_wrote(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.shortcut_off(0, "attention"), edits.shortcut_off(1, "mlp")])
    assert torch.equal(seen["resid_mid", 0], seen["attn_out", 0])
    assert torch.equal(seen["resid_post", 1], seen["mlp_out", 1])


def test_the_scaling_off_scores_are_the_bare_products(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.scaling_off(0)])
    close(seen["scores", 0], seen["q", 0] @ seen["k", 0].mT)
    close(seen["scores", 1], seen["q", 1] @ seen["k", 1].mT / math.sqrt(8))


def test_edits_act_in_the_order_given(tiny_model):
    double = Edit("double", ("mlp_out",), 0, lambda value, here: value * 2)
    plus_one = Edit("plus one", ("mlp_out",), 0, lambda value, here: value + 1)
    plain = trace(tiny_model, TINY_IDS)["mlp_out", 0]
    close(trace(tiny_model, TINY_IDS, edits=[double, plus_one])["mlp_out", 0], plain * 2 + 1)
    close(trace(tiny_model, TINY_IDS, edits=[plus_one, double])["mlp_out", 0], plain * 2 + 2)


def test_an_edit_that_writes_in_place_cannot_reach_the_model(tiny_model):
    before = tiny_model.pos_emb.weight.clone()
    trace(tiny_model, TINY_IDS, edits=[Edit("wipe", ("pos_emb",), None, lambda value, here: value.zero_())])
    assert torch.equal(tiny_model.pos_emb.weight, before)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (edits.zero_head(0, 3), "There is no head 3; each layer's heads are 0 to 2"),
        (edits.knock_out(3, 1, layer=0, head=-1), "There is no head -1"),
        (edits.knock_out(7, 1), "There is no position 7; this text's tokens are at 0 to 6"),
        (edits.knock_out(9, 1, layer=0, head=0), "There is no position 9"),
        (edits.knock_out(0, 0), "Query 0 would see no key at all in head 0 of layer 0"),
        (edits.knock_out(0, 0, layer=1, head=2), "Query 0 would see no key at all in head 2 of layer 1"),
        (Edit("cut", ("z",), 0, lambda value, here: value[..., :2]), "An edit must keep the shape"),
    ],
)
def test_an_edit_that_cannot_apply_is_refused(edit, sentence, tiny_model):
    with pytest.raises(InvalidEdit, match=sentence):
        trace(tiny_model, TINY_IDS, edits=[edit])


def test_hiding_a_query_s_keys_one_by_one_is_refused_at_the_last(tiny_model):
    trace(tiny_model, TINY_IDS, edits=[edits.knock_out(1, 0, layer=0)])
    with pytest.raises(InvalidEdit, match="Query 1 would see no key"):
        trace(tiny_model, TINY_IDS, edits=[edits.knock_out(1, 0, layer=0), edits.knock_out(1, 1, layer=0, head=1)])


def test_a_layer_or_site_that_is_not_there_is_refused(tiny_model):
    with pytest.raises(UnknownSite, match="There is no layer 2; this model's layers are 0 to 1"):
        trace(tiny_model, TINY_IDS, edits=[edits.zero_mlp(2)])
    with pytest.raises(UnknownSite, match="no site called 'heads'"):
        trace(tiny_model, TINY_IDS, edits=[Edit("?", ("heads",), 0, lambda value, here: value)])


def test_impossible_edits_are_refused_when_they_are_made(tiny_model, tiny_trace):
    with pytest.raises(InvalidEdit, match="Query 2 does not see key 3"):
        edits.knock_out(2, 3)
    with pytest.raises(InvalidEdit, match="Name the layer of the head"):
        edits.knock_out(3, 2, head=1)
    with pytest.raises(InvalidEdit, match="no branch 'ff'"):
        edits.shortcut_off(0, "ff")
    with pytest.raises(InvalidEdit, match="mlp_out is not split into heads"):
        edits.patch(tiny_trace, "mlp_out", 0, head=1)
    with pytest.raises(InvalidEdit, match="There is no position 7"):
        edits.patch(tiny_trace, "mlp_out", 0, positions=[7])
    with pytest.raises(InvalidEdit, match="no position to patch"):
        edits.patch(tiny_trace, "mlp_out", 0, positions=[])
    with pytest.raises(MissingActivation):
        edits.patch(trace(tiny_model, TINY_IDS, sites={"logits"}), "z", 0)


def test_a_patch_of_another_shape_is_refused_with_both_shapes(tiny_model, tiny_trace):
    shorter = trace(tiny_model, TINY_IDS[:4])
    with pytest.raises(InvalidEdit, match=r"z has shape \[3, 7, 8\] here but \[3, 4, 8\] in the other trace"):
        trace(tiny_model, TINY_IDS, edits=[edits.patch(shorter, "z", 0)])
    with pytest.raises(InvalidEdit, match="pattern has shape"):
        trace(tiny_model, TINY_IDS, edits=[edits.patch(shorter, "pattern", 0, positions=[1])])
    with pytest.raises(InvalidEdit, match="There is no position 6"):
        trace(tiny_model, TINY_IDS[:4], edits=[edits.patch(tiny_trace, "z", 0, positions=[6])])
    other_size = trace(GPTModel(replace(TINY, emb_dim=48)), TINY_IDS)
    with pytest.raises(InvalidEdit, match=r"embed has shape \[7, 24\] here but \[7, 48\]"):
        trace(tiny_model, TINY_IDS, edits=[edits.patch(other_size, "embed")])


def test_edits_under_which_the_numbers_overflow_are_refused():
    model = random_model(TINY)
    explode = Edit("explode", ("resid_mid",), 0, lambda value, here: value * torch.inf)
    with pytest.raises(NotFinite, match="under these edits"):
        trace(model, TINY_IDS, edits=[explode])


def test_the_number_before_an_edit_is_that_of_the_pass_without_it(tiny_model, tiny_trace):
    """Where nothing before it was edited."""
    for edit in EVERY_KIND:
        seen = trace(tiny_model, TINY_IDS, edits=[edit])
        (site, layer), replaced = next(iter(seen.replaced.items()))
        assert torch.equal(replaced.before, tiny_trace[site, layer]), edit.name
        assert torch.equal(replaced.by >= 0, replaced.before != seen[site, layer]), edit.name


def test_a_trace_keeps_what_edits_put_aside_of_what_it_records_only(tiny_model, tiny_trace):
    assert tiny_trace.replaced == {}
    seen = trace(tiny_model, TINY_IDS, {"z", "mask"}, [edits.zero_layer(0), edits.zero_head(1, 0), edits.mask_off(1)])
    assert set(seen.replaced) == {("z", 1), ("mask", 1)}
    assert seen.nbytes == sum(seen[key].nbytes for key in seen) + sum(
        one.before.nbytes + one.by.nbytes for one in seen.replaced.values()
    )
    moved = trace(tiny_model, TINY_IDS, {"pos_emb"}, [edits.positions_off()]).replaced["pos_emb", None].before
    assert moved.untyped_storage().data_ptr() != tiny_model.pos_emb.weight.untyped_storage().data_ptr()
