"""Vocabulary maps (shortlists): a smaller output layer, on only where it is measured to change next to nothing.

A model may ship a ``vmap.txt``. For others a map is made here from what the model itself says for a sample of texts:
the most frequent target tokens, and the rarer ones beside the source tokens that they occurred with. It is measured on
texts that it was not made from, and kept in ``cache_dir/maps`` where it leaves 99% of the outputs as they are.
"""

import hashlib
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..engines.decoding import Decoding
from ..engines.family import FAMILIES, PreparedModel
from ..engines.kind import ResolvedEngine
from ..engines.maps import MAP_FILE, keep_map, map_folder
from ..engines.tokens import Tokenization
from ..errors import ModelError
from ..runners.local import Local
from .batches import Item, plan_batches
from .engine_task import EngineTask
from .ladder import LADDER

NEEDED_SHARE = 0.99
_ENOUGH_TEXTS = 20
Outputs = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class MapReport:
    """What a vocabulary map does to a model's outputs.

    ``share`` of the ``texts`` measured keep exactly their output; ``accepted`` says whether that is enough for the map
    to be used from now on. ``seconds_full`` and ``seconds_map`` are what the same texts took without and with it.
    """

    engine: str
    lang: str
    origin: str  # "shipped" with the model, or "built" here
    share: float
    texts: int
    accepted: bool
    seconds_full: float
    seconds_map: float


def measure_vocabulary_map(
    engine: ResolvedEngine,
    texts: Sequence[str],
    *,
    decoding: Decoding,
    device: str = "auto",
    threads: int | None = None,
    size: int = 2000,
) -> MapReport:
    """Measures the share of outputs that a vocabulary map leaves as they are, and keeps a map that passes.

    A shipped map is measured on all texts, and left to its model. Where none is shipped, one of about ``size`` tokens
    is built from half of the texts and measured on the other half.

    Raises:
        ModelError: the engine cannot be used or takes no map, or there are fewer than 20 distinct texts.
    """
    distinct = sorted(set(texts))
    if len(distinct) < _ENOUGH_TEXTS:
        raise ModelError(
            f"{len(distinct)} distinct texts are too few to measure a map", hint=f"give {_ENOUGH_TEXTS} or more"
        )
    model = engine.prepare(device)
    if not isinstance(model, PreparedModel) or not FAMILIES.find(model.family).takes_map:
        raise ModelError(f"engine {engine.name!r} takes no vocabulary map", hint="encoder-decoder models do")
    shipped = model.folder / MAP_FILE
    is_shipped = shipped.is_file()
    built_from = [] if is_shipped else [text for text in distinct if _first_half(text)]
    measured_on = distinct if is_shipped else [text for text in distinct if not _first_half(text)]
    with tempfile.TemporaryDirectory() as work:
        map_file = shipped if is_shipped else Path(work) / MAP_FILE
        if not is_shipped:
            tokenization = FAMILIES.find(model.family).tokenization(model.folder, model.source_token, model.token)
            outputs, _ = _outputs(built_from, model, decoding, threads, None)
            map_file.write_text(build_map(built_from, outputs, tokenization, size), encoding="utf-8")
        full, seconds_full = _outputs(measured_on, model, decoding, threads, None)
        mapped, seconds_map = _outputs(measured_on, model, decoding, threads, map_file)
        share = sum(full[text] == mapped[text] for text in measured_on) / len(measured_on)
        report = MapReport(
            engine.name, engine.lang, "shipped" if is_shipped else "built", share, len(measured_on),
            share >= NEEDED_SHARE, seconds_full, seconds_map,
        )  # fmt: skip
        if not is_shipped:
            keep_map(asdict(report), map_file, map_folder(model.cache_dir, model.name, model.revision, model.lang))
    return report


def build_map(texts: Sequence[str], outputs: Outputs, tokenization: Tokenization, size: int) -> str:
    """A map in CTranslate2's format: ``source tokens TAB target tokens``, an empty key for what is always allowed."""
    special = tokenization.is_special
    counts = Counter(token for text in texts for token in outputs[text] if not special(token))
    frequent = [token for token, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size]]
    always = {*frequent, *tokenization.target_prefix}
    beside: dict[str, set[str]] = defaultdict(set)
    for text, source in zip(texts, tokenization.encode(texts), strict=True):
        for token in source.pieces:
            beside[token].update(piece for piece in outputs[text] if piece not in always and not special(piece))
    lines = ["\t" + " ".join(sorted(always))]
    lines += [f"{token}\t{' '.join(sorted(pieces))}" for token, pieces in sorted(beside.items()) if pieces]
    return "\n".join(lines) + "\n"


def _first_half(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def _outputs(
    texts: Sequence[str], model: PreparedModel, decoding: Decoding, threads: int | None, map_file: Path | None
) -> tuple[Outputs, float]:
    task = EngineTask(lambda: FAMILIES.find(model.family).open(model, threads=threads, map_file=map_file))
    engine, search = task.engine, LADDER[0].search(decoding)
    items = [Item(text, source) for text, source in zip(texts, engine.read(texts), strict=True)]
    started = time.perf_counter()
    batches = plan_batches(items, decoding.batch_tokens)
    outputs = {
        item.text: candidates[0].pieces
        for place, found in Local().map(task, [(batch, search) for batch in batches])
        for item, candidates in zip(batches[place], found, strict=True)
    }
    return outputs, time.perf_counter() - started
