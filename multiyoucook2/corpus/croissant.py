"""``croissant.json``: the published folder in the words of ML Commons' Croissant 1.0, which data set searches read.

A FileObject a Parquet file, a RecordSet a config and split, a Field a column; ``mlcroissant`` reads the rows by it. The
Hub makes a file of its own from its copy of the Parquet files; this one is for the folder.

Source: Croissant format specification 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

CROISSANT_FILE = "croissant.json"
_TYPES = {
    pa.string(): "sc:Text",
    pa.int32(): "sc:Integer",
    pa.float32(): "sc:Float",
    pa.float64(): "sc:Float",
    pa.bool_(): "sc:Boolean",
}
_TERMS = (
    "citeAs column conformsTo:dct equivalentProperty extract field fileProperty fileObject fileSet format includes "
    "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate "
    "separator source subField transform"
).split()
CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term.partition(":")[0]: f"{term.partition(':')[2] or 'cr'}:{term.partition(':')[0]}" for term in _TERMS},
}


def croissant(
    files: Mapping[str, bytes],
    *,
    name: str,
    description: str,
    license_: str,
    url: str,
    citation: str,
    languages: list[str],
    version: str,
    notes: Mapping[str, str],
) -> dict[str, object]:
    """The description as JSON-LD.

    Args:
        files: the Parquet files, name (``de/train.parquet``) -> bytes.
        name: of the data set; ``url``: its source's homepage; ``citation``: BibTeX.
        version: of the content, ``x.y.z``.
        notes: responsible-AI texts by property, such as ``dataCollection``, without the prefix ``rai:``.
    """
    about = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": description,
        "license": license_,
        "url": url,
        "citeAs": citation,
        "creator": {"@type": "sc:Organization", "name": "multiyoucook2"},
        "inLanguage": languages,
        "keywords": ["text-video retrieval", "machine translation", "captions", "multilingual"],
        "isLiveDataset": False,
        "version": version,
        **{f"rai:{term}": text for term, text in notes.items()},
    }
    parquet = {path: data for path, data in files.items() if path.endswith(".parquet")}
    return about | {
        "distribution": [_file_object(path, data) for path, data in parquet.items()],
        "recordSet": [_record_set(path, data) for path, data in parquet.items()],
    }


def responsible_use(source: str, engines: Sequence[str]) -> dict[str, str]:
    """What a user should know before using translated captions, by Croissant's responsible-AI properties."""
    return {
        "dataCollection": f"Captions of the data set source {source}, and what people translated of them.",
        "dataPreprocessingProtocol": "Control characters, blanks and Unicode forms of the captions were cleaned.",
        "dataManipulationProtocol": f"Machine translation by {', '.join(engines) or 'nobody'}; see each row's origin.",
        "dataAnnotationProtocol": "Checked by rules; a refused translation stays, with accepted = false. Where a person"
        " reviewed a row (reviewed = true), accepted is that person's word, and quality, an estimate, is null.",
        "dataLimitations": "An accepted translation can still be wrong, unless a person has reviewed it.",
        "dataUseCases": "Training and evaluation of multilingual text-video retrieval.",
        "personalSensitiveInformation": "Captions describe actions in public videos; ids name those videos.",
    }


def _file_object(path: str, data: bytes) -> dict[str, object]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "application/x-parquet",  # the registered name of the type is not read by mlcroissant 1.1
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _record_set(path: str, data: bytes) -> dict[str, object]:
    identity = PurePosixPath(path).with_suffix("").as_posix()
    schema = pq.read_schema(pa.BufferReader(data))
    keys = [name for name in ("clip_id", "caption_index") if name in schema.names]
    return {
        "@type": "cr:RecordSet",
        "@id": identity,
        "name": identity,
        "key": [{"@id": f"{identity}/{name}"} for name in keys],
        "field": [field for column in schema for field in _fields(identity, path, column)],
    }


def _fields(record_set: str, path: str, column: pa.Field) -> list[dict[str, object]]:
    """A column's field; of the captions of all languages, a field a language."""
    extract: dict[str, object] = {"fileObject": {"@id": path}, "extract": {"column": column.name}}
    if not pa.types.is_struct(column.type):
        return [_field(f"{record_set}/{column.name}", column.type, extract)]
    langs = [column.type.field(number) for number in range(column.type.num_fields)]
    return [
        _field(
            f"{record_set}/{column.name}/{lang.name}",
            lang.type,
            extract | {"transform": {"jsonPath": f"$.{lang.name}"}},
        )
        for lang in langs
    ]


def _field(identity: str, type_: pa.DataType, source: dict[str, object]) -> dict[str, object]:
    several = pa.types.is_list(type_)
    return {
        "@type": "cr:Field",
        "@id": identity,
        "name": identity,
        "dataType": _TYPES[type_.value_type if several else type_],
        **({"repeated": True} if several else {}),
        "source": source,
    }
