"""The command ``mycook``."""
