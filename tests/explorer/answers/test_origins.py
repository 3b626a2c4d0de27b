"""Where a number comes from, as the drawer is told it: every site and every derived number, with and without edits, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from explorer.answers.attention import habit_table
from explorer.answers.derived import DERIVED, MEAN_WEIGHTS, derived_recipe
from explorer.answers.number_names import short_name
from explorer.answers.origins import number_of, origin_of, place_of
from explorer.store.models import DEFAULT_MODEL
from explorer.store.services import RunKey, Services
from gpt2core import SITES, Gpt2CoreError, analysis, trace
from gpt2core.embeddings import cosines
from gpt2core.errors import InvalidSetting
from gpt2core.explain import Terms
from gpt2core.untrained import untrained_model

EDITS = ["", "head:1.2,mlp:0,see:3-1@0.1,scale,norm"]
AT = {"t": 2, "c": 5, "n": 40, "v": 97, "s": 1, "h": 2, "d": 3}
HOSTILE = "<b>${alert(1)}"
DERIVED_PLACES = [
    {"kind": "share", "index": [2, 97]},
    {"kind": "share", "index": [0, 299], "temperature": 0.4},
    *({"kind": "length", "site": site, "layer": None, "index": [1]} for site in ("tok_emb", "embed", "logits")),
    *({"kind": "length", "site": site, "layer": 1, "index": [3]} for site in ("resid_post", "mlp_post")),
    {"kind": "length", "site": "q", "layer": 0, "index": [2, 1]},
    *(
        {"kind": kind, "layer": layer, "index": [3, 98]}
        for kind in ("guess", "lens_logit")
        for layer in (None, -1, 0, 1)
    ),
    *({"kind": kind, "layer": 1, "index": [3, 98]} for kind in ("guess_mid", "lens_logit_mid")),
    *({"kind": "kl", "layer": layer, "index": [2]} for layer in (None, 0)),
    {"kind": "kl_mid", "layer": 1, "index": [2]},
    {"kind": "loss", "index": [1]},
    {"kind": "cosine", "index": [65, 66]},
    {"kind": "log_share", "index": [2, 97]},
    {"kind": "position_cosine", "index": [3, 15]},
    *({"kind": "head_logit", "layer": layer, "index": [1, 3, 98]} for layer in (0, 1)),
    *({"kind": kind, "layer": 1, "index": [2]} for kind in MEAN_WEIGHTS),
]


@pytest.fixture(scope="module", params=EDITS, ids=["as it is", "edited"])
def looked_at(request: pytest.FixtureRequest, services: Services) -> RunKey:
    return services.read("abcd", DEFAULT_MODEL, request.param)


def site_places(n_layers: int) -> Iterator[dict[str, Any]]:
    letters = {
        "[T]": "t",
        "[T, C]": "tc",
        "[T, 4C]": "tn",
        "[T, V]": "tv",
        "[T, T]": "ts",
        "[H, T, D]": "htd",
        "[H, T, T]": "hts",
    }
    for site in SITES.values():
        for layer in range(n_layers) if site.per_layer else [None]:
            yield {"site": site.name, "layer": layer, "index": [AT[letter] for letter in letters[site.shape]]}


def written(number: str) -> float:
    return float(number.replace("−", "-"))


def test_every_site_is_told_with_its_exact_value_its_largest_operands_and_the_rest(services, looked_at):
    model = services.models.get(looked_at.model).model
    seen = trace(model, looked_at.token_ids, None, looked_at.pass_edits)
    for place in site_places(model.config.n_layers):
        told = origin_of(services, looked_at, place)
        value = seen[place["site"], place["layer"]][tuple(place["index"])]
        assert np.float32(written(told["value"])) == np.float32(value), place
        assert told["place"] == {"kind": "site", **place}
        assert told["meaning"] == SITES[place["site"]].meaning
        assert 1 <= len(told["terms"]) <= 12
        parts = [term["part"] for term in told["terms"]]
        assert parts == sorted(parts, reverse=True)
        assert sum(parts) <= 1 + 1e-9
        assert bool(told["rest"]) or sum(parts) == pytest.approx(1) or sum(parts) == 0
        assert told["code"]
        json.dumps(told, allow_nan=False)


def test_each_operand_that_is_a_site_leads_on_to_its_own_number(services, looked_at):
    for place in site_places(2):
        told = origin_of(services, looked_at, place)
        operands = [operand for term in told["terms"][:2] for operand in (term, *term["factors"])] + told["common"]
        for operand in operands:
            assert (operand["place"] is None) == bool(operand["end"])
            if operand["place"] is not None:
                below = origin_of(services, looked_at, operand["place"])
                assert written(below["value"]) == pytest.approx(written(operand["value"]), rel=1e-3)


def test_following_the_largest_operand_ends_at_the_token_or_a_weight(services, looked_at):
    place: dict[str, Any] | None = {"kind": "loss", "index": [2]}
    for _ in range(40):
        told = origin_of(services, looked_at, place)
        last, place = told["terms"][0], told["terms"][0]["place"]
        if place is None:
            break
    assert last["end"]


@pytest.mark.parametrize("place", DERIVED_PLACES, ids=str)
def test_a_derived_number_is_made_again_of_its_terms(services, looked_at, place):
    number = number_of(place)
    model = services.models.get(looked_at.model).model
    seen = services.traces.get(looked_at, DERIVED[number.name].sites(number) & SITES.keys())
    recipe = derived_recipe(seen, model, number)
    terms = Terms(recipe.groups)
    rebuilt = float(recipe.total(torch.tensor([term.product for term in terms], dtype=torch.float64)))
    value = reference(seen, model, number)
    is_a_sum = number.name.startswith(("lens_logit", "kl", "head_logit"))
    scale = float(terms.products.abs().sum()) if is_a_sum else abs(value)
    assert abs(rebuilt - value) <= 1e-5 * scale
    assert written(origin_of(services, looked_at, place)["value"]) == pytest.approx(value, abs=1e-5 * scale)


@torch.no_grad()
def reference(seen: Any, model: Any, number: Any) -> float:
    """The same number by another way: torch's softmax, norms and losses, and gpt2core's own functions."""
    at = number.index

    def lens() -> torch.Tensor:
        if number.name.endswith("_mid"):
            return analysis.logit_lens(seen, model, number.layer, "resid_mid")[at[0]].double()
        if number.layer is None:
            return model.out_head(model.final_norm(seen["embed"][at[0]])).double()
        return analysis.logit_lens(seen, model, number.layer)[at[0]].double()

    def apart() -> torch.Tensor:
        answer = seen["logits"][at[0]].double().log_softmax(-1)
        return torch.nn.functional.kl_div(lens().log_softmax(-1), answer, log_target=True, reduction="sum")

    by_name = {
        "share": lambda: torch.softmax(seen["logits"][at[0]].double() / number.temperature, -1)[at[1]],
        "log_share": lambda: torch.log_softmax(seen["logits"][at[0]].double(), -1)[at[1]],
        "length": lambda: torch.linalg.vector_norm(seen[number.site, number.layer][at].double()),
        "loss": lambda: -seen["logits"].double().log_softmax(-1)[at[0], seen.token_ids[at[0] + 1]],
        "cosine": lambda: cosines(model.tok_emb.weight, at[0])[at[1]],
        "position_cosine": lambda: cosines(model.pos_emb.weight, at[0])[at[1]],
        **dict.fromkeys(("guess", "guess_mid"), lambda: lens().softmax(-1)[at[1]]),
        **dict.fromkeys(("lens_logit", "lens_logit_mid"), lambda: lens()[at[1]]),
        **dict.fromkeys(("kl", "kl_mid"), apart),
        "head_logit": lambda: analysis.head_logits(seen, model, number.layer, at[0], at[1])[at[2]],
        **{
            name: lambda column=column: habit_table(seen.stacked("pattern")).iloc[at[0] + 3 * number.layer, column]
            for column, name in enumerate(MEAN_WEIGHTS, 2)
        },
    }
    return float(by_name[number.name]())


def test_the_operands_of_a_derived_number_lead_on_too(services, run):
    steps = {"share": "logits", "guess": "lens_logit", "loss": "share", "length": "resid_post"}
    for kind, below in steps.items():
        site = "resid_post" if kind == "length" else None
        layer = 1 if kind in ("guess", "length") else None
        place = {"kind": kind, "site": site, "layer": layer, "index": [1, 98] if kind in ("share", "guess") else [1]}
        (first, *_) = origin_of(services, run, place)["terms"]
        assert number_of(first["place"]).name == below
        assert origin_of(services, run, first["place"])["terms"]


def test_an_edit_that_set_the_number_is_named_with_the_value_before(services):
    run = services.read("abcd", DEFAULT_MODEL, "head:1.2")
    told = origin_of(services, run, {"site": "z", "layer": 1, "index": [2, 3, 0]})
    assert told["value"] == "0.0"
    assert "head 2 of layer 1 off" in told["edited"]
    plain = origin_of(services, services.read("abcd", DEFAULT_MODEL), {"site": "z", "layer": 1, "index": [2, 3, 0]})
    assert plain["value"] in told["edited"]
    assert plain["edited"] == ""


def test_a_pattern_is_told_by_its_exponentials_and_shares_in_per_cent(services, run):
    told = origin_of(services, run, {"site": "pattern", "layer": 1, "index": [2, 3, 1]})
    (own,) = [term for term in told["terms"] if term["place"]["index"] == [2, 3, 1]]
    assert own["part"] == pytest.approx(written(told["value"]), rel=1e-5)
    assert told["share"].endswith("%")


def test_numbers_are_named_in_words_with_their_tokens(services, run):
    told = origin_of(services, run, {"site": "pattern", "layer": 1, "index": [2, 3, 1]})
    assert told["title"] == "Attention pattern, layer 1, head 2: from “d” (3) at “b” (1)"
    assert told["terms"][0]["name"].startswith("Attention score at “")
    assert told["home"] == {"tab": "attention", "token": 3, "layer": 1, "head": 2}
    assert origin_of(services, run, {"kind": "loss", "index": [1]})["title"] == "Loss of “c” (2), read after “b” (1)"
    assert origin_of(services, run, {"kind": "share", "index": [1, 65]})["home"] == {"tab": "sampling", "token": 1}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "no place of a number"),
        ("pattern", "no place of a number"),
        ({}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": "1"}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [1, 2, "3"]}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [1, 2, True]}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [1, 2, math.nan]}, "no place of a number"),
        ({"site": "pattern", "layer": 0, "index": [1] * 9_000}, "no place of a number"),
        ({"site": "pattern", "layer": "0", "index": [1, 2, 1]}, "no place of a number"),
        ({"site": "x" * 9_000, "layer": 0, "index": [1]}, "no place of a number"),
        ({"site": ["pattern"], "layer": 0, "index": [1]}, "no place of a number"),
        ({"kind": "weights", "index": [1]}, "no place of a number"),
        ({"kind": "share", "index": [1, 2], "temperature": "hot"}, "no place of a number"),
        ({"site": "patern", "layer": 0, "index": [1]}, "There is no site called 'patern'"),
        ({"site": "pattern", "layer": None, "index": [1, 2, 1]}, "exists once a layer"),
        ({"site": "pattern", "layer": 7, "index": [1, 2, 1]}, "There is no layer 7"),
        ({"site": "pattern", "layer": 0, "index": [1, 2]}, "a tuple of whole numbers"),
        ({"site": "pattern", "layer": 0, "index": [1, 4, 1]}, "pattern has no t = 4 here"),
        ({"site": "embed", "layer": None, "index": [-1, 0]}, "embed has no t = -1 here"),
        ({"kind": "share", "index": [1]}, "A share is at (t, v)"),
        ({"kind": "share", "index": [4, 2]}, "no share at t = 4 here; t runs from 0 to 3"),
        ({"kind": "share", "index": [1, 300]}, "v runs from 0 to 299"),
        ({"kind": "share", "index": [1, 2], "temperature": 0}, "At temperature 0 there are no shares"),
        ({"kind": "share", "index": [1, 2], "temperature": math.nan}, "there are no shares"),
        ({"kind": "loss", "index": [3]}, "t runs from 0 to 2"),
        ({"kind": "guess", "layer": 2, "index": [1, 2]}, "There is no layer 2"),
        ({"kind": "length", "site": "pattern", "layer": 0, "index": [1, 2]}, "no rows with a length"),
        ({"kind": "length", "site": 3, "layer": 0, "index": [1]}, "no rows with a length"),
        ({"kind": "length", "site": "embed", "layer": 0, "index": [1]}, "exists once in the model"),
        ({"kind": "cosine", "index": [1, -2]}, "b runs from 0 to 299"),
        ({"kind": "position_cosine", "index": [1, 16]}, "q runs from 0 to 15"),
        ({"kind": "self_weight", "layer": 0, "index": [3]}, "h runs from 0 to 2"),
        ({"kind": "self_weight", "layer": 2, "index": [1]}, "There is no layer 2"),
        ({"kind": "self_weight", "index": [1]}, "exists once a layer"),
    ],
    ids=str,
)
def test_what_is_no_number_is_refused_in_a_sentence(services, run, asked, told):
    with pytest.raises(Gpt2CoreError) as refused:
        origin_of(services, run, asked)
    assert told in str(refused.value)
    assert len(str(refused.value)) < 400


def test_whole_numbers_may_come_as_floats_as_json_has_them(services, run):
    assert number_of({"site": "embed", "layer": None, "index": [1.0, 2.0]}).index == (1, 2)
    assert place_of(number_of({"kind": "guess", "layer": -1.0, "index": [1, 2]}))["layer"] is None
    assert short_name(number_of({"kind": "length", "site": "embed", "index": [1]})) == "length[embed, 1]"


def test_hostile_tokens_stay_data(services):
    run = services.read(HOSTILE, DEFAULT_MODEL)
    told = origin_of(services, run, {"site": "embed", "layer": None, "index": [0, 1]})
    assert "“<” (0)" in told["title"]
    assert repr(HOSTILE) in told["snippet"]


@pytest.mark.parametrize("place", [{"site": "resid_mid", "layer": 1, "index": [2, 3]}, *DERIVED_PLACES], ids=str)
def test_the_snippet_prints_the_number(services, looked_at, place, capsys):
    told = origin_of(services, looked_at, place)
    exec(told["snippet"], {})
    printed = float(capsys.readouterr().out)
    assert printed == pytest.approx(written(told["value"]), rel=1e-4, abs=1e-6)


def test_a_model_without_a_folder_gets_no_snippet_and_a_sentence(services):
    pretrained = services.models.get(DEFAULT_MODEL)
    name = services.models.add_trained(type(pretrained)(untrained_model(pretrained.model.config), pretrained.tokenizer))
    told = origin_of(services, services.read("abcd", name), {"site": "embed", "layer": None, "index": [0, 1]})
    assert told["snippet"] == ""
    assert "has no folder" in told["no_snippet"]


def test_refusals_are_the_kind_that_a_page_can_show(services, run):
    with pytest.raises(InvalidSetting):
        number_of({"site": 3})
    with pytest.raises(Gpt2CoreError):
        origin_of(services, run, {"site": "pattern", "layer": True, "index": [0, 0, 0]})
