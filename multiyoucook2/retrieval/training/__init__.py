"""Runs: data, teachers, student, checkpoints."""
