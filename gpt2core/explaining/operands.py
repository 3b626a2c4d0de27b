"""What a number is made of: operands, their products, and sums of thousands of these without a Python object for each.

n products of a group, k operands in each. All values are float64 on the CPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, overload

import torch
from torch import Tensor

Kind = Literal["site", "weight", "token", "position", "constant", "edit"]
Place = tuple[str, int | None, tuple[int, ...]]


@dataclass(frozen=True)
class Operand:
    """One number that another is computed from.

    name: of a site, of a weight as the state dict has it ("trf_blocks.2.att.W_query.weight"), of an edit, or "token_ids",
    "position", "eps". index: its place there. kind: edit: what an edit added to what the pass had computed.
    """

    kind: Kind
    name: str
    layer: int | None
    index: tuple[int, ...]
    value: float

    @property
    def place(self) -> Place | None:
        """What explain takes to go one step deeper; None for all but sites."""
        return (self.name, self.layer, self.index) if self.kind == "site" else None


@dataclass(frozen=True)
class Term(Operand):
    """One part of a number: an operand, the others that it is taken together with, and what they make.

    product: what the term adds to the number. Not in a pattern, whose terms are the exponentials that one of them is divided by
    the sum of, nor in a mask, which asks whether key - query is above 0.
    """

    factors: tuple[Operand, ...]
    product: float


@dataclass(frozen=True)
class Column:
    """The operands at one place of n products. index: None where it runs along `sizes`; values: [n], or [] if all share one."""

    kind: Kind
    name: str
    layer: int | None
    index: tuple[int | None, ...]
    values: Tensor
    sizes: tuple[int, ...] = ()

    def at(self, number: int) -> Operand:
        index: list[int] = []
        sizes = list(self.sizes)
        rest = number
        for part in reversed(self.index):
            if part is None:
                rest, part = divmod(rest, sizes.pop())  # noqa: PLW2901
            index.insert(0, part)
        value = self.values if self.values.dim() == 0 else self.values[number]
        return Operand(self.kind, self.name, self.layer, tuple(index), float(value))


def multiplied(*values: Tensor) -> Tensor:
    return math.prod(values[1:], start=values[0])


@dataclass(frozen=True)
class Group:
    """n products alike, each of one operand of every column; the first column is the one to follow.

    law: from the columns' values to the products, [n] or []. written: a product with its numbers left open, by column.
    magnitude: the law by which the size of what was added up is measured, where products are themselves differences.
    """

    columns: tuple[Column, ...]
    law: Callable[..., Tensor] = multiplied
    written: str = ""
    magnitude: Callable[..., Tensor] | None = None

    @cached_property
    def products(self) -> Tensor:
        """[n]"""
        return self.law(*(column.values for column in self.columns)).reshape(-1)

    @property
    def size(self) -> float:
        """The sum of the absolute values of what is added."""
        law = self.magnitude or self.law
        return float(law(*(column.values for column in self.columns)).abs().sum())

    def term(self, number: int) -> Term:
        first, *others = (column.at(number) for column in self.columns)
        return Term(**vars(first), factors=tuple(others), product=float(self.products[number]))

    def numbers(self, number: int) -> str:
        """A product as it is computed: "0.31 * (-1.2)"."""
        first, *others = (column.at(number).value for column in self.columns)
        template = self.written or " * ".join(["{}"] * len(self.columns))
        return template.format(short(first), *map(bracketed, others))


@dataclass(frozen=True)
class Grouped:
    """The largest terms by |product|, and what all others come to."""

    largest: tuple[Term, ...]
    n_rest: int
    rest: float


class Terms(Sequence[Term]):
    """All terms, each made when it is looked at. products: [N], float64."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = tuple(groups)
        self.products = torch.cat([group.products for group in groups])

    def __len__(self) -> int:
        return len(self.products)

    @overload
    def __getitem__(self, number: int) -> Term: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Term, ...]: ...
    def __getitem__(self, number: int | slice) -> Term | tuple[Term, ...]:
        if isinstance(number, slice):
            return tuple(self[i] for i in range(*number.indices(len(self))))
        group, own = self._found(range(len(self))[number])
        return group.term(own)

    def __iter__(self) -> Iterator[Term]:
        return (group.term(own) for group in self.groups for own in range(len(group.products)))

    def numbers(self, number: int) -> str:
        """One term as it is computed."""
        group, own = self._found(number)
        return group.numbers(own)

    def in_numbers(self) -> str:
        """The sum as it is computed: the two largest terms one by one, the others summed."""
        largest = sorted(self.order(2))
        parts = [self.numbers(number) for number in largest]
        n_rest = len(self) - len(largest)
        if n_rest:
            parts.append(f"{short(self.rest(largest))} from {n_rest:,} more")
        return " + ".join(parts).replace("+ -", "- ")

    def order(self, n: int) -> list[int]:
        """The numbers of the n largest by |product|, the largest first, the earlier first among equals."""
        sizes = self.products.abs().nan_to_num(nan=math.inf)
        if n == 1:
            return [int(sizes.argmax())]
        return sizes.sort(descending=True, stable=True).indices[:n].tolist()

    def rest(self, without: Sequence[int]) -> float:
        """The sum of all products but those."""
        kept = torch.ones(len(self), dtype=torch.bool)
        kept[list(without)] = False
        return float(self.products[kept].sum())

    def grouped(self, n: int) -> Grouped:
        """The n largest terms by |product|, the largest first, and the sum of the rest."""
        largest = self.order(max(n, 0)) if n > 0 else []
        return Grouped(tuple(self[i] for i in largest), len(self) - len(largest), self.rest(largest))

    def _found(self, number: int) -> tuple[Group, int]:
        for group in self.groups:
            if number < len(group.products):
                return group, number
            number -= len(group.products)
        raise IndexError(number)


def short(value: float) -> str:
    return f"{value:.4g}"


def bracketed(value: float) -> str:
    """For a place behind another sign."""
    return f"({short(value)})" if value < 0 else short(value)
