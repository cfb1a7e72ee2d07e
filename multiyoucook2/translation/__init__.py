"""Translation: captions to other languages by an engine, resumable to the batch."""

VERSION = 7  # raise with any change here or in text/ that changes a translation: memories and builds start afresh then
