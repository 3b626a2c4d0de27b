"""Every refusal of the package: what happened, the limit, and what to do next, in one sentence or two.

All of them derive from Gpt2CoreError, so a caller can show the message of any of them to a person as it stands;
whatever else is raised is a defect of ours.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Sequence
from pathlib import Path


class Gpt2CoreError(ValueError):
    """Base of all refusals. `str(error)` is written for the person who asked.

    key: the English sentence with its values left open, as in "max_new_tokens is {n}; choose 0 or more."; values: what goes in.
    Together they let a page say the same in another language, as gettext's message ids do.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        self.key, self.values = sentence, values
        super().__init__(sentence.format(**values) if values else sentence)


class InvalidConfig(Gpt2CoreError):
    """A model size that cannot be built."""


class InvalidSetting(Gpt2CoreError):
    """A sampling, training or edit setting outside its range."""


class InvalidEdit(InvalidSetting):
    """An ablation, patch or switch that cannot be applied to this model and text."""


class EmptyPrompt(Gpt2CoreError):
    """No token to read."""

    def __init__(self) -> None:
        super().__init__("There is no text to read. Type at least one character.")


class PromptTooLong(Gpt2CoreError):
    """More tokens than the model has positions for."""

    def __init__(self, n_tokens: int, limit: int) -> None:
        self.n_tokens, self.limit = n_tokens, limit
        excess = n_tokens - limit
        super().__init__(
            "The text is {n_tokens:,} tokens long; this model reads at most {limit:,}. Remove about {excess:,} tokens."
            if excess > 1
            else "The text is {n_tokens:,} tokens long; this model reads at most {limit:,}. Remove about 1 token.",
            n_tokens=n_tokens,
            limit=limit,
            excess=excess,
        )


class TokenOutOfRange(Gpt2CoreError):
    """An id that the model has no embedding row for."""

    def __init__(self, token_id: int, vocab_size: int) -> None:
        super().__init__(
            "Token id {token_id} is outside this model's vocabulary, whose ids run from 0 to {last}. "
            "Encode the text with the tokenizer that belongs to the model.",
            token_id=token_id,
            last=vocab_size - 1,
        )


class NotFinite(Gpt2CoreError):
    """A weight, logit or loss that is NaN or infinite."""


class MissingActivation(Gpt2CoreError):
    """A site that the trace did not record."""

    def __init__(self, site: str, layer: int | None) -> None:
        super().__init__(
            "The trace did not record {site}. Ask for it: trace(model, token_ids, sites={{'{site}'}})."
            if layer is None
            else "The trace did not record {site}, layer {layer}. Ask for it: trace(model, token_ids, sites={{'{site}'}}).",
            site=site,
            layer=layer,
        )


class MissingOperands(Gpt2CoreError):
    """Sites that a number is computed from and the trace did not record; sites: all that have to be asked for."""

    def __init__(self, site: str, missing: Sequence[str], sites: Sequence[str]) -> None:
        self.sites = tuple(sites)
        super().__init__(
            "{site} is computed from {missing}, which the trace did not record. Ask for all of it: "
            "trace(model, token_ids, sites={{{sites}}}).",
            site=site,
            missing=" and ".join(missing),
            sites=", ".join(map(repr, sites)),
        )


class UnknownSite(Gpt2CoreError):
    """A name that is not in sites.SITES, or a layer that the model does not have."""


class UnknownModel(Gpt2CoreError):
    """A model name that nothing answers to."""


class UnreadableCheckpoint(Gpt2CoreError):
    """A file or folder that is not a model we can open."""


class MissingTensor(UnreadableCheckpoint):
    """A checkpoint that lacks a tensor."""

    def __init__(self, name: str, shape: Sequence[int] | None = None) -> None:
        super().__init__(
            "The checkpoint has no tensor {name!r}. It is incomplete; save or download it again."
            if shape is None
            else "The checkpoint has no tensor {name!r}, which must have shape {shape}. "
            "It is incomplete; save or download it again.",
            name=name,
            shape=None if shape is None else list(shape),
        )


class ShapeMismatch(UnreadableCheckpoint):
    """A tensor of another shape than the configuration asks for."""

    def __init__(self, name: str, found: Sequence[int], wanted: Sequence[int]) -> None:
        super().__init__(
            "{name} has shape {found} in the file but must have {wanted} by the sizes that go with it. "
            "Open it with the configuration it was saved with.",
            name=name,
            found=list(found),
            wanted=list(wanted),
        )


class NotWeights(UnreadableCheckpoint):
    """A tensor of a kind that float32 cannot hold as it is: whole numbers, complex, quantized, sparse, or without values."""


class UnsupportedModel(UnreadableCheckpoint):
    """A model that differs from GPT-2 in a way that this package does not compute."""


def plausible_heads(emb_dim: int) -> int:
    """A number of heads that divides emb_dim into widths such as GPT-2's, 64, or narrower ones in models too small for four of those."""
    usual_width = min(64.0, max(8.0, emb_dim / 4))
    numbers = divisors(emb_dim)
    return min(numbers[1:] or numbers, key=lambda n: abs(math.log(emb_dim / n / usual_width)))


def divisors(n: int) -> tuple[int, ...]:
    small = [i for i in range(1, math.isqrt(n) + 1) if n % i == 0]
    return tuple(sorted({*small, *(n // i for i in small)}))


class HeadsUnknown(UnreadableCheckpoint):
    """Weights that do not say into how many heads they are split; choices: the numbers that divide emb_dim."""

    def __init__(self, file_name: str, emb_dim: int) -> None:
        self.choices = divisors(emb_dim)
        example = plausible_heads(emb_dim)
        super().__init__(
            "{file} does not say how many heads its model has. Pass the number, for example n_heads={example} "
            "(--n-heads {example} on the command line) if each head is {width} wide; it must divide {emb_dim}.",
            file=file_name,
            example=example,
            width=emb_dim // example,
            emb_dim=emb_dim,
        )


class GeluUnknown(UnreadableCheckpoint):
    """Weights that do not say which form of the GELU they were trained with. configured: a config.json would have said it."""

    def __init__(self, file_name: str, *, configured: bool = False) -> None:
        super().__init__(
            "{file} does not say which GELU its model computes. Put the config.json that belongs to it beside it, or pass "
            'gelu="tanh" (--gelu tanh on the command line) if that says gelu_new, as GPT-2\'s own does, or gelu="erf" if it says gelu.'
            if configured
            else "{file} does not say which GELU its model computes: nanoGPT changed from the tanh form to the exact one on 14 June 2023 and writes "
            'neither into its checkpoints. Pass gelu="erf" (--gelu erf on the command line) if the code that trained it '
            'calls nn.GELU(), or gelu="tanh" if it defines new_gelu.',
            file=file_name,
        )


class DownloadFailed(Gpt2CoreError):
    """No connection, a refused one, or a file that arrived damaged."""


class NoConnection(DownloadFailed):
    """The other side did not answer, or stopped answering."""


class DownloadStopped(DownloadFailed):
    """A download that somebody ended before it was whole."""


class UnsafePickle(UnreadableCheckpoint):
    """A pickle that holds more than tensors: opening it would run code."""


class DamagedVocabulary(Gpt2CoreError):
    """A vocabulary file whose hash is not the pinned one."""


class NotInVocabulary(Gpt2CoreError):
    """Text that a vocabulary has no tokens for."""


class CorpusTooShort(Gpt2CoreError):
    """Too little text to cut one training and one validation window from."""


class UnknownCorpus(Gpt2CoreError):
    """Neither a file or folder of text nor the name of a text that can be fetched."""


class CannotSave(Gpt2CoreError):
    """A file that could not be written: no room, no permission, no such folder. What was saved before is untouched."""

    def __init__(self, path: Path, error: OSError) -> None:
        reason = (error.strerror or str(error) or type(error).__name__).lower()
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        super().__init__(
            "{path} could not be written: {reason}. What was saved before is untouched. Free some space and try again."
            if full
            else "{path} could not be written: {reason}. What was saved before is untouched. "
            "Choose a folder that you may write to and try again.",
            path=path,
            reason=reason,
        )


class OtherCorpus(Gpt2CoreError):
    """A run that is to be continued on a text it was not trained on."""


class CorpusNotText(Gpt2CoreError):
    """Bytes that are not UTF-8 text."""
