"""Rare numbers out, common ones in, and back."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.translation.stand_ins import with_stand_ins, without_stand_ins


@pytest.mark.parametrize(
    ("caption", "shown"),
    [
        ("bake at 365 degrees for 35 to 45 minutes", "bake at 350 degrees for 40-50 minutes"),
        ("cook for 8  9 min", "cook for 8-9 min"),  # 6 would turn it round
        ("cook for 5 to 7 min", "cook for 5-8 min"),
        ("bake at 350 for 10 or 12 minutes", "bake at 350 for 10-15 minutes"),
        ("bake at 350 9 minutes", "bake at 350 8 minutes"),  # no range: it would go down
        ("add 1 or 2 eggs, 22 nuts and 3 cups", "add 1 or 2 eggs, 22 nuts and 3 cups"),
        ("add 1.5 l, 2/12 cup and 1 1/2 cups", "add 1.5 l, 2/12 cup and 1 1/2 cups"),
        ("add 21/2 cups of milk", "add 2 1/2 cups of milk"),
        ("pour 750ml into a 9x12 inch pan", "pour 500ml into a 8x10 inch pan"),
    ],
)
def test_what_the_model_is_shown(caption: str, shown: str) -> None:
    assert with_stand_ins(caption)[0] == shown


@given(
    st.lists(st.sampled_from(["bake", "at", "7", "35", "10", "365", "1/2", "12", "2.5", "1000", "200g"])).map(" ".join)
)
def test_back_again(caption: str) -> None:
    shown, stands_for = with_stand_ins(caption)
    assert Counter(re.findall(r"\d+", without_stand_ins(shown, stands_for))) == Counter(re.findall(r"\d+", caption))
    assert len(set(stands_for.values())) == len(stands_for)


@given(st.integers(5, 999), st.integers(5, 999))
def test_ranges_keep_their_order(one: int, other: int) -> None:
    low, high = sorted((one, other))
    if low == high or len(str(low)) != len(str(high)):
        return
    shown, _ = with_stand_ins(f"cook {low}-{high} minutes")
    first, second = (int(number) for number in re.findall(r"\d+", shown))
    assert first < second
