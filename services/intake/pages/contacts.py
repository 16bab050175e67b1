"""A public contact as links: what is no telephone number, mail address or web address stays text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from shared.contracts.vacancy import Contact

_PHONE: Final = re.compile(r"\+?[0-9][0-9 .()/-]{2,38}")
_MAIL: Final = re.compile(r"[^@\s<>\"?&]{1,100}@[^@\s<>\"?&/]{1,100}")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to get in touch; `href` is None where the text is no address that can be followed."""

    text: str
    href: str | None


def ways(contact: Contact | None) -> tuple[Way, ...]:
    """Give the ways that are stated, in the order in which people use them."""
    if contact is None:
        return ()
    found = []
    if contact.phone:
        is_number = _PHONE.fullmatch(contact.phone)
        found.append(Way(contact.phone, f"tel:{re.sub(r'[^+0-9]', '', contact.phone)}" if is_number else None))
    if contact.email:
        is_mail = _MAIL.fullmatch(contact.email)
        found.append(Way(contact.email, f"mailto:{quote(contact.email, safe='@+')}" if is_mail else None))
    if contact.web:
        found.append(Way(contact.web, contact.web if _is_web(contact.web) else None))
    return tuple(found)


def _is_web(text: str) -> bool:
    """Only http and https: a link of another scheme could run a script."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
