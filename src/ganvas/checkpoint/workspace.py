"""What a pickle machine works on: the bytes that it reads, its stack and its memo.

Every access is checked: a value longer than the file, a value that is not on the stack and an index
that was never stored are refused.
"""

from __future__ import annotations

from ganvas.errors import CheckpointError


class Mark:
    """Where a pickle says that a group of values begins."""

    __slots__ = ()


MARK = Mark()


class Workspace:
    """The state of a pickle machine.

    Attributes:
        position: Index of the first byte that was not read.
    """

    def __init__(self, data: memoryview, position: int = 0) -> None:
        self.position = position
        self._data = data
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    # --- reading --------------------------------------------------------------------------------

    def _take(self, count: int) -> memoryview:
        end = self.position + count
        if count < 0 or end > len(self._data):
            raise CheckpointError("the pickle is cut off: a value is longer than the file")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def _line(self) -> str:
        for end in range(self.position, min(self.position + 512, len(self._data))):
            if self._data[end] == 10:
                line = bytes(self._take(end - self.position))
                self.position += 1
                return decode(line)
        raise CheckpointError("the pickle is malformed: a name without an end")

    # --- the stack ------------------------------------------------------------------------------

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _pop(self) -> object:
        if not self._stack or self._stack[-1] is MARK:
            raise CheckpointError("the pickle is malformed: it takes a value that is not there")
        return self._stack.pop()

    def _top(self) -> object:
        value = self._pop()
        self._push(value)
        return value

    def _since_mark(self) -> list[object]:
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is MARK:
                values = self._stack[index + 1 :]
                del self._stack[index:]
                return values
        raise CheckpointError("the pickle is malformed: it returns to a mark that is not there")

    # --- the memo -------------------------------------------------------------------------------

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise CheckpointError("the pickle is malformed: it recalls what it never stored")
        self._push(self._memo[index])


def decode(data: memoryview | bytes) -> str:
    """Return UTF-8 text, with surrogates as Python's own pickles write them."""
    return str(data, "utf-8", "surrogatepass")
