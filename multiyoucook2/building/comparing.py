"""Two builds side by side: what of their difference is more than chance, and the rows that differ most."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import WorkspaceError
from .checking import figures_of, quality_of
from .opening import OpenBuild
from .reading import CLIPS
from .referring import aligned_with, captions_by_key, machine_rows

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
    first: OpenBuild, second: OpenBuild, langs: Sequence[str], references: Path | None = None
) -> Compared:
    """The captions that both builds have translated, by ``quality`` and, where given, against references.

    Raises:
        WorkspaceError: they have no such caption in a language. DatasetError: the references cannot be read, or none
            belongs to such a caption.
    """
    from ..quality.page.compared import Pair
    from ..quality.references import read_references
    from ..quality.significance import compare_quality, compare_texts
    from ..quality.video import video_link

    known = read_references(references, langs) if references else {}
    english, found, pairs = captions_by_key(first), [], {}
    clips = first.results[CLIPS].select(["clip_id", "video_url", "start_s"]).to_pylist()
    links = {clip["clip_id"]: video_link(clip["video_url"], clip["start_s"]) for clip in clips}
    for lang in langs:
        texts = [dict(zip(*machine_rows(build, lang), strict=True)) for build in (first, second)]
        keys = [key for key in texts[0] if key in texts[1]]
        if not keys:
            raise WorkspaceError(f"the builds share no caption in {lang}", hint="compare builds of the same captions")
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
    return Compared(found, pairs)


def _quality(build: OpenBuild, lang: str, keys: "Sequence[Key]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    table = build.results[quality_of(lang)]
    columns = (table[name].to_pylist() for name in ("clip_id", "caption_index", "quality"))
    found = {(clip, index): value for clip, index, value in zip(*columns, strict=True)}
    return np.array([np.nan if (value := found.get(key)) is None else value for key in keys], np.float64)
