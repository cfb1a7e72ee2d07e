"""Two builds side by side: what of their difference is more than chance, and the rows that differ most."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..progress import Listener
from .checking import figures_of, quality_of
from .opening import OpenBuild
from .reading import CLIPS
from .referring import aligned_with, captions_by_key, machine_rows, references_in, tell_lacking

if TYPE_CHECKING:
    from ..quality.page.compared import Pair
    from ..quality.references import Key
    from ..quality.significance import Difference

SHOWN = 20  # rows a language and direction


@dataclass(frozen=True)
class Compared:
    """Differences of two builds, and for each language the rows that they treat most differently."""

    differences: "list[Difference]"
    pairs: "dict[str, list[Pair]]"


def compare_builds(
    first: OpenBuild,
    second: OpenBuild,
    langs: Sequence[str],
    listener: Listener,
    *,
    named: bool = False,
    references: Path | None = None,
) -> Compared:
    """The captions that both builds have translated, by ``quality`` and, where given, against references.

    Args:
        first, second: the builds.
        langs: which languages; ``named``, whether each has to have such captions, and references where given.
        listener: hears of languages that have not.
        references: translations by people.

    Raises:
        DatasetError: the references cannot be read, or none belongs to such a caption; or there is none in a named
            language, or in any.
    """
    from ..quality.page.compared import Pair
    from ..quality.significance import compare_quality, compare_texts
    from ..quality.video import video_link

    known = references_in(references, langs, listener, named=named) if references else {}
    english, found, pairs, lacking = captions_by_key(first), [], {}, []
    clips = first.results[CLIPS].select(["clip_id", "video_url", "start_s"]).to_pylist()
    links = {clip["clip_id"]: video_link(clip["video_url"], clip["start_s"]) for clip in clips}
    for lang in langs:
        texts = [dict(zip(*machine_rows(build, lang), strict=True)) for build in (first, second)]
        keys = [key for key in texts[0] if key in texts[1]]
        if not keys:
            lacking.append(lang)
            continue
        one, two = (_quality(build, lang, keys) for build in (first, second))
        estimated = ~(np.isnan(one) | np.isnan(two))
        if estimated.any():
            calibrated = all(build.results[figures_of(lang)]["calibrated"] for build in (first, second))
            found.append(compare_quality(lang, one[estimated], two[estimated], calibrated=calibrated))
        if references and lang in known:
            aligned = aligned_with(keys, known[lang], lang, references)
            rows = [keys[place] for place in aligned.places]
            found += compare_texts(
                lang, [texts[0][key] for key in rows], [texts[1][key] for key in rows], aligned.references
            )
        change = np.nan_to_num(two - one)
        differ = [n for n in np.argsort(change).tolist() if texts[0][keys[n]] != texts[1][keys[n]]]
        shown = differ if len(differ) <= 2 * SHOWN else [*differ[:SHOWN], *differ[-SHOWN:]]
        pairs[lang] = [
            Pair(
                keys[n], english.get(keys[n], ""), texts[0][keys[n]], texts[1][keys[n]],
                float(one[n]), float(two[n]), links[keys[n][0]],
            )
            for n in shown
        ]  # fmt: skip
    refuse = named or len(lacking) == len(langs)
    tell_lacking("the builds share no machine translation of a caption into", lacking, listener, refuse=refuse)
    return Compared(found, pairs)


def _quality(build: OpenBuild, lang: str, keys: "Sequence[Key]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    table = build.results[quality_of(lang)]
    columns = (table[name].to_pylist() for name in ("clip_id", "caption_index", "quality"))
    found = {(clip, index): value for clip, index, value in zip(*columns, strict=True)}
    return np.array([np.nan if (value := found.get(key)) is None else value for key in keys], np.float64)
