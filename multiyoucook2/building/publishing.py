"""The last stage: the published data set, its files and its card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpus.card import card_hash, fill_card
from ..corpus.croissant import CROISSANT_FILE, croissant, responsible_use
from ..corpus.dataset import VERSION as DATASET_VERSION
from ..corpus.dataset import content_hash, dataset_files, dataset_tables
from ..corpus.hub_metadata import card_metadata
from ..corpus.keys import rows_of
from ..corpus.licenses import may_train
from ..corpus.tables import ABOUT_FILE
from ..engines.registry import citation_of
from ..files import json_bytes
from ..quality.examples import Example, example_rows
from ..quality.page.plots import plots_version, quality_plots
from ..quality.report import failing
from ..quality.review.overlay import Reviews
from ..settings import recipe_names
from ..sources.base import SOURCES
from ..sources.formats.hub import PREFIX
from ..version import __version__
from .checking import figures_of, quality_of, verdicts_of
from .one_by_one import OneByOne
from .reading import CAPTIONS, CLIP_FIGURES, CLIPS, input_sha256
from .recipe import DatasetRecipe
from .reviewing import Reviewed, apply_reviews, figures_after
from .stage import Key, Product, Results, Tools
from .translating import translations_of

if TYPE_CHECKING:
    import pyarrow as pa

TOY = "mini"  # the bundled model
Figures = dict[str, Mapping[str, Any]]  # of each language, as its reviews left it


@dataclass(frozen=True)
class Publish:
    """Put clips, captions, translations and verdicts together: Parquet files a language, and a card."""

    recipe: DatasetRecipe
    paths: tuple[Path, ...]
    limit: int | None
    build: Path  # where the reviews lie
    name: str = "publish"
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow", "jinja2", "pyyaml")
    folder: str | None = "dataset"

    @property
    def reads(self) -> tuple[Key[Any], ...]:
        """Everything."""
        keys = (translations_of, verdicts_of, quality_of, figures_of)
        of_lang = (key(lang) for lang in self.recipe.targets for key in keys)
        return (CLIPS, CAPTIONS, CLIP_FIGURES, *of_lang)

    def settings(self) -> Any:
        """What the card says beside the figures, and the versions of format and template."""
        return {
            "recipe": self._portable(),
            "limit": self.limit,
            "card": card_hash(self.recipe.publication.card),
            "version": DATASET_VERSION,
            "plots": plots_version(),
            "reviews": Reviews(self.build).content_hash(),
        }

    def prepare(self, tools: Tools) -> None:
        """A template that is not there is found at once, since its hash is in the settings."""

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""
        recipe, clips, captions = self.recipe, results[CLIPS], results[CAPTIONS]
        targets, reviews = self._targets(results), Reviews(self.build)
        after: OneByOne[Reviewed] = OneByOne(targets, lambda lang: self._reviewed(lang, results, reviews))
        source = rows_of(captions, "lang", recipe.source_language)
        figures: Figures = {}
        examples: list[Example] = []
        for lang in targets:
            figures[lang] = figures_after(results[figures_of(lang)], source, after[lang])
            examples += _examples(lang, source, after[lang])
        tables = dataset_tables(
            clips,
            captions,
            OneByOne(targets, lambda lang: after[lang].translations),
            OneByOne(targets, lambda lang: after[lang].verdicts),
            OneByOne(targets, lambda lang: after[lang].quality),
            source_lang=recipe.source_language,
            reviewed=OneByOne(targets, lambda lang: after[lang].kept),
        )
        content = content_hash(tables, clips)
        about = {
            "name": recipe.name,
            "content_hash": content,
            "languages": [recipe.source_language, *targets],
            "rows": clips.num_rows,
            "license": self._credit(results)["license"],
            "failing": failing(figures, _toys(figures)),
        }
        files: dict[str, bytes] = dict(dataset_files(tables, clips))
        files |= quality_plots(figures)
        readme = self._card(results, content, files, figures, examples).encode()
        described = self._croissant(results, files, figures)
        files |= {ABOUT_FILE: json_bytes(about), "README.md": readme, CROISSANT_FILE: json_bytes(described)}
        return Product(files, {"rows": clips.num_rows, "languages": 1 + len(targets)})

    def _reviewed(self, lang: str, results: Results, reviews: Reviews) -> Reviewed:
        translations, verdicts, quality = (results[key(lang)] for key in (translations_of, verdicts_of, quality_of))
        return apply_reviews(translations, verdicts, quality, reviews)

    def _targets(self, results: Results) -> tuple[str, ...]:
        """The languages beside the source's that some clip has: all, but where nothing is translated."""
        return tuple(lang for lang in self.recipe.targets if results[figures_of(lang)]["rows"])

    def _credit(self, results: Results) -> dict[str, str]:
        """Whose captions they are: as the user says, else as the source's reader found."""
        credit: dict[str, str] = dict(results[CLIP_FIGURES]["credit"])
        publication = self.recipe.publication
        given = {"license": publication.license, "citation": publication.citation}
        return credit | {name: value for name, value in given.items() if value is not None}

    def _title(self, results: Results, figures: Figures) -> str:
        """The recipe's, except where it would promise too much.

        Somebody's own captions are not the data set whose format and recipe they come in, and toys are called so.
        """
        recipe, title = self.recipe, self.recipe.publication.pretty_name
        theirs = SOURCES.find(recipe.source).credit.homepage and not results[CLIP_FIGURES]["credit"]["homepage"]
        if theirs and recipe.name in recipe_names("datasets"):
            title = f"Captions of {', '.join(self._files())}"
        return f"{title} (toy translations)" if _toys(figures) else title

    def _card(
        self, results: Results, content: str, files: Mapping[str, bytes], figures: Figures, examples: Sequence[Example]
    ) -> str:
        recipe, languages = self.recipe, [self.recipe.source_language, *figures]
        clips, credit = results[CLIP_FIGURES], self._credit(results)
        told = {lang: {**found, "models": [_told(row) for row in found["models"]]} for lang, found in figures.items()}
        models = [(lang, row) for lang, found in told.items() for row in found["models"]]
        licenses = [credit["license"], *(row["license"] for _, row in models if row["license"])]
        values = {
            "clips": clips,
            "validation": told,
            "languages": languages,
            "limit": self.limit,
            "recipe": self._portable(),
            "version": __version__,
            "content_hash": content,
            "non_commercial": sorted({lang for lang, row in models if "-nc" in row["license"].lower()}),
            "toy": _toys(figures),
            "failing": failing(figures, ()),
            "plot": next((name for name in files if name.endswith(".png")), None),
            "machine": sum(found["rows"] - found["human"] for found in figures.values()),
            "reviewed": {lang: found["reviewed"] for lang, found in figures.items()},
            "examples": examples,
            "engine_citations": list(dict.fromkeys(filter(None, (citation_of(row["model"]) for _, row in models)))),
            "source": {
                "file": ", ".join(self._files()),
                "sha256": ", ".join(input_sha256(path) for path in self.paths),
                **credit,
            },
        }
        metadata = card_metadata(
            self._title(results, figures),
            licenses,
            languages,
            files.keys(),
            clips["clips"],
            content,
            tags=recipe.publication.tags,
            reviewed=any(found["reviewed"] for found in figures.values()),
        )
        return fill_card(recipe.publication.card, metadata, values)

    def _croissant(self, results: Results, files: Mapping[str, bytes], figures: Figures) -> Mapping[str, Any]:
        recipe, credit = self.recipe, self._credit(results)
        engines = sorted({row["model"] for found in figures.values() for row in found["models"]} - {""})
        return croissant(
            files,
            name=self._title(results, figures),
            description=f"Captions of video segments in {1 + len(figures)} languages, a row a caption.",
            license_=credit["license"],
            url=credit["homepage"],
            citation=credit["citation"],
            languages=[recipe.source_language, *figures],
            version=__version__,
            notes=responsible_use(recipe.source, engines),
        )

    def _files(self) -> list[str]:
        """What was read: files by their names, data sets of the Hub by theirs and the commit, a folder's name."""
        asked = self.recipe.annotations or self.paths
        return [
            f"{str(name).partition('@')[0]}@{path.name}" if str(name).startswith(PREFIX) else path.name
            for name, path in zip(asked, self.paths, strict=True)
        ]

    def _portable(self) -> dict[str, Any]:
        """The recipe as it was used, without this machine's paths: files and model folders by their names."""
        values = self.recipe.model_dump(mode="json")
        values["annotations"] = self._files() if self.recipe.annotations else []
        values["engine"] = _without_folders(self.recipe.engine)
        values["engines"] = {lang: _without_folders(engine) for lang, engine in self.recipe.engines.items()}
        checks, repair = values["checks"], values["repair"] or {}
        for section, name in ((checks, "agreement"), (checks, "round_trip"), (checks, "glossary"), (repair, "engine")):
            if section.get(name):
                section[name] = _without_folders(section[name])
        return values


def _toys(figures: Figures) -> list[str]:
    """The languages that the bundled model translated into."""
    return sorted(lang for lang, found in figures.items() if any(row["model"] == TOY for row in found["models"]))


def _examples(lang: str, captions: "pa.Table", after: Reviewed) -> list[Example]:
    """A good and a bad row of a language, as its reviews left them."""
    return example_rows(lang, captions, after.translations, after.verdicts, after.quality)


def _without_folders(engine: str) -> str:
    """An engine as the recipe names it, but of a file or folder of this machine its name alone."""
    if (path := Path(engine).expanduser()).exists():
        return path.resolve().name
    kind, _, rest = engine.partition(":")
    if kind == "table":
        return f"table:{Path(rest).name}"
    if kind == "via" and ":" in rest:
        pivot, _, pair = rest.partition(":")
        return f"via:{pivot}:{'+'.join(_without_folders(half) for half in pair.split('+'))}"
    return engine


def _told(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of the card's table of models, with what its licence says of training."""
    words = {True: "yes", False: "no", None: "read its terms"}
    return {**model, "may_train": words[may_train(model["license"])] if model["model"] else ""}


def report(results: Results, recipe: DatasetRecipe, langs: Sequence[str] | None = None) -> Mapping[str, Any]:
    """Figures of the clips, and of each language that was checked, or of some of them."""
    wanted = recipe.targets if langs is None else langs
    checked = {lang: results[key] for lang in wanted if results.have([key := figures_of(lang)])}
    languages = {lang: figures for lang, figures in checked.items() if figures["rows"]}
    return {"recipe": recipe.name, "clips": results[CLIP_FIGURES], "languages": languages}
