"""What each version constant guards: the output of its code on fixed inputs, recorded beside the version.

A stage's key holds these versions. Where code gives something else than before under the same version, finished builds
would say "unchanged" and keep the old output. ``tests/test_versions.py`` compares with ``guarded_versions.json``; after
a change that is meant, raise the version beside the code and record::

    python tests/guarded.py
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_name("guarded_versions.json")
PAIRS = {
    "de": [
        ("chop 2 onions and fry them in oil", "2 Zwiebeln hacken und in Öl braten"),
        ("chop 2 onions and fry them in oil", "3 Zwiebeln hacken und in Öl braten"),
        ("add salt and pepper", "Salz Salz Salz Salz hinzufügen"),
        ("add salt and pepper", "add salt and pepper"),
        ("stir the soup until it boils", ""),
        ("stir the soup until it boils", "die Suppe � rühren, bis sie kocht"),
        ("bake for 20 minutes at 350 degrees", "20 Minuten bei 350 Grad backen"),
        ("mix flour sugar eggs and milk in a bowl", "Mehl und Mehl in einer Schüssel mischen"),
        ("add salt", "Untertitel im Auftrag des ZDF, www.example.org"),
    ],
    "zh": [("add salt to the water", "將鹽加入水中"), ("add salt to the water", "将盐加入水中")],
    "ja": [
        ("chop 2 onions and fry them in oil", "玉ねぎ2個を刻み、油で炒める"),
        ("add salt and pepper", "将盐和胡椒加入"),
        ("stir the soup until it boils", "stir the soup"),
    ],
}
NOUNS = dict(
    zip("onion garlic butter flour carrot".split(), "Zwiebel Knoblauch Butter Mehl Karotte".split(), strict=True)
)
# enough sound pairs to learn words from, then one that drops a noun, one that adds one, one that says one twice
PAIRS["de"] += [
    (f"add the {one} and the {two}", f"{NOUNS[one]} und {NOUNS[two]} hinzufügen")
    for _ in range(3)
    for one in NOUNS
    for two in NOUNS
    if one != two
] + [
    ("add the onion and the flour", "Zwiebel hinzufügen"),
    ("add the onion", "Zwiebel und Butter hinzufügen"),
    ("add the garlic and the carrot", "Knoblauch und Knoblauch hinzufügen"),
]
CAPTIONS = [
    "bake at 365 degrees for 35 to 45 minutes",
    "season with salt and pepper and cook for 5 minutes, then serve the fish",
]


def _sources() -> dict[str, tuple[int, Callable[[], Any]]]:
    from multiyoucook2.sources.base import SOURCES

    mini = SOURCES.find("mini")

    def read() -> Any:
        found = mini.read(mini.bundled(), mini.options())
        return [found.clips.to_pylist(), found.captions.to_pylist()]

    return {"source mini": (mini.version, read)}


def _checks() -> dict[str, tuple[int, Callable[[], Any]]]:
    from multiyoucook2.quality.check import CHECKS, Batch, Check, Context

    def findings(check: Check) -> Any:
        rows = []
        for lang, pairs in PAIRS.items():
            batch = Batch.of(lang, *map(list, zip(*pairs, strict=True)))
            found = check.run(batch, Context(batch))
            rows += [
                [lang, number, round(float(score), 2), found.reason(number) if score > found.shown else ""]
                for number, score in enumerate(found.scores)
            ]
        return rows

    return {f"check {check.name}": (check.version, lambda check=check: findings(check)) for check in CHECKS}  # type: ignore[misc]


def _translation() -> dict[str, tuple[int, Callable[[], Any]]]:
    from multiyoucook2.engines.base import Candidate, Source
    from multiyoucook2.text.prepare import normalise
    from multiyoucook2.translation import VERSION, flags, parts, stand_ins

    def flags_of(caption: str, text: str, lang: str) -> Any:
        source, candidate = Source(tuple(caption.split())), Candidate(text, -0.5, True, tuple(text.split()))
        return flags.find_flags(caption, text, source, candidate, lang)

    def outputs() -> Any:
        return [
            [normalise(caption) for caption in [*CAPTIONS, "add \u00bd cup &amp; heat to 350\u00b0F"]],
            [stand_ins.with_stand_ins(caption) for caption in CAPTIONS],
            [parts.split_parts(caption) for caption in CAPTIONS],
            [flags_of(source, text, lang) for lang, pairs in PAIRS.items() for source, text in pairs],
        ]

    return {"translation": (VERSION, outputs)}


def _dataset() -> dict[str, tuple[int, Callable[[], Any]]]:
    from corpus.test_dataset import several, tables

    from multiyoucook2.corpus.dataset import VERSION, features_json

    def rows() -> Any:
        return [
            [name, table.to_pydict(), features_json(table.schema)]
            for found in (tables(), several())
            for name, table in found.items()
        ]

    return {"published rows": (VERSION, rows)}


def guarded() -> dict[str, tuple[int, Callable[[], Any]]]:
    """Name -> version, and what gives the guarded output as JSON."""
    return _sources() | _checks() | _translation() | _dataset()


def digest(output: Any) -> str:
    """16 hex digits of a JSON value."""
    return hashlib.sha256(json.dumps(output, sort_keys=True, default=str).encode()).hexdigest()[:16]


def wrong_with(name: str, version: int, found: str, recorded: dict[str, Any]) -> str | None:
    """What is to do about one row, in words; ``None`` if it is as recorded."""
    row = recorded.get(name)
    if row is None:
        return f"{name} is new: record it with python tests/guarded.py"
    if row["digest"] != found and row["version"] == version:
        return f"{name} gives another output under version {version}: raise the version beside its code, then record it"
    return f"{name} has version {version}, not {row['version']}: record it" if row["version"] != version else None


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(Path(__file__).parent))
    rows = {name: {"version": version, "digest": digest(give())} for name, (version, give) in sorted(guarded().items())}
    RECORD.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"{RECORD}: {len(rows)} recorded")
