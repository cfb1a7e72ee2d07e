"""Import features from files of any known layout, several at once, into one store."""

import tempfile
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from ..errors import FeatureError
from .arrays import import_arrays
from .reference import import_reference
from .store import FeatureStore, write_store

PICKLES = (".pkl", ".pickle", ".p")


def import_features(
    sources: Sequence[Path],
    folder: Path,
    *,
    name: str | None = None,
    key: str | None = None,
    captions: Mapping[str, str] | None = None,
) -> FeatureStore:
    """Write one store from released pickles or plain arrays, e.g. of the training and of the validation split.

    Args:
        sources: as :func:`.arrays.import_arrays` and, for pickles, :func:`.reference.import_reference` take them.
        name: of the features; needed for plain arrays, known from the key for pickles.
        key, captions: for pickles, see :func:`.reference.import_reference`.

    Raises:
        FeatureError: nothing to import, no name, files of features of different names, or what those functions raise.
    """
    if not sources:
        raise FeatureError("there is nothing to import", hint="give a .pkl, .npz or .parquet file, or a folder of .npy")
    if len(sources) == 1:
        return _import(sources[0], folder, name, key, captions)
    with tempfile.TemporaryDirectory(prefix=".partial-import-", dir=_existing(folder.parent)) as scratch:
        stores = [
            _import(source, Path(scratch) / str(number), name, key, captions) for number, source in enumerate(sources)
        ]
        names = {store.name for store in stores}
        if len(names) > 1:
            raise FeatureError(
                f"the files hold different features: {', '.join(sorted(names))}", hint="choose with --key"
            )
        metas = [{"file": source.name, **store.meta} for source, store in zip(sources, stores, strict=True)]
        return write_store(folder, chain.from_iterable(stores), name=names.pop(), meta={"files": metas})


def _import(
    source: Path, folder: Path, name: str | None, key: str | None, captions: Mapping[str, str] | None
) -> FeatureStore:
    if source.suffix in PICKLES:
        return import_reference(source, folder, name=name, key=key, captions=captions)
    if name is None:
        raise FeatureError(f"{source} does not say what its features are", hint="give a name, e.g. --name clip")
    return import_arrays(source, folder, name=name)


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
