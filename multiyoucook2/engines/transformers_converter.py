"""CTranslate2's converter of transformers models, quiet and with the tokenizer that the family names."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def converter(source: Path, tokenizer_class: str | None = None) -> object:
    """A converter of the model in ``source``. ``tokenizer_class`` is transformers' name of its tokenizer's class.

    Code that a repository brings is never run, and pickled weights are read only where no others are there, and then
    without running what they hold.
    """
    from ctranslate2.converters import TransformersConverter

    safe = any(source.glob("*.safetensors"))

    class Converter(TransformersConverter):
        """Loads the tokenizer with all of its tokens."""

        def load_model(self, model_class: object, model_name_or_path: str, **kwargs: object) -> object:
            chosen = kwargs | {"trust_remote_code": False, "use_safetensors": safe, "weights_only": True}
            return super().load_model(model_class, model_name_or_path, **chosen)  # type: ignore[no-untyped-call]

        def load_tokenizer(  # type: ignore[override]
            self, tokenizer_class_: object, model_name_or_path: str, **kwargs: object
        ) -> object:
            import transformers

            chosen = getattr(transformers, tokenizer_class) if tokenizer_class else tokenizer_class_
            safely = kwargs | {"trust_remote_code": False}
            tokenizer = super().load_tokenizer(chosen, model_name_or_path, **safely)  # type: ignore[no-untyped-call]
            languages = getattr(tokenizer, "lang_token_to_id", None)
            if languages:  # transformers 5 leaves M2M-100's language tokens out of the vocabulary that it lists
                complete = tokenizer.get_vocab() | languages
                tokenizer.get_vocab = lambda: complete
            return tokenizer

    return Converter(str(source), low_cpu_mem_usage=True)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Conversion without transformers' progress bars, and without advice that does not concern this use."""
    from transformers.utils import logging as transformers_logging

    level, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        try:
            yield
        finally:
            transformers_logging.set_verbosity(level)
            if bars:
                transformers_logging.enable_progress_bar()
