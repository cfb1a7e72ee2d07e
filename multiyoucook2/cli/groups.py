"""Options that go together: a dataclass of them is one parameter of a command, and its fields are the options."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import get_type_hints


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see the fields of a command's dataclasses as its options, in their place among its other ones.

    Example::

        @dataclass(frozen=True)
        class Where:
            device: DeviceOption = "auto"

        @with_groups
        def train(dataset: DatasetArgument, where: Where) -> None: ...  # --dataset, --device
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}

    @wraps(command)
    def called(**values: object) -> None:
        for name, group in groups.items():
            values[name] = group(**{row.name: values.pop(row.name) for row in fields(group)})
        command(**values)

    shown = [option for parameter in signature(command).parameters.values() for option in _options(parameter, hints)]
    called.__signature__ = Signature(shown)  # type: ignore[attr-defined]
    called.__annotations__ = {option.name: option.annotation for option in shown}
    return called


def _options(parameter: Parameter, hints: dict[str, object]) -> Iterator[Parameter]:
    """What typer is to see of a parameter: itself, or each field of its dataclass."""
    group = hints[parameter.name]
    if not (isinstance(group, type) and is_dataclass(group)):
        yield parameter.replace(annotation=group, kind=Parameter.KEYWORD_ONLY)
        return
    types = get_type_hints(group, include_extras=True)
    for row in fields(group):
        yield Parameter(row.name, Parameter.KEYWORD_ONLY, default=_default(row), annotation=types[row.name])


def _default(row: "Field[object]") -> object:
    return Parameter.empty if row.default is MISSING else row.default
