"""The bundled model's family: ``<2xx>`` in front, lower case, one SentencePiece model; ``mycook.json`` tells it."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from ..family import AS_STORED, FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles

FOLDER = Path(str(resources.files("multiyoucook2"))) / "mini" / "model"
_LANGUAGES = ("de", "fr", "cs", "zh", "ru", "vi", "es", "ja")


class Mini(Family):
    name = "mini"
    language_tokens = r"<2[A-Za-z_]{2,}>"
    positions = 256

    def models(self) -> Iterable[ModelSpec]:
        rows = {code: Checkpoint("", "cc-by-4.0", self.token(code)) for code in _LANGUAGES}
        return (ModelSpec("mini", self.name, rows, AS_STORED, FOLDER, "bundled", ("en",)),)

    def recognises(self, files: ModelFiles) -> int:
        return 0

    def token(self, lang: str) -> str | None:
        return f"<2{lang}>"


FAMILIES.add(Mini())
