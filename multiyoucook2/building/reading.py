"""The first stage: a source's files become clips and captions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpus.keys import rows_of
from ..errors import SourceError
from ..files import file_sha256, folder_hash, json_bytes, parquet_bytes
from ..settings import Strict, validate_recipe
from ..sources.base import SOURCES
from ..sources.download import fetch
from .recipe import DatasetRecipe
from .stage import Key, Product, Results, Tools, load_json, load_table

if TYPE_CHECKING:
    import pyarrow as pa

REFUSED_KEPT = 1000  # of the rows that were left out, in the figures; all are counted
CLIPS: Key["pa.Table"] = Key("clips", "clips.parquet", load_table, kept=True)
CAPTIONS: Key["pa.Table"] = Key("clips", "captions.parquet", load_table, kept=True)
CLIP_FIGURES: Key[Any] = Key("clips", "figures.json", load_json)


def source_files(recipe: DatasetRecipe, tools: Tools) -> tuple[Path, ...]:
    """The files to read: the user's, those that come with the package, or downloads.

    Raises:
        SourceError: there are none, or one cannot be read. FetchError: a download fails.
    """
    source = SOURCES.find(recipe.source)
    paths = tuple(path.expanduser() for path in recipe.annotations) or source.bundled()
    if not paths:
        listener = tools.listener
        paths = tuple(
            fetch(file, offline=tools.offline, note=listener.note, progress=listener.progress) for file in source.files
        )
    if not paths:
        raise SourceError(f"{source.name} has nothing that can be downloaded", hint=f"give {source.needs}")
    return tuple(source.locate(path, offline=tools.offline) for path in paths)


def input_sha256(path: Path) -> str:
    """SHA-256 of a file that a source reads, or over the files of such a folder."""
    return folder_hash(path) if path.is_dir() else file_sha256(path)


@dataclass(frozen=True)
class ReadClips:
    """Read, clean and check the clips and captions of a source; ``limit`` keeps the first clips only."""

    source: str
    options: Mapping[str, Any]
    paths: tuple[Path, ...]
    limit: int | None = None
    name: str = "clips"
    reads: tuple[Key[Any], ...] = ()
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow")
    folder: str | None = None

    def settings(self) -> Any:
        """Content of the files, options, limit, and the version of the source's reader."""
        return {
            "source": self.source,
            "options": self._options().model_dump(mode="json"),
            "files": [input_sha256(path) for path in self.paths],
            "limit": self.limit,
            "version": SOURCES.find(self.source).version,
        }

    def prepare(self, tools: Tools) -> None:
        """Options that cannot be are found at once."""
        self._options()

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""
        import pyarrow.compute as pc

        from ..quality.report import clip_figures

        reading = SOURCES.find(self.source).read(self.paths, self._options())
        for note in reading.notes:
            tools.listener.note(note)
        clips, captions = reading.clips, reading.captions
        if self.limit:
            clips = clips.slice(0, self.limit)
            captions = captions.filter(pc.is_in(captions["clip_id"], value_set=clips["clip_id"].combine_chunks()))
        source = rows_of(captions, "lang", self._language())
        figures = clip_figures(clips, source) | {
            "credit": asdict(reading.credit),
            "refused": len(reading.refused),
            "refused_rows": [asdict(row) for row in reading.refused[:REFUSED_KEPT]],
            "notes": list(reading.notes),
        }
        files = {
            CLIPS.file: parquet_bytes(clips),
            CAPTIONS.file: parquet_bytes(captions),
            CLIP_FIGURES.file: json_bytes(figures),
        }
        return Product(files, {"clips": clips.num_rows, "videos": figures["videos"]})

    def _language(self) -> str:
        """The source language: the user's where the source lets one choose."""
        return str(getattr(self._options(), "language", SOURCES.find(self.source).source_language))

    def _options(self) -> Strict:
        model = SOURCES.find(self.source).options
        return validate_recipe(model, self.options, f"source_options of {self.source}")
