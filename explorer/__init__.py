"""The web page: tabs, figures and widgets over gpt2core."""
