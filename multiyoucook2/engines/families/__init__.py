"""Families of translation models, one file each."""
