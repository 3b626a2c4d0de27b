"""The only shared mutable state: models, traces, maps, what a session trained, and downloads. All of it safe to use from many threads.

Sessions hold keys (RunKey), never tensors or models. What one person trained is reachable only with its key, which
cannot be guessed.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from explorer.catalogue import catalogue
from explorer.store.download import Download
from explorer.store.layouts import LayoutStore
from explorer.store.models import CHECKPOINTS, DEFAULT_MODEL, ModelRegistry
from explorer.store.traces import RunKey, TraceStore
from explorer.store.vocabularies import VocabularyStore
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Gpt2CoreError, published
from gpt2core.comparison import token_ends
from gpt2core.errors import EmptyPrompt, InvalidEdit, PromptTooLong
from gpt2core.notation import parse_edits
from gpt2core.train import corpora

__all__ = ["CHECKPOINTS", "DEFAULT_MODEL", "ModelRegistry", "RunKey", "Services", "TextTooLong", "TraceStore"]
# A sentence is at most a few thousand characters; beyond this even counting its tokens would hold others up.
MAX_CHARACTERS = 100_000


# Where python -m gpt2core.train keeps them too, so that either finds what the other fetched.
DOWNLOADS = Path("downloads")


class Services:
    """What every tab may use."""

    def __init__(self, checkpoints: Path = CHECKPOINTS) -> None:
        self.models = ModelRegistry(checkpoints)
        self.traces = TraceStore(self.models)
        self.layouts = LayoutStore()
        self.influences = LayoutStore(most=256)  # of heads, one small table each (answers/all_heads)
        self.gpt2_download = Download()
        self.vocabularies = VocabularyStore()
        self.vocabulary_download = Download(published.download_all)
        self.text_downloads = {
            name: Download(functools.partial(corpora.fetched, name, DOWNLOADS, _quietly)) for name in corpora.SOURCES
        }

    def read(self, text: object, model: object, edits: object = "") -> RunKey:
        """Encode `text` for `model`, changed by `edits` in their notation (gpt2core.notation). Nothing is computed yet.

        Raises: EmptyPrompt, TextTooLong, PromptTooLong, UnknownModel, InvalidEdit.
        """
        name = str(model)
        pretrained = self.models.get(name)
        if not isinstance(text, str) or not text:
            raise EmptyPrompt
        if len(text) > MAX_CHARACTERS:
            raise TextTooLong(len(text))
        token_ids = self.models.tokenizer(name).encode(text)
        limit = pretrained.model.config.context_length
        if len(token_ids) > limit:
            raise PromptTooLong(len(token_ids), limit)
        if not isinstance(edits, str):
            raise InvalidEdit("The edits are a {kind}; give a text such as head:2.5,mlp:3.", kind=type(edits).__name__)
        changes = parse_edits(edits, pretrained.model.config, len(token_ids))
        return RunKey(name, text, tuple(token_ids), changes)

    def run(self, run_json: str) -> RunKey:
        """The run that RunKey.to_json wrote, checked like anything else that a browser sends."""
        try:
            kept = json.loads(run_json)
            return self.read(kept["text"], kept["model"], kept.get("edits", ""))
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, Gpt2CoreError):
                raise
            raise EmptyPrompt from error

    def cursor_limits(self, run: RunKey) -> dict[str, int]:
        """How many positions each part of the cursor has in this run."""
        config = self.models.get(run.model).model.config
        return {"token": len(run.token_ids), "layer": config.n_layers, "head": config.n_heads}

    def same_place(self, before_json: str, token: object, now: RunKey) -> int:
        """Where the cursor stands in `now` if it stood on `token` of the run in `before_json`: the last token stays the last, a
        token of the same text read by another model keeps its place in the text, any other its number as far as there is one."""
        last = len(now.token_ids) - 1
        at = int(token) if isinstance(token, int | float) and 0 <= token < MAX_CHARACTERS else 0
        try:
            before = self.run(before_json)
        except Gpt2CoreError:  # its model is no longer kept, or the browser made it up
            return min(at, last)
        if at >= len(before.token_ids) - 1:
            return last
        if before.text != now.text or before.model == now.model:
            return min(at, last)
        end = self.token_ends(before)[at]
        return next(index for index, ends in enumerate(self.token_ends(now)) if ends >= end)

    def token_ends(self, run: RunKey) -> list[int]:
        """After how many bytes of the text each token ends."""
        return token_ends(run.token_ids, self.models.tokenizer(run.model))

    def labels(self, run: RunKey) -> list[TokenLabel]:
        """How each token of the run is shown."""
        return token_labels(run.token_ids, self.models.tokenizer(run.model))


def _quietly(_: str) -> None:
    """The line that the command line prints before a download."""


class TextTooLong(Gpt2CoreError):
    """More characters than a sentence box is for."""

    def __init__(self, n_characters: int) -> None:
        excess = n_characters - MAX_CHARACTERS
        super().__init__(catalogue("page")("too_long", n=n_characters, limit=MAX_CHARACTERS, excess=excess))
