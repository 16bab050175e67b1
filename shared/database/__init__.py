"""PostgreSQL for the services that have one: a pool, migrations, named queries, notifications and a health check."""

from shared.database.health import check_database
from shared.database.listener import Listener
from shared.database.migrations import MigrationError, migrate
from shared.database.pool import Connection, Pool, create_pool
from shared.database.queries import Queries, load_queries

__all__ = [
    "Connection",
    "Listener",
    "MigrationError",
    "Pool",
    "Queries",
    "check_database",
    "create_pool",
    "load_queries",
    "migrate",
]
