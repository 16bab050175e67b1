"""What a process is told of Kafka fits together, or it does not start; and a password is shown nowhere."""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.messaging.security import Brokers, Security, brokers_of, client_options, environment_of, settings_of
from shared.messaging.settings import KafkaSettings

LOGIN = Security("SASL_PLAINTEXT", username="intake", password="hemmelig")


def told(monkeypatch: pytest.MonkeyPatch, **variables: object) -> KafkaSettings:
    monkeypatch.setenv("LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    for name, value in variables.items():
        monkeypatch.setenv(f"LEDIGPLADS_KAFKA_{name.upper()}", str(value))
    return KafkaSettings()


def test_without_a_word_about_it_nobody_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert client_options(told(monkeypatch).brokers) == {"bootstrap_servers": "k:9092", "security_protocol": "PLAINTEXT"}


def test_a_login_is_by_scram_unless_it_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    options = client_options(told(monkeypatch, security_protocol="SASL_PLAINTEXT", username="u", password="p").brokers)
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("u", "p")


def test_a_password_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hemmelig\n", encoding="utf-8")
    settings = told(monkeypatch, security_protocol="SASL_PLAINTEXT", username="u", password_file=file)
    assert settings.brokers.security.password == "hemmelig"


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"security_protocol": "SASL_SSL", "username": "u"}, "needs a user name and a password"),
        ({"username": "u", "password": "hemmelig"}, "need the protocol SASL_SSL or SASL_PLAINTEXT"),
        ({"ca_file": "/ca.pem"}, "certificates need the protocol SSL or SASL_SSL"),
        ({"security_protocol": "SSL", "certificate_file": "/c.pem"}, "a certificate needs its key"),
        ({"security_protocol": "TLS"}, "Input should be 'PLAINTEXT'"),
        ({"security_protocol": "SASL_SSL", "username": "u", "password_file": "/nowhere"}, "there is no such file"),
    ],
)
def test_what_does_not_fit_together_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint) as refused:
        told(monkeypatch, **variables)
    assert "hemmelig" not in str(refused.value)


def test_a_password_is_in_no_text_that_is_made_of_the_addresses() -> None:
    brokers = Brokers("k:9092", LOGIN)
    shown = [str(brokers), repr(brokers), f"{brokers}", repr(brokers.security), repr([brokers])]
    assert not [text for text in shown if "hemmelig" in text]


def test_the_way_in_survives_a_copy_a_process_and_a_state_file() -> None:
    brokers = Brokers("k:9092", LOGIN)
    written_down = {name: str(value) for name, value in settings_of(brokers).items()}
    for other in (copy.deepcopy(brokers), pickle.loads(pickle.dumps(brokers)), brokers_of(written_down)):  # noqa: S301 - our own
        assert (other, other.security) == (brokers, LOGIN)


def test_a_process_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = Brokers("k:9092", LOGIN)
    for name, value in environment_of(brokers).items():
        monkeypatch.setenv(name, value)
    assert KafkaSettings().brokers.security == LOGIN
