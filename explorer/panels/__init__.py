"""Parts of a tab that stand on their own: layout and wiring, as in explorer/tabs."""
