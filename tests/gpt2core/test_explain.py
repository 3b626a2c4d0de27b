"""Where a number comes from: its terms make it again, they are what the trace and the model hold, and they lead down to a token.

Rounding is measured against the size of what was added (Explanation.scale): the sum of the products' absolute values, for a sum of
large parts that cancel is as exact as its parts, not as its small remainder. For a GELU it is |x|, for a pattern its row's sum, 1.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import gpt2core
from gpt2core import (
    PRESETS,
    SITES,
    Explanation,
    GPTConfig,
    GPTModel,
    Trace,
    analysis,
    edits,
    explain,
    load_pretrained,
    parse_edits,
    reduced_precision,
    sites_to_explain,
    trace,
)
from gpt2core.edits import Edit
from gpt2core.errors import InvalidEdit, InvalidSetting, MissingActivation, MissingOperands, UnknownSite
from gpt2core.explain import Operand, Place
from gpt2core.untrained import untrained_model
from tests.conftest import TINY, TINY_IDS
from tests.gpt2core.test_notation import MEANINGS
from tests.reference import random_model

ROOT = Path(gpt2core.__file__).parents[1]
SHIPPED = "checkpoints/tinystories"
SENTENCE = "Once upon a time there was a little cat"
EXACT = 1e-5
OPTIONS = {
    f"{'tied' if tied else 'untied'}, {'bias' if bias else 'no bias'}, {gelu}": replace(
        TINY, tied_head=tied, qkv_bias=bias, gelu=gelu, drop_rate=0.0
    )
    for tied, bias, gelu in itertools.product((True, False), (True, False), ("tanh", "erf"))
}


@functools.cache
def looked_into(name: str) -> tuple[GPTModel, Trace]:
    """A model and a trace of it: one of OPTIONS, the one that ships, or GPT-2's size with random weights."""
    if name in OPTIONS:
        model = random_model(OPTIONS[name])
        return model, trace(model, TINY_IDS)
    if name == "shipped":
        if not (ROOT / SHIPPED / "config.json").exists():
            pytest.skip(f"the model that ships is not in {SHIPPED}")
        opened = load_pretrained(ROOT / SHIPPED)
        assert opened.tokenizer is not None
        return opened.model, trace(opened.model, opened.tokenizer.encode(SENTENCE))
    model, dice = untrained_model(PRESETS["124M"], seed=1), torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.dim() == 1:  # biases of 0 and norms of 1 would hide a bias or a norm that is left out
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=dice)
    return model, trace(model, (464, 3290, 318, 257, 3290))


def places(seen: Trace, n: int, seed: int = 0) -> Iterator[Place]:
    """n random ones, each site as likely as any other."""
    dice = random.Random(seed)
    keys = list(seen)
    for _ in range(n):
        site = dice.choice(sorted(SITES))
        layer = dice.choice([at for name, at in keys if name == site])
        yield site, layer, tuple(dice.randrange(size) for size in seen[site, layer].shape)


def is_rebuilt(explanation: Explanation) -> bool:
    rebuilt, value = explanation.rebuilt(), explanation.value
    return rebuilt == value or abs(rebuilt - value) <= EXACT * explanation.scale


def is_as_recorded(operand: Operand, seen: Trace, model: GPTModel) -> bool:
    match operand.kind:
        case "site":
            found = seen[operand.name, operand.layer][operand.index]
        case "weight":
            found = model.state_dict()[operand.name][operand.index]
        case "token":
            found = seen.token_ids[operand.index[0]]
        case "position":
            (found,) = operand.index
        case "constant":
            found = {"C": seen.config.emb_dim, "sqrt(D)": math.sqrt(seen.config.head_dim), "eps": seen.config.norm_eps}[
                operand.name
            ]
        case "edit":
            return operand.name in seen.edits
    return float(found) == operand.value


def check(explanation: Explanation, seen: Trace, model: GPTModel, n_operands: int = 8) -> None:
    where = (explanation.site, explanation.layer, explanation.index)
    assert explanation.value == float(seen[where[0], where[1]][where[2]]), where
    assert is_rebuilt(explanation), (where, explanation.rebuilt(), explanation.value, explanation.scale)
    step = max(1, len(explanation.terms) // n_operands)
    for term in explanation.terms[::step]:
        for operand in (term, *term.factors):
            assert is_as_recorded(operand, seen, model), (where, operand)
    assert explanation.formula.startswith(explanation.site)
    assert len(explanation.with_numbers) < 400


def check_way_down(explanation: Explanation, seen: Trace, model: GPTModel) -> None:
    """Following the largest operand ends at a token id, a position or a weight within 12 L + 8 steps."""
    for _ in range(12 * model.config.n_layers + 8):
        term = explanation.largest()
        if term.place is None:
            assert term.kind in ("token", "position", "weight")
            return
        explanation = explain(seen, model, *term.place)
    pytest.fail(f"no end below {explanation}")


@pytest.mark.parametrize(
    ("name", "n", "every"), [*((name, 250, 2) for name in OPTIONS), ("shipped", 1000, 10), ("124M", 800, 20)]
)
def test_a_number_is_made_of_its_terms_which_lead_to_a_token_or_a_weight(name, n, every):
    """In all more than 2,000 random places, and every `every`th followed down."""
    model, seen = looked_into(name)
    for number, place in enumerate(places(seen, n)):
        explanation = explain(seen, model, *place)
        check(explanation, seen, model)
        if number % every == 0:
            check_way_down(explanation, seen, model)


@pytest.mark.parametrize("name", ["tied, bias, tanh", "untied, no bias, erf"])
def test_every_number_of_a_site_is_made_of_its_terms(name):
    model, seen = looked_into(name)
    for site, layer in seen:
        if layer in (None, 0):
            for index in itertools.product(*map(range, seen[site, layer].shape)):
                explanation = explain(seen, model, site, layer, index)
                assert is_rebuilt(explanation), (site, index)


def test_weights_of_a_pattern_and_of_the_mlp_are_exact_relative_to_themselves_too():
    model, seen = looked_into("shipped")
    for site in ("pattern", "ln1_var", "mlp_post"):
        for t in range(5, 9):
            for place in range(6):
                index = {"pattern": (place, t, place), "ln1_var": (t,), "mlp_post": (t, place)}[site]
                explanation = explain(seen, model, site, 2, index)
                if explanation.value > 1e-4:
                    assert explanation.rebuilt() == pytest.approx(explanation.value, rel=2e-5), site


def test_sums_are_complete(tiny_model, tiny_trace):
    C, T, D = TINY.emb_dim, len(TINY_IDS), TINY.head_dim
    n_terms = {
        **dict.fromkeys(("tok_emb", "pos_emb", "resid_pre", "mlp_post"), 1),
        **dict.fromkeys(("embed", "resid_mid", "resid_post", "ln1", "ln2", "ln_final", "mask"), 2),
        **dict.fromkeys((f"{norm}_{moment}" for norm in ("ln1", "ln2", "ln_final") for moment in ("mean", "var")), C),
        **dict.fromkeys(("q", "k", "v", "attn_out", "mlp_pre"), C + 1),
        "mlp_out": 4 * C + 1,
        "logits": C,
        "scores": D,
        "pattern": T,
        "z": T,
    }
    assert n_terms.keys() == SITES.keys()
    for site in SITES.values():
        index = (0, 2, 1)[-shape_of(site.name) :]
        explanation = explain(tiny_trace, tiny_model, site.name, 1 if site.per_layer else None, index)
        assert len(explanation.terms) == len(list(explanation.terms)) == n_terms[site.name], site.name
        operands = [one for term in explanation.terms for one in (term, *term.factors) if one.kind != "constant"]
        assert len({(one.name, one.index) for one in operands}) == len(operands), f"{site.name}: each operand once"


def shape_of(site: str) -> int:
    return SITES[site].shape.count(",") + 1


def test_what_is_read_is_what_operand_places_say(tiny_model, tiny_trace):
    for site, layer in tiny_trace:
        explanation = explain(tiny_trace, tiny_model, site, layer, (0,) * shape_of(site))
        read = {one.name for term in explanation.terms for one in (term, *term.factors) if one.kind == "site"}
        assert read | {site} == sites_to_explain(site, layer, TINY.n_layers)


def test_the_terms_are_the_field_s_own_sums(tiny_model, tiny_trace):
    """A few by hand, so that a recipe that is wrong twice in the same way is seen."""
    block = tiny_model.trf_blocks[1]
    scores = explain(tiny_trace, tiny_model, "scores", 1, (2, 5, 3))
    assert [term.place for term in scores.terms] == [("q", 1, (2, 5, d)) for d in range(8)]
    assert [term.factors[0].place for term in scores.terms] == [("k", 1, (2, 3, d)) for d in range(8)]
    gathered = explain(tiny_trace, tiny_model, "z", 1, (2, 5, 3))
    assert [term.place for term in gathered.terms] == [("v", 1, (2, s, 3)) for s in range(7)]
    assert gathered.terms[4].product == pytest.approx(
        float(tiny_trace["pattern", 1][2, 5, 4]) * float(tiny_trace["v", 1][2, 4, 3])
    )
    written = explain(tiny_trace, tiny_model, "attn_out", 1, (5, 9))
    assert [term.place for term in written.terms[:24]] == [("z", 1, (h, 5, d)) for h in range(3) for d in range(8)]
    assert written.terms[13].factors[0].value == block.att.out_proj.weight[9, 13].item()
    assert written.terms[-1].name == "trf_blocks.1.att.out_proj.bias"
    asked = explain(tiny_trace, tiny_model, "q", 1, (2, 5, 3))
    assert asked.terms[6].factors[0].name == "trf_blocks.1.att.W_query.weight"
    assert asked.terms[6].factors[0].index == (19, 6)
    told = explain(tiny_trace, tiny_model, "tok_emb", None, (2, 4)).largest()
    assert (told.name, told.index, told.factors[0].kind, told.factors[0].value) == (
        "tok_emb.weight",
        (42, 4),
        "token",
        42,
    )
    assert explain(tiny_trace, tiny_model, "resid_pre", 0, (1, 2)).largest().place == ("embed", None, (1, 2))
    assert explain(tiny_trace, tiny_model, "resid_pre", 1, (1, 2)).largest().place == ("resid_post", 0, (1, 2))


def test_heads_and_their_bias_are_what_attention_writes(tiny_model, tiny_trace):
    explanation = explain(tiny_trace, tiny_model, "attn_out", 1, (5, 9))
    expected = analysis.head_outputs(tiny_trace, tiny_model, 1)[:, 5, 9]
    torch.testing.assert_close(explanation.per_head().float(), expected)
    assert float(explanation.per_head().sum()) + explanation.terms[-1].product == pytest.approx(explanation.rebuilt())
    with pytest.raises(InvalidSetting, match="q is no sum over heads"):
        explain(tiny_trace, tiny_model, "q", 1, (0, 0, 0)).per_head()


@pytest.mark.parametrize("n", [0, 1, 5, 24, 25, 1000])
def test_a_group_is_the_largest_terms_and_the_sum_of_all_others(n, tiny_model, tiny_trace):
    explanation = explain(tiny_trace, tiny_model, "v", 1, (0, 4, 2))
    grouped = explanation.grouped(n)
    sizes = sorted((abs(term.product) for term in explanation.terms), reverse=True)
    assert [abs(term.product) for term in grouped.largest] == sizes[:n]
    assert grouped.n_rest == max(0, 25 - n)
    assert math.fsum(term.product for term in grouped.largest) + grouped.rest == pytest.approx(explanation.rebuilt())
    assert n == 0 or grouped.largest[0] == explanation.largest()


def test_terms_are_a_sequence(tiny_model, tiny_trace):
    terms = explain(tiny_trace, tiny_model, "mlp_out", 0, (4, 2)).terms
    assert terms[-1] == list(terms)[96]
    assert terms[3:5] == (terms[3], terms[4])
    with pytest.raises(IndexError):
        terms[97]


# What an edit replaced.

REPLACING = {
    **MEANINGS,
    **{
        edit.name: edit
        for edit in (
            edits.mean_attention(1),
            edits.mean_mlp(0),
            edits.mean_layer(1),
            edits.mask_off(1),
            edits.norm_off(0),
            edits.shortcut_off(0, "attention"),
            Edit("half", ("pattern", "mlp_post", "ln1", "logits", "resid_pre"), None, lambda value, here: value / 2),
        )
    },
    "a patch": None,  # made where there is a model
}


def edited(name: str, model: GPTModel) -> Trace:
    change = REPLACING[name] or edits.patch(trace(model, TINY_IDS[::-1]), "resid_mid", 1)
    return trace(model, TINY_IDS, edits=[change])


@pytest.mark.parametrize("name", REPLACING)
def test_under_an_edit_the_terms_make_the_edited_number_and_the_edit_is_named(name, tiny_model):
    seen = edited(name, tiny_model)
    assert seen.replaced
    for place in places(seen, 200, seed=len(name)):
        explanation = explain(seen, tiny_model, *place)
        check(explanation, seen, tiny_model)
        check_way_down(explanation, seen, tiny_model)
    for (site, layer), replaced in seen.replaced.items():
        touched = [tuple(index) for index in (replaced.by >= 0).nonzero().tolist()]
        for index in random.Random(0).sample(touched, min(20, len(touched))):
            explanation = explain(seen, tiny_model, site, layer, index)
            check(explanation, seen, tiny_model)
            (name_of_edit,) = seen.edits
            assert explanation.edit == explanation.terms[-1].name == name_of_edit
            assert explanation.terms[-1].kind == "edit"
            assert explanation.terms[-1].product == explanation.value - explanation.before != 0
            assert explanation.formula.endswith(f"; then {name_of_edit}")
            assert explanation.largest().kind != "edit"
        for index in (replaced.by < 0).nonzero().tolist()[:5]:
            assert explain(seen, tiny_model, site, layer, tuple(index)).edit is None


def test_of_several_edits_the_last_that_changed_a_number_is_named(tiny_model):
    plus_one = Edit("plus one", ("z",), 0, lambda value, here: value + 1)
    seen = trace(
        tiny_model, TINY_IDS, edits=[plus_one, edits.zero_head(0, 1), edits.mask_off(0), edits.knock_out(5, 2)]
    )
    assert explain(seen, tiny_model, "z", 0, (0, 3, 4)).edit == "plus one"
    silenced = explain(seen, tiny_model, "z", 0, (1, 3, 4))
    assert (silenced.edit, silenced.value) == ("zero head 1 of layer 0", 0.0)
    assert is_rebuilt(silenced)
    assert explain(seen, tiny_model, "mask", 0, (3, 5)).edit == "mask off in layer 0"
    assert explain(seen, tiny_model, "mask", 0, (5, 2)).edit == "hide key 2 from query 5 in every layer"
    assert explain(seen, tiny_model, "mask", 0, (5, 3)).edit is None


def test_a_hidden_score_is_minus_infinity_and_still_told(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.knock_out(5, 2, layer=1, head=0)])
    explanation = explain(seen, tiny_model, "scores", 1, (0, 5, 2))
    assert explanation.value == explanation.rebuilt() == -math.inf
    assert math.isfinite(explanation.before)
    assert explanation.grouped(1).largest[0].kind == "edit"
    share = explain(seen, tiny_model, "pattern", 1, (0, 5, 2))
    assert share.value == share.rebuilt() == share.terms[2].product == 0.0


# The lines and the snippet.


@pytest.mark.parametrize("site", SITES)
def test_the_code_is_what_stands_in_the_model_now(site, tiny_model, tiny_trace):
    layer = 1 if SITES[site].per_layer else None
    code = explain(tiny_trace, tiny_model, site, layer, (0,) * shape_of(site)).code
    for lines in code:
        whole = (ROOT / lines.file).read_text(encoding="utf-8").splitlines()
        assert whole[lines.first - 1 : lines.last] == lines.text.splitlines()
    text = "\n".join(lines.text for lines in code)
    tapped = site.replace("ln_final", "{site}").replace("ln1", "{site}").replace("ln2", "{site}")
    assert f'"{tapped}"' in text or (tapped == "{site}" and "tap(site," in text)


def test_a_site_is_computed_in_the_lines_that_are_shown(tiny_model, tiny_trace):
    """Each statement of the traced path that makes a number is shown for some site."""
    shown = {
        number
        for site in SITES
        for lines in explain(
            tiny_trace, tiny_model, site, 1 if SITES[site].per_layer else None, (0,) * shape_of(site)
        ).code
        for number in range(lines.first, lines.last + 1)
    }
    source = inspect.getsourcelines(gpt2core.model)[0]
    tapping = {
        n for n, line in enumerate(source, 1) if any(f"{name}(" in line and '", ' in line for name in ("tap", "see"))
    }
    assert tapping - shown == set()


@functools.cache
def snippets() -> list[tuple[str, float]]:
    """Every site, and every edit that can be written, with the number shown."""
    model, seen = looked_into("shipped")
    passes = [(seen, list(places(seen, 60, seed=3)))]
    for text in (*MEANINGS, "head:0.1,see:5-2,mask,scale"):
        changes = [change.edit() for change in parse_edits(text, model.config, len(seen.token_ids))]
        changed = trace(model, seen.token_ids, edits=changes)
        passes.append((changed, [(site, layer, last(changed, site, layer)) for site, layer in changed.replaced][:2]))
    passes[0][1].extend((site, layer, last(seen, site, layer)) for site, layer in seen if layer in (None, 5))
    told = []
    for one, wanted in passes:
        for number, place in enumerate(wanted):
            explanation = explain(one, model, *place)
            snippet = explanation.snippet(SHIPPED, SENTENCE if number % 2 else None)
            assert len(snippet.splitlines()) <= 8
            told.append((snippet, explanation.value))
    return told


def last(seen: Trace, site: str, layer: int | None) -> tuple[int, ...]:
    return tuple(size - 1 for size in seen[site, layer].shape)


def printed_by(code: str, given: str = "") -> list[float]:
    told = subprocess.run(
        [sys.executable, "-c", code], input=given, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr[-500:]
    return [float(line) for line in told.stdout.split()]


def test_every_snippet_prints_the_number_shown():
    """In one process that is not this one, each snippet with names of its own; the model is read from its file once."""
    told = snippets()
    every = (
        "import functools, gpt2core, json, sys\n"
        "gpt2core.load_pretrained = functools.cache(gpt2core.load_pretrained)\n"
        "for snippet in json.load(sys.stdin): exec(snippet, {})"
    )
    printed = printed_by(every, json.dumps([snippet for snippet, _ in told]))
    assert printed == pytest.approx([value for _, value in told], rel=1e-6, abs=1e-6)


def test_a_snippet_prints_the_number_in_a_process_of_its_own():
    told = snippets()
    for snippet, value in (told[5], told[-1]):
        assert printed_by(snippet) == pytest.approx([value], rel=1e-6, abs=1e-6)


def test_a_snippet_keeps_the_order_of_edits_and_quotes_what_was_typed(tiny_model):
    seen = trace(tiny_model, TINY_IDS, edits=[edits.knock_out(5, 2), edits.mask_off()])
    snippet = explain(seen, tiny_model, "mask", 0, (5, 2)).snippet("a'b", 'say "hi"\n')
    assert "in ['see:5-2', 'mask']]" in snippet
    assert 'load_pretrained("a\'b")' in snippet
    assert "encode('say \"hi\"\\n')" in snippet


# Refusals.


@pytest.mark.parametrize(
    ("site", "layer", "index", "refusal", "sentence"),
    [
        ("heads", 0, (0,), UnknownSite, "no site called 'heads'"),
        ("z", None, (0, 0, 0), UnknownSite, "z exists once a layer"),
        ("embed", 0, (0, 0), UnknownSite, "embed exists once in the model"),
        ("z", 2, (0, 0, 0), UnknownSite, "no layer 2"),
        ("z", "0", (0, 0, 0), UnknownSite, "no layer '0'"),
        ("z", 0, (0, 0), InvalidSetting, r"z is \[H, T, D\].* at \(h, t, d\).*; \(0, 0\) is none"),
        ("z", 0, [0, 0, 0], InvalidSetting, "a tuple of whole numbers"),
        ("z", 0, (0, 0, 0.5), InvalidSetting, "a tuple of whole numbers"),
        ("z", 0, (3, 0, 0), InvalidSetting, "z has no h = 3 here; h runs from 0 to 2"),
        ("z", 0, (0, -1, 0), InvalidSetting, "z has no t = -1 here; t runs from 0 to 6"),
        ("logits", None, (0, 10**30), InvalidSetting, "logits has no v"),
    ],
)
def test_a_number_that_is_not_there_is_refused(site, layer, index, refusal, sentence, tiny_model, tiny_trace):
    with pytest.raises(refusal, match=sentence) as refused:
        explain(tiny_trace, tiny_model, site, layer, index)
    assert refused.value.key.format(**refused.value.values) == str(refused.value)


def test_what_the_trace_lacks_is_named(tiny_model):
    with pytest.raises(MissingActivation, match="did not record z, layer 0"):
        explain(trace(tiny_model, TINY_IDS, {"v"}), tiny_model, "z", 0, (0, 0, 0))
    with pytest.raises(
        MissingOperands, match=r"z is computed from v and pattern, .*sites=\{'v', 'pattern', 'z'\}\)"
    ) as no:
        explain(trace(tiny_model, TINY_IDS, {"z"}), tiny_model, "z", 0, (0, 0, 0))
    assert set(no.value.sites) == {"z", "v", "pattern"}
    assert no.value.key.format(**no.value.values) == str(no.value)


def test_the_sites_named_suffice_and_none_is_too_many(tiny_model, tiny_trace):
    for site, layer in tiny_trace:
        needed, index = sites_to_explain(site, layer, TINY.n_layers), (0,) * shape_of(site)
        least = trace(tiny_model, TINY_IDS, needed)
        assert (
            explain(least, tiny_model, site, layer, index).value
            == explain(tiny_trace, tiny_model, site, layer, index).value
        )
        for name in needed - {site}:
            with pytest.raises(MissingOperands):
                explain(trace(tiny_model, TINY_IDS, needed - {name}), tiny_model, site, layer, index)
    with pytest.raises(UnknownSite):
        sites_to_explain("heads", 0, 2)


def test_another_model_is_refused(tiny_model, tiny_trace):
    larger = random_model(replace(TINY, n_layers=3))
    with pytest.raises(InvalidSetting, match="of a model of another size"):
        explain(tiny_trace, larger, "embed", None, (0, 0))
    packed = reduced_precision(tiny_model)
    if not isinstance(packed.out_head, torch.nn.Linear):
        with pytest.raises(InvalidSetting, match="packed for speed"):
            explain(trace(packed, TINY_IDS), packed, "embed", None, (0, 0))


def test_an_edit_without_a_text_has_no_snippet(tiny_model):
    seen = edited("a patch", tiny_model)
    with pytest.raises(InvalidEdit, match="cannot be written as text"):
        explain(seen, tiny_model, "resid_mid", 1, (0, 0)).snippet(SHIPPED)


def test_one_token_one_layer_and_one_head_are_explained():
    model = random_model(GPTConfig(10, 4, 8, 1, 1, drop_rate=0.0))
    seen = trace(model, [3])
    for place in places(seen, 100):
        check(explain(seen, model, *place), seen, model)
