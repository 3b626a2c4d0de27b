"""Where a number comes from: any number of a trace as its formula and all its operands, down to the token id.

explain(seen, model, "z", 2, (0, 5, 3)) is one step; each operand that is a site carries the arguments of the next one:
explain(seen, model, *term.place).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from gpt2core.analysis import check_same_shape
from gpt2core.errors import InvalidEdit, InvalidSetting, MissingOperands
from gpt2core.explaining.lines import CodeLines, code_of
from gpt2core.explaining.operands import Column, Group, Grouped, Operand, Place, Term, Terms, short
from gpt2core.explaining.recipes import LETTERS, Recipe, operand_places, recipe
from gpt2core.model import GPTModel
from gpt2core.notation import named_so
from gpt2core.ranges import is_whole, shown
from gpt2core.sites import SITES, check_site
from gpt2core.trace import Trace

__all__ = [
    "CodeLines",
    "Explanation",
    "Grouped",
    "Operand",
    "Place",
    "Term",
    "Terms",
    "explain",
    "sites_to_explain",
    "snippet",
]


@dataclass(frozen=True, eq=False)
class Explanation:
    """One number of a trace and what it was computed from.

    value: as traced. edit: the name of the edit that replaced it, or None; before: what the pass had computed there, else value.
    Holds a few rows of the trace and the model as float64, and neither of the two.
    """

    site: str
    layer: int | None
    index: tuple[int, ...]
    value: float
    before: float
    edit: str | None
    token_ids: tuple[int, ...] = field(repr=False)
    edits: tuple[str, ...] = field(repr=False)
    terms: Terms = field(repr=False)
    _recipe: Recipe = field(repr=False)

    @property
    def formula(self) -> str:
        """In the letters of sites.py, an edit included."""
        letters = ", ".join(LETTERS[SITES[self.site].shape])
        computed = f"{self.site}[{letters}] = {self._recipe.formula}"
        return computed if self.edit is None else f"{computed}; then {self.edit}"

    @property
    def with_numbers(self) -> str:
        """The same with this place's numbers: the two largest terms one by one, the others summed."""
        total = Terms(self._recipe.groups).in_numbers()
        place = f"{self.site}[{', '.join(map(str, self.index))}]"
        computed = f"{place} = {self._recipe.written.format(sum=total)} = {short(self.before)}"
        return computed if self.edit is None else f"{computed}; then {self.edit}: {short(self.value)}"

    @property
    def scale(self) -> float:
        """What rounding is measured by: the sum of the absolute values of what is added, 1 for a pattern or a mask."""
        sizes = [group.size for group in self.terms.groups]
        if self._recipe.size is None:
            return sum(sizes)
        return self._recipe.size + (0.0 if self.edit is None else sizes[-1])

    def rebuilt(self) -> float:
        """The value again, from the terms alone, in float64. It differs by what float32 rounds: parts in 10^7 of `scale`."""
        n_computed = sum(len(group.products) for group in self._recipe.groups)
        computed, put_in = self.terms.products[:n_computed], self.terms.products[n_computed:]
        return float(self._recipe.total(computed) + put_in.sum())

    def grouped(self, n: int) -> Grouped:
        """The n largest terms by |product| and the sum of all others."""
        return self.terms.grouped(n)

    def per_head(self) -> Tensor:
        """What each head adds to a number of attn_out, whose bias belongs to none: [H]. Raises: InvalidSetting elsewhere."""
        if self.site != "attn_out":
            raise InvalidSetting("{site} is no sum over heads; attn_out is.", site=self.site)
        heads, _ = self._recipe.groups
        return heads.products.reshape(heads.columns[0].sizes).sum(1)

    def largest(self) -> Term:
        """The term to follow down: that of the largest |product|, what an edit put in aside.

        Where it is a product of two sites its own name is that of the one that is passed on: q of q k, v of pattern v.
        """
        terms = Terms(self._recipe.groups)
        return terms[terms.order(1)[0]]

    @property
    def code(self) -> tuple[CodeLines, ...]:
        """The lines of model.py that compute it."""
        return code_of(self.site)

    def snippet(self, source: str | Path, text: str | None = None) -> str:
        """At most eight lines of Python that print the value in a fresh process.

        source: as load_pretrained takes it, for a trace knows no file. text: what the model's tokenizer makes token_ids of;
        without it the ids themselves are written.
        Raises: InvalidEdit under an edit that notation.py has no text for, as a patch.
        """
        where = f'"{self.site}"' if self.layer is None else f'"{self.site}", {self.layer}'
        expression = f"seen[{where}][{', '.join(map(str, self.index))}]"
        return snippet(expression, [self.site], source, self.token_ids, self.edits, text)


@torch.no_grad()
def explain(trace: Trace, model: GPTModel, site: str, layer: int | None, index: tuple[int, ...]) -> Explanation:
    """What trace[site, layer][index] was computed from, one step back.

    layer: None where the site exists once. index: whole numbers from 0, one for each letter of the site's shape. The trace must
    hold the site and what it is computed from (sites_to_explain), and be of this model, in float32.
    Under edits it is the edited pass that is explained: operands are as edited, and where an edit replaced the number itself, what
    it put in is a term of its own, beside those of what the pass had computed there.
    Raises: UnknownSite, MissingActivation, MissingOperands; InvalidSetting for an index that is not there or another model.
    """
    check_same_shape(trace, model)
    if not isinstance(model.out_head, nn.Linear):
        raise InvalidSetting(
            "The model's weights are packed for speed and cannot be looked at one by one. "
            "Explain with the model that this one was reduced from."
        )
    values = trace[site, layer]
    index = _checked(site, index, values.shape)
    operands = operand_places(site, layer, trace.config.n_layers)
    missing = [name for name, at in operands if (name, at) not in trace]
    if missing:
        raise MissingOperands(site, missing, [*(name for name, _ in operands), site])
    made = recipe(trace, model, site, layer, index)
    value = before = float(values[index])
    groups, edit = made.groups, None
    replaced = trace.replaced.get((site, layer))
    if replaced is not None and int(replaced.by[index]) >= 0:
        edit, before = trace.edits[int(replaced.by[index])], float(replaced.before[index])
        put_in = torch.tensor(value - before, dtype=torch.float64)
        groups = (*groups, Group((Column("edit", edit, layer, (), put_in),)))
    return Explanation(site, layer, index, value, before, edit, trace.token_ids, trace.edits, Terms(groups), made)


def snippet(
    expression: str,
    sites: Collection[str],
    source: str | Path,
    token_ids: Sequence[int],
    edits: Sequence[str] = (),
    text: str | None = None,
) -> str:
    """Python that prints `expression` in a fresh process: over gpt, a Pretrained, token_ids, and seen, a trace of `sites` under `edits`.

    source, text: as Explanation.snippet has them. edits: names as a trace lists them. Raises: InvalidEdit as there.
    """
    names = ["load_pretrained", "trace"]
    changes, changed = [], ""
    recorded = ", ".join(f'"{site}"' for site in sorted(sites))
    if edits:
        names.insert(1, "parse_edits")
        changed = ", edits=changes"
        read = "parse_edits(text, gpt.model.config, len(token_ids))[0].edit()"
        changes = [f"changes = [{read} for text in {_written(edits)!r}]"]
    return "\n".join(
        [
            f"from gpt2core import {', '.join(names)}",
            f"gpt = load_pretrained({str(source)!r})",
            f"token_ids = {list(token_ids) if text is None else f'gpt.tokenizer.encode({text!r})'}",
            *changes,
            f"seen = trace(gpt.model, token_ids, sites={{{recorded}}}{changed})",
            f"print(float({expression}))",
        ]
    )


def sites_to_explain(site: str, layer: int | None, n_layers: int) -> frozenset[str]:
    """What a trace must record for explain to go one step down from `site`. Raises: UnknownSite."""
    check_site(site, layer, n_layers)
    return frozenset({site, *(name for name, _ in operand_places(site, layer, n_layers))})


def _checked(site: str, index: object, shape: Sequence[int]) -> tuple[int, ...]:
    letters = LETTERS[SITES[site].shape]
    if not isinstance(index, tuple) or len(index) != len(letters) or not all(map(is_whole, index)):
        raise InvalidSetting(
            "{site} is {shape}, so that a number of it is at ({letters}), a tuple of whole numbers from 0; {index} is none.",
            site=site,
            shape=SITES[site].shape,
            letters=", ".join(letters),
            index=shown(index),
        )
    for letter, number, size in zip(letters, index, shape, strict=True):
        if not 0 <= number < size:
            raise InvalidSetting(
                "{site} has no {letter} = {number} here; {letter} runs from 0 to {last}.",
                site=site,
                letter=letter,
                number=shown(number),
                last=size - 1,
            )
    return tuple(int(number) for number in index)


def _written(edits: Sequence[str]) -> list[str]:
    texts = []
    for name in edits:
        named = named_so(name)
        if named is None:
            raise InvalidEdit(
                "The edit {edit!r} cannot be written as text, so no few lines make it again. Make it with gpt2core.edits.",
                edit=name,
            )
        texts.append(str(named))
    return texts
