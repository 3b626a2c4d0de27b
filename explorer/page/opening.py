"""What a visitor sees first, where a link does not say otherwise."""

from __future__ import annotations

from typing import Any

OPENING: dict[str, Any] = {"layer": 0, "head": 0}  # the last token
