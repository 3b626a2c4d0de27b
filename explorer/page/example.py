"""What the page opens with, chosen for what it shows on the model that ships; tests/explorer/page/test_example.py holds the reasons.

The sentence is `example` in catalogue/en/page.toml. Its last token is picked, and where the model goes on from there is undecided.
"""

from __future__ import annotations

# The head that Attention opens with: it looks at the token before (docs/decisions/019), a stripe that is seen at first sight.
LAYER, HEAD = 0, 4
