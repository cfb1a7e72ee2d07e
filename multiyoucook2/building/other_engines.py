"""Other engines' translations, for the checks that compare with them; what was translated once is in the memory."""

from collections.abc import Sequence

from ..engines.decoding import Decoding
from ..engines.hardware import hardware_of
from ..engines.kind import ResolvedEngine
from ..engines.resolve import resolve
from ..quality.check import Translate
from ..quality.settings import Checks
from ..translation.memory import TranslationMemory
from ..translation.table import translate_table
from .stage import Tools

MEMORY = "others"  # folder within the translation memory


def prepare_others(checks: Checks, lang: str, source_lang: str, tools: Tools) -> None:
    """Find the engines that checks compare with, and have them downloaded, before any stage works for an hour.

    Raises:
        ModelError: one is unknown or lacks the language. FetchError: it cannot be downloaded.
    """
    for name, pair in ((checks.agreement, (lang, source_lang)), (checks.round_trip, (source_lang, lang))):
        if name:
            _resolved(name, *pair, tools).prepare(hardware_of(tools.runner, tools.device))


def translate_by(tools: Tools) -> Translate:
    """What translates texts by any engine."""

    def translate(engine: str, lang: str, source_lang: str, texts: Sequence[str]) -> list[str]:
        import pyarrow as pa

        said = [text for text in texts if any(map(str.isalnum, text))]
        table = translate_table(
            pa.table({"clip_id": said, "text": said}),
            engine=_resolved(engine, lang, source_lang, tools),
            decoding=Decoding(),  # pyright: ignore
            device=tools.device,
            threads=tools.threads,
            memory=TranslationMemory(tools.memory / MEMORY),
            runner=tools.runner,
            progress=tools.listener.progress,
        )
        found = dict(zip(said, table["text"].to_pylist(), strict=True))
        return [found.get(text) or "" for text in texts]

    return translate


def _resolved(name: str, lang: str, source_lang: str, tools: Tools) -> ResolvedEngine:
    return resolve(name, lang, source_lang=source_lang, cache_dir=tools.cache_dir, offline=tools.offline)
