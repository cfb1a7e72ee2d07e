"""A build against human translations: scores a language, kept in the build folder, where the page finds them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpus.keys import rows_of
from ..corpus.tables import MACHINE
from ..errors import DatasetError, shown
from ..files import atomic_write, json_bytes
from ..progress import Listener
from .opening import OpenBuild
from .reading import CAPTIONS, CLIPS
from .reporting import REFERENCES_FILE, kept_scores
from .translating import translations_of

if TYPE_CHECKING:
    from ..quality.reference_scores import ReferenceScores
    from ..quality.references import Aligned, Key, References


def machine_rows(build: OpenBuild, lang: str) -> "tuple[list[Key], list[str]]":
    """Keys and texts of what the engine translated into a language."""

    table = build.results[translations_of(lang)]
    table = rows_of(table, "origin", MACHINE)
    keys = list(zip(table["clip_id"].to_pylist(), table["caption_index"].to_pylist(), strict=True))
    return keys, [text or "" for text in table["text"].to_pylist()]


def tell_lacking(what: str, lacking: Sequence[str], listener: Listener, *, refuse: bool) -> None:
    """Say ``what`` there is not in some languages.

    Raises:
        DatasetError: that is to be refused, as they were asked for by name or nothing else is left.
    """
    if not lacking:
        return
    words = f"{what} {', '.join(lacking)}"
    if refuse:
        raise DatasetError(words, hint="name only languages that are there: --langs")
    listener.note(words)


def references_in(path: Path, langs: Sequence[str], listener: Listener, *, named: bool) -> "References":
    """The references in some languages. One that they lack is told, and refused where the languages were ``named``.

    Raises:
        DatasetError: they cannot be read, or have none of the languages, or not all that were named.
    """
    from ..quality.references import read_references

    found = read_references(path, langs)
    lacking = [lang for lang in langs if lang not in found]
    tell_lacking(f"{shown(path)} has no translation by people into", lacking, listener, refuse=named)
    return found


def score_build(
    build: OpenBuild, path: Path, langs: Sequence[str], listener: Listener, *, named: bool = False
) -> "list[ReferenceScores]":
    """Scores of each language that the references have, also written to ``BUILD/references.json``.

    Args:
        build: whose translations are scored.
        path: the references.
        langs: which languages; ``named``, whether each has to be among the references.
        listener: hears of each language.

    Raises:
        DatasetError: the references cannot be read, lack a named language, or none belongs to a row of the build.
    """
    from ..quality.reference_scores import score_language

    references = references_in(path, langs, listener, named=named)
    kinds = _column(build.results[CLIPS], "recipe_type")
    english = captions_by_key(build)
    found = []
    for lang, wanted in references.items():
        listener.started(f"score-{lang}")
        keys, texts = machine_rows(build, lang)
        aligned = aligned_with(keys, wanted, lang, path)
        rows = [keys[place] for place in aligned.places]
        found.append(
            score_language(
                lang, [texts[place] for place in aligned.places], aligned.references,
                [kinds[clip] for clip, _ in rows], [english.get(key, "") for key in rows], _unaligned(aligned),
            )
        )  # fmt: skip
    _keep(build, found, path.name)
    return found


def _keep(build: OpenBuild, found: "Sequence[ReferenceScores]", name: str) -> None:
    hashes = {lang: build.results.hash_of(translations_of(lang)) for lang in build.recipe.targets}
    rows = {one.lang: one.as_json() | {"file": name, "translations": hashes[one.lang]} for one in found}
    root = build.workspace.root
    atomic_write(root / REFERENCES_FILE, json_bytes(kept_scores(root, hashes) | rows))


def _unaligned(aligned: "Aligned") -> dict[str, Any]:
    from ..quality.references import named

    return {
        "unknown_rows": len(aligned.unknown), "unknown": named(aligned.unknown),
        "without_rows": len(aligned.without), "without": named(aligned.without),
    }  # fmt: skip


def aligned_with(keys: "Sequence[Key]", wanted: "Mapping[Key, list[str]]", lang: str, path: Path) -> "Aligned":
    """Rows of a language beside the references of a file, of which some belong to them.

    Raises:
        DatasetError: none does.
    """
    from ..quality.references import align, named

    aligned = align(keys, wanted)
    if aligned.places:
        return aligned
    theirs, ours = named(aligned.unknown)[:1], named(keys)[:1]
    raise DatasetError(
        f"no row of {shown(path)} in {lang} belongs to a machine translation of the build",
        hint=f"clips are called {', '.join(ours) or 'nothing'} here, {', '.join(theirs) or 'nothing'} there",
    )


def _column(clips: Any, name: str) -> dict[str, str]:
    return dict(zip(clips["clip_id"].to_pylist(), (value or "" for value in clips[name].to_pylist()), strict=True))


def captions_by_key(build: OpenBuild) -> "dict[Key, str]":
    """The captions that were translated."""

    captions = build.results[CAPTIONS]
    captions = rows_of(captions, "lang", build.recipe.source_language)
    keys = zip(captions["clip_id"].to_pylist(), captions["caption_index"].to_pylist(), strict=True)
    return dict(zip(keys, captions["text"].to_pylist(), strict=True))
