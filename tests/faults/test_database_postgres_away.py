"""PostgreSQL killed under a pool and a listener."""

import asyncio

from deploy.embedded.postgres import EmbeddedPostgres
from shared.database import Listener, check_database, create_pool
from tests.support.waiting import eventually


async def test_pool_and_listener_wait_for_a_postgres_that_is_away_and_come_back_by_themselves(
    mortal_postgres: EmbeddedPostgres,
) -> None:
    heard: list[str] = []
    listener = Listener(mortal_postgres.dsn, {"places": heard.append})
    mortal_postgres.kill()
    listening = asyncio.create_task(listener.run())
    pool_to_come = asyncio.create_task(create_pool(mortal_postgres.dsn, application_name="test"))
    try:
        await asyncio.to_thread(mortal_postgres.restart)
        async with await asyncio.wait_for(pool_to_come, 20) as pool:
            await asyncio.wait_for(listener.wait_until_listening(), 20)

            mortal_postgres.kill()
            await eventually(lambda: check_database(pool), until=lambda answer: not answer[0])
            await asyncio.to_thread(mortal_postgres.restart)
            await eventually(lambda: check_database(pool), until=lambda answer: answer[0], within_seconds=20)
            await asyncio.wait_for(listener.wait_until_listening(), 20)
            await pool.execute("NOTIFY places, 'again'")
            await eventually(lambda: heard, until=lambda seen: seen == ["again"])
    finally:
        listening.cancel()
        await asyncio.wait({listening})
