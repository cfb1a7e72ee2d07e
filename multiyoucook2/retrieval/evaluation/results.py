"""What an evaluation found: a row a task and language, ranks a query, and how both lie in a run's folder.

A folder ``evaluation/`` holds ``scores.json`` (what the table shows, with signatures) and ``ranks.parquet`` (a row a
clip of the pool, a column ``TASK/LANG`` with the rank of its query, or the list of its queries': NaN where there is no
query, infinity for a miss), from which :mod:`.compare` pairs runs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...errors import TrainingError
from ...files import FileRow, json_bytes, known_sha256, parquet_bytes, replace_folder
from .bootstrap import RECALL_LEVELS, hits, interval, resampled_means
from .runfiles import RANKS_FILE, SCORES_FILE, evaluation_folder
from .signature import Signature

if TYPE_CHECKING:
    import pyarrow as pa

TASKS = ("t2v", "v2t")
MEASURES = (*(f"recall_at_{level}" for level in RECALL_LEVELS), "geometric_mean", "median_rank", "mean_rank")
SHARED = ("data", "split", "clips", "pool", "query", "relevant", "ties", "feat", "made")  # by runs that are compared
Ranks = npt.NDArray[np.float64]
Key = tuple[str, str]  # task, language


@dataclass(frozen=True)
class Row:
    """One line of the table: a task and a language, or a mean (``mean``, ``mean-not-en``, which has no signature).

    ``values`` has the names of ``MEASURES``; ``intervals`` the 95% bounds of those that are bootstrapped; ``made`` are
    the signature's values.
    """

    task: str
    lang: str
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    signature: str = ""
    made: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """``setting`` is what runs must share to be compared; ``ranks`` maps (task, lang) to ranks beside ``clip_ids``."""

    rows: tuple[Row, ...]
    setting: Mapping[str, object]
    clip_ids: tuple[str, ...]
    ranks: Mapping[Key, Ranks] = field(repr=False, compare=False)
    without_features: tuple[str, ...] = ()
    signatures: Mapping[Key, Signature] = field(default_factory=dict, repr=False)

    def row(self, task: str, lang: str) -> Row:
        """One line; KeyError if it is not there."""
        for row in self.rows:
            if (row.task, row.lang) == (task, lang):
                return row
        raise KeyError((task, lang))

    def to_dict(self) -> dict[str, object]:
        """What ``scores.json`` holds."""
        rows = [
            {
                "task": row.task,
                "lang": row.lang,
                **row.values,
                "intervals": dict(row.intervals),
                "signature": row.signature,
                "made": dict(row.made),
            }
            for row in self.rows
        ]
        return {"setting": dict(self.setting), "without_features": list(self.without_features), "scores": rows}

    def save(self, run: Path) -> Path:
        """Write the folder ``evaluation/`` of a run, in place of an earlier one; returns it."""
        import pyarrow as pa

        columns: dict[str, object] = {"clip_id": list(self.clip_ids)}
        columns |= {f"{task}/{lang}": _column(ranks) for (task, lang), ranks in self.ranks.items()}
        files = {SCORES_FILE: json_bytes(self.to_dict()), RANKS_FILE: parquet_bytes(pa.table(columns))}
        folder = evaluation_folder(run)
        replace_folder(folder, files, "evaluation", known=_earlier_files(folder))
        return folder


def joined(found: Evaluation, run: Path, *, resamples: int = 1000, seed: int = 0) -> Evaluation:
    """An evaluation with the other languages of the one that the run's folder holds, if that was made the same way."""
    try:
        clip_ids, ranks, scores = read_ranks(evaluation_folder(run))
        earlier = {
            (row["task"], row["lang"]): Signature.from_dict(row["made"]) for row in scores["scores"] if row["made"]
        }
    except (TrainingError, KeyError, TypeError):
        return found
    if tuple(clip_ids) != found.clip_ids or ranks.keys() != earlier.keys():
        return found
    if {one.how for one in earlier.values()} != {one.how for one in found.signatures.values()}:
        return found
    return evaluation_of(
        {**ranks, **found.ranks},
        {**earlier, **found.signatures},
        clip_ids=found.clip_ids,
        without_features=found.without_features,
        resamples=resamples,
        seed=seed,
    )


def _earlier_files(folder: Path) -> dict[str, FileRow]:
    """The two files of an evaluation, which earlier versions left without a manifest; they can be made again."""
    paths = [path for path in (folder / SCORES_FILE, folder / RANKS_FILE) if path.is_file()]
    return {path.name: FileRow(bytes=path.stat().st_size, sha256=known_sha256(path)) for path in paths}


def evaluation_of(
    ranks: Mapping[Key, Ranks],
    signatures: Mapping[Key, Signature],
    *,
    clip_ids: Sequence[str],
    without_features: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """The table of ranks [P] or [P, K], by task and language: figures, means, and intervals over draws of the clips."""
    first = next(iter(signatures.values()), Signature())
    setting = shared_by(first) | {"resamples": resamples}
    rows = tuple(_rows(ranks, signatures, resamples, seed))
    return Evaluation(rows, setting, tuple(clip_ids), ranks, tuple(without_features), signatures)


def shared_by(signature: Signature) -> dict[str, object]:
    """What a signature says that runs must share to be compared."""
    setting = {name: getattr(signature, name) for name in SHARED}
    if signature.data_hash:
        setting["data"] = f"{signature.data.partition('@')[0]}@{signature.data_hash}"
    return setting


def read_ranks(folder: Path) -> tuple[list[str], dict[Key, Ranks], dict[str, Any]]:
    """Clip ids, ranks and ``scores.json`` of a folder ``evaluation/``.

    Raises:
        TrainingError: there is none, or it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    run = folder.parent
    try:
        scores = json.loads((folder / SCORES_FILE).read_text(encoding="utf-8"))
        table = pq.read_table(folder / RANKS_FILE)
        if not isinstance(scores["setting"], dict) or not isinstance(scores["scores"], list):
            raise ValueError("scores.json is not what was written")
        found = {tuple(name.split("/")): _ranks(table[name]) for name in table.column_names if name != "clip_id"}
        if any(len(key) != 2 for key in found):
            raise ValueError("ranks.parquet is not what was written")
        return table["clip_id"].to_pylist(), found, scores
    except FileNotFoundError:
        raise TrainingError(f"{run} is not evaluated", hint=f"mycook evaluate {run}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException) as error:
        raise TrainingError(f"the evaluation in {folder} is damaged: {error}", hint=f"mycook evaluate {run}") from None


def _column(ranks: Ranks) -> Ranks | list[Ranks]:
    return ranks if ranks.ndim == 1 else list(ranks)


def _ranks(column: "pa.ChunkedArray") -> Ranks:
    return np.array(column.to_pylist(), dtype=np.float64)


def groups_of(langs: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Means over languages, by name with the places of their members: ``mean``, and ``mean-not-en`` if it differs."""
    others = [number for number, lang in enumerate(langs) if lang != "en"]
    groups = [("mean", list(range(len(langs))))] if len(langs) > 1 else []
    return groups + ([("mean-not-en", others)] if len(langs) > 1 and 0 < len(others) < len(langs) else [])


def by_clip(values: Ranks) -> tuple[Ranks, Ranks]:
    """Values of queries, [P] or [P, K], NaN where there is none -> mean [P] over a clip's queries, and how many [P]."""
    values_PK = values.reshape(len(values), -1)
    known_PK = ~np.isnan(values_PK)
    count_P = known_PK.sum(1).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(known_PK, values_PK, 0.0).sum(1) / count_P, count_P


def drawn_means(values: Sequence[Ranks], *, resamples: int, seed: int) -> Ranks:
    """Bootstrap draws [R, L] of the means over queries of L languages, a clip's queries drawn together."""
    means, counts = zip(*(by_clip(of) for of in values), strict=True)
    return resampled_means(np.stack(means, axis=1), resamples=resamples, seed=seed, weights_CM=np.stack(counts, axis=1))


def _rows(ranks: Mapping[Key, Ranks], signatures: Mapping[Key, Signature], resamples: int, seed: int) -> Iterator[Row]:
    """A line a language and task, then the means over the languages, with and without English."""
    for task in TASKS:
        langs = [lang for of, lang in ranks if of == task]
        if not langs:
            continue
        made = {lang: signatures.get((task, lang), Signature(task=task, lang=lang)) for lang in langs}
        last = {lang: float(made[lang].candidates or made[lang].pool or len(ranks[task, lang])) for lang in langs}
        of_task = {lang: ranks[task, lang] for lang in langs}
        values = {lang: measures(of_task[lang], last[lang]) for lang in langs}
        drawn = _resampled(of_task, last, resamples, seed) if resamples else {}
        for number, lang in enumerate(langs):
            intervals = {name: interval(draws_RL[:, number]) for name, draws_RL in drawn.items()}
            said = str(made[lang]) if (task, lang) in signatures else ""
            yield Row(task, lang, values[lang], intervals, said, made[lang].to_dict() if said else {})
        for name, members in groups_of(langs):
            means = {one: float(np.mean([values[langs[number]][one] for number in members])) for one in MEASURES}
            spread = {one: interval(draws_RL[:, members].mean(1)) for one, draws_RL in drawn.items()}
            yield Row(task, name, means, spread)


def measures(ranks: Ranks, last: float) -> dict[str, float]:
    """The figures of ``MEASURES``; a miss has the rank ``last`` and is no hit."""
    known = ranks[~np.isnan(ranks)]
    recalls = {f"recall_at_{level}": 100.0 * float((known <= level).sum()) / len(known) for level in RECALL_LEVELS}
    placed = np.where(np.isinf(known), last, known)
    product = recalls["recall_at_1"] * recalls["recall_at_5"] * recalls["recall_at_10"]
    return {
        **recalls,
        "geometric_mean": float(product ** (1 / 3)),
        "median_rank": float(np.median(placed)),
        "mean_rank": float(placed.mean()),
    }


def chance_of(rows: Iterable[Mapping[str, Any]], task: str) -> dict[str, float]:
    """What chance scores in a task, by the rows of ``scores.json``; empty where no row says its pool.

    Languages with fewer texts than others differ by next to nothing: a clip has the same share of the candidates.
    """
    found = (row["made"] for row in rows if row.get("task") == task and row.get("made"))
    made = next((one for one in found if one.get("pool")), None)
    return chance(made["pool"], made.get("candidates", 0)) if made else {}


def chance(pool: int, candidates: int = 0) -> dict[str, float]:
    """Recalls and median rank of a model that knows nothing, of the first answer among the candidates in random order.

    Args:
        candidates: where they are more than the clips of the pool, a clip's share of them answers: of 15,000 texts of
            1,500 videos ten each.
    """
    size = candidates or pool
    place_C = np.arange(size)
    # how likely none of the first 1, 2, ... candidates answers
    none_C = np.cumprod(np.clip(size - size / pool - place_C, 0, None) / (size - place_C))
    recalls = {f"recall_at_{level}": 100 * (1 - float(none_C[min(level, size) - 1])) for level in RECALL_LEVELS}
    middle = np.argmax(none_C <= 0.5 + 1e-9) + np.argmax(none_C < 0.5 - 1e-9)  # two places where one lies at the half
    return recalls | {"median_rank": 1 + float(middle) / 2}


def _resampled(ranks: Mapping[str, Ranks], last: Mapping[str, float], resamples: int, seed: int) -> dict[str, Ranks]:
    """Bootstrap draws [R, L] of the measures that are means over queries, and of the geometric mean."""
    of_level = {
        f"recall_at_{level}": drawn_means([hits(of, level) for of in ranks.values()], resamples=resamples, seed=seed)
        for level in RECALL_LEVELS
    }
    product = np.prod(np.stack(list(of_level.values())), axis=0)
    placed = [np.where(np.isinf(of), last[lang], of) for lang, of in ranks.items()]
    return {
        **of_level,
        "geometric_mean": np.cbrt(product),
        "mean_rank": drawn_means(placed, resamples=resamples, seed=seed),
    }
