"""Making the brokers' users and ACLs what is declared: what is missing is added, what is too much is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.principals.administration import Administration
    from deploy.principals.bindings import Binding, Declaration


async def apply(admin: Administration, declared: Declaration, passwords: Mapping[str, str]) -> tuple[int, int]:
    """Give every principal its rights and, where one is given, its password; says how many ACLs were added and taken back.

    Args:
        admin: who may.
        declared: the rights.
        passwords: by principal's name (not the user's).
    """
    changed = await _make_so(admin, declared.bindings())
    if passwords:
        # After the ACLs: whoever can log in has its rights.
        await admin.put_users({declared.user(name): password for name, password in passwords.items()})
    return changed


async def admit_partner(admin: Administration, declared: Declaration, partner: str, password: str | None) -> None:
    """Give a partner its rights, and a password if there is one to give."""
    user = declared.partner_user(partner)
    await _make_so(admin, {user: declared.partner_bindings(partner)})
    if password is not None:
        await admin.put_users({user: password})


async def dismiss_partner(admin: Administration, declared: Declaration, partner: str) -> None:
    """Take a partner's user away, and all it was allowed."""
    user = declared.partner_user(partner)
    await admin.remove_users([user])
    await _make_so(admin, {user: frozenset()})


async def _make_so(admin: Administration, wanted: Mapping[str, frozenset[Binding]]) -> tuple[int, int]:
    found = await admin.bindings()
    missing = [(user, one) for user, bindings in wanted.items() for one in sorted(bindings - found.get(user, set()))]
    surplus = [(user, one) for user, bindings in wanted.items() for one in sorted(found.get(user, set()) - bindings)]
    await admin.allow(missing)
    await admin.forbid(surplus)
    return len(missing), len(surplus)
