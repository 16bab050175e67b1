"""What we are made of is listed whole, and asked about; that nobody could be asked is said and is no good news."""

from __future__ import annotations

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from deploy.embedded.jars import locked_jars
from deploy.embedded.ports import LOOPBACK, free_port
from deploy.supply import audit
from deploy.supply.sbom import bill_of_materials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEAK = "pkg:pypi/aiokafka@0.14.0"


class FakeOsv(BaseHTTPRequestHandler):
    """Knows one weakness."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        results = [
            {"vulns": [{"id": "GHSA-test"}]} if one["package"]["purl"].startswith("pkg:pypi/aiokafka@") else {} for one in asked
        ]
        body = json.dumps({"results": results}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        """Say nothing."""


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer((LOOPBACK, 0), FakeOsv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://{LOOPBACK}:{server.server_port}"
    monkeypatch.setenv("LEDIGPLADS_OSV_URL", url)
    yield url
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_wheel_of_the_lock_and_every_jar_is_listed_with_a_hash() -> None:
    bill = bill_of_materials()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    purls = {one["purl"] for one in bill["components"]}
    assert {f"pkg:maven/{jar.group}/{jar.artifact}@{jar.version}" for jar in locked_jars()} <= purls
    assert any(purl.startswith("pkg:pypi/aiokafka@") for purl in purls)
    assert any(purl.startswith("pkg:maven/org.apache.kafka/kafka") for purl in purls)
    for component in bill["components"]:
        assert component.get("hashes") or component.get("externalReferences"), component["name"]


def test_a_known_weakness_is_named_with_its_component(osv: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.ask([WEAK, "pkg:pypi/orjson@3.13.0"], osv) == [audit.Weakness(WEAK, "GHSA-test")]
    assert audit.main() == audit.SOMETHING_KNOWN
    assert "GHSA-test" in capsys.readouterr().out


def test_what_was_judged_counts_until_its_day(
    osv: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert osv
    file = tmp_path / "judged.yaml"
    file.write_text("judged:\n  - {id: GHSA-test, why: not called, until: 2099-01-01}\n", encoding="utf-8")
    assert audit.judged(date(2099, 1, 2), file) == {}
    monkeypatch.setattr(audit, "judged", lambda _today: {"GHSA-test": "not called"})
    assert audit.main() == audit.NOTHING_KNOWN
    assert "1 judged before" in capsys.readouterr().out


def test_where_nobody_can_be_asked_it_is_said_and_is_not_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDIGPLADS_OSV_URL", f"http://{LOOPBACK}:{free_port()}")
    assert audit.main() == audit.NOT_ASKED
    assert capsys.readouterr().out.startswith("NOT AUDITED: ")
