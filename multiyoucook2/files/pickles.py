"""Read pickles of plain data without running anything in them.

A pickle is a program: it may import any function and call it. Here only the instructions that plain data needs are
admitted, and the only importable names are those by which numpy writes arrays. They are answered with stand-ins of our
own, so that no function of numpy's or anyone else's is ever called with the file's arguments.
"""

import pickle
import pickletools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from ..errors import FeatureError
from .pickle_stack import PickleStack
from .reading import open_regular

_GLOBAL_OPCODES = {"GLOBAL", "STACK_GLOBAL"}
_PLAIN_OPCODES = frozenset(
    "PROTO FRAME STOP MARK POP POP_MARK DUP PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET"
    " NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT"
    " STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8"
    " BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
    " EMPTY_LIST LIST APPEND APPENDS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS"
    " EMPTY_SET ADDITEMS FROZENSET"
    " GLOBAL STACK_GLOBAL REDUCE BUILD".split()
)


_Shape = tuple[int, ...]  # as numpy writes it; whatever else a file has there, numpy refuses


class _Call:
    """What an admitted name stands for: callable by the pickle, and inert in every other way."""

    __slots__ = ("_function",)
    _function: Callable[..., object]

    def __init__(self, function: Callable[..., object]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments: object) -> object:
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a name cannot be given a state")

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("a name cannot be changed")


class Discarded:
    """What stands for a torch tensor: it takes whatever the pickle gives it, and keeps nothing."""

    __slots__ = ()

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


class _Dtype:
    """A numpy type: numbers and fixed-width strings only, so never objects."""

    __slots__ = ("dtype",)

    def __init__(self, code: object, *_: object) -> None:
        code = code.decode("ascii") if isinstance(code, bytes) else code
        if not isinstance(code, str) or code.lstrip("<>=|")[:1] not in "fiubSU":
            raise pickle.UnpicklingError(f"arrays of type {code!r} are not plain numbers")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Sequence[object]) -> None:
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order != "|":
            self.dtype = self.dtype.newbyteorder(">" if order == ">" else "<")


class _Array:
    """A numpy array that fills itself from bytes; ``value`` is the array."""

    __slots__ = ("value",)

    def __init__(self, *_: object) -> None:
        self.value: npt.NDArray[np.generic] = np.zeros(0)

    def __setstate__(self, state: tuple[int, _Shape, object, bool, object]) -> None:
        _, shape, dtype, fortran, data = state
        data = data.encode("latin-1") if isinstance(data, str) else data
        self.value = _from_bytes(data, dtype, shape, "F" if fortran else "C")


def _from_bytes(data: object, dtype: object, shape: _Shape, order: Literal["C", "F"]) -> npt.NDArray[np.generic]:
    if not isinstance(dtype, _Dtype) or not isinstance(data, bytes | bytearray):
        raise pickle.UnpicklingError("an array is not made of plain bytes")
    return np.frombuffer(data, dtype.dtype).reshape(shape, order=order)


def _frombuffer(data: object, dtype: object, shape: _Shape, order: Literal["C", "F"]) -> _Array:
    array = _Array()
    array.value = _from_bytes(data, dtype, shape, order)
    return array


def _scalar(dtype: object, data: object = b"") -> object:
    data = data.encode("latin-1") if isinstance(data, str) else data
    return _from_bytes(data, dtype, (1,), "C")[0].item()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Protocol 2 writes bytes as ``_codecs.encode(text, "latin1")``."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding!r}")
    return text.encode("latin-1")


_NUMPY: dict[tuple[str, str], Callable[..., object]] = {
    ("multiarray", "_reconstruct"): _Array,
    ("multiarray", "scalar"): _scalar,
    ("numeric", "_frombuffer"): _frombuffer,
}
# By these names pickle writes torch tensors. The released files have some under keys that nothing here reads.
_TORCH = {
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch.storage", "_load_from_bytes"),
    ("torch.serialization", "_get_layout"),
    ("torch", "Size"),
    ("torch", "device"),
    *(("torch", f"{kind}Storage") for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Byte")),
}
_ADMITTED: dict[tuple[str, str], Callable[..., object]] = {
    (f"{core}.{module}", name): function
    for (module, name), function in _NUMPY.items()
    for core in ("numpy.core", "numpy._core")
} | {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    ("collections", "OrderedDict"): dict,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): bytes,
    ("__builtin__", "bytearray"): bytearray,
    ("builtins", "bytearray"): bytearray,
    **dict.fromkeys(_TORCH, Discarded),
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ADMITTED:
            raise _Refused(f"{module}.{name}")
        return _Call(_ADMITTED[module, name])


class _Refused(Exception):
    pass


def read_plain_pickle(path: str | Path) -> Any:
    """The plain data in a pickle: lists, tuples, dicts, sets, strings, bytes, numbers, numpy arrays of these.

    A torch tensor comes out as :class:`Discarded`: it may stand there, and is not read.

    Raises:
        FeatureError: not a pickle, cut off, or with anything else inside; the message names the instruction, its place
            in bytes, and the global that it asks for. Nothing of it was run.
    """
    path = Path(path)
    try:
        with open_regular(path, FeatureError) as file:
            if file.read(4) == b"PK\x03\x04":
                raise FeatureError(
                    f"{path} is no plain pickle but a zip file, as torch.save writes",
                    hint="save numpy arrays instead, one CLIP_ID.npy a clip, or one .npz",
                )
            file.seek(0)
            places = _scan(path, file)
            file.seek(0)
            asked = _CountingUnpickler(file, encoding="latin1")
            try:
                return _unwrap(asked.load(), set())
            except _Refused as refusal:
                opcode, place = places[asked.globals_found - 1]
                raise FeatureError(
                    f"{path} refused: {opcode} at byte {place} asks for {refusal}, which could run code",
                    hint="only plain containers, strings, numbers and numpy arrays are read",
                ) from None
    except FeatureError:
        raise
    except FileNotFoundError:
        raise FeatureError(f"there is no {path}") from None
    except Exception as error:  # a damaged pickle raises whatever its wreckage leads to
        raise FeatureError(f"{path} is damaged or no plain pickle: {str(error) or type(error).__name__}") from None


class _CountingUnpickler(_PlainUnpickler):
    """Counts the globals asked for: each such instruction runs once and in order, so the n-th is the n-th scanned."""

    globals_found = 0

    def find_class(self, module: str, name: str) -> object:
        self.globals_found += 1
        return super().find_class(module, name)


def _scan(path: Path, file: BinaryIO) -> list[tuple[str, int]]:
    """Check every instruction before the first is run; returns (name, byte) of those that import."""
    places, stack = [], PickleStack()
    for opcode, argument, place in pickletools.genops(file):
        if opcode.name not in _PLAIN_OPCODES:
            what = f" {argument!r}" if isinstance(argument, str) else ""
            raise FeatureError(
                f"{path} refused: instruction {opcode.name}{what} at byte {place} is not plain data",
                hint="only plain containers, strings, numbers and numpy arrays are read",
            )
        wrong = stack.step(opcode, argument)
        if wrong:
            raise FeatureError(f"{path} refused: instruction {opcode.name} at byte {place} {wrong}")
        if opcode.name in _GLOBAL_OPCODES:
            places.append((opcode.name, place or 0))
    return places


def _unwrap(value: Any, seen: set[int]) -> Any:
    """Arrays out of their stand-ins, in place inside lists and dicts, each of which is visited once."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, _Call | _Dtype):
        raise pickle.UnpicklingError("it holds a bare name or type")
    if isinstance(value, tuple):
        return tuple(_unwrap(part, seen) for part in value)
    if isinstance(value, list | dict) and id(value) not in seen:
        seen.add(id(value))
        for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            value[key] = _unwrap(part, seen)
    return value
