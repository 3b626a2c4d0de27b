"""Which pass a number is of: that of the sentence on screen, of the same with tokens written after it, or of another model.

What is asked for comes from a browser and may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from explorer.answers.generation import MOST_TOKENS
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import is_whole
from explorer.wording.text import token_labels
from gpt2core.errors import InvalidSetting
from gpt2core.ranges import shown

say = catalogue("origins")
MOST_CHARACTERS = 60  # of what was written after the sentence, in words


@dataclass(frozen=True)
class Pass:
    """run: what is read. after: the token ids written after the sentence; model: that of another than the one on screen, else None.
    words: whose number it is where it is not of the sentence on screen, else ""."""

    run: RunKey
    after: tuple[int, ...] = ()
    model: str | None = None
    words: str = ""

    @property
    def parts(self) -> dict[str, Any]:
        """What a place says of it, beside where in it the number is."""
        after = {"after": list(self.after)} if self.after else {}
        return after if self.model is None else {**after, "model": self.model}

    @property
    def text(self) -> str | None:
        """What the model's tokenizer makes the run's token ids of; None where only the ids say it."""
        return None if self.after else self.run.text


def pass_of(services: Services, on_screen: RunKey, asked: object) -> Pass:
    """`asked`: a place with "after", token ids, and "model", a name, neither of which need be there.

    A model that is named reads the sentence as it is, without the edits of the one on screen. Of a text that is longer than the model
    reads at once, the last context_length tokens are read, as gpt2core.generate does.
    Raises: InvalidSetting, UnknownModel; what Services.read raises.
    """
    given = asked if isinstance(asked, dict) else {}
    run, model = _read(services, on_screen, given.get("model"))
    config = services.models.get(run.model).model.config
    after = _checked_after(given.get("after"), config.vocab_size)
    told = []
    if model is not None:
        how = "as_it_is" if model == on_screen.model else "other_model"
        told.append(say(how, model=services.models.title(model)))
    if after:
        told.append(_written(services, run, after))
    n_tokens = len(run.token_ids) + len(after)
    if n_tokens > config.context_length:
        told.append(say("slid", n=n_tokens, limit=config.context_length))
    # only its ids say what was written: tokens need not be those that its letters would be read as
    read = replace(run, token_ids=(*run.token_ids, *after)[-config.context_length :])
    return Pass(read, after, model, " ".join(told))


def _read(services: Services, on_screen: RunKey, model: object) -> tuple[RunKey, str | None]:
    if model is None or (model == on_screen.model and not on_screen.edits):
        return on_screen, None
    if not isinstance(model, str):
        raise InvalidSetting(say("no_number"))
    return services.read(on_screen.text, model), model


def _checked_after(after: object, vocab_size: int) -> tuple[int, ...]:
    if after is None:
        return ()
    if not isinstance(after, list | tuple):
        raise InvalidSetting(say("no_number"))
    if len(after) > MOST_TOKENS:
        raise InvalidSetting(say("too_many_after", n=len(after), limit=MOST_TOKENS))
    for token_id in after:
        if not is_whole(token_id, 0, vocab_size - 1):
            raise InvalidSetting(say("bad_after", id=shown(token_id), last=vocab_size - 1))
    return tuple(map(int, after))


def _written(services: Services, run: RunKey, after: tuple[int, ...]) -> str:
    text = "".join(label.text for label in token_labels(after, services.models.tokenizer(run.model)))
    if len(text) > MOST_CHARACTERS:
        text = f"…{text[-MOST_CHARACTERS:]}"
    return say("written_after", text=text, n=len(after))
