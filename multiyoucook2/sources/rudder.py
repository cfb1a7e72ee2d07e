"""RUDDER: clips of toy-making videos with captions in Indian languages, each clip in some of them.

One pickle a language, ``raw-captions_marathi.pickle``: ``{clip: [caption, ...]}``, where a caption is a text or a list
of words. Lists of ids (``train_list.txt``, one a line) beside them say which split a clip is of. A language that a file
does not have for a clip is absent there, which is not the same as empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from ..corpus.tables import MACHINE
from ..errors import SourceError
from ..files.pickles import read_plain_pickle
from ..languages import LANGUAGES, language
from .base import SOURCES, Credit, Reading, SourceOptions, SourceRow
from .cleaning import shown
from .gather import Gather, split_of_name

OF_RUDDER = ("mr", "hi", "en", "ta", "te", "kn", "ml")
TRANSLATED = ("ta", "te")  # by Google Translate, as the paper's draft says; the others are by people
PICKLES = (".pkl", ".pickle", ".p")
CREDIT = Credit(
    license="unknown",  # the site speaks of research with the creator's consent
    homepage="https://rudder-2021.github.io",
    citation=(
        "@misc{akula2021rudder,\n"
        "  title  = {{RUDDER}: A Cross Lingual Video and Text Retrieval Dataset},\n"
        "  year   = {2021},\n"
        "  eprint = {2103.05457},\n"
        "  archivePrefix = {arXiv},\n"
        "}"
    ),
)


class RudderOptions(SourceOptions):
    """Which language the others are translated from, where a build translates at all."""

    language: str = Field("mr", description="the source language; every clip has Marathi")

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        return language(value).code


@dataclass(frozen=True)
class Rudder(SourceRow):
    """See the module."""

    def read(self, paths: Sequence[Path], options: RudderOptions) -> Reading:
        """All languages' pickles, and the lists of ids."""
        pickles = [path for path in paths if path.suffix.lower() in PICKLES]
        splits = _splits([path for path in paths if path not in pickles])
        gather = Gather(paths, skip_bad=options.skip_bad, origins=dict.fromkeys(TRANSLATED, MACHINE))
        found: dict[str, Path] = {}
        for path in pickles:
            other = found.setdefault(_language_of(path), path)
            if other != path:
                raise SourceError(f"{other} and {path} are of one language", hint="give one file a language")
        if options.language not in found:
            raise SourceError(
                f"there are no captions in {language(options.language).name}, the source language",
                hint=f"give raw-captions_{language(options.language).name.lower()}.pickle, or choose another language",
            )
        order = sorted(found, key=lambda lang: lang != options.language)  # the source language gives the clips' order
        unlisted: set[object] = set()
        for lang in order:
            gather.file = found[lang]
            captions = read_plain_pickle(found[lang])
            if not isinstance(captions, dict):
                raise SourceError(f"{found[lang]} is not a dict of clips", hint="see docs/datasets.md")
            for clip_id, texts in captions.items():
                split = splits.get(clip_id) if splits else "train"
                if split is None:
                    unlisted.add(clip_id)
                    continue
                if gather.clip(shown(clip_id), clip_id, split):
                    _add(gather, clip_id, lang, texts)
        if unlisted:
            gather.note(f"{len(unlisted):,} clips are in none of the lists of ids")
        if not splits:
            gather.note("there are no lists of ids, so that all clips are of the split train")
        return gather.finish(credit=CREDIT)


def _add(gather: Gather, clip_id: str, lang: str, texts: object) -> None:
    texts = listed(texts)
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list | tuple) or not texts:
        gather.refuse(clip_id, f"its captions are {shown(texts)}, not a list of texts")
        return
    for index, text in enumerate(texts):
        words = isinstance(text, list) and text and all(isinstance(word, str) for word in text)
        gather.caption(clip_id, clip_id, lang, " ".join(text) if words else text, index=index)


def listed(value: Any) -> Any:
    """A value of a pickle; what is an array of texts there as a list."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def _language_of(path: Path) -> str:
    """``raw-captions_marathi.pickle`` -> ``mr``; a code does as well."""
    words = path.stem.lower().replace("-", "_").split("_")
    names = {row.name.lower(): code for code, row in LANGUAGES.items()} | {code: code for code in LANGUAGES}
    found = {names[word] for word in words if word in names}
    if len(found) != 1:
        raise SourceError(
            f"{path} does not say its language by its name", hint="call it such as raw-captions_marathi.pickle"
        )
    return found.pop()


def _splits(lists: Sequence[Path]) -> dict[str, str]:
    splits: dict[str, str] = {}
    for path in lists:
        split = split_of_name(path.name)
        if split is None:
            raise SourceError(
                f"{path} is no pickle, and no list of a split by its name",
                hint="call lists of ids such as train_list.txt, val_list.txt and test_list.txt",
            )
        try:
            names = path.read_text(encoding="utf-8-sig").split()
        except UnicodeDecodeError as error:
            raise SourceError(f"{path} is not UTF-8: byte {error.start}", hint="save it as UTF-8") from None
        doubled = next((name for name in names if splits.get(name, split) != split), None)
        if doubled:
            raise SourceError(
                f"{shown(doubled)} is in the lists of {splits[doubled]} and of {split}", hint="leave it in one of them"
            )
        splits |= dict.fromkeys(names, split)
    return splits


SOURCES.add(
    Rudder(
        "rudder",
        OF_RUDDER,
        source_language="mr",
        credit=CREDIT,
        options=RudderOptions,
        version=3,
        needs="RUDDER's pickles, which its authors give on request (https://rudder-2021.github.io): "
        "--annotations raw-captions_marathi.pickle --annotations raw-captions_hindi.pickle ... "
        "and the lists of ids: --annotations train_list.txt ...",
    )
)
