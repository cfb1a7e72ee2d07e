"""The translation memory: what has been translated once is never translated again.

What is remembered is a whole batch, since a text's output depends on the texts that shared its batch. A batch is
addressed by its content: the texts in it, language, model, revision and decoding hash. All but the texts name a *space*
(a folder whose name is a hash); in it lie append-only Parquet shards, one a finished batch, written to a temporary file
and renamed, with their own SHA-256 in the name. A shard that no longer matches its name is set aside in ``damaged/``,
and its batch is translated again. A finished language's shards are merged into one.
"""

import errno
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import WorkspaceError
from ..files import lock, parquet_bytes

log = logging.getLogger(__name__)

SCHEMA = pa.schema(
    [
        ("batch", pa.string()),  # names the batch by its content
        ("source", pa.string()),
        ("rung", pa.int8()),  # 0 for the first attempt, then the rungs of the retry ladder
        ("text", pa.string()),
        ("score", pa.float32()),
        ("flags", pa.list_(pa.string())),
    ]
)
DAMAGED = "damaged"


@dataclass(frozen=True)
class SpaceKey:
    """Everything but the text that an output depends on."""

    lang: str
    model: str
    revision: str
    decode_hash: str

    @property
    def folder(self) -> str:
        """The space's folder name: readable at the front, unique by its hash."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        readable = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in self.model)
        return f"{self.lang}-{readable[:40]}-{digest[:16]}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One output of one text on one rung of the ladder. ``flags`` name what is wrong with it."""

    source: str
    rung: int
    text: str
    score: float | None
    flags: tuple[str, ...] = ()


class TranslationMemory:
    """A folder of spaces, e.g. ``OUT/memory``. It is made when the first shard is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @contextmanager
    def space(self, key: SpaceKey) -> Iterator["Space"]:
        """Opens one space for reading and appending, for this process alone.

        Raises:
            WorkspaceError: another process has it open, or it cannot be read or written.
        """
        folder = self.folder / key.folder
        with _disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with lock(folder, "build"):
            yield Space(folder, key)


class Space:
    """The finished batches of one (language, model, revision, decoding)."""

    def __init__(self, folder: Path, key: SpaceKey) -> None:
        self.folder, self.key = folder, key
        self._batches: dict[tuple[str, int], list[Attempt]] = {}
        with _disk_errors(folder):
            for left_over in folder.glob(".tmp-*"):
                left_over.unlink()
            shards = self.shards()
            self._next = int(shards[-1].name.split("-", 1)[0]) + 1 if shards else 0
            for shard in shards:
                self._batches.update(self._read(shard))

    def shards(self) -> list[Path]:
        """The shards, oldest first; where two hold the same batch, the newer one counts."""
        return sorted(self.folder.glob(f"{'[0-9]' * 8}-*.parquet"))

    def get(self, batch: str, rung: int) -> list[Attempt] | None:
        """The attempts of a batch on a rung, in its order, if it was ever finished."""
        return self._batches.get((batch, rung))

    def __len__(self) -> int:
        return len(self._batches)

    def append(self, batch: str, attempts: list[Attempt]) -> list[Attempt]:
        """Writes one finished batch, of one rung, as a shard, complete or not at all; remembers it and gives it back.

        Raises:
            WorkspaceError: the disk is full or not writable; what was written before stays usable.
        """
        self.extend({batch: attempts})
        return attempts

    def extend(self, batches: Mapping[str, list[Attempt]]) -> None:
        """Writes several finished batches as one shard, each of one rung, and remembers them; see :meth:`append`."""
        finished = {(batch, attempts[0].rung): attempts for batch, attempts in batches.items()}
        self._write(finished)
        self._batches |= finished

    def compact(self) -> None:
        """Merges all shards into one. Killed in between, the old shards and the merged one say the same."""
        old = self.shards()
        if len(old) < 2:
            return
        self._write(dict(sorted(self._batches.items(), key=lambda pair: pair[0][::-1])))
        with _disk_errors(self.folder):
            for shard in old:
                shard.unlink()

    def _write(self, batches: dict[tuple[str, int], list[Attempt]]) -> None:
        pairs = [(batch, row) for (batch, _), rows in batches.items() for row in rows]
        columns = {"batch": [batch for batch, _ in pairs]}
        columns |= {name: [getattr(row, name) for _, row in pairs] for name in SCHEMA.names[1:]}
        table = pa.table(columns, schema=SCHEMA).replace_schema_metadata({"space": json.dumps(asdict(self.key))})
        content = parquet_bytes(table)
        path = self.folder / f"{self._next:08d}-{hashlib.sha256(content).hexdigest()[:32]}.parquet"
        temporary = self.folder / f".tmp-{path.name}"
        with _disk_errors(path):
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)
                self._next += 1
            except OSError:
                temporary.unlink(missing_ok=True)
                raise

    def _read(self, shard: Path) -> dict[tuple[str, int], list[Attempt]]:
        content = shard.read_bytes()
        wanted = shard.stem.split("-", 1)[-1]
        if hashlib.sha256(content).hexdigest()[:32] != wanted:
            aside = self.folder / DAMAGED / shard.name
            aside.parent.mkdir(exist_ok=True)
            os.replace(shard, aside)
            log.warning(
                "the translation memory's shard %s is damaged: set aside as %s, its texts are redone", shard, aside
            )
            return {}
        found: dict[tuple[str, int], list[Attempt]] = {}
        for row in pq.read_table(pa.BufferReader(content)).to_pylist():
            attempt = Attempt(row["source"], row["rung"], row["text"], row["score"], tuple(row["flags"]))
            found.setdefault((row["batch"], row["rung"]), []).append(attempt)
        return found


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = (
            "free some space and run the same command: finished batches are kept"
            if full
            else "check the folder's rights"
        )
        raise WorkspaceError(f"cannot write {path}: {error.strerror or error}", hint=hint) from error
