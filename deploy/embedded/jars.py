"""Kafka's jars: exactly those of the lock, each with its checksum, fetched once per user and checked at every start."""

import hashlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests
from jgo.maven import MavenContext, MvnResolver, PythonResolver

from deploy.embedded.errors import CannotStartError

LOCK = Path(__file__).with_name("jars.lock.toml")
_DOWNLOADS_AT_ONCE = 8
_TIMEOUT_SECONDS = 60
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked artifact."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Unique among all versions of all artifacts: the content's own hash is part of it."""
        return f"{self.artifact}-{self.version}-{self.sha256[:12]}.jar"


def locked_jars(lock: Path = LOCK) -> tuple[Jar, ...]:
    """Read the lock."""
    return tuple(Jar(**entry) for entry in tomllib.loads(lock.read_text(encoding="utf-8"))["jar"])


def cache_folder() -> Path:
    """The user's own cache, shared by all checkouts: LEDIGPLADS_CACHE, or where the platform keeps caches."""
    configured = os.environ.get("LEDIGPLADS_CACHE")
    if configured:
        return Path(configured)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ledigplads"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ledigplads"


def class_path(jars: Iterable[Jar] | None = None, *, progress: Progress = lambda _done, _all: None) -> list[Path]:
    """All jars, verified; what is missing or damaged is fetched.

    Raises:
        CannotStartError: a jar cannot be fetched, or is not what the lock says.
    """
    wanted = tuple(jars if jars is not None else locked_jars())
    folder = cache_folder() / "jars"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The cache folder {folder} cannot be made ({error.strerror}): name another one with LEDIGPLADS_CACHE"
        raise CannotStartError(message) from error
    missing = [jar for jar in wanted if not _is_intact(folder / jar.file_name, jar)]
    if missing:
        _fetch(missing, folder, progress)
    return [folder / jar.file_name for jar in wanted]


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and sha256_of(path) == jar.sha256


def sha256_of(path: Path) -> str:
    """The checksum of a file as the lock writes it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(jars: list[Jar], folder: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch, ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        progress(0, len(jars))
        for done, _ in enumerate(pool.map(lambda jar: _fetch_one(jar, Path(scratch), folder), jars), start=1):
            progress(done, len(jars))


def _fetch_one(jar: Jar, scratch: Path, folder: Path) -> None:
    """Fetch into a folder of our own first: another checkout may be fetching the same, and a half file must not stay."""
    failure: Exception | None = None
    for context in _contexts(scratch):
        try:
            fetched = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (requests.RequestException, RuntimeError, OSError) as error:
            failure = error
            continue
        if sha256_of(fetched) != jar.sha256:
            message = (
                f"{jar.group}:{jar.artifact}:{jar.version} is not the file that jars.lock.toml names (its checksum differs): "
                "do not use this package index, or see who changed the lock"
            )
            raise CannotStartError(message)
        fetched.replace(folder / jar.file_name)
        return
    message = (
        f"{jar.group}:{jar.artifact}:{jar.version} could not be fetched ({type(failure).__name__}): Kafka's jars come from Maven Central "
        "the first time, so connect to the network, or name a mirror with LEDIGPLADS_MAVEN_REPOSITORY"
    )
    raise CannotStartError(message) from failure


def _contexts(scratch: Path) -> Iterable[MavenContext]:
    """The ways to an artifact: directly, and then an installed Maven, which honours a mirror in its settings.xml."""
    mirror = os.environ.get("LEDIGPLADS_MAVEN_REPOSITORY")
    remote = {"mirror": mirror} if mirror else None
    yield MavenContext(PythonResolver(), repo_cache=scratch / "direct", remote_repos=remote, timeout=_TIMEOUT_SECONDS)
    maven = shutil.which("mvn")
    if maven is not None and mirror is None:
        yield MavenContext(MvnResolver(Path(maven)), repo_cache=scratch / "maven", remote_repos={})
