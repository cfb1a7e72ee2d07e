"""Kinds of engines: a model, a table of translations, two engines in a row. One file each in ``kinds/``.

What a user writes (``opus-mt``, a folder, a hub id, ``table:FILE``) is *resolved* once, without loading or downloading
a model: the resolved engine knows its name, revision and licence, can be pickled, and is carried from there on. It is
*prepared* for a device (downloaded, converted, checked), and *opened* where texts are translated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import ModelError
from ..registry import Registry
from .base import Engine
from .decoding import Decoding
from .hardware import Hardware


@dataclass(frozen=True)
class Request:
    """What is asked for: an engine in the user's words, a pair of language codes, and where to look."""

    engine: str
    lang: str
    source_lang: str
    cache_dir: Path
    offline: bool


class PreparedEngine(Protocol):
    """An engine that is complete on this disk."""

    @property
    def license(self) -> str:
        """The licence of its outputs' maker, as each row records it."""

    def depends_on(self, decoding: Decoding) -> Mapping[str, object]:
        """What its outputs depend on beside text, name, revision and decoding, as JSON: a compute type, a map."""

    def open(self, decoding: Decoding, threads: int | None = None) -> Engine:
        """The engine at work. ``threads``: how many translators run side by side; ``None``: one a usable core."""


class ResolvedEngine(Protocol):
    """What an engine's name stands for, in one language.

    ``origin`` is ``"machine"``, or ``"human"`` for translations made by people. ``token`` names the language to the
    model, where it has to be told.
    """

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def source_lang(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def license(self) -> str: ...
    @property
    def token(self) -> str | None: ...
    @property
    def origin(self) -> str: ...

    def fingerprint(self, decoding: Decoding) -> str:
        """A hash of all that its translations depend on beside the texts and the device. Loads no model."""

    def prepare(self, device: str | Hardware = "auto") -> PreparedEngine:
        """Download, convert and check what is needed, so that a build fails before its first batch.

        ``device`` is one of this machine, or what was settled for all workers.

        Raises:
            ModelError: it cannot be converted, is damaged, or lacks a token that the language needs.
            FetchError: it has to be downloaded and cannot be.
        """


class Kind(Protocol):
    """A kind of engine. Its name is what stands before the colon in what the user writes; models need none."""

    name: str

    def resolve(self, request: Request) -> ResolvedEngine:
        """The engine that a request means; ``request.engine`` comes without the kind's name."""


KINDS: Registry[Kind] = Registry("multiyoucook2.engines.kinds", "kind of engine", ModelError)
