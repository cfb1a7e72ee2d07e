"""Engines: whatever translates texts, how it is found, downloaded, converted and run."""

VERSION = 2  # raise with any change in this folder that changes an output: memories and builds start afresh then
PACKAGES = ("ctranslate2", "sentencepiece")  # the distributions that run models, whose versions can change an output
