"""What licences say of training on outputs, in rows and in words."""

import pyarrow as pa
import pytest

from multiyoucook2.corpus.configs import _may_train
from multiyoucook2.corpus.licenses import may_train


@pytest.mark.parametrize(
    ("license_", "allowed"),
    [
        ("apache-2.0", True),
        ("CC-BY-NC-4.0", True),
        ("gemma", True),
        ("apache-2.0 and mit", True),
        ("apache-2.0 and unknown", None),
        ("unknown", None),
        ("llama3.1", None),
        ("tencent-hunyuan-community", False),
        ("mit and tencent-hunyuan-community", False),
    ],
)
def test_what_a_licence_allows(license_: str, allowed: bool | None) -> None:
    assert may_train(license_) is allowed


def test_rows_without_a_licence_say_nothing() -> None:
    licenses = pa.chunked_array([["mit", ""], [None, "unknown", "mit"]], pa.string())
    assert _may_train(licenses).to_pylist() == [True, None, None, None, True]
