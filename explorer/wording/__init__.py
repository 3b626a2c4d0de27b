"""How tokens and numbers are written for a person."""
