"""A burst is scored together: each need is told of once, and first those whom the newest concerns."""

from tests.support.matching import first_policy, need, vacancy
from tests.support.told import Worker

NEEDS = [need(f"need-{number:02}") for number in range(20)]


async def test_a_thousand_places_at_once_make_one_record_of_each_need() -> None:
    worker = Worker()
    await worker.told(*NEEDS)
    worker.hears_at_once([vacancy(f"vacancy-{number:04}") for number in range(1_000)])
    said = await worker.says()
    assert sorted(match.need_id for match in said) == [one.need_id for one in NEEDS]
    assert all(len(match.places) == first_policy().best_k for match in said)


async def test_those_whom_the_newest_place_of_a_burst_concerns_are_told_of_first() -> None:
    worker = Worker()
    women, men = ([need(f"{gender}-{number}", gender=gender) for number in range(3)] for gender in ("woman", "man"))
    await worker.told(*women, *men)
    worker.hears_at_once([vacancy("vacancy-older", gender_rule="women"), vacancy("vacancy-newer", gender_rule="men")])
    told = [match.need_id for match in await worker.says()]
    assert told[:3] == [one.need_id for one in men]
    assert sorted(told[3:]) == [one.need_id for one in women]


async def test_a_new_policy_makes_one_record_of_each_need_and_news_go_before() -> None:
    worker = Worker()
    await worker.told(*NEEDS, vacancy("vacancy-1"))
    worker.policy(first_policy(version="2027-01-01.1", threshold=1), 2)
    worker.hears(need("need-new"))
    told = [match.need_id for match in await worker.says()]
    assert told[0] == "need-new"
    assert sorted(told[1:]) == [one.need_id for one in NEEDS]
