"""How the next token is chosen, and by which luck, as a page or a link asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from explorer.catalogue import catalogue
from explorer.wording.numbers import as_given, is_whole
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import SamplingSettings

SETTINGS = tuple(asdict(SamplingSettings()))
MAX_SEED, START_SEED = 2**32 - 1, 42
START: dict[str, Any] = {**asdict(SamplingSettings()), "seed": START_SEED}


def checked_settings(value: Any) -> tuple[SamplingSettings, int]:
    """What a panel holds ({"temperature", ..., "seed"}, see START), as settings and seed. Raises: InvalidSetting."""
    say = catalogue("settings")
    if not isinstance(value, Mapping):
        raise InvalidSetting(say("none"))
    given: dict[str, Any] = {name: value.get(name) for name in SETTINGS}
    settings, seed = SamplingSettings(**given), value.get("seed")
    if not is_whole(seed, 0, MAX_SEED):
        raise InvalidSetting(say("shared_bad_seed", value=as_given(seed), limit=MAX_SEED))
    return settings, int(seed)


def read_setting(name: str) -> Callable[[str], float]:
    """The check of one setting in a link: its number. Raises: InvalidSetting."""

    def check(text: str) -> float:
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        settings, seed = checked_settings({**START, name: value})
        return seed if name == "seed" else asdict(settings)[name]

    return check
