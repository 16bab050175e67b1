"""The one user of the embedded Kafka who may do everything: its password, and how the nodes know it.

Between themselves, and to make the first user, the nodes take a password that stands in their own settings (SASL/PLAIN). Everybody
else, and the superuser from then on, logs in by SCRAM-SHA-512, where no password travels.
"""

import asyncio
import json
import logging
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.principals.administration import administration, brokers_as
from deploy.principals.declared import load_access
from shared.messaging.security import Brokers, Security

_FILE: Final = "superuser.json"


class Superuser:
    """Made once for a cluster, and kept in its folder for nobody else to read."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / _FILE
        self._known: dict[str, str] = {}
        self._one_reads = threading.Lock()  # nodes are prepared side by side, and all must be told the same password

    @property
    def name(self) -> str:
        return load_access().superuser

    @property
    def password(self) -> str:
        return self._read()["password"]

    def brokers(self, addresses: str) -> Brokers:
        """Give the brokers to the superuser."""
        return brokers_as(addresses, self.name, self.password)

    def properties(self) -> dict[str, str]:
        """What the nodes' settings say of logins and rights."""
        login = "org.apache.kafka.common.security"
        plain = f'{login}.plain.PlainLoginModule required username="{self.name}" password="{self.password}" user_{self.name}="{self.password}";'
        return {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.clients.plain.sasl.jaas.config": plain,
            "listener.name.clients.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": plain,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{self.name}",
        }

    def let_in(self, brokers: Brokers) -> None:
        """Make the superuser known to SCRAM, the first time that the cluster is up (or is up with logins)."""
        if "let_in" in self._read():
            return
        with ThreadPoolExecutor(1) as pool:  # the caller may be in a loop of its own
            pool.submit(asyncio.run, self._let_in(brokers)).result()
        self._write(self._read() | {"let_in": "yes"})

    async def _let_in(self, brokers: Brokers) -> None:
        by_plain = Security("SASL_PLAINTEXT", "PLAIN", self.name, self.password)
        with _no_word_of_plain():
            async with administration(Brokers(str(brokers), by_plain)) as admin:
                await admin.put_users({self.name: self.password})

    def _read(self) -> dict[str, str]:
        with self._one_reads:
            if not self._known:
                if self._file.exists():
                    self._known = dict(json.loads(self._file.read_text(encoding="utf-8")))
                else:
                    self._write({"password": secrets.token_hex(24)})
            return self._known

    def _write(self, known: dict[str, str]) -> None:
        self._known = known
        self._file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._file.with_suffix(".new")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(known), encoding="utf-8")
        scratch.replace(self._file)


@contextmanager
def _no_word_of_plain() -> Iterator[None]:
    """Leave out aiokafka's warning that PLAIN is readable on the way: this way does not leave the machine."""
    logger = logging.getLogger("aiokafka.conn")

    def is_not_about_plain(record: logging.LogRecord) -> bool:
        return "in the clear" not in record.getMessage()

    logger.addFilter(is_not_about_plain)
    try:
        yield
    finally:
        logger.removeFilter(is_not_about_plain)
