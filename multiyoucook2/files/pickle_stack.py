"""How deep and large the tuples of a pickle become, found on its instructions, before any of them is made.

Python compares and hashes nested tuples by recursion in C, without a limit: some ten thousand levels, or a tuple of
twice itself sixty times over, end or hang the process. Lists and dicts are no danger, since nothing hashes them.
"""

import pickletools

MAX_DEPTH = 100
MAX_SIZE = 1_000_000
_MARK = (-1, -1)
_TUPLES = {"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "FROZENSET"}
_PUT = {"PUT", "BINPUT", "LONG_BINPUT"}
_GET = {"GET", "BINGET", "LONG_BINGET"}


class PickleStack:
    """Follows a pickle's stack, on which each value is (levels of tuples, values once unfolded)."""

    def __init__(self) -> None:
        self._stack: list[tuple[int, int]] = []
        self._memo: dict[int, tuple[int, int]] = {}

    def step(self, opcode: pickletools.OpcodeInfo, argument: object) -> str | None:
        """Follow one instruction.

        Returns:
            What is wrong with it, in words; ``None`` if nothing.

        Raises:
            IndexError, KeyError: it takes what is not there.
        """
        number = argument if isinstance(argument, int) else len(self._memo)
        if opcode.name in _GET:
            self._stack.append(self._memo[number])
        elif opcode.name == "DUP":
            self._stack.append(self._stack[-1])
        elif opcode.name == "MEMOIZE" or opcode.name in _PUT:
            if number > 2 * len(self._memo) + 1000:  # the unpickler makes room for all places up to this one
                return f"remembers a value under the number {number}"
            self._memo[number] = self._stack[-1]
        else:
            taken = self._take(opcode)
            depth, size = 1 + max((depth for depth, _ in taken), default=0), 1 + sum(size for _, size in taken)
            if opcode.name not in _TUPLES:
                depth, size = 0, 1
            if depth > MAX_DEPTH or size > MAX_SIZE:
                return "nests tuples without end"
            made = (_MARK if kind is pickletools.markobject else (depth, size) for kind in opcode.stack_after)
            self._stack.extend(made)
        return None

    def _take(self, opcode: pickletools.OpcodeInfo) -> list[tuple[int, int]]:
        taken: list[tuple[int, int]] = []
        below = len(opcode.stack_before)
        if pickletools.markobject in opcode.stack_before:
            below = opcode.stack_before.index(pickletools.markobject)
            while (top := self._stack.pop()) != _MARK:
                taken.append(top)
        return taken + [self._stack.pop() for _ in range(below)]
