"""Many models of one kind at a fraction of their size: packed as compressed JSON, and made again each time that one is looked at."""

from __future__ import annotations

import zlib
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

_Model = TypeVar("_Model", bound=BaseModel)

_FAST: Final = 1


class Packed(MutableMapping[str, _Model], Generic[_Model]):
    """Models by id: of a need some 500 bytes, where the model takes 5,000. Whoever iterates holds one at a time.

    Args:
        kind: the class of all of them.
    """

    def __init__(self, kind: type[_Model]) -> None:
        self._kind = kind
        self._packed: dict[str, bytes] = {}

    def __getitem__(self, id_: str) -> _Model:
        return self._kind.model_validate_json(zlib.decompress(self._packed[id_]))

    def __setitem__(self, id_: str, model: _Model) -> None:
        self._packed[id_] = zlib.compress(model.model_dump_json(exclude_defaults=True).encode(), _FAST)

    def __delitem__(self, id_: str) -> None:
        del self._packed[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._packed
