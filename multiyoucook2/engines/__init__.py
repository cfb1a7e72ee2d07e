"""Engines: whatever translates texts, how it is found, downloaded, converted and run."""
