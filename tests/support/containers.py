"""Kafka and PostgreSQL in containers, by testcontainers; only images that are already at hand are used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker  # type: ignore[import-untyped]
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]

from deploy.embedded.errors import CannotStartError
from deploy.embedded.ports import LOOPBACK, free_port

# The image of testcontainers' reaper is one more that would have to be at hand; the containers end with their fixtures.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

_CONTROLLER_PORT = 9093
_BROKER_PORT = 19092
_CLIENT_PORT = 9092


def kafka_image() -> str:
    return os.environ.get("TEST_KAFKA_IMAGE", "apache/kafka:4.3.1")


def postgres_image() -> str:
    return os.environ.get("TEST_POSTGRES_IMAGE", "postgres:18")


def what_is_missing() -> str | None:
    """Say what keeps containers from being used: no engine, or an image that is not at hand; None when nothing does."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return "there is no Docker engine on this machine"
    try:
        client = docker.from_env()
    except DockerException as error:
        return f"the Docker engine does not answer ({type(error).__name__})"
    try:
        absent = [image for image in (kafka_image(), postgres_image()) if not _is_at_hand(client, image)]
    except DockerException as error:
        return f"the Docker engine does not answer ({type(error).__name__})"
    finally:
        client.close()
    return f"not at hand: {', '.join(absent)} (get it with docker pull)" if absent else None


def _is_at_hand(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


@contextmanager
def kafka() -> Iterator[str]:
    """Run Apache's own image, one node, and give its bootstrap servers.

    Clients are told the port on this machine; the broker reaches itself by another listener inside the container.
    """
    port = free_port()
    container = DockerContainer(
        kafka_image(),
        env={
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": f"CLIENT://:{_CLIENT_PORT},BROKER://:{_BROKER_PORT},CONTROLLER://:{_CONTROLLER_PORT}",
            "KAFKA_ADVERTISED_LISTENERS": f"CLIENT://{LOOPBACK}:{port},BROKER://localhost:{_BROKER_PORT}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{_CONTROLLER_PORT}",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "4",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        },
        _wait_strategy=LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(90),
    ).with_bind_ports(_CLIENT_PORT, port)
    with _started(container):
        yield f"{LOOPBACK}:{port}"


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL's own image and give the administrator's DSN."""
    container = PostgresContainer(postgres_image(), driver=None)
    container.with_command("postgres -c fsync=off -c max_connections=200")
    with _started(container):
        yield container.get_connection_url()


@contextmanager
def _started(container: DockerContainer) -> Iterator[None]:
    try:
        container.start()
    except (TimeoutError, RuntimeError, DockerException) as error:
        words = _last_words(container)
        container.stop()
        raise CannotStartError(f"The container of {container.image} cannot start ({type(error).__name__}): {words}") from error
    try:
        yield
    finally:
        container.stop()


def _last_words(container: DockerContainer) -> str:
    try:
        stdout, stderr = container.get_logs()
    except ContainerStartException:
        return "it was not made"
    return (stdout + stderr).decode(errors="replace").strip()[-500:] or "it said nothing"
