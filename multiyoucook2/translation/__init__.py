"""Translation: captions to other languages by an engine, resumable to the batch."""
