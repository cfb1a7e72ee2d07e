"""Hashes of what an engine's outputs depend on."""

import hashlib
import json

from . import VERSION
from .decoding import Decoding


def fingerprint(parts: object, decoding: Decoding) -> str:
    """SHA-256 of an engine's parts (as JSON), a decoding, and the version of this folder."""
    text = json.dumps([VERSION, parts, decoding.model_dump(mode="json")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
