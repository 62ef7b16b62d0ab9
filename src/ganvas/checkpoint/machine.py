"""A pickle machine that can only build data.

A pickle is a small program. Python's own machine can be told to import any name and call it; this
one knows the opcodes of protocols 2 to 5 that build plain data, and a name in the file is looked up
in a table of constructors that the caller gives. A name that is not in the table ends the reading
where it is *named*, before anything could be called. Everything it makes is bounded by the size of
the file: a length beyond the end, an index beyond the number of operations and a value nested too
deeply are refused, and bytes are views of the file rather than copies.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping

from ganvas.checkpoint.workspace import MARK, Workspace, decode
from ganvas.errors import CheckpointError

MAX_OPERATIONS = 1_000_000
MAX_INTEGER_BYTES = 64

Constructor = Callable[..., object]


class Record:
    """An inert object of a pickle: the name of its class, and its state as plain data."""

    __slots__ = ("class_name", "state")

    def __init__(self, class_name: str, state: object = None) -> None:
        self.class_name = class_name
        self.state = state

    def build(self, state: object) -> None:
        """Take the state that the pickle gives the object."""
        self.state = state


class Name:
    """A name of the table that the pickle mentions; only the machine calls it."""

    __slots__ = ("make", "path")

    def __init__(self, path: str, make: Constructor) -> None:
        self.path = path
        self.make = make


class Machine(Workspace):
    """Read one pickle.

    Attributes:
        position: Index of the first byte that was not read.
    """

    def __init__(
        self,
        data: memoryview,
        names: Mapping[str, Constructor],
        persistent: Constructor | None = None,
        position: int = 0,
    ) -> None:
        super().__init__(data, position)
        self._names = names
        self._persistent = persistent

    def run(self) -> object:
        """Return the object that the pickle describes.

        Raises:
            CheckpointError: The pickle is cut off, is malformed, names something that is not
                allowed, or wants more than its size justifies.
        """
        data = self._data
        for _ in range(MAX_OPERATIONS):
            if self.position >= len(data):
                raise CheckpointError("the pickle is cut off: it ends before its last operation")
            code = data[self.position]
            self.position += 1
            if code == pickle.STOP[0]:
                return self._pop()
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise CheckpointError(
                    f"the pickle uses operation 0x{code:02x} at byte {self.position - 1}, "
                    "which plain data of protocols 2 to 5 do not need"
                )
            operation(self)
        raise CheckpointError(f"the pickle has more than {MAX_OPERATIONS:,} operations")

    # --- names and objects ----------------------------------------------------------------------

    def _find(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise CheckpointError("the pickle is malformed: a name that is no text")
        path = f"{module}.{name}"[:200]
        make = self._names.get(path)
        if make is None:
            raise CheckpointError(
                f"the pickle names '{path}', which is not among the tensors and plain data that a "
                "checkpoint may hold; nothing was run"
            )
        self._push(Name(path, make))

    def _global(self) -> None:
        self._find(self._line(), self._line())

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._find(module, name)

    def _call(self) -> None:
        arguments, name = self._pop(), self._pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise CheckpointError("the pickle is malformed: it calls something that is no name")
        try:
            self._push(name.make(*arguments))
        except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
            raise CheckpointError(f"the pickle misuses '{name.path}'") from error

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, Record):
            try:
                target.build(state)
            except (TypeError, ValueError, LookupError) as error:
                raise CheckpointError(
                    f"the pickle gives a {target.class_name} a wrong state"
                ) from error
        elif not isinstance(target, dict):  # an OrderedDict's attributes say nothing about weights
            raise CheckpointError("the pickle is malformed: it gives a state to a plain value")

    def _load_persistent(self) -> None:
        key = self._pop()
        if self._persistent is None:
            raise CheckpointError("the pickle refers to data outside itself, which is not there")
        self._push(self._persistent(key))

    # --- containers -----------------------------------------------------------------------------

    def _append(self) -> None:
        self._extend([self._pop()])

    def _appends(self) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[object]) -> None:
        target = self._top()
        if not isinstance(target, list):
            raise CheckpointError("the pickle is malformed: it appends to what is no list")
        target.extend(values)

    def _setitem(self) -> None:
        value, key = self._pop(), self._pop()
        self._update([key, value])

    def _setitems(self) -> None:
        self._update(self._since_mark())

    def _update(self, flat: list[object]) -> None:
        target = self._top()
        if not isinstance(target, dict) or len(flat) % 2:
            raise CheckpointError("the pickle is malformed: it sets items of something else")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            target[_plain(key)] = value

    def _additems(self) -> None:
        values, target = self._since_mark(), self._top()
        if not isinstance(target, set):
            raise CheckpointError("the pickle is malformed: it adds to something that is no set")
        target.update(_plain(value) for value in values)

    def _tuple(self, count: int) -> None:
        values = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(values)))

    # --- scalars --------------------------------------------------------------------------------

    def _integer(self, size: int) -> None:
        if size > MAX_INTEGER_BYTES:
            raise CheckpointError("the pickle holds an integer of unreasonable length")
        self._push(int.from_bytes(self._take(size), "little", signed=True))

    def _text(self, size: int) -> None:
        self._push(decode(self._take(size)))

    def _bytes(self, size: int) -> None:
        self._push(self._take(size))

    def _protocol(self) -> None:
        version = self._unsigned(1)
        if not 2 <= version <= 5:
            raise CheckpointError(f"the pickle has protocol {version}; 2 to 5 are read")


def _plain(key: object) -> str | int | float | bool | None:
    """Keys are scalars: hashing a deeply nested key would overflow the interpreter's stack."""
    if key is None or isinstance(key, str | int | float):
        return key
    raise CheckpointError("the pickle is malformed: a key is neither text nor a number")


def _double(data: memoryview) -> float:
    value: float = struct.unpack(">d", data)[0]
    return value


_OPERATIONS: dict[int, Callable[[Machine], None]] = {
    pickle.PROTO[0]: Machine._protocol,
    pickle.FRAME[0]: lambda m: _skip(m),
    pickle.MARK[0]: lambda m: m._push(MARK),
    pickle.POP[0]: lambda m: _drop(m),
    pickle.POP_MARK[0]: lambda m: _drop_mark(m),
    pickle.DUP[0]: lambda m: m._push(m._top()),
    pickle.NONE[0]: lambda m: m._push(None),
    pickle.NEWTRUE[0]: lambda m: m._push(True),
    pickle.NEWFALSE[0]: lambda m: m._push(False),
    pickle.BININT[0]: lambda m: m._integer(4),
    pickle.BININT1[0]: lambda m: m._push(m._unsigned(1)),
    pickle.BININT2[0]: lambda m: m._push(m._unsigned(2)),
    pickle.LONG1[0]: lambda m: m._integer(m._unsigned(1)),
    pickle.BINFLOAT[0]: lambda m: m._push(_double(m._take(8))),
    pickle.SHORT_BINUNICODE[0]: lambda m: m._text(m._unsigned(1)),
    pickle.BINUNICODE[0]: lambda m: m._text(m._unsigned(4)),
    pickle.BINUNICODE8[0]: lambda m: m._text(m._unsigned(8)),
    pickle.SHORT_BINBYTES[0]: lambda m: m._bytes(m._unsigned(1)),
    pickle.BINBYTES[0]: lambda m: m._bytes(m._unsigned(4)),
    pickle.BINBYTES8[0]: lambda m: m._bytes(m._unsigned(8)),
    pickle.BYTEARRAY8[0]: lambda m: m._bytes(m._unsigned(8)),
    pickle.EMPTY_LIST[0]: lambda m: m._push([]),
    pickle.EMPTY_DICT[0]: lambda m: m._push({}),
    pickle.EMPTY_SET[0]: lambda m: m._push(set()),
    pickle.EMPTY_TUPLE[0]: lambda m: m._push(()),
    pickle.TUPLE1[0]: lambda m: m._tuple(1),
    pickle.TUPLE2[0]: lambda m: m._tuple(2),
    pickle.TUPLE3[0]: lambda m: m._tuple(3),
    pickle.TUPLE[0]: lambda m: m._push(tuple(m._since_mark())),
    pickle.FROZENSET[0]: lambda m: m._push(frozenset(map(_plain, m._since_mark()))),
    pickle.APPEND[0]: Machine._append,
    pickle.APPENDS[0]: Machine._appends,
    pickle.SETITEM[0]: Machine._setitem,
    pickle.SETITEMS[0]: Machine._setitems,
    pickle.ADDITEMS[0]: Machine._additems,
    pickle.BINPUT[0]: lambda m: m._put(m._unsigned(1)),
    pickle.LONG_BINPUT[0]: lambda m: m._put(m._unsigned(4)),
    pickle.MEMOIZE[0]: lambda m: m._put(len(m._memo)),
    pickle.BINGET[0]: lambda m: m._get(m._unsigned(1)),
    pickle.LONG_BINGET[0]: lambda m: m._get(m._unsigned(4)),
    pickle.GLOBAL[0]: Machine._global,
    pickle.STACK_GLOBAL[0]: Machine._stack_global,
    pickle.REDUCE[0]: Machine._call,
    pickle.NEWOBJ[0]: Machine._call,
    pickle.BUILD[0]: Machine._build,
    pickle.BINPERSID[0]: Machine._load_persistent,
}


def _skip(machine: Machine) -> None:
    machine._take(8)  # a frame's length only helps a reader that buffers


def _drop(machine: Machine) -> None:
    machine._pop()


def _drop_mark(machine: Machine) -> None:
    machine._since_mark()
