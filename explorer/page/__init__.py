"""What all tabs share: the tab's spec and its wiring, links, the header, theme and styles."""
