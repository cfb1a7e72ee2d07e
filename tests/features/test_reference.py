"""The authors' pickles: read where they hold plain data, refused by instruction and name where they would run code."""

import os
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multiyoucook2.errors import FeatureError
from multiyoucook2.features.importing import import_features, left_out
from multiyoucook2.features.reference import read_reference
from multiyoucook2.files.pickles import read_plain_pickle

ROWS = [
    {
        "id": "a_0",
        "caption": "mix the eggs",
        "caption_cz": "smíchejte vejce",
        "s3d": np.ones((2, 3), np.float32),
        "audio": np.zeros(4),
    },
    {
        "id": "a_1",
        "caption": "chop an onion",
        "caption_cz": "nakrájejte cibuli",
        "s3d": np.zeros((1, 3), np.float32),
        "audio": np.zeros(4),
    },
]


def dump(path: Path, value: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    value = {
        "list": [1, -2, 2**70, 1.5, None, True, "é漢", b"\x00\xff"],
        "tuple": (1, (2, np.float32(0.5))),
        "arrays": [np.arange(6, dtype=np.int16).reshape(2, 3), np.asfortranarray(np.eye(3)[:2]), np.array(3.0)],
        "big-endian": np.arange(3, dtype=">f4"),
        "texts": np.array(["a", "bc"]),
        "ordered": OrderedDict(a=1),
        "empty": [[], {}, (), np.zeros((0, 5))],
    }
    found = read_plain_pickle(dump(tmp_path / "p.pkl", value, protocol))
    assert found["list"] == value["list"]
    assert found["tuple"] == (1, (2, 0.5))
    for mine, theirs in zip(found["arrays"], value["arrays"], strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
    np.testing.assert_array_equal(found["big-endian"], [0, 1, 2])
    assert found["texts"].tolist() == ["a", "bc"]
    assert found["ordered"] == {"a": 1}
    assert found["empty"][3].shape == (0, 5)


class Run:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (os.system, ("touch {marker}",), r"(posix|nt)\.system"),
        (eval, ("open('{marker}', 'w')",), r"(builtins|__builtin__)\.eval"),
        (getattr, (np, "load"), r"(builtins|__builtin__)\.getattr"),
        (np.load, ("x",), r"numpy\.load"),
        (np.memmap, ("{marker}", "u1", "w+", 0, 1), r"numpy\.memmap"),
        (np.frombuffer, (b"abc",), r"frombuffer"),
    ],
)
def test_code_is_refused_by_name_and_never_runs(
    tmp_path: Path, protocol: int, function: Any, arguments: tuple[Any, ...], name: str
) -> None:
    marker = tmp_path / "ran"
    filled = [x.format(marker=marker) if isinstance(x, str) else x for x in arguments]
    if function is getattr:
        filled = ["x", "upper"]
    path = dump(tmp_path / "p.pkl", [ROWS[0], Run(function, *filled)], protocol)
    with pytest.raises(FeatureError, match=f"(STACK_)?GLOBAL at byte \\d+ asks for .*{name}"):
        read_plain_pickle(path)
    assert not marker.exists()


def test_the_refused_place_is_the_right_one(tmp_path: Path) -> None:
    path = dump(tmp_path / "p.pkl", [np.zeros(2), Run(os.getcwd)])
    places = [place for opcode, _, place in pickletools.genops(path.read_bytes()) if opcode.name == "STACK_GLOBAL"]
    with pytest.raises(FeatureError, match=f"at byte {places[-1]} "):
        read_plain_pickle(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80\x04" + b"P1\n.", "instruction PERSID '1' at byte 2"),
        (b"(S'echo'\nios\nsystem\n.", "instruction INST 'os system' at byte"),
        (b"\x80\x02\x82\x01.", "instruction EXT1"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "instruction NEWOBJ"),
        (b"\x80\x02cnumpy\nndarray\n.", "bare name"),
        (b"\x80\x02cnumpy\nndarray\n}U\x05valueK\x01sb.", "cannot be given a state"),
        (b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00O8\x85R.", "'O8' are not plain numbers"),
        (b"\x80\x02cnumpy.core.multiarray\nscalar\nU\x01x\x85R.", "not made of plain bytes"),
        (b"", "damaged or no plain pickle"),
        (b"not a pickle", "damaged or no plain pickle"),
        (pickle.dumps(ROWS)[:-20], "damaged or no plain pickle"),
    ],
)
def test_hostile_and_damaged_bytes(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "p.pkl").write_bytes(data)
    with pytest.raises(FeatureError, match=message):
        read_plain_pickle(tmp_path / "p.pkl")


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="not plain numbers"):
        read_plain_pickle(dump(tmp_path / "p.pkl", np.array([{"a": 1}, None], dtype=object)))


def test_shared_and_cyclic_containers_end(tmp_path: Path) -> None:
    shared = [np.ones(2)]
    cycle: list[Any] = [shared, shared]
    cycle.append(cycle)
    found = read_plain_pickle(dump(tmp_path / "p.pkl", cycle))
    assert found[0] is found[1]
    assert found[2] is found
    np.testing.assert_array_equal(found[0][0], [1, 1])


def test_the_youcook2_layout(tmp_path: Path) -> None:
    clips = read_reference(dump(tmp_path / "p.pkl", ROWS))
    assert [clip.clip_id for clip in clips] == ["a_0", "a_1"]
    assert clips[0].captions == {"en": ("mix the eggs",), "cs": ("smíchejte vejce",)}
    store = import_features([tmp_path / "p.pkl"], tmp_path / "out")
    assert (store.name, store.dim, store["a_0"].tolist()) == ("s3d", 3, [[1, 1, 1], [1, 1, 1]])


def test_other_layouts(tmp_path: Path) -> None:
    msrvtt = {"id": 7, "2d": np.ones((1, 2)), "caption_de": ["eins", "zwei"], "eval_caption_de": "eins"}
    rudder = {"id": "r", "2d": np.ones((1, 2)), "captions": {"hi": "नमस्ते", "mr": ""}, "audios": {}}
    first, second = read_reference(dump(tmp_path / "p.pkl", [msrvtt, rudder]))
    assert (first.clip_id, first.captions, first.queries) == ("7", {"de": ("eins", "zwei")}, {"de": "eins"})
    assert second.captions == {"hi": ("नमस्ते",), "mr": ()}
    assert import_features([tmp_path / "p.pkl"], tmp_path / "out").name == "2d-2"
    dump(tmp_path / "p.pkl", [{**msrvtt, "2d": np.ones((1, 512))}])
    assert import_features([tmp_path / "p.pkl"], tmp_path / "clip").name == "clip"


def test_torch_tensors_may_stand_under_keys_that_are_not_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    rows = [{**ROWS[0], "audio": torch.ones(3), "more": [torch.nn.Parameter(torch.ones(1))]}]
    assert read_reference(dump(tmp_path / "p.pkl", rows))[0].clip_id == "a_0"
    rows[0]["s3d"] = torch.ones(2, 3)
    with pytest.raises(FeatureError, match=r"'s3d' of clip 0 of .* is a torch tensor, which is not read"):
        read_reference(dump(tmp_path / "p.pkl", rows))
    torch.save(ROWS, tmp_path / "t.pkl")
    with pytest.raises(FeatureError, match=r"a zip file, as torch\.save writes"):
        read_reference(tmp_path / "t.pkl")


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04}" + b")" + b"\x85" * 200_000 + b"K\x01s.",  # a key of 200,000 levels
        b"\x80\x04})" + b"2\x86" * 60 + b"K\x01s.",  # a tuple of twice itself, sixty times
        b"\x80\x04](" + b")\x85\x85" * 2 + b"2" * 3 + b"e" + b")" + b"2\x86" * 60 + b"a.",
    ],
)
def test_tuples_without_end_are_refused_before_they_are_made(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p.pkl").write_bytes(data)
    with pytest.raises(FeatureError, match="nests tuples without end"):
        read_plain_pickle(tmp_path / "p.pkl")


def test_memory_is_not_taken_for_numbers_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "p.pkl").write_bytes(b"\x80\x04Nr\xff\xff\xff\x7f.")
    with pytest.raises(FeatureError, match="remembers a value under the number 2147483647"):
        read_plain_pickle(tmp_path / "p.pkl")


def test_clips_are_matched_by_their_caption_where_ids_differ(tmp_path: Path) -> None:
    rows = [{**row, "id": str(number)} for number, row in enumerate([*ROWS, {**ROWS[0], "id": "x"}])]
    dump(tmp_path / "p.pkl", rows)
    captions = {"vid_3": "Chop an onion.", "vid_4": "mix the eggs", "vid_5": "boil"}
    store = import_features([tmp_path / "p.pkl"], tmp_path / "out", captions=captions)
    assert store.clip_ids == ["0", "vid_3", "2"]  # "mix the eggs" names two clips, so neither is guessed
    assert store.meta == {"renamed": 1, "source": "c2kd", "left_out": {"audio": 3}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "not a list of dicts"),
        ([], "not a list of dicts"),
        ([{"id": "a"}], "have no features"),
        ([{"id": "a", "s3d": np.ones((1, 2))}, {"s3d": 1}], "clip 1 of .* has no 'id'"),
        ([{"id": "a", "s3d": np.ones((1, 2))}, {"id": "b"}], "clip 1 of .* has no 's3d'"),
    ],
)
def test_other_contents_are_named(tmp_path: Path, value: Any, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        import_features([dump(tmp_path / "p.pkl", value)], tmp_path / "out")


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_features_keep_their_precision(tmp_path: Path, dtype: type) -> None:
    frames = np.array([[1.0001, 1e-6, 7e4 if dtype is np.float32 else 7e2]], dtype)
    store = import_features([dump(tmp_path / "p.pkl", [{"id": "a", "s3d": frames}])], tmp_path / "out")
    assert store["a"].dtype == dtype
    np.testing.assert_array_equal(store["a"], frames)


def test_what_a_store_leaves_out_is_counted_over_its_files(tmp_path: Path) -> None:
    first = dump(tmp_path / "a.pkl", [{**ROWS[0], "2d_raw": np.ones((1, 2)), "caption_de": "x"}])
    second = dump(tmp_path / "b.pkl", [ROWS[1]])
    store = import_features([first, second], tmp_path / "out")
    assert left_out(store) == {"2d_raw": 1, "audio": 2}
    plain = dump(tmp_path / "c.pkl", [{"id": "a", "s3d": np.ones((1, 2)), "eval_caption_en": "x", "captions": {}}])
    assert left_out(import_features([plain], tmp_path / "plain")) == {}
