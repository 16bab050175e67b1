"""Write jars.lock.toml anew: `python -m deploy.embedded.relock` after a change of the versions below."""

import tempfile
from pathlib import Path

from jgo.maven import Dependency, MavenContext, PythonResolver

from deploy.embedded.jars import LOCK, sha256_of

KAFKA = ("org.apache.kafka", "kafka_2.13", "4.3.1")
LOGGING = ("org.slf4j", "slf4j-simple", "1.7.36")
_HEADER = """\
# The jars of the embedded Kafka. Written by `python -m deploy.embedded.relock`; do not edit by hand.
"""


def main() -> None:
    """Resolve, fetch, and write group, artifact, version and SHA-256 of each jar."""
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(PythonResolver(), repo_cache=Path(scratch))
        roots = [
            Dependency(context.project(group, artifact).at_version(version).artifact())
            for group, artifact, version in (KAFKA, LOGGING)
        ]
        named, followed = context.resolver.resolve(roots)
        entries = [
            f'[[jar]]\ngroup = "{one.groupId}"\nartifact = "{one.artifactId}"\nversion = "{one.version}"\n'
            f'sha256 = "{sha256_of(one.artifact.resolve())}"\n'
            for one in sorted([*named, *followed], key=lambda one: (one.groupId, one.artifactId))
        ]
    LOCK.write_text("\n".join([_HEADER, *entries]), encoding="utf-8")


if __name__ == "__main__":
    main()
