"""Reviews meet builds: what people said changes what is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpus.keys import caption_names, names_of, replaced
from ..corpus.tables import HUMAN, MACHINE, QUERY_FLAG, REJECT, TRANSLATION, VERDICT
from ..quality.report import language_figures
from ..quality.review.overlay import Key, Outcome, Reviews
from .translating import NO_MACHINE
from .workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

CHECK = "review"  # as verdicts name a person's refusal


@dataclass(frozen=True)
class Reviewed:
    """A language's tables as its reviews left them.

    ``kept`` are the rows that people judged, by clip and caption index, and whether their meaning is kept: accepted and
    edited ones keep it, rejected ones do not. Their word stands in the place of an estimate: ``quality`` has the other
    rows alone.
    """

    translations: "pa.Table"
    verdicts: "pa.Table"
    quality: "pa.Table"
    kept: Mapping[tuple[str, int], bool]


def apply_reviews(translations: "pa.Table", verdicts: "pa.Table", quality: "pa.Table", reviews: Reviews) -> Reviewed:
    """What people said of the machine's rows of a language, put into its translations, verdicts and qualities.

    An accepted row loses the verdicts that refused it; one without a text stays as it is, as nobody can confirm that.
    An edited row has the person's text, origin ``human``, and nothing that was said of the machine's. A rejected one
    gets a verdict. Where a text was another when it was edited, the flag ``review_stale`` says so, where reviewers
    differ, ``review_disagreement``; the latest one's word holds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    said = names_of({(clip, index) for actions in reviews.latest().values() for clip, index, _ in actions})
    known = pc.is_in(caption_names(translations), value_set=said)
    places = pc.indices_nonzero(pc.and_(known, pc.equal(translations["origin"], MACHINE)))
    rows = dict(zip(places.to_pylist(), translations.take(places).to_pylist(), strict=True))
    texts = {_key(row): row["text"] or "" for row in rows.values()}
    outcomes = {key: one for key, one in reviews.outcomes(texts).items() if one.action != "accept" or texts[key]}
    if not outcomes:
        return Reviewed(translations, verdicts, quality, {})
    for row in rows.values():
        if outcome := outcomes.get(_key(row)):
            _apply(row, outcome)
    kept = {key[:2]: outcome.action != "reject" for key, outcome in outcomes.items()}
    edited = [key[:2] for key, outcome in outcomes.items() if outcome.action == "edit"]
    of_kept, of_edited = (pc.is_in(caption_names(verdicts), value_set=names_of(keys)) for keys in (kept, edited))
    settled = pc.or_(of_edited, pc.and_(of_kept, pc.equal(verdicts["severity"], REJECT)))
    refusals = [_refusal(key) for key, outcome in outcomes.items() if outcome.action == "reject"]
    return Reviewed(
        replaced(translations, rows, pa.Table.from_pylist(list(rows.values()), TRANSLATION)),
        pa.concat_tables([verdicts.filter(pc.invert(settled)), pa.Table.from_pylist(refusals, VERDICT)]),
        quality.filter(pc.invert(pc.is_in(caption_names(quality), value_set=names_of(kept)))),
        kept,
    )


def figures_after(figures: Mapping[str, Any], captions: "pa.Table", after: Reviewed) -> Mapping[str, Any]:
    """A language's figures, of the rows as its reviews left them; ``reviewed`` counts the rows that people judged.

    ``meaning_kept`` is the mean over people's word, 1 or 0, of the rows that they judged, and over the other machine
    rows' quality.

    Args:
        figures: of the rows before.
        captions: those of the source language alone.
    """
    if not after.kept:
        return {**figures, "reviewed": 0}
    found = language_figures(captions, after.translations, after.verdicts)
    return {**figures, **found, "meaning_kept": _meaning_kept(after), "reviewed": len(after.kept)}


def _meaning_kept(after: Reviewed) -> float | None:
    """``None`` where some row has neither an estimate nor a person's word."""
    import pyarrow.compute as pc

    quality = after.quality["quality"]
    if quality.null_count:
        return None
    total = (pc.sum(quality).as_py() or 0.0) + sum(after.kept.values())
    return round(total / (len(quality) + len(after.kept)), 4)


def _apply(row: dict[str, Any], outcome: Outcome) -> None:
    said = {"review_stale": outcome.stale, "review_disagreement": outcome.disagree}
    flags = row["flags"] or []
    if outcome.action == "edit":
        row.update(NO_MACHINE, text=outcome.text, origin=HUMAN)
        flags = [flag for flag in flags if flag == QUERY_FLAG]  # the caption's own; others are of the machine's text
    row["flags"] = [*flags, *(flag for flag, there in said.items() if there)]


def _refusal(key: Key) -> dict[str, Any]:
    """A verdict without the reviewer's name: the card shows reasons to everybody."""
    clip_id, caption_index, lang = key
    found = {"clip_id": clip_id, "caption_index": caption_index, "lang": lang, "check": CHECK, "severity": REJECT}
    return {**found, "reason": "a reviewer rejected it", "score": 1.0}


def changed_since(dataset: Path) -> list[str]:
    """What its build says otherwise than when a data set was made, reasons not to push it: reviews, and checks.

    A data set that does not lie in its build folder has none.
    """
    workspace = Workspace(dataset.resolve().parent)
    manifest = workspace.read_manifest("publish")
    if manifest is None or workspace.dataset != dataset.resolve():
        return []
    settings = manifest["inputs"]["settings"]
    same = isinstance(settings, dict) and settings.get("reviews") == Reviews(workspace.root).content_hash()
    found = [] if same else ["reviews have changed since it was built"]
    if _checked_otherwise(workspace, manifest["inputs"]["reads"]):
        found.append("its translations have been checked anew, with another outcome, since it was built")
    return found


def _checked_otherwise(workspace: Workspace, read: Mapping[str, str]) -> bool:
    """Whether checks, such as by a calibration that came later, say other things than what was ``read`` of them."""
    now = {
        f"{stage}/{row['name']}": row["sha256"]
        for stage, manifest in workspace.manifests().items()
        for row in manifest["outputs"].values()
        if stage.startswith("validate-")
    }
    return any(now[name] != sha256 for name, sha256 in read.items() if name in now)


def _key(row: Mapping[str, Any]) -> Key:
    return row["clip_id"], row["caption_index"], row["lang"]
