"""Needs whose answer may differ from what was said, and why: each with a cause of its own, or very many with one that they share."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING

from services.matching.domain.causes import Cause, joined

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.matching.domain.need_book import NeedBook


class Unsaid(MutableMapping[str, Cause]):
    """Causes by need. A restore or a new policy concerns a million needs at once: they are marked in the book and share its cause."""

    def __init__(self, book: NeedBook) -> None:
        self._book = book
        self._own: dict[str, Cause] = {}
        self._shared: Cause | None = None

    def __getitem__(self, need_id: str) -> Cause:
        cause = self._own.get(need_id)
        if cause is None and self._book.waits(need_id):
            cause = self._shared
        if cause is None:
            raise KeyError(need_id)
        return cause

    def __setitem__(self, need_id: str, cause: Cause) -> None:
        self._book.wait_no_more(need_id)
        self._own[need_id] = cause

    def __delitem__(self, need_id: str) -> None:
        if self._own.pop(need_id, None) is None and not self._book.wait_no_more(need_id):
            raise KeyError(need_id)

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._book.waiting_ids()

    def __len__(self) -> int:
        return len(self._own) + self._book.waiting

    def items(self) -> Iterator[tuple[str, Cause]]:  # type: ignore[override]  # nobody looks into it, and a view would look twice
        """Give each with its cause, those with causes of their own first."""
        yield from self._own.items()
        if self._shared is not None:
            for need_id in self._book.waiting_ids():
                yield need_id, self._shared

    def __bool__(self) -> bool:
        return bool(self._own) or self._book.waiting > 0

    @property
    def of_their_own(self) -> dict[str, Cause]:
        """Those that share their cause with nobody: what people wait for is among them."""
        return self._own

    def wait(self, need_id: str) -> None:
        """Note a need that will share the cause of all, unless it has one of its own."""
        if not self._book.waiting:
            self._shared = None  # what others shared earlier is said
        if need_id not in self._own:
            self._book.wait(need_id)

    def share(self, cause: Cause) -> None:
        """Give those that wait a cause in common; who waited before for another one keeps what of it is louder."""
        self._shared = cause if self._shared is None or not self._book.waiting else joined(self._shared, cause)

    def note_all_open(self, cause: Cause) -> None:
        """Note one cause of all open needs, on top of what is pending of each."""
        self.share(cause)
        for need_id, pending in self._own.items():
            if need_id in self._book:
                self._own[need_id] = joined(pending, cause)
        self._book.all_open_wait()
        self._leave_out_own()

    def note_all_known(self) -> None:
        """Note all needs that are open or of which a record stands on the log, for the cause that is shared."""
        self._book.all_known_wait()
        self._leave_out_own()

    def settle(self, since: datetime | None) -> None:
        """Make quiet what is older than `since` (None: all): a restore meets every need as if it were new, and most are not."""
        for need_id, cause in self._own.items():
            is_old = cause.kind == "need" and (since is None or cause.time <= since)
            if is_old or (cause.kind == "start" and cause.since is None):
                self._own[need_id] = replace(cause, kind="start", since=since)

    def _leave_out_own(self) -> None:
        for need_id in self._own:
            self._book.wait_no_more(need_id)
