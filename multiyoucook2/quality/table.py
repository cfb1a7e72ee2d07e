"""The validation of a language: a table of translations in, a table of verdicts out.

The alignment is learned from all rows, or from so many of a large data set, evenly spaced, as fit into memory; then the
rows are judged a part at a time. Where it is switched off nothing is learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..allocators import release_freed
from ..corpus.tables import QUALITY, VERDICT
from ..errors import WorkspaceError
from .check import Batch, Context, Findings, Translate, run_checks
from .estimation import Calibration, Mask, row_quality, severity_of, shipped
from .evidence import LONGEST, Learned, Pair
from .pairs import real_clips, sound_pairs
from .settings import Checks

PART = 20_000  # rows that are judged at a time
MOST_LINKS = 6_000_000  # of a word with a unit, that are learned from: some 90 bytes each; YouCook2 has 2 to 5 million
BYTES_A_LINK = 12  # bytes of caption times bytes of translation, measured on human pairs in German and Japanese
UNALIGNED = 1  # raise with any change to what is found where the alignment is switched off, and only there
Key = tuple[str, int]


@dataclass(frozen=True)
class Judgement:
    """What the checks say of the translations into one language.

    Attributes:
        verdicts: schema ``corpus.tables.VERDICT``, a row for each check that finds something in a translation. A
            translation is accepted if it has no verdict of severity ``reject``.
        quality: schema ``corpus.tables.QUALITY``, a row a translation.
        known: of each row, whether its quality is calibrated: readers marked rows of the language by the row's engine,
            and the rows are enough to learn an alignment from as good as the one that was marked.
    """

    verdicts: pa.Table
    quality: pa.Table
    known: Mask


def judge(
    captions: pa.Table,
    translations: pa.Table,
    lang: str,
    settings: Checks,
    *,
    source_lang: str = "en",
    calibration: Calibration | None = None,
    translate: Translate | None = None,
    reviewed: Sequence[Pair] = (),
) -> Judgement:
    """All verdicts on the translations into one language, and how likely each keeps its caption's meaning.

    Args:
        captions: columns ``clip_id``, ``caption_index`` and ``text``, the source language's.
        translations: the same keys in the same order, with ``text``, ``score``, ``flags`` and ``model``.
        lang: the language of the translations.
        settings: the recipe's section ``checks``.
        source_lang: the language of the captions.
        calibration: of ``quality``; none: the one that ships.
        translate: gives other engines' translations, for the checks that compare with them.
        reviewed: (caption, translation) that people confirmed, to learn from besides.

    Raises:
        WorkspaceError: the two tables are not row for row of the same captions.
    """
    require_same_rows(captions, translations, lang)
    learned = learn(captions, translations, lang, source_lang, reviewed) if settings.alignment else None
    calibration = calibration or shipped()

    def part(first: int) -> Judgement:
        """Of some of the rows."""
        rows, texts = captions.slice(first, PART), translations.slice(first, PART)
        batch, keys = batch_of(rows["text"].to_pylist(), texts, lang, source_lang), caption_keys(rows)
        found = run_checks(batch, Context(batch, settings, learned=learned, translate=translate))
        known = calibration.known(lang, texts["model"].to_pylist(), captions.num_rows)
        quality = row_quality(found, lang, settings, calibration, known)
        estimated = pa.array(quality, pa.float32(), from_pandas=True)  # nan is null
        index = pa.array([index for _, index in keys], pa.int32())
        return Judgement(
            verdicts(keys, lang, found), pa.table([rows["clip_id"], index, estimated], schema=QUALITY), known
        )

    parts = [part(first) for first in range(0, max(1, captions.num_rows), PART)]
    return Judgement(
        pa.concat_tables([one.verdicts for one in parts]),
        pa.concat_tables([one.quality for one in parts]),
        np.concatenate([one.known for one in parts]),
    )


def learn(
    captions: pa.Table, translations: pa.Table, lang: str, source_lang: str, reviewed: Sequence[Pair] = ()
) -> Learned:
    """The alignment of two tables, row for row, as :func:`judge` has them."""
    lengths = (pc.binary_length(pc.fill_null(table["text"], "")) for table in (captions, translations))
    sizes = pc.multiply(*(pc.cast(pc.min_element_wise(one, LONGEST), pa.int64()) for one in lengths))
    rows = np.arange(0, captions.num_rows, _spacing(pc.sum(sizes).as_py() or 0))
    texts = (table["text"].take(rows).to_pylist() for table in (captions, translations))
    pairs: list[Pair] = [(caption, text or "") for caption, text in zip(*texts, strict=True)]
    known = captions.filter(pc.is_in(captions["clip_id"], value_set=pa.array(sorted(real_clips(lang)), pa.string())))
    keys = zip(caption_keys(known), known["text"].to_pylist(), strict=True)
    english = {clip: text for (clip, index), text in keys if not index}
    sound = sound_pairs(lang, english) if source_lang == "en" else []
    learned = Learned(pairs, lang, [*sound, *reviewed], source_lang)
    release_freed()
    return learned


def as_many_as_fit(pairs: Sequence[Pair]) -> Sequence[Pair]:
    """Of many pairs those, evenly spaced, that :func:`learn` learns from."""
    sizes = ([min(len(text.encode()), LONGEST) for text in pair] for pair in pairs)
    return pairs[:: _spacing(sum(caption * text for caption, text in sizes))]


def _spacing(sizes: int) -> int:
    """Of how many rows one is learned from; ``sizes`` are products of bytes, of all rows together."""
    return max(1, -int(-sizes / BYTES_A_LINK // MOST_LINKS))


def caption_keys(table: pa.Table) -> list[Key]:
    """(clip, caption index) of each row; a table without ``caption_index`` has one caption a clip."""
    clip_ids = table.column("clip_id").to_pylist()
    indices = (
        table.column("caption_index").to_pylist() if "caption_index" in table.schema.names else [0] * len(clip_ids)
    )
    return list(zip(clip_ids, indices, strict=True))


def batch_of(sources: Sequence[str], translations: pa.Table, lang: str, source_lang: str) -> Batch:
    """The rows of a table of translations as checks read them."""
    scores = translations.column("score").cast(pa.float32()).to_numpy(zero_copy_only=False)
    return Batch(
        lang,
        sources,
        [text or "" for text in translations.column("text").to_pylist()],
        [tuple(flags or ()) for flags in translations.column("flags").to_pylist()],
        np.asarray(scores, np.float32),
        source_lang,
    )


def verdicts(keys: Sequence[Key], lang: str, found: dict[str, Findings]) -> pa.Table:
    """Findings as a table, in the order of the rows, and for a row in the order of the checks."""
    rows = []
    for name, findings in found.items():
        for row in np.flatnonzero(findings.scores > findings.shown).tolist():
            rows.append((row, name, findings.reason(row), float(findings.scores[row])))
    rows.sort(key=lambda found: found[:2])
    columns = {
        "clip_id": [keys[row][0] for row, *_ in rows],
        "caption_index": [keys[row][1] for row, *_ in rows],
        "lang": [lang] * len(rows),
        "check": [name for _, name, _, _ in rows],
        "severity": [severity_of(name) for _, name, _, _ in rows],
        "reason": [reason for _, _, reason, _ in rows],
        "score": [score for *_, score in rows],
    }
    return pa.table(columns, schema=VERDICT)


def require_same_rows(captions: pa.Table, translations: pa.Table, lang: str) -> None:
    """Each caption is translated exactly once, in the captions' order, into the language.

    Raises:
        WorkspaceError: it is not so; the message says how many are missing, doubled or unknown.
    """
    names = [name for name in ("clip_id", "caption_index") if name in captions.schema.names]
    same = captions.num_rows == translations.num_rows and all(
        captions[name].equals(translations[name]) for name in names
    )
    if same and set(translations["lang"].unique().to_pylist()) <= {lang}:
        return
    wanted, found = caption_keys(captions), caption_keys(translations)
    missing, unknown = len(set(wanted) - set(found)), len(set(found) - set(wanted))
    doubled = len(found) - len(set(found))
    raise WorkspaceError(
        f"the translations into {lang} do not match the clips: {missing} missing, {doubled} doubled, {unknown} unknown",
        hint="remove the build's folder objects/ and build again; the translation memory keeps the work",
    )
