"""Where the SQL of PostgreSQL and of DuckDB differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from services.matching.domain.codebooks import ALL_BITS, WORD

Wide = tuple[str, ...]
"""A mask of two words, as the SQL of its pieces: one where a database has strings of bits, two where it has not."""


def signed(word: int) -> int:
    """Give the 64 bits of a mask as a bigint has them."""
    return word - 2**WORD if word >> (WORD - 1) else word


class Dialect(ABC):
    """What the generated SQL is written in."""

    name: str
    divide: str
    """Whole division, of numbers that are not negative."""
    fence: str
    """After a subquery whose columns are to be worked out once, however often they are used."""

    @abstractmethod
    def count(self, mask: str) -> str:
        """Give the SQL of how many bits of a bigint are set."""

    @abstractmethod
    def wide(self, low: int, high: int) -> Wide:
        """Give two words as a constant."""

    @abstractmethod
    def wide_columns(self, name: str) -> Wide:
        """Give the columns that hold a mask of two words."""

    @abstractmethod
    def count_common(self, one: Wide, other: Wide) -> str:
        """Give the SQL of how many bits two wide masks have in common."""

    @abstractmethod
    def array(self, values: list[int], position: str) -> str:
        """Give the SQL of one of many constants by its position, from 0."""

    @abstractmethod
    def any_of(self, column: str, values: list[int]) -> str:
        """Give the SQL of whether a column has one of these values, as an index can use it."""

    @abstractmethod
    def is_none_of(self, column: str, query: str) -> str:
        """Give the SQL of whether a column has none of the values of a query that asks nothing of the row."""


class PostgreSQL(Dialect):
    """Counts bits of strings of bits, so that both words of levels are one look."""

    name = "PostgreSQL"
    divide = "/"
    fence = " OFFSET 0"

    def count(self, mask: str) -> str:
        return f"bit_count(({mask})::bigint::bit(64))"

    def wide(self, low: int, high: int) -> Wide:
        return (f"B'{(low & ALL_BITS) << WORD | high & ALL_BITS:0128b}'",)

    def wide_columns(self, name: str) -> Wide:
        return (name,)

    def count_common(self, one: Wide, other: Wide) -> str:
        return f"bit_count({one[0]} & {other[0]})"

    def array(self, values: list[int], position: str) -> str:
        return f"('{{{','.join(map(str, values))}}}'::bigint[])[{position} + 1]"

    def any_of(self, column: str, values: list[int]) -> str:
        return f"{column} = ANY ('{{{','.join(map(str, values))}}}'::smallint[])"

    def is_none_of(self, column: str, query: str) -> str:
        return f"{column} <> ALL (ARRAY ({query}))"  # asked once, before workers share the rest


class DuckDB(Dialect):
    """Counts bits of whole numbers."""

    name = "DuckDB"
    divide = "//"
    fence = ""

    def count(self, mask: str) -> str:
        return f"bit_count({mask})::int"

    def wide(self, low: int, high: int) -> Wide:
        return tuple(f"({signed(word)})::bigint" for word in (low, high))

    def wide_columns(self, name: str) -> Wide:
        return (f"{name}_low", f"{name}_high")

    def count_common(self, one: Wide, other: Wide) -> str:
        pieces = (f"bit_count({mine} & {theirs})::int" for mine, theirs in zip(one, other, strict=True))
        return f"({' + '.join(pieces)})"

    def array(self, values: list[int], position: str) -> str:
        return f"([{','.join(map(str, values))}]::bigint[])[{position} + 1]"

    def any_of(self, column: str, values: list[int]) -> str:
        return f"{column} IN ({','.join(map(str, values))})"

    def is_none_of(self, column: str, query: str) -> str:
        return f"{column} NOT IN ({query})"


POSTGRESQL: Final = PostgreSQL()
DUCKDB: Final = DuckDB()
