"""Captions and features as batches."""
