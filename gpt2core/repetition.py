"""Where a text repeats itself, counted in n-grams: n tokens in a row."""

from __future__ import annotations

from collections.abc import Sequence

from gpt2core.errors import InvalidSetting


def repeated_from(token_ids: Sequence[int], n: int = 3) -> list[int | None]:
    """For each token, which earlier one it repeats: None unless it lies in an n-gram that stood in the text before.

    Where several such n-grams hold a token, the first counts, and of its earlier places the earliest. An n-gram may overlap
    the one it repeats, as in "ha ha ha ha".
    Example: repeated_from([1, 2, 3, 9, 1, 2, 3]) is [None, None, None, None, 0, 1, 2].
    Raises: InvalidSetting for n below 1.
    """
    if n < 1:
        raise InvalidSetting("n is {n}; choose 1 token or more.", n=n)
    source: list[int | None] = [None] * len(token_ids)
    first: dict[tuple[int, ...], int] = {}
    for start in range(len(token_ids) - n + 1):
        earlier = first.setdefault(tuple(token_ids[start : start + n]), start)
        for offset in range(n) if earlier < start else ():
            if source[start + offset] is None:
                source[start + offset] = earlier + offset
    return source
