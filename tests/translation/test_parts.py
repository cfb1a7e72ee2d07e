"""Captions cut into parts and put together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.translation.parts import SHORTEST, join_parts, split_parts


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("add salt and pepper", ["add salt and pepper"]),
        ("mix and cook for 5 minutes", ["mix and cook for 5 minutes"]),
        ("cook for 5 minutes and mix", ["cook for 5 minutes and mix"]),
        ("boil 2 large eggs, then peel the eggs", ["boil 2 large eggs", "peel the eggs"]),
        ("boil 2 large eggs and then peel the eggs and stir", ["boil 2 large eggs", "peel the eggs and stir"]),
        ("pour 1.5 cups of milk; add the sand and stir", ["pour 1.5 cups of milk", "add the sand and stir"]),
        ("rest it between 5 and 10 minutes in a bowl", ["rest it between 5 and 10 minutes in a bowl"]),
        ("pour a cup of half and half into the pan", ["pour a cup of half and half into the pan"]),
        ("wait for two hours and a half in the sun", ["wait for two hours and a half in the sun"]),
        ("add 2 tbsp. of soy sauce to it", ["add 2 tbsp. of soy sauce to it"]),
        ("玉ねぎを薄く切る。フライパンで炒める。", ["玉ねぎを薄く切る", "フライパンで炒める。"]),
        ("将洋葱切成薄片！加盐。", ["将洋葱切成薄片！加盐。"]),
        ("प्याज को बारीक काटें। कड़ाही में तेल गरम करें", ["प्याज को बारीक काटें", "कड़ाही में तेल गरम करें"]),
        ("Corta la cebolla en aros. Fríe todo en aceite", ["Corta la cebolla en aros", "Fríe todo en aceite"]),
        ("", [""]),
    ],
)
def test_where_a_caption_is_cut(caption: str, parts: list[str]) -> None:
    assert split_parts(caption) == parts


@given(st.lists(st.sampled_from(["and", "then", "salt", "2", "cook,", "oil.", "the"]), max_size=30).map(" ".join))
def test_no_word_is_lost_and_no_part_is_short(caption: str) -> None:
    parts = split_parts(caption)
    kept = [word.strip(",.") for part in parts for word in part.split() if word not in {"and", "then"}]
    assert kept == [word.strip(",.") for word in caption.split() if word not in {"and", "then"}]
    assert len(parts) == 1 or all(len(part.split()) >= SHORTEST for part in parts)
    assert all(split_parts(part) == [part] for part in parts)  # so a part is not cut again


def test_parts_are_joined_with_the_comma_of_the_language() -> None:
    assert join_parts(["Eier kochen.", "schälen."], "de") == "Eier kochen, schälen."
    assert join_parts(["煮鸡蛋。", "剥壳"], "zh") == "煮鸡蛋，剥壳"
    assert join_parts(["卵をゆでる", "殻をむく"], "ja") == "卵をゆでる、殻をむく"
