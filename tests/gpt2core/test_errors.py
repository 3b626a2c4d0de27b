"""Every refusal carries its sentence and its values apart, so that a page can say it in another language."""

from __future__ import annotations

import ast
import errno
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import gpt2core
from gpt2core import GPTModel, SamplingSettings, analysis, beam_search, edits, errors, generate, trace
from gpt2core.decoding import decoding_times
from gpt2core.embeddings import cosines
from gpt2core.errors import Gpt2CoreError
from gpt2core.notation import NamedEdit, parse_edits
from gpt2core.repetition import repeated_from
from gpt2core.scoring import score_text
from tests.conftest import TINY, TINY_IDS
from tests.reference import random_model

PACKAGE = Path(gpt2core.__file__).parent
SOURCES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def subclasses(base: type) -> Iterator[type]:
    yield base
    for below in base.__subclasses__():
        yield from subclasses(below)


@pytest.fixture(scope="module")
def takes_a_sentence() -> dict[str, bool]:
    """Each refusal's name; False where its class has the sentence and is given values only."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "gpt2core."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {one.__name__: one.__init__ is Gpt2CoreError.__init__ for one in subclasses(Gpt2CoreError)}


def is_constant(sentence: ast.expr) -> bool:
    if isinstance(sentence, ast.IfExp):
        return is_constant(sentence.body) and is_constant(sentence.orelse)
    return isinstance(sentence, ast.Constant) and isinstance(sentence.value, str)


def mixed_sentences(source: str, takes_a_sentence: dict[str, bool]) -> list[str]:
    """The calls that make a refusal of anything but constant sentences and values by name."""
    tree = ast.parse(source)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and takes_a_sentence.get(ast.unparse(node.func).rpartition(".")[2])
    ]
    for each in ast.walk(tree):
        if isinstance(each, ast.ClassDef) and each.name in takes_a_sentence and each.name != "Gpt2CoreError":
            calls += [
                node
                for node in ast.walk(each)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
            ]
    return [
        ast.unparse(call)
        for call in calls
        if len(call.args) != 1 or not is_constant(call.args[0]) or any(given.arg is None for given in call.keywords)
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_a_refusal_is_made_of_constant_sentences_and_values_by_name(name, takes_a_sentence):
    assert mixed_sentences((PACKAGE / name).read_text(encoding="utf-8"), takes_a_sentence) == []


@pytest.mark.parametrize(
    ("source", "mixed"),
    [
        ('raise InvalidSetting("n is {n}.", n=n)', False),
        ('raise InvalidSetting("one" if n == 1 else "{n}", n=n)', False),
        ("raise PromptTooLong(n, limit)", False),
        ('raise InvalidSetting(f"n is {n}.")', True),
        ('raise errors.InvalidSetting("n is " + str(n))', True),
        ('raise InvalidSetting("one" if n == 1 else f"{n}")', True),
        ('raise InvalidSetting("n is {}".format(n))', True),
        ("raise InvalidSetting(sentence, n=n)", True),
        ('refusal = InvalidEdit("{n}", **values)', True),
        ('class EmptyPrompt(X):\n def __init__(self, n):\n  super().__init__(f"{n}")', True),
    ],
)
def test_the_rule_catches_what_it_is_for(source, mixed, takes_a_sentence):
    assert bool(mixed_sentences(source, takes_a_sentence)) == mixed


REFUSED = {
    "an empty text": lambda model: generate(model, [], 5),
    "one token too many": lambda model: trace(model, [1] * 17),
    "tokens too many": lambda model: trace(model, [1] * 2000),
    "a foreign id": lambda model: trace(model, [50]),
    "no tokens": lambda model: generate(model, TINY_IDS, -1),
    "a temperature": lambda model: SamplingSettings(temperature=float("nan")),
    "a share": lambda model: SamplingSettings(top_p=2.0),
    "a penalty": lambda model: SamplingSettings(repetition_penalty=0.0),
    "a width": lambda model: beam_search(model, TINY_IDS, 5, width=0),
    "a length penalty": lambda model: beam_search(model, TINY_IDS, 5, length_penalty=11),
    "a stride": lambda model: score_text(model, TINY_IDS, stride=16),
    "a single token": lambda model: score_text(model, [1]),
    "steps": lambda model: decoding_times(model, TINY_IDS, -1),
    "an n-gram": lambda model: repeated_from([1, 2], 0),
    "a row": lambda model: cosines(torch.ones(1200, 2), 1200),
    "a site": lambda model: trace(model, TINY_IDS, {"heads"}),
    "a site of the model": lambda model: trace(model, TINY_IDS)["logits", 0],
    "a site of a layer": lambda model: trace(model, TINY_IDS)["z"],
    "a layer": lambda model: trace(model, TINY_IDS, edits=[edits.zero_mlp(2)]),
    "a head": lambda model: trace(model, TINY_IDS, edits=[edits.zero_head(0, 3)]),
    "a head everywhere": lambda model: edits.knock_out(2, 1, head=0),
    "a position": lambda model: trace(model, TINY_IDS, edits=[edits.knock_out(7, 2)]),
    "the future": lambda model: edits.knock_out(2, 7),
    "nothing to see": lambda model: trace(model, TINY_IDS, edits=[edits.knock_out(0, 0)]),
    "a branch": lambda model: edits.shortcut_off(0, "ff"),
    "heads of no site with heads": lambda model: edits.patch(trace(model, TINY_IDS), "embed", head=0),
    "another shape": lambda model: trace(model, TINY_IDS[:3], edits=[edits.patch(trace(model, TINY_IDS), "z", 0)]),
    "a shape not kept": lambda model: trace(model, [1], edits=[edits.Edit("?", ("z",), 0, lambda z, _: z[..., :1])]),
    "an unknown edit": lambda model: parse_edits("<b>{edit}</b>", TINY, 7),
    "an edit twice": lambda model: parse_edits("mask,mask", TINY, 7),
    "an edit without a layer": lambda model: NamedEdit("head", head=1),
    "an edit of no layer": lambda model: parse_edits("mlp:2", TINY, 7),
    "what was not recorded": lambda model: trace(model, TINY_IDS, {"logits"})["embed"],
    "what was not recorded of a layer": lambda model: trace(model, TINY_IDS, {"logits"})["z", 1],
    "the lens on no stream": lambda model: analysis.logit_lens(trace(model, TINY_IDS), model, 0, "z"),
    "the lens at no position": lambda model: analysis.logit_lens(trace(model, TINY_IDS), model, 0, positions=[7]),
    "a period": lambda model: analysis.repeated_tokens(50, 51),
    "overflow": lambda model: list(generate(broken(), TINY_IDS, 1)),
    "a lost tensor": lambda model: refuse(errors.MissingTensor("{a}")),
    "a lost tensor of a shape": lambda model: refuse(errors.MissingTensor("a", (2, 3))),
    "a tensor's shape": lambda model: refuse(errors.ShapeMismatch("a", (2, 3), (3, 2))),
    "heads": lambda model: refuse(errors.HeadsUnknown("a.pth", 768)),
    "a full disk": lambda model: refuse(errors.CannotSave(Path("a"), OSError(errno.ENOSPC, "No space left on device"))),
    "a locked folder": lambda model: refuse(
        errors.CannotSave(Path("a"), PermissionError(errno.EACCES, "Permission denied"))
    ),
}


def broken() -> GPTModel:
    model = random_model(TINY)
    with torch.no_grad():
        model.final_norm.scale[0] = float("nan")
    return model


def refuse(error: Gpt2CoreError) -> None:
    raise error


@pytest.mark.parametrize("ask", REFUSED.values(), ids=REFUSED)
def test_the_sentence_with_its_values_put_in_is_what_a_person_reads(ask, tiny_model):
    with pytest.raises(Gpt2CoreError) as refusal:
        ask(tiny_model)
    error = refusal.value
    assert error.key.format(**error.values) == str(error)
    assert str(error).endswith(".")


def test_one_token_is_no_tokens_and_large_numbers_have_their_commas():
    assert str(errors.PromptTooLong(17, 16)).endswith("Remove about 1 token.")
    assert str(errors.PromptTooLong(3024, 1024)) == (
        "The text is 3,024 tokens long; this model reads at most 1,024. Remove about 2,000 tokens."
    )
