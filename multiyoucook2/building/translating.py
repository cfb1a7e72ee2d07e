"""The stages that translate: one a language. What people have written in a language already is kept, not translated."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..corpus.keys import caption_names
from ..corpus.tables import MACHINE, TRANSLATION
from ..engines import PACKAGES as ENGINES
from ..engines.decoding import Decoding
from ..engines.hardware import hardware_of
from ..engines.kind import ResolvedEngine
from ..files import parquet_bytes, read_parquet
from ..quality.estimation import Calibration, judging_version, shipped
from ..quality.repair import VERSION as REPAIR_VERSION
from ..quality.settings import Checks, Repair
from ..translation import VERSION
from ..translation.memory import TranslationMemory
from ..translation.table import translate_table
from .reading import CAPTIONS, CLIPS
from .repairing import chunks, repaired
from .stage import Key, Product, Results, Tools

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = 2  # raise where repaired tables get another column
NO_ENGINE = "none"  # in a recipe: translate nothing
# What the columns of a translation say where a person wrote it.
NO_MACHINE = {"score": None, "model": "", "revision": "", "license": "", "decode_hash": "", "retries": 0, "first": None}


def translations_of(lang: str) -> Key["pa.Table"]:
    """The key of a language's translations."""
    return Key(f"translate-{lang}", "translations.parquet", load_translations)


def load_translations(path: Path) -> "pa.Table":
    """A file of schema ``corpus.tables.TRANSLATION``; columns that came after it was written are null."""
    import pyarrow as pa

    table = read_parquet(path)
    for field_ in TRANSLATION:
        if field_.name not in table.column_names:
            table = table.append_column(field_, pa.nulls(table.num_rows, field_.type))
    return table


@dataclass(frozen=True)
class Translate:
    """Translate the source language's captions into the engine's language."""

    engine: ResolvedEngine
    decoding: Decoding
    device: str
    repair: Repair | None = None
    calibration: Calibration = field(default_factory=shipped)  # for repair, as what the build refuses
    checks: Checks = field(default_factory=Checks)
    others: tuple[ResolvedEngine, ...] = ()  # for rows that repair cannot mend by the first
    reads: tuple[Key[object], ...] = (CLIPS, CAPTIONS)
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow", *ENGINES)
    folder: str | None = None

    @property
    def name(self) -> str:
        """``translate-de``."""
        return translations_of(self.engine.lang).stage

    def settings(self) -> object:
        """Engine with its decoding, ladder and device."""
        settings: dict[str, object] = {
            "engine": self.engine.fingerprint(self.decoding),
            "version": VERSION,
            "device": self.device,
        }
        if not self.repair:
            return settings
        others = [engine.fingerprint(self.decoding) for engine in self.others]
        versions = [REPAIR_VERSION, judging_version(self.calibration), COLUMNS]
        settings["repair"] = [self.repair.model_dump(mode="json"), others, *versions]
        refusing = self.checks.refusing()
        return settings | ({"refusing": refusing} if refusing else {})

    def prepare(self, tools: Tools) -> None:
        """Have the model downloaded, converted, and its language tokens checked."""
        found = hardware_of(tools.runner, self.device)
        for engine in (self.engine, *self.others):
            engine.prepare(found)

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""
        import pyarrow.compute as pc

        captions = results[CAPTIONS]
        source = captions.filter(pc.equal(captions["lang"], self.engine.source_lang))
        human = captions.filter(pc.equal(captions["lang"], self.engine.lang))
        missing = without(source, human)
        machine = self._translated(missing, tools)
        if self.repair and self.engine.origin == MACHINE:
            engines = [self.engine, *self.others]
            how = self.repair, self.calibration, self.checks, engines, self.decoding, self.device
            mended = repaired(results[CLIPS], missing, machine, *how, tools)
            machine = with_first(mended, machine)
        table = in_order_of(captions, machine, as_translations(human))
        flagged = pc.sum(pc.greater(pc.list_value_length(table["flags"]), 0)).as_py() or 0
        return Product({"translations.parquet": parquet_bytes(table)}, {"rows": table.num_rows, "flagged": flagged})

    def _translated(self, captions: "pa.Table", tools: Tools) -> "pa.Table":
        """All captions translated, chunk by chunk."""
        import pyarrow as pa

        def chunk(first: int, memory: TranslationMemory, rows: "pa.Table") -> "pa.Table":
            def progress(done: int, total: int) -> None:  # of all rows, where there are several chunks
                whole = (done, total) if rows.num_rows == captions.num_rows else (first + done, captions.num_rows)
                tools.listener.progress(*whole)

            return translate_table(
                rows,
                engine=self.engine,
                decoding=self.decoding,
                device=self.device,
                threads=tools.threads,
                memory=memory,
                runner=tools.runner,
                progress=progress,
                keep=True,
            )

        return pa.concat_tables([chunk(*one) for one in chunks(captions, tools.memory)])


@dataclass(frozen=True)
class Given:
    """Keep the source's own captions in one language, and translate nothing: clips without any have none."""

    lang: str
    reads: tuple[Key[object], ...] = (CAPTIONS,)
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow")
    folder: str | None = None

    @property
    def name(self) -> str:
        """``translate-de``, as for a language that is translated."""
        return translations_of(self.lang).stage

    def settings(self) -> object:
        """That nothing is translated."""
        return {"engine": NO_ENGINE}

    def prepare(self, tools: Tools) -> None:
        """Nothing can fail beforehand."""

    def run(self, results: Results, tools: Tools) -> Product:
        """See the class."""
        import pyarrow.compute as pc

        captions = results[CAPTIONS]
        table = as_translations(captions.filter(pc.equal(captions["lang"], self.lang)))
        return Product({"translations.parquet": parquet_bytes(table)}, {"rows": table.num_rows})


def as_translations(captions: "pa.Table") -> "pa.Table":
    """Captions that people wrote, schema ``corpus.tables.TRANSLATION``: without engine and score."""
    import pyarrow as pa

    rows = captions.num_rows
    columns = {
        name: captions[name]
        if name in captions.column_names
        else pa.array([NO_MACHINE[name]] * rows, TRANSLATION.field(name).type)
        for name in TRANSLATION.names
    }
    return pa.table(columns, schema=TRANSLATION)


def with_first(mended: "pa.Table", before: "pa.Table") -> "pa.Table":
    """Mended translations with the texts before, where they are others; both are row for row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    first, text = (pc.fill_null(table["text"], "") for table in (before, mended))
    others = pc.if_else(pc.not_equal(first, text), first, pa.scalar(None, pa.string()))
    return mended.set_column(mended.schema.get_field_index("first"), TRANSLATION.field("first"), others)


def without(captions: "pa.Table", others: "pa.Table") -> "pa.Table":
    """The captions whose clip and index ``others`` does not have."""
    import pyarrow.compute as pc

    if not others.num_rows:
        return captions
    return captions.filter(pc.invert(pc.is_in(caption_names(captions), value_set=caption_names(others))))


def within(captions: "pa.Table", others: "pa.Table") -> "pa.Table":
    """The captions whose clip and index ``others`` has, too."""
    import pyarrow.compute as pc

    return captions.filter(pc.is_in(caption_names(captions), value_set=caption_names(others)))


def in_order_of(captions: "pa.Table", machine: "pa.Table", human: "pa.Table") -> "pa.Table":
    """Machine's and people's rows together, by clip and index, clips in the order of ``captions``."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not human.num_rows:
        return machine
    both = pa.concat_tables([machine, human])
    clip = pc.index_in(both["clip_id"], value_set=pc.unique(captions["clip_id"])).to_numpy()
    return both.take(np.lexsort((both["caption_index"].to_numpy(), clip))).combine_chunks()
