"""The captions translated by hand for training and development: complete, clean, and of training clips only."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multiyoucook2.sources.youcook2 import read_clips
from multiyoucook2.text.language_id import script_share
from multiyoucook2.text.numbers import numbers_changed
from pipelines.mini_nmt.grammar import MODULES
from pipelines.mini_nmt.leakage import leaks, mini_captions
from pipelines.mini_nmt.real import (
    DEVELOPMENT,
    READERS,
    REAL,
    development_clips,
    development_references,
    read_translations,
    training_captions,
)
from pipelines.mini_nmt.text import clean_english, own_pairs, real_pairs

ANNOTATIONS = Path(__file__).resolve().parents[3] / "shared/data/youcook2/youcookii_annotations_trainval.json"
needs_annotations = pytest.mark.skipif(not ANNOTATIONS.exists(), reason="the real annotations are not here")


@pytest.mark.parametrize("lang", sorted(MODULES))
def test_translations_are_complete_and_in_their_script(lang: str) -> None:
    real, development = read_translations(REAL / f"{lang}.tsv"), set(development_clips())
    assert len(real) > 7000
    assert len(development) == 300
    assert not development & set(real)
    for reader in READERS:
        assert set(read_translations(DEVELOPMENT / reader / f"{lang}.tsv")) == development
    first, second = development_references(lang, development_clips())
    assert 0.1 < sum(a == b for a, b in zip(first, second, strict=True)) / 300 < 0.9  # two people, not one copied
    for text in [*real.values(), *first, *second]:
        assert text.strip() == text != ""
        assert not text.endswith((".", "。"))
        assert (script_share(text, lang) or 1) > 0.5, text


@needs_annotations
@pytest.mark.parametrize("lang", sorted(MODULES))
def test_translations_are_of_training_clips_and_keep_their_numbers(lang: str) -> None:
    clips, real = read_clips(ANNOTATIONS), read_translations(REAL / f"{lang}.tsv")
    captions = training_captions(clips, real)
    training_captions(clips, development_clips())
    for caption, text in zip(captions, real.values(), strict=True):
        assert numbers_changed(caption, text, lang) is None, (caption, text)


def test_own_translations_are_good_ones_of_captions_that_neither_measure_nor_were_translated_by_hand(
    tmp_path: Path,
) -> None:
    by_hand, measured = next(iter(read_translations(REAL / "de.tsv"))), development_clips()[0]
    rows = [
        ("new_0", "Stir the soup", "die Suppe umrühren", 0.9),
        ("new_1", "stir the sauce", "die Suppe umrühren", 0.2),  # not good enough
        ("new_2", "stir the broth", "die Brühe umrühren", None),  # nobody knows
        (by_hand, "stir the porridge", "den Brei umrühren", 0.9),
        (measured, "stir the paste", "die Paste umrühren", 0.9),
        ("new_3", "Stir the paste", "die Paste umrühren", 0.9),  # the same English as a development clip
        ("new_4", mini_captions()[0], "etwas", 0.9),  # a caption of the bundled corpus
    ]
    names = ["clip_id", "caption_en", "caption", "quality"]
    (tmp_path / "dataset/de").mkdir(parents=True)
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    pq.write_table(table, tmp_path / "dataset/de/train.parquet")
    assert own_pairs("de", tmp_path, 0.6) == [("own", "de", "stir the soup", "die Suppe umrühren")]


@needs_annotations
def test_a_validation_clip_is_refused() -> None:
    clips = read_clips(ANNOTATIONS)
    held_out = next(clip["clip_id"] for clip in clips.to_pylist() if clip["split"] == "validation")
    for clip_id in (held_out, "nobody_0"):
        with pytest.raises(ValueError, match=f"{clip_id}: no training clip"):
            training_captions(clips, [clip_id])


@needs_annotations
def test_pairs_hold_neither_development_captions_nor_the_bundled_corpus() -> None:
    pairs = real_pairs("de", ANNOTATIONS)
    assert len(pairs) > 2500  # as they are, with other numbers, joined
    measured = {clean_english(text) for text in training_captions(read_clips(ANNOTATIONS), development_clips())}
    assert not measured & {english for _, _, english, _ in pairs}
    captions = mini_captions()
    assert not [english for _, _, english, _ in pairs[::40] if any(leaks(english, caption) for caption in captions)]
