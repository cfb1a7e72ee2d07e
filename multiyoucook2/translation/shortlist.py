"""Vocabulary maps (shortlists): a smaller output layer, on only where it is measured to change next to nothing.

A model may ship a ``vmap.txt``. For others a map is made here from what the model itself says for a sample of texts:
the most frequent target tokens, and the rarer ones beside the source tokens that they occurred with. It is measured on
texts that it was not made from, and kept in ``cache_dir/maps`` where it leaves 99% of the outputs as they are.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..engines.convert import PreparedModel, prepare
from ..engines.ctranslate2 import CTranslate2
from ..engines.local import read_json
from ..engines.registry import find_engine
from ..engines.tokens import Tokenization, is_special, load_tokenization
from ..errors import ModelError
from ..files import file_sha256 as sha256_of
from ..languages import language
from .batches import Item, plan_batches
from .decoding import Decoding
from .ladder import Runner, run_batches

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
    engine: str,
    lang: str,
    texts: Sequence[str],
    *,
    decoding: Decoding,
    cache_dir: Path,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    size: int = 2000,
) -> MapReport:
    """Measures the share of outputs that a vocabulary map leaves as they are, and keeps a map that passes.

    A shipped map is measured on all texts, and left to its model. Where none is shipped, one of about ``size`` tokens
    is built from half of the texts and measured on the other half.

    Raises:
        ModelError: the model cannot be used, or there are fewer than 20 distinct texts.
    """
    code, distinct = language(lang).code, sorted(set(texts))
    if len(distinct) < _ENOUGH_TEXTS:
        raise ModelError(
            f"{len(distinct)} distinct texts are too few to measure a map", hint=f"give {_ENOUGH_TEXTS} or more"
        )
    model = prepare(find_engine(engine, code), code, device=device, cache_dir=cache_dir, offline=offline)
    tokenization = load_tokenization(model.folder, model.family, model.token)
    shipped = model.folder / "vmap.txt"
    built_from = [] if shipped.is_file() else [text for text in distinct if _first_half(text)]
    measured_on = distinct if shipped.is_file() else [text for text in distinct if not _first_half(text)]
    with tempfile.TemporaryDirectory() as work:
        if shipped.is_file():
            map_file = shipped
        else:
            map_file = Path(work) / "vmap.txt"
            outputs, _ = _outputs(built_from, model, tokenization, decoding, threads, None)
            map_file.write_text(build_map(built_from, outputs, tokenization, size), encoding="utf-8")
        full, seconds_full = _outputs(measured_on, model, tokenization, decoding, threads, None)
        mapped, seconds_map = _outputs(measured_on, model, tokenization, decoding, threads, map_file)
        share = sum(full[text] == mapped[text] for text in measured_on) / len(measured_on)
        origin = "shipped" if shipped.is_file() else "built"
        report = MapReport(
            engine, code, origin, share, len(measured_on), share >= NEEDED_SHARE, seconds_full, seconds_map
        )
        if origin == "built":
            _keep(report, map_file, _map_folder(cache_dir, model.name, model.revision, code))
    return report


def build_map(texts: Sequence[str], outputs: Outputs, tokenization: Tokenization, size: int) -> str:
    """A map in CTranslate2's format: ``source tokens TAB target tokens``, an empty key for what is always allowed."""
    counts = Counter(token for text in texts for token in outputs[text] if not is_special(token))
    frequent = [token for token, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size]]
    always = {*frequent, *tokenization.target_prefix}
    beside: dict[str, set[str]] = defaultdict(set)
    for text, source in zip(texts, tokenization.encode(texts), strict=True):
        for token in source[len(tokenization.prefix) : -1]:
            beside[token].update(piece for piece in outputs[text] if piece not in always and not is_special(piece))
    lines = ["\t" + " ".join(sorted(always))]
    lines += [f"{token}\t{' '.join(sorted(pieces))}" for token, pieces in sorted(beside.items()) if pieces]
    return "\n".join(lines) + "\n"


def measured_map(cache_dir: Path, name: str, revision: str, lang: str) -> Path | None:
    """The map that was built for a model and language and passed the measurement, if there is one undamaged."""
    folder = _map_folder(cache_dir, name, revision, lang)
    report, path = read_json(folder / "map.json"), folder / "vmap.txt"
    sound = report is not None and path.is_file() and report.get("sha256") == sha256_of(path)
    return path if sound and report["accepted"] else None


def _first_half(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def _outputs(
    texts: Sequence[str],
    model: PreparedModel,
    tokenization: Tokenization,
    decoding: Decoding,
    threads: int | None,
    map_file: Path | None,
) -> tuple[Outputs, float]:
    translator = CTranslate2(model, tokenization.target_prefix, threads=threads, map_file=map_file)
    items = [Item(text, tokens) for text, tokens in zip(texts, tokenization.encode(texts), strict=True)]
    runner = Runner(tokenization, lambda: translator, decoding)
    started = time.perf_counter()
    outputs = {
        item.text: candidates[0].tokens
        for batch, found in run_batches(plan_batches(items, decoding.batch_tokens), 0, runner)
        for item, candidates in zip(batch, found, strict=True)
    }
    return outputs, time.perf_counter() - started


def _map_folder(cache_dir: Path, name: str, revision: str, lang: str) -> Path:
    return cache_dir / "maps" / f"{name}@{revision[:16]}-{lang}"


def _keep(report: MapReport, map_file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "map.json").unlink(missing_ok=True)  # never a report beside another map
    shutil.copyfile(map_file, folder / "vmap.txt")
    values = asdict(report) | {"sha256": sha256_of(folder / "vmap.txt")}
    temporary = folder / ".map.json"
    temporary.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(temporary, folder / "map.json")
