"""Scores: embeddings, ranks, pools, intervals, comparisons, reports."""
