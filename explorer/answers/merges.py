"""Why the merges of a piece end where they end, in words."""

from __future__ import annotations

import itertools

from explorer.catalogue import catalogue
from explorer.wording.text import printable
from gpt2core import Tokenizer
from gpt2core.merging import Piece
from gpt2core.tokenizer import PlainTokenizer, cuts, gpt2_ranks

PAIRS_NAMED = 3
LONGEST_LABEL = 40


def label(data: bytes) -> str:
    """Bytes as they are printed, the middle of long ones left out and its length said."""
    text = printable(data)
    if len(text) <= LONGEST_LABEL:
        return text
    half = LONGEST_LABEL // 2 - 4
    return catalogue("tokens")("long_label", begin=text[:half], end=text[-half:], n=len(data))


def cut_by_rule(text: str, tokenizer: Tokenizer) -> list[str]:
    """Of each piece that `tokenizer` cuts `text` into, the name of its rule in SPLIT_RULES; "entry" where it knows no rule."""
    if isinstance(tokenizer, PlainTokenizer):
        return ["entry"] * len(tokenizer.pieces(text))
    return [rule for rule, _ in cuts(text)]


def why_merges_end(piece: Piece, tokenizer: Tokenizer) -> str:
    """What stands below the last merge: the neighbours that are left, and that the vocabulary has nothing for them."""
    say = catalogue("tokens")
    if tokenizer.pairs is not None and not tokenizer.pairs:
        return say("end_no_merges")
    pairs = list(dict.fromkeys(itertools.pairwise(piece.tokens)))
    if not pairs:
        return say("end_one_token")
    named = ", ".join(say("pair", left=label(left), right=label(right)) for left, right in pairs[:PAIRS_NAMED])
    if len(pairs) > PAIRS_NAMED:
        named = say("pairs_more", named=named, n=len(pairs) - PAIRS_NAMED)
    kind = "end_pairs" if tokenizer.pairs is None else "end_pairs_learned"
    told = say(kind, pairs=named, n=tokenizer.vocab_size)
    whole = gpt2_ranks().get(piece.data)
    return told if whole is None else f"{told} {say('end_in_gpt2', piece=label(piece.data), id=whole)}"
