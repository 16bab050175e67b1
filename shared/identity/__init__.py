"""Who asks: people and partners as their OpenID provider names them."""

from shared.identity.errors import ProviderAwayError, TokenRefusedError
from shared.identity.identity import Identity
from shared.identity.middleware import CSRF_FIELD, CSRF_HEADER, IdentityMiddleware, provider_away, session_of
from shared.identity.person import Person, Role, person_of, set_person
from shared.identity.sessions import Session

__all__ = [
    "CSRF_FIELD",
    "CSRF_HEADER",
    "Identity",
    "IdentityMiddleware",
    "Person",
    "ProviderAwayError",
    "Role",
    "Session",
    "TokenRefusedError",
    "person_of",
    "provider_away",
    "session_of",
    "set_person",
]
