"""The version of the package; in a module of its own, as everything may import it."""

__version__ = "0.1.0"
