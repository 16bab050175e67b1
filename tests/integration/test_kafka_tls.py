"""Every kind of client that we have speaks with a Kafka that wants TLS and a login, and with no other in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from aiokafka.errors import KafkaConnectionError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.ports import LOOPBACK, free_port
from deploy.principals.administration import administration
from shared.messaging.consuming import make_broker
from shared.messaging.log import read_to_end
from shared.messaging.producing import Producer
from shared.messaging.security import Brokers, security_of
from shared.messaging.topics import create_topics, list_topics, load_topics
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.messaging.topics import TopicNames


@dataclass(frozen=True, slots=True)
class Certificates:
    """One that vouches for others, the broker's (certificate and key in one file), and a client's."""

    authority: Path
    broker: Path
    client: Path
    client_key: Path


def make_certificates(folder: Path) -> Certificates:
    folder.mkdir()
    key, certificate = _issued("authority", None)
    made = Certificates(folder / "ca.pem", folder / "broker.pem", folder / "client.pem", folder / "client-key.pem")
    made.authority.write_bytes(_pem(certificate))
    broker_key, broker = _issued(LOOPBACK, (key, certificate))
    made.broker.write_bytes(_key_pem(broker_key) + _pem(broker))
    client_key, client = _issued("our-system", (key, certificate))
    made.client.write_bytes(_pem(client))
    made.client_key.write_bytes(_key_pem(client_key))
    return made


def _issued(
    name: str, by: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[1].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
    return key, builder.sign(by[0] if by else key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


class KafkaWithTls(EmbeddedKafka):
    """The embedded one with a second door, where clients come by TLS, show a certificate, and log in."""

    def __init__(self, directory: Path, certificates: Certificates) -> None:
        super().__init__(directory)
        self._certificates = certificates
        self._tls_port = free_port()

    @property
    def tls(self) -> Brokers:
        by_scram = security_of(self.bootstrap_servers)
        files = self._certificates
        security = replace(
            by_scram, protocol="SASL_SSL", ca_file=files.authority, certificate_file=files.client, key_file=files.client_key
        )
        return Brokers(f"{LOOPBACK}:{self._tls_port}", security)

    def _properties(self, index: int, data: Path) -> str:
        door = f"TLS://{LOOPBACK}:{self._tls_port}"
        text = super()._properties(index, data)
        for name in ("listeners", "advertised.listeners"):
            text = text.replace(f"\n{name}=", f"\n{name}={door},")
        text = text.replace("\nlistener.security.protocol.map=", "\nlistener.security.protocol.map=TLS:SASL_SSL,")
        own = {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self._certificates.broker,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self._certificates.authority,
            "ssl.client.auth": "required",
        }
        return text + "".join(f"listener.name.tls.{name}={value}\n" for name, value in own.items())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaWithTls]:
    folder = tmp_path_factory.mktemp("tls")
    with KafkaWithTls(folder / "kafka", make_certificates(folder / "certificates")) as running:
        yield running


async def test_topics_producer_reader_and_group_go_by_tls(server: KafkaWithTls, names: TopicNames, topics_file: Path) -> None:
    await create_topics(server.tls, load_topics(topics_file), names)
    topic = names.topic("offers")
    async with Producer(server.tls) as producer:
        await producer.publish(topic, key="a", value=b"{}")
    found = [record.key async for records in read_to_end(server.tls, topic) for record in records]
    assert found == ["a"]

    broker = make_broker(server.tls, client_id="tls")
    heard: list[bytes] = []

    @broker.subscriber(topic, group_id=names.group("tls"), auto_offset_reset="earliest")
    async def hear(body: bytes) -> None:
        heard.append(body)

    async with broker:
        await broker.start()
        await eventually(lambda: heard, within_seconds=30)


async def test_users_and_rights_are_administered_by_tls(server: KafkaWithTls) -> None:
    async with administration(server.tls) as admin:
        assert "admin" in await admin.users()


async def test_a_broker_for_which_nobody_vouches_gets_no_password(server: KafkaWithTls) -> None:
    with pytest.raises(KafkaConnectionError):
        await list_topics(Brokers(str(server.tls), replace(server.tls.security, ca_file=None)))


async def test_who_shows_no_certificate_stays_outside(server: KafkaWithTls) -> None:
    with pytest.raises(KafkaConnectionError):
        await list_topics(Brokers(str(server.tls), replace(server.tls.security, certificate_file=None, key_file=None)))


async def test_who_comes_without_tls_stays_outside(server: KafkaWithTls) -> None:
    with pytest.raises(KafkaConnectionError):
        await list_topics(Brokers(str(server.tls), security_of(server.bootstrap_servers)))
