"""A seeded market of needs and places that is written to several logs alike, for workers who are to be compared."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from tests.support.matching import TODAY, Chance, full_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy
    from tests.support.matching_log import MatchingLog

_TEMPLATES: Final = 300
"""So many needs are drawn; the others are alike but for their ids."""
_AT_ONCE: Final = 2000


class MarketOnLogs:
    """A seeded market that is written to several logs alike: what it is now, and turns of it."""

    def __init__(self, logs: Sequence[MatchingLog], seed: int, *, needs: int, vacancies: int) -> None:
        self._logs = logs
        self._draw = random.Random(seed)
        self._chance = Chance(seed)
        self._made = 0
        self._policies = 0
        self._sizes = needs, vacancies
        self._templates: list[NeedProfile] = []
        self.needs: dict[str, NeedProfile | None] = {}
        """The last state by id; None is erased."""
        self.vacancies: dict[str, Vacancy] = {}
        self.threshold = 50

    @property
    def open_needs(self) -> dict[str, NeedProfile]:
        return {id_: need for id_, need in self.needs.items() if need is not None and need.status == "open"}

    async def begin(self) -> None:
        """Write the settings, all places and all needs."""
        needs, vacancies = self._sizes
        await self._new_policy()
        await self._write_vacancies([self._chance.vacancy(f"vacancy-{n:04}") for n in range(vacancies)])
        ids = list(self.vacancies)
        self._templates = [self._chance.need("template", vacancy_ids=ids) for _ in range(_TEMPLATES)]
        for start in range(0, needs, _AT_ONCE):
            await self._write_needs([self._new_need() for _ in range(min(_AT_ONCE, needs - start))])

    async def turn(self, size: int, *, policy: bool = False) -> None:
        """Publish, change and withdraw so many places each, and change, close, erase and register some needs."""
        await self.turn_places(size)
        draw = self._draw
        some = [need for need in draw.sample(sorted(self.open_needs), 3 * size) if self.needs[need] is not None]
        changed, closed, erased = some[:size], some[size : 2 * size], some[2 * size :]
        again = [self._profile(id_, draw.choice(self._templates), self._version(id_) + 1) for id_ in changed]
        ended = [self._profile(id_, draw.choice(self._templates), self._version(id_) + 1, status="closed") for id_ in closed]
        await self._write_needs([*again, *ended, *(self._new_need() for _ in range(size))])
        await self._erase(erased)
        if policy:
            await self._new_policy()

    async def turn_places(self, size: int) -> None:
        """Publish, change and withdraw so many places each."""
        draw = self._draw
        is_open = sorted(id_ for id_, one in self.vacancies.items() if one.status == "open")
        some = draw.sample(is_open, 2 * size)
        new = [self._chance.vacancy(f"vacancy-new-{len(self.vacancies) + n:04}") for n in range(size)]
        changed = [self._chance.vacancy(id_, version=self.vacancies[id_].version + 1) for id_ in some[:size]]
        withdrawn = [
            self.vacancies[id_].model_copy(
                update={"version": self.vacancies[id_].version + 1, "status": "closed", "closed_reason": "withdrawn"}
            )
            for id_ in some[size:]
        ]
        await self._write_vacancies([*new, *changed, *withdrawn])

    def _new_need(self) -> NeedProfile:
        self._made += 1
        return self._profile(f"need-{self._made:07}", self._templates[self._made % _TEMPLATES], 1)

    @staticmethod
    def _profile(need_id: str, template: NeedProfile, version: int, **changes: Any) -> NeedProfile:
        return template.model_copy(update={"need_id": need_id, "version": version, **changes})

    def _version(self, need_id: str) -> int:
        need = self.needs[need_id]
        assert need is not None, "erased"
        return need.version

    async def _new_policy(self) -> None:
        self._policies += 1
        self.threshold = 50 if self._policies % 2 else 40
        policy = full_policy(version=f"2026-11-25.{self._policies}", threshold=self.threshold)
        await self._to_each(lambda log: log.settings(policy, TODAY, version=self._policies))

    async def _write_vacancies(self, vacancies: Sequence[Vacancy]) -> None:
        self.vacancies |= {one.vacancy_id: one for one in vacancies}
        await self._to_each(lambda log: log.vacancies(*vacancies))

    async def _write_needs(self, needs: Sequence[NeedProfile]) -> None:
        self.needs |= {one.need_id: one for one in needs}
        await self._to_each(lambda log: log.needs(*needs))

    async def _erase(self, need_ids: Sequence[str]) -> None:
        positions = {id_: (1, self._version(id_) + 1) for id_ in need_ids}
        self.needs |= dict.fromkeys(need_ids)
        for id_, position in positions.items():
            await self._to_each(lambda log, id_=id_, position=position: log.state("need-profiles", id_, None, position))  # type: ignore[misc] # bound at once

    async def _to_each(self, write: Callable[[MatchingLog], Coroutine[Any, Any, object]]) -> None:
        for log in self._logs:
            await write(log)
