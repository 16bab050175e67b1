"""What a choice between two assignments costs whom: where each need ends, and who else wanted each place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.matching.domain.assigning import by_turns, recommended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.matching.domain.assigning import Contest, Placing


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a need ends. `lost`: points against its own best place; all of that place's points where it ends with nothing."""

    vacancy_id: str | None
    points: int
    lost: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a place that somebody else could have had."""

    need_id: str
    vacancy_id: str


@dataclass(frozen=True, slots=True)
class NeedCosts:
    """One need under both choices.

    Attributes:
        need_id: of the need.
        best: its own best place, as if nobody else were there; None where no place is proposed to it at all.
        recommended: where the recommendation puts it.
        by_turns: where taking turns puts it.
        outcompeted_by: where the recommendation gives it nothing, those who have the places that fit it, in the order of the queue;
            every one of them stands before it.
    """

    need_id: str
    best: Standing | None
    recommended: Standing
    by_turns: Standing
    outcompeted_by: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A need that would have had more points at a place than where it ends, and how many more."""

    need_id: str
    points: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Who has a place under one choice, and who would rather have had it; both in the order of the queue."""

    by: tuple[str, ...]
    wanted_by: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class PlaceCosts:
    """One place under both choices. `candidates`: how many needs it would be proposed to; it is scarce where they are more than `free`."""

    vacancy_id: str
    free: int
    candidates: int
    recommended: Taken
    by_turns: Taken

    @property
    def is_scarce(self) -> bool:
        return self.free < self.candidates


@dataclass(frozen=True, slots=True)
class Total:
    """What a choice comes to in all."""

    placed: int
    points: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both choices: needs in the order of the queue; places that fit somebody, by id."""

    needs: tuple[NeedCosts, ...]
    places: tuple[PlaceCosts, ...]
    recommended: Total
    by_turns: Total


def compare(contest: Contest) -> Comparison:
    """Come to both choices and say what each costs whom."""
    best, turns = recommended(contest), by_turns(contest)
    holders = _holders(contest, best)
    needs = []
    for need_id in contest.queue:
        preferred = contest.preferred(need_id)
        rivals = {holder for place in preferred for holder in holders[place]} if need_id not in best else set()
        needs.append(
            NeedCosts(
                need_id,
                _standing(contest, need_id, {need_id: preferred[0]}) if preferred else None,
                _standing(contest, need_id, best),
                _standing(contest, need_id, turns),
                tuple(Holder(one, best[one]) for one in contest.queue if one in rivals),
            )
        )
    return Comparison(tuple(needs), _places(contest, best, turns), _total(contest, best), _total(contest, turns))


def _places(contest: Contest, best: Placing, turns: Placing) -> tuple[PlaceCosts, ...]:
    candidates: defaultdict[str, list[str]] = defaultdict(list)
    for need_id in contest.queue:
        for place in contest.fits.get(need_id, {}):
            candidates[place].append(need_id)
    return tuple(
        PlaceCosts(
            place,
            contest.free[place],
            len(wanting),
            _taken(contest, place, wanting, best),
            _taken(contest, place, wanting, turns),
        )
        for place, wanting in sorted(candidates.items())
    )


def _taken(contest: Contest, place: str, candidates: list[str], placing: Placing) -> Taken:
    gains = ((need_id, contest.fits[need_id][place] - _points(contest, need_id, placing)) for need_id in candidates)
    losses = tuple(
        Loss(need_id, gain) for need_id, gain in gains if placing.get(need_id) != place and (gain > 0 or need_id not in placing)
    )
    return Taken(tuple(need_id for need_id in candidates if placing.get(need_id) == place), losses)


def _holders(contest: Contest, placing: Placing) -> Mapping[str, list[str]]:
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for need_id in contest.queue:
        if need_id in placing:
            holders[placing[need_id]].append(need_id)
    return holders


def _points(contest: Contest, need_id: str, placing: Mapping[str, str]) -> int:
    place = placing.get(need_id)
    return 0 if place is None else contest.fits[need_id][place]


def _standing(contest: Contest, need_id: str, placing: Mapping[str, str]) -> Standing:
    points = _points(contest, need_id, placing)
    return Standing(placing.get(need_id), points, max(contest.fits.get(need_id, {}).values(), default=0) - points)


def _total(contest: Contest, placing: Placing) -> Total:
    return Total(len(placing), sum(_points(contest, need_id, placing) for need_id in placing))
