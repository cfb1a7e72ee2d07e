"""Validation: which translations are accepted, and why the others are not."""
