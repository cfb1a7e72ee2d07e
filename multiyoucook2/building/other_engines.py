"""Other engines' translations, for the checks that compare with them; what was translated once is in the memory."""

from collections.abc import Mapping, Sequence

from ..engines.decoding import Decoding
from ..engines.hardware import hardware_of
from ..engines.kind import ResolvedEngine
from ..engines.resolve import resolve
from ..errors import ModelError
from ..quality.check import Translate
from ..quality.settings import Checks
from ..translation import VERSION
from ..translation.memory import TranslationMemory
from ..translation.table import translate_table
from .stage import Tools

MEMORY = "others"  # folder within the translation memory
Others = Mapping[tuple[str, str], ResolvedEngine]  # by what the recipe calls them, and the language they translate into
_DECODING = Decoding()  # pyright: ignore


def resolve_others(checks: Checks, lang: str, source_lang: str, tools: Tools) -> Others:
    """The engines that a language's checks compare with, where the recipe names some; no model is loaded.

    Raises:
        ModelError: one is unknown or lacks the language. FetchError: the Hub has to be asked, and cannot be.
    """
    asked = (
        ("checks.agreement", checks.agreement, lang, source_lang),
        ("checks.round_trip", checks.round_trip, source_lang, lang),
    )
    return {
        (name, into): resolved(name, into, out_of, tools, wanted_by=key) for key, name, into, out_of in asked if name
    }


def resolved(name: str, lang: str, source_lang: str, tools: Tools, *, wanted_by: str) -> ResolvedEngine:
    """An engine beside the build's own; one that cannot serve is named with the key of the recipe that asks for it.

    Raises:
        ModelError, FetchError: see :func:`engines.resolve.resolve`.
    """
    try:
        return resolve(name, lang, source_lang=source_lang, cache_dir=tools.cache_dir, offline=tools.offline)
    except ModelError as error:
        raise ModelError(f"{wanted_by}: {error}", hint=error.hint) from None


def others_settings(others: Others) -> list[object]:
    """All that their translations depend on beside the texts and the device, as JSON."""
    return [VERSION, *(engine.fingerprint(_DECODING) for engine in others.values())]


def prepare_others(others: Others, tools: Tools) -> None:
    """Have them downloaded, converted and checked.

    Raises:
        ModelError: one is damaged. FetchError: it cannot be downloaded.
    """
    for engine in others.values():
        engine.prepare(hardware_of(tools.runner, tools.device))


def translate_by(others: Others, tools: Tools) -> Translate:
    """What translates texts by one of them."""

    def translate(engine: str, lang: str, source_lang: str, texts: Sequence[str]) -> list[str]:
        import pyarrow as pa

        said = [text for text in texts if any(map(str.isalnum, text))]
        table = translate_table(
            pa.table({"clip_id": said, "text": said}),
            engine=others[engine, lang],
            decoding=_DECODING,
            device=tools.device,
            threads=tools.threads,
            memory=TranslationMemory(tools.memory / MEMORY),
            runner=tools.runner,
            progress=tools.listener.progress,
        )
        found = dict(zip(said, table["text"].to_pylist(), strict=True))
        return [found.get(text) or "" for text in texts]

    return translate
