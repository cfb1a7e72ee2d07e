"""The YAML head of a data set's README, in the values that the Hugging Face Hub admits, and a check that it is so.

The Hub checks a card when it is pushed, after hours of work; so what it would refuse is found here, from fixed lists
(https://huggingface.co/docs/hub/datasets-cards, and the licences' page beside it).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .tables import SPLITS

ALL = "all"  # the config with a row a clip
LICENSES = frozenset(
    """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsl-1.0 c-uda cc cc-by-2.0 cc-
    by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-
    nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-
    permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 gemma gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1
    lgpl-3.0 llama2 llama3 llama3.1 llama3.2 llama3.3 mit mpl-2.0 ms-pl odbl odc-by openrail osl-3.0 other
    pddl unlicense unknown zlib
    """.split()
)
TASKS = frozenset("text-retrieval translation sentence-similarity video-classification feature-extraction".split())
CREATORS = frozenset("crowdsourced expert-generated found machine-generated other".split())
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
_LARGEST = "100M<n<1B"


def card_metadata(
    pretty_name: str,
    licenses: Iterable[str],
    langs: Iterable[str],
    files: Collection[str],
    rows: int,
    content_hash: str,
    *,
    tags: Sequence[str] = (),
    reviewed: bool = False,
) -> dict[str, object]:
    """The head: what the Hub shows, and the configs that ``load_dataset`` reads.

    Each config names the content in its description: ``datasets`` keys its cache of a local folder by the folder's name
    and this head alone, so without it another data set in a folder of the same name, or this one built anew, would be
    read as the rows of the first.

    Args:
        licenses: of the captions and of the engines.
        langs: language codes, the source language first.
        files: the Parquet files' names, such as ``de/train.parquet``.
        rows: clips.
        tags: the data set's own, beside those that every one has.
        reviewed: whether people confirmed translations.
    """
    langs = list(langs)
    head = {
        "pretty_name": pretty_name,
        **_licenses(licenses),
        "language": langs,
        "multilinguality": ["translation" if len(langs) > 1 else "monolingual"],
        "language_creators": ["found", "machine-generated"] if len(langs) > 1 else ["found"],
        "annotations_creators": ["expert-generated", "machine-generated"] if reviewed else ["machine-generated"],
        "source_datasets": ["extended"],
        "task_categories": ["text-retrieval", "translation"],  # the Hub's "text-to-video" means generation
        "tags": ["text-video-retrieval", "multilingual", *tags],
        "size_categories": [next((name for limit, name in SIZES if rows < limit), _LARGEST)],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == ALL else {}),
                "description": f"content {content_hash[:16]}",
                "data_files": [
                    {"split": split, "path": path} for split in SPLITS if (path := f"{config}/{split}.parquet") in files
                ],
            }
            for config in (ALL, *langs)
        ],
    }
    if wrong := wrong_with(head):
        raise ValueError(f"the Hub would refuse this card: {wrong}")  # a mistake of ours: the lists above are not kept
    return head


def _licenses(names: Iterable[str]) -> dict[str, object]:
    """One licence, or several; ``other`` with the names beside it where the Hub does not know one of them."""
    found = sorted({name.lower() for name in names})
    if all(name in LICENSES for name in found):
        return {"license": found}
    return {
        "license": "other",
        "license_name": "-and-".join(_plain(name) for name in found),
        "license_link": "README.md",
    }


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name).strip("-") or "unnamed"


def wrong_with(head: Mapping[str, Any]) -> str | None:
    """What the Hub would refuse in a head, in words; ``None`` if nothing."""
    licenses = head["license"] if isinstance(head["license"], list) else [head["license"]]
    for name, values, known in (
        ("license", licenses, LICENSES),
        ("task_categories", head["task_categories"], TASKS),
        ("language_creators", head["language_creators"], CREATORS),
        ("annotations_creators", head["annotations_creators"], CREATORS),
        ("size_categories", head["size_categories"], {name for _, name in SIZES} | {_LARGEST}),
    ):
        if unknown := [value for value in values if value not in known]:
            return f"{name} cannot be {unknown[0]!r}"
    if "other" in licenses and not {"license_name", "license_link"} <= head.keys():
        return "the licence 'other' wants license_name and license_link"
    names = [config["config_name"] for config in head["configs"]]
    return f"a config is there twice: {names}" if len(set(names)) < len(names) else None
