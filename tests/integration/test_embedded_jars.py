"""What is not what the lock says does not run."""

import hashlib
from pathlib import Path
from typing import Self

import pytest

from deploy.embedded import jars
from deploy.embedded.errors import CannotStartError
from deploy.embedded.jars import Jar, class_path, locked_jars

GOOD = b"the real jar"


class Index:
    """Stands for a package index that serves one content for every artifact."""

    def __init__(self, scratch: Path, content: bytes) -> None:
        self._path = scratch / "served.jar"
        self._content = content
        self.asked = 0

    def project(self, _group: str, _artifact: str) -> Self:
        return self

    def at_version(self, _version: str) -> Self:
        return self

    def artifact(self) -> Self:
        return self

    def resolve(self) -> Path:
        self.asked += 1
        self._path.write_bytes(self._content)
        return self._path


@pytest.fixture
def jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jar:
    monkeypatch.setenv("LEDIGPLADS_CACHE", str(tmp_path / "cache"))
    return Jar("dk.example", "thing", "1.0", hashlib.sha256(GOOD).hexdigest())


def _serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> Index:
    index = Index(tmp_path, content)
    monkeypatch.setattr(jars, "_contexts", lambda _scratch: [index])
    return index


def test_a_jar_is_fetched_once_and_found_after_that(jar: Jar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = _serve(monkeypatch, tmp_path, GOOD)
    [path] = class_path([jar])
    assert path.read_bytes() == GOOD
    assert class_path([jar]) == [path]
    assert index.asked == 1


def test_a_jar_that_was_damaged_in_the_cache_is_fetched_again(jar: Jar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, tmp_path, GOOD)
    [path] = class_path([jar])
    path.write_bytes(GOOD[:-1])
    class_path([jar])
    assert path.read_bytes() == GOOD


def test_an_index_that_serves_something_else_is_refused_and_nothing_of_it_is_kept(
    jar: Jar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _serve(monkeypatch, tmp_path, b"something else")
    with pytest.raises(CannotStartError, match=r"dk\.example:thing:1\.0 is not the file that jars\.lock\.toml names"):
        class_path([jar])
    assert not list((tmp_path / "cache").rglob("*.jar"))


def test_the_lock_names_a_checksum_for_every_jar_and_no_place() -> None:
    assert any(one.artifact == "kafka_2.13" for one in locked_jars())
    assert all(len(one.sha256) == 64 for one in locked_jars())
    assert "://" not in jars.LOCK.read_text(encoding="utf-8")
