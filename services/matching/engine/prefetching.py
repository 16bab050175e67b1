"""Asking memory for a row before it is looked at: rows that may pass lie far apart, and waiting for each would cost most of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.matching.engine.compiled import Number
    from services.matching.engine.rules import Rows

_LINE: Final = 64
_READ, _KEEP, _DATA = 0, 3, 1
"""The arguments of LLVM's instruction: to be read, to stay in all caches, data."""


_helpers: Any = cgutils


@intrinsic
def _prefetch(_context: Any, rows: Any, _row: Any) -> Any:  # noqa: ANN401 - types of Numba
    """Begin to load an element of an array, all cache lines of it if it is a row."""
    signature = types.void(rows, types.intp)
    lines = -(-rows.dtype.size // _LINE) if isinstance(rows.dtype, types.Record) else 1

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - as above
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        first = _helpers.get_item_pointer(context, builder, signature.args[0], array, [arguments[1]])
        number, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        instruction = _helpers.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, number, number, number]), "llvm.prefetch.p0"
        )
        start = builder.bitcast(first, byte)
        for line in range(lines):
            address = builder.gep(start, [ir.Constant(ir.IntType(64), line * _LINE)])
            builder.call(instruction, [address, *(ir.Constant(number, one) for one in (_READ, _KEEP, _DATA))])
        return context.get_dummy_value()

    return signature, generate


prefetch = cast("Callable[[Rows, Number], None]", _prefetch)
