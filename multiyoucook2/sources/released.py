"""The captions in the pickles that the authors of C2KD released; ``features`` reads the features of the same files.

A pickle is a list of one dict a clip: ``id``; the captions as ``caption`` (English) and ``caption_xx``, a text or a
list of texts, or as ``captions: {xx: text}`` (RUDDER); ``eval_caption_xx`` is the one that evaluation asks, which is
kept as the clip's listed query. ``cz`` stands for Czech. A file's split is the one that its name says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..corpus.tables import HUMAN, MACHINE, QUERY_FLAG
from ..errors import RecipeError, SourceError
from ..files.pickles import read_plain_pickle
from ..languages import language
from .base import SOURCES, Credit, Reading, SourceOptions, SourceRow
from .cleaning import shown
from .gather import Gather, split_of_name
from .rudder import TRANSLATED, listed

LANGUAGES = ("en", "de", "fr", "cs", "zh", "ru", "vi", "es", "ja", "sw", "hi", "mr", "kn", "ta", "te", "ml")
_CAPTION = re.compile(r"(eval_)?caption_([a-z]{2})")


@dataclass(frozen=True)
class _Clip:
    """A record's captions: language -> texts, and language -> the listed query."""

    texts: Mapping[str, list[Any]]
    queries: Mapping[str, Any]


@dataclass(frozen=True)
class Released(SourceRow):
    """See the module. Which of its languages people wrote depends on the data set, which the files' names tell."""

    def read(self, paths: Sequence[Path], options: SourceOptions) -> Reading:
        """The files of one data set, such as ``youcook_train_audio_multilingual.pkl`` and ``youcook_val_...``."""
        human = _human_languages(paths)
        origins = {lang: HUMAN if lang in human else MACHINE for lang in LANGUAGES}
        gather = Gather(paths, skip_bad=options.skip_bad, origins=origins)
        first: dict[str, _Clip] = {}
        twice = 0
        for path in paths:
            split = split_of_name(path.name)
            if split is None:
                raise SourceError(
                    f"{path} does not say its split by its name", hint="keep the authors' names: ..._train_....pkl"
                )
            gather.file = path
            for number, record in enumerate(_records(path)):
                clip_id = record.get("id") if isinstance(record, dict) else None
                clip_id = str(clip_id) if isinstance(clip_id, int) else clip_id
                try:
                    clip = _captions_of(record) if isinstance(clip_id, str) else None
                except RecipeError as error:
                    gather.refuse(str(clip_id), str(error))
                    continue
                if isinstance(clip_id, str) and clip_id in first:
                    twice += 1  # the same clip with other features
                    if first[clip_id] != clip:
                        gather.refuse(clip_id, "it is there already with other captions")
                elif gather.clip(f"record {number}", clip_id, split) and isinstance(clip_id, str) and clip:
                    first[clip_id] = clip
                    _add(gather, clip_id, clip)
        if twice:
            gather.note(f"{twice:,} records repeat a clip; its captions are those of the first")
        return gather.finish()


def _human_languages(paths: Sequence[Path]) -> frozenset[str]:
    """What people wrote: of RUDDER all but Tamil and Telugu, of VATEX Chinese, too; of the others English only."""
    names = " ".join(path.name.lower() for path in paths)
    if "rudder" in names:
        return frozenset(LANGUAGES) - frozenset(TRANSLATED)
    return frozenset({"en", "zh"} if "vatex" in names else {"en"})


def _records(path: Path) -> list[Any]:
    records = read_plain_pickle(path)
    if not isinstance(records, list) or not records:
        raise SourceError(f"{path} is not a list of records, one a clip", hint="see docs/datasets.md")
    return records


def _add(gather: Gather, clip_id: str, clip: _Clip) -> None:
    asked = _asked(clip)
    for lang in dict.fromkeys([*clip.texts, *clip.queries]):
        captions = dict(enumerate(clip.texts.get(lang, [])))
        if lang in clip.queries:
            captions[asked] = clip.queries[lang]
        for index, text in captions.items():
            flags = (QUERY_FLAG,) if index == asked and lang in clip.queries else ()
            gather.caption(f"{clip_id}: {lang}", clip_id, lang, text, flags=flags, index=index)


def _asked(clip: _Clip) -> int:
    """The query's index, one for all languages: where it stands among the captions, else behind all of them."""
    english, query = clip.texts.get("en", []), clip.queries.get("en")
    if query in english:
        place = english.index(query)
        if all(clip.texts.get(lang, [])[place : place + 1] in ([], [text]) for lang, text in clip.queries.items()):
            return place
    return max((len(texts) for texts in clip.texts.values()), default=0)


def _captions_of(record: Mapping[str, Any]) -> _Clip:
    texts: dict[str, list[Any]] = {}
    queries: dict[str, Any] = {}
    if "caption" in record:
        texts["en"] = _several(record["caption"])
    for key, value in record.items():
        match = _CAPTION.fullmatch(str(key))
        if match and match[1]:
            queries[language(match[2]).code] = listed(value)
        elif match:
            texts[language(match[2]).code] = _several(value)
    by_language = record.get("captions")
    if isinstance(by_language, dict):
        texts |= {language(str(lang)).code: _several(value) for lang, value in by_language.items()}
    if not texts and not queries:
        raise RecipeError(f"it has no captions, only {', '.join(sorted(map(shown, record)))}")
    return _Clip(texts, queries)


def _several(value: Any) -> list[Any]:
    value = listed(value)
    return list(value) if isinstance(value, list | tuple) else [value]


SOURCES.add(
    Released(
        "released",
        LANGUAGES,
        credit=Credit(homepage="https://github.com/roudimit/c2kd"),
        version=4,
        needs="the authors' pickles: mycook import released FILES --out data/released",
    )
)
