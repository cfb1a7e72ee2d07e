"""The page of a validation: what was refused and why, what is worth a look, and the worst rows of each language."""
