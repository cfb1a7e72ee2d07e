"""The tiny models of every family, shared with the tests of translation."""

from tiny_families import cache, model

__all__ = ["cache", "model"]
