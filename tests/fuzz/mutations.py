"""Mutations of files: seeded, so that number N of a kind is the same file everywhere."""

import json
import random
from typing import Any

HOSTILE: list[Any] = [
    *(None, True, -1, 0, 10**18, 10**400, 1e308, float("nan"), float("inf"), "-1", "1"),
    *("", "x" * 5000, "\ud800", "a\nb\x1b[2J\u202e", "../../etc/passwd", "/dev/zero", "{x}"),
    *([], {}, [[]], [None], {"": None}, ["a", 1, None], {"a": {"b": {}}}),
]
JUNK = [
    *(b"", b"[" * 50_000, b"{" * 50_000, b'{"a":' * 20_000, b"null", b"[]", b"{}", b"NaN", b'"\\ud800"'),
    *(b"\xff\xfe", b"\0" * 100, b"1" + b"0" * 5000, b"&a [*a]", b"- " * 5000, b"!!python/object:os.system"),
    *(b"<html>", b"PK\x03\x04", b"\x1f\x8b", b"PAR1"),
]
NUMBERS = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"9999"]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few changes of bytes; or, of JSON, one of values."""
    if rng.random() < 0.5:
        try:
            return _other_value(json.loads(data), rng)
        except (ValueError, RecursionError):
            pass
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        data = _change(data, rng)
    return data


def _change(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.choice([1, 1, 2, 4, 8, 64, 1000]))
    how = rng.randrange(8)
    if how == 0 and start < len(data):
        return data[:start] + bytes([data[start] ^ (1 << rng.randrange(8))]) + data[start + 1 :]
    if how == 1:
        return data[:start] + data[end:]
    if how == 2:
        return data[:start] + rng.randbytes(rng.choice([1, 4, 40])) + data[start:]
    if how == 3:
        return data[:start] + data[start:end] * rng.choice([2, 3, 100]) + data[end:]
    if how == 4:
        return data[:start]
    if how == 5:
        return rng.choice(JUNK)
    if how == 6:
        return data[:start] + rng.choice(JUNK) + data[end:]
    return (
        data[:start]
        + rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"99999999"])
        + data[start + 4 :]
    )


def _other_value(value: Any, rng: random.Random) -> bytes:
    """One value anywhere in the document, a key or the whole of it becomes something else, is left out or doubled."""
    places: list[tuple[Any, Any]] = []
    _collect(value, places)
    if not places or rng.random() < 0.02:
        return json.dumps(rng.choice(HOSTILE)).encode()
    holder, key = rng.choice(places)
    if rng.random() < 0.15:
        del holder[key]
    elif isinstance(holder, dict) and rng.random() < 0.1:
        holder[rng.choice(["", "x", "\ud800", "../x", "a\nb"])] = holder.pop(key)
    elif isinstance(holder[key], str) and rng.random() < 0.3:
        holder[key] = _change(holder[key].encode(errors="replace"), rng).decode(errors="replace")
    else:
        holder[key] = rng.choice(HOSTILE)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    for key in range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else ():
        places.append((value, key))
        _collect(value[key], places)
