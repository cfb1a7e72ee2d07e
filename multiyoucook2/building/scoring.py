"""A build by a neural metric: a sample of each language, against references where the metric wants them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import RecipeError
from ..files import folder_hash
from ..progress import Listener
from ..quality.neural import scoring
from ..quality.neural.metrics import Metric
from ..quality.neural.worker import Pair, started
from ..quality.references import Key
from .opening import OpenBuild
from .referring import aligned_with, captions_by_key, machine_rows, references_in, tell_lacking

PROGRAM = Path(scoring.__file__).with_name("metric_program.py")


def score_by_metric(
    build: OpenBuild,
    metric: Metric,
    langs: Sequence[str],
    listener: Listener,
    *,
    named: bool = False,
    references: Path | None = None,
    model: Path | None = None,
    size: int = 500,
    seed: int = 0,
) -> list[scoring.Estimate]:
    """Mean score of each language with its interval; what is scored is kept in ``BUILD/scores``.

    Args:
        named: whether each language has to be there, as the user named it.
        references: translations by people, where the metric compares with them; only rows that have one are scored.
        model: a folder with the metric's weights, instead of its id on the Hub.
        size, seed: how many rows a language are drawn.

    Raises:
        RecipeError: the metric needs references, and none are given, or the reverse. ModelError: it is not set up, or
            fails. DatasetError: the references cannot be read, or none belongs to a row of the build; or a named
            language is in neither.
    """
    if metric.needs_reference and references is None:
        raise RecipeError(f"{metric.name} compares with references", hint="--references FILE, or --metric comet-qe")
    if references and not metric.needs_reference:  # MetricX would compare with them, and be another metric
        raise RecipeError(f"{metric.name} reads no references", hint=f"leave them out, or --metric {metric.kind}")
    known = references_in(references, langs, listener, named=named) if references else {}
    pairs_of = {lang: _pairs(build, lang, known.get(lang), references) for lang in known or langs}
    lacking = [lang for lang, pairs in pairs_of.items() if not pairs]
    refuse = named or len(lacking) == len(pairs_of)
    tell_lacking("the build has no machine translation into", lacking, listener, refuse=refuse)
    found = []
    with started(scoring.environment(metric), PROGRAM) as worker:
        name = str(model or metric.model)
        worker.load(metric.kind, name)
        weights = folder_hash(Path(name)) if Path(name).is_dir() else name
        for lang, pairs in pairs_of.items():
            if not pairs:
                continue
            listener.started(f"score-{lang}")
            chosen = [pairs[place] for place in scoring.sample(len(pairs), size, seed=seed)]
            memory = build.workspace.root / "scores" / f"{metric.name}.jsonl"
            scores = scoring.score_pairs(chosen, worker, memory, weights, listener.progress)
            found.append(scoring.estimate(lang, metric.name, scores, len(pairs), seed=seed))
    return found


def _pairs(build: OpenBuild, lang: str, known: Mapping[Key, list[str]] | None, path: Path | None) -> list[Pair]:
    """What is scored of a language, in an order that does not depend on the build's."""
    english, (keys, texts) = captions_by_key(build), machine_rows(build, lang)
    rows = sorted(zip(keys, texts, strict=True))
    if known is None or path is None:
        return [{"src": english.get(key, ""), "mt": text} for key, text in rows]
    aligned = aligned_with([key for key, _ in rows], known, lang, path)
    pairs = zip(aligned.places, aligned.references, strict=True)
    return [{"src": english.get(rows[n][0], ""), "mt": rows[n][1], "ref": some[0]} for n, some in pairs]
