"""Sentences to try on the Tokens tab, each of which teaches one thing. What they teach stands in the catalogue."""

from __future__ import annotations

PRESETS = {
    "space": "cat cat, Cat and concatenate the cat",
    "capitals": "hello Hello HELLO hELLO. The USA and the usa.",
    "numbers": "1 12 123 1234 12345 123456, 3.14159 and 2026-11-30",
    "code": "def add(a, b):\n    # sum\n    return a + b\n",
    "emoji": "I ❤️ my 👩‍👩‍👧 and 😀 👍🏽!",
    "hindi": "नमस्ते, आप कैसे हैं?",
    "arabic": "مرحبا، كيف حالك؟",
    "chinese": "你好，今天天气很好。",
    "magikarp": "Say SolidGoldMagikarp, please.",
    "trailing": "Once upon a time ",
    "run": "a b  c   d    e        f",
}
