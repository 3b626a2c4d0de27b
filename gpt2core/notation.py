"""Edits as text, for links and requests: "head:2.5, see:7-2@4.1".

    mask          every query sees the future too          residual:3    layer 3 does not carry the stream past its branches
    positions     no position row is added                 layer:3       layer 3 writes nothing
    norm          no LayerNorm centres or divides          attention:3   its attention writes nothing
    scale         scores are not divided by sqrt(D)        mlp:3         its MLP writes nothing
    see:7-2       query 7 no longer sees key 2, anywhere   head:2.5      head 5 of layer 2 writes nothing
    see:7-2@4.1   the same in head 1 of layer 4 only       mean-head:2.5 it writes its mean over the text; so do
    neuron:3.41   neuron 41 of MLP 3 writes nothing        mean-layer:3, mean-attention:3, mean-mlp:3 and
                                                           mean-neuron:3.41

Layers, heads and positions count from 0. A text is read without a model (read_edits) and then held against one (check_edits).
A list of edits is a set: however it is written, it is put into one order, in which `mask` comes before `see`, so that a
hidden key stays hidden, and a mean before what writes nothing, so that what is off stays off.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import Formatter

from gpt2core import edits
from gpt2core.config import GPTConfig
from gpt2core.edits import Edit
from gpt2core.errors import InvalidEdit

MAX_EDITS = 16
MAX_CHARACTERS = 1000  # 16 edits with four digits in every number take 384


@dataclass(frozen=True)
class _Form:
    """One way to write an edit. template: the text, with its numbers' names; make: the edit, given those numbers."""

    template: str
    make: Callable[..., Edit]

    @property
    def kind(self) -> str:
        return self.template.partition(":")[0]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name for _, name, _, _ in Formatter().parse(self.template) if name)

    @property
    def pattern(self) -> str:
        number = "(0|[1-9][0-9]*)"
        return "".join(
            re.escape(text) + (number if name else "") for text, name, _, _ in Formatter().parse(self.template)
        )

    @property
    def edit_name(self) -> str:
        """The names of its edits as a pattern, with a group for each number."""
        # told apart from all else in a name; falling, for a key is not behind its query
        marks = dict(zip(self.fields, range(10_009, 0, -1), strict=False))
        pattern = re.escape(self.make(**marks).name)
        for field, mark in marks.items():
            pattern = pattern.replace(str(mark), f"(?P<{field}>[0-9]+)")
        return pattern


_FORMS = (
    _Form("mask", edits.mask_off),
    _Form("positions", edits.positions_off),
    _Form("norm", edits.norm_off),
    _Form("scale", edits.scaling_off),
    _Form("residual:{layer}", edits.shortcut_off),
    _Form("mean-layer:{layer}", edits.mean_layer),
    _Form("mean-attention:{layer}", edits.mean_attention),
    _Form("mean-mlp:{layer}", edits.mean_mlp),
    _Form("layer:{layer}", edits.zero_layer),
    _Form("attention:{layer}", edits.zero_attention),
    _Form("mlp:{layer}", edits.zero_mlp),
    _Form("mean-neuron:{layer}.{neuron}", edits.mean_neuron),
    _Form("neuron:{layer}.{neuron}", edits.zero_neuron),
    _Form("mean-head:{layer}.{head}", edits.mean_head),
    _Form("head:{layer}.{head}", edits.zero_head),
    _Form("see:{query}-{key}", edits.knock_out),
    _Form("see:{query}-{key}@{layer}.{head}", edits.knock_out),
)
_NUMBERS = ("layer", "head", "query", "key", "neuron")
KINDS = tuple(dict.fromkeys(form.kind for form in _FORMS))


@dataclass(frozen=True)
class NamedEdit:
    """One edit as a value: hashable, comparable, and str() of it is how it is written.

    kind: one of KINDS; of the numbers those that its kind needs, the others None. Raises: InvalidEdit.
    """

    kind: str
    layer: int | None = None
    head: int | None = None
    query: int | None = None
    key: int | None = None
    neuron: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise _unknown(str(self.kind))
        numbers = self._numbers()
        whole = all(type(number) is int and number >= 0 for number in numbers.values())
        if not whole or all(form.kind != self.kind or set(form.fields) != numbers.keys() for form in _FORMS):
            raise InvalidEdit(
                "The edit {kind} is written {forms}, with whole numbers from 0. Give it those.",
                kind=self.kind,
                forms=" or ".join(form.template for form in _FORMS if form.kind == self.kind),
            )
        if self.query is not None and self.key is not None and self.key > self.query:
            raise InvalidEdit(
                "{edit} hides key {key} from query {query}, which never sees it: keys run from 0 to the query itself. "
                "Choose one of those.",
                edit=str(self),
                key=self.key,
                query=self.query,
            )

    def __str__(self) -> str:
        return self._form.template.format(**self._numbers())

    def edit(self) -> Edit:
        """What trace and generate take."""
        return self._form.make(**self._numbers())

    @property
    def _form(self) -> _Form:
        return next(form for form in _FORMS if form.kind == self.kind and set(form.fields) == self._numbers().keys())

    def _numbers(self) -> dict[str, int]:
        given = {name: getattr(self, name) for name in _NUMBERS}
        return {name: number for name, number in given.items() if number is not None}

    def _order(self) -> tuple[int, ...]:
        numbers = self._numbers()
        return _FORMS.index(self._form), *(numbers.get(name, -1) for name in _NUMBERS)


def read_edits(text: str) -> tuple[NamedEdit, ...]:
    """The edits that `text` lists between commas, in their one order; no model is asked. "" is no edit.

    Raises: InvalidEdit for a text that is too long, for what is no edit, one listed twice, or more than MAX_EDITS.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidEdit(
            "The list of edits is {n:,} characters long; at most {limit:,} are read. Shorten it.",
            n=len(text),
            limit=MAX_CHARACTERS,
        )
    return edit_set(map(_read_one, text.split(","))) if text.strip() else ()


def write_edits(named: Iterable[NamedEdit]) -> str:
    """What read_edits reads as the same edits: read_edits(write_edits(x)) == edit_set(x). Raises: InvalidEdit, as edit_set does."""
    return ",".join(map(str, edit_set(named)))


def parse_edits(text: str, config: GPTConfig, n_tokens: int) -> tuple[NamedEdit, ...]:
    """read_edits and check_edits in one. Raises: InvalidEdit."""
    named = read_edits(text)
    check_edits(named, config, n_tokens)
    return named


def named_so(name: str) -> NamedEdit | None:
    """The edit whose Edit is called `name`, as Trace.edits lists them; None where no text stands for it, as for a patch."""
    for form in _FORMS:
        found = re.fullmatch(form.edit_name, name)
        if found:
            return NamedEdit(form.kind, **{field: int(number) for field, number in found.groupdict().items()})
    return None


def edit_set(named: Iterable[NamedEdit]) -> tuple[NamedEdit, ...]:
    """In the order in which they act, so that equal sets are equal keys.

    An edit listed twice is refused, not folded: taking one of the two away must bring the unedited numbers back.
    Raises: InvalidEdit for one listed twice, or more than MAX_EDITS.
    """
    ordered = sorted(named, key=NamedEdit._order)
    for one, other in itertools.pairwise(ordered):
        if one == other:
            raise InvalidEdit(
                "The edit {edit} is listed twice; each acts once. Take one of the two away.", edit=str(one)
            )
    if len(ordered) > MAX_EDITS:
        raise InvalidEdit(
            "There are {n} edits; at most {limit} act at once. Take {excess} away.",
            n=len(ordered),
            limit=MAX_EDITS,
            excess=len(ordered) - MAX_EDITS,
        )
    return tuple(ordered)


def check_edits(named: Sequence[NamedEdit], config: GPTConfig, n_tokens: int) -> None:
    """Whether a model of this shape and a text of n_tokens have a place for each edit, and every query keeps a key.

    Raises: InvalidEdit.
    """
    for one in named:
        if one.layer is not None and one.layer >= config.n_layers:
            raise InvalidEdit(
                "{edit}: there is no layer {layer}; this model's layers are 0 to {last}. Choose one of those.",
                edit=str(one),
                layer=one.layer,
                last=config.n_layers - 1,
            )
        if one.head is not None and one.head >= config.n_heads:
            raise InvalidEdit(
                "{edit}: there is no head {head}; each layer's heads are 0 to {last}. Choose one of those.",
                edit=str(one),
                head=one.head,
                last=config.n_heads - 1,
            )
        if one.neuron is not None and one.neuron >= 4 * config.emb_dim:
            raise InvalidEdit(
                "{edit}: there is no neuron {neuron}; each layer's neurons are 0 to {last}. Choose one of those.",
                edit=str(one),
                neuron=one.neuron,
                last=4 * config.emb_dim - 1,
            )
        if one.query is not None and one.query >= n_tokens:  # the key is not behind it
            raise InvalidEdit(
                "{edit}: there is no query {query}; this text's tokens are at 0 to {last}. "
                "Choose one of those, or write a longer text.",
                edit=str(one),
                query=one.query,
                last=n_tokens - 1,
            )
    _check_that_every_query_sees(named, n_tokens)


def _check_that_every_query_sees(named: Sequence[NamedEdit], n_tokens: int) -> None:
    """Raises: InvalidEdit. EditedPass would refuse it too, but only once the model runs."""
    hidings = [one for one in named if one.kind == "see"]
    unmasked = any(one.kind == "mask" for one in named)
    for last in hidings:
        hidden = {
            one.key
            for one in hidings
            if one.query == last.query and (one.layer, one.head) in ((None, None), (last.layer, last.head))
        }
        assert last.query is not None
        if len(hidden) >= (n_tokens if unmasked else last.query + 1):
            raise InvalidEdit(
                "{edit}: query {query} would see no key at all, and attention must look somewhere. Leave it one key.",
                edit=str(last),
                query=last.query,
            )


def _read_one(text: str) -> NamedEdit:
    written = text.strip()
    if not written:
        raise InvalidEdit("Two commas of the list of edits have no edit between them. Take one comma away.")
    for form in _FORMS:
        found = re.fullmatch(form.pattern, written)
        if found:
            return NamedEdit(form.kind, **dict(zip(form.fields, map(int, found.groups()), strict=True)))
    raise _unknown(written)


def _unknown(text: str, n_shown: int = 40) -> InvalidEdit:
    return InvalidEdit(
        "There is no edit {edit!r}. Write one of {forms}; all numbers count from 0.",
        edit=text if len(text) <= n_shown else f"{text[: n_shown - 1]}…",
        forms=", ".join(form.template.format(layer=2, head=5, query=7, key=2, neuron=41) for form in _FORMS),
    )
