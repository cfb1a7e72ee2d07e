"""Data sets of captions: where they come from, and how they become a table of clips."""
