"""Who asks: people and partners as their OpenID provider names them."""

from shared.identity.person import Person, Role, person_of

__all__ = ["Person", "Role", "person_of"]
