"""Servers run without rights, also when the launcher is root (PostgreSQL refuses to run as root at all)."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.embedded.errors import CannotStartError

_MAPPED_USER = "1000"


@dataclass(frozen=True, slots=True)
class Account:
    """A user that a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """How a child loses root's rights: words before its command, or another account."""

    prefix: tuple[str, ...] = ()
    account: Account | None = None

    def give(self, *paths: Path) -> None:
        """Hand these folders and files over to the account that the child runs as."""
        if self.account is not None:
            for path in paths:
                os.chown(path, self.account.uid, self.account.gid)


NO_CHANGE = Unprivileged()


def without_rights(must_read: Sequence[Path]) -> Unprivileged:
    """How to run a server that refuses root.

    A user namespace comes first: root's files stay root's and no other account needs to pass the parents of the checkout.
    Else `nobody`, when it can reach what it must read.

    Raises:
        CannotStartError: neither works here.
    """
    if os.geteuid() != 0:
        return NO_CHANGE
    namespace = user_namespace()
    if namespace is not None:
        return namespace
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    for path in must_read:
        closed = _closed_to(account, path)
        if closed is not None:
            message = (
                f"PostgreSQL does not run as root, user namespaces are not allowed here and the user nobody may not enter "
                f"{closed}: run this as an ordinary user, or allow it with: chmod o+rx {closed}"
            )
            raise CannotStartError(message)
    return Unprivileged(account=account)


@cache
def user_namespace() -> Unprivileged | None:
    """The prefix that runs a command as an ordinary user inside a namespace of its own, None where that is not allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = (unshare, "--user", f"--map-user={_MAPPED_USER}", "--")
    answer = subprocess.run([*prefix, "id", "-u"], capture_output=True, text=True, check=False)
    return Unprivileged(prefix=prefix) if answer.stdout.strip() == _MAPPED_USER else None


def _closed_to(account: Account, path: Path) -> Path | None:
    """The outermost folder or file on the way to `path` that the account may not pass, None when it may."""
    for step in (*reversed(path.resolve().parents), path.resolve()):
        if not step.exists():
            return None
        allowed = subprocess.run(
            ["test", "-r" if step.is_file() else "-x", str(step)],
            user=account.uid,
            group=account.gid,
            check=False,
        )
        if allowed.returncode != 0:
            return step
    return None
