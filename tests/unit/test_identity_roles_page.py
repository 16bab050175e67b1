"""The guide to the roles says what the table of permissions says."""

import pytest

from deploy.contracts.roles import PAGE, page_with_tables, tables
from shared.identity import Role
from shared.identity.permissions import TABLE


def test_the_guide_has_the_tables_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_tables(page), "write it anew: python -m deploy.contracts.roles"


def test_every_route_and_every_role_is_on_the_page() -> None:
    made = tables()
    assert all(f"`{row.method} {row.path}`" in made for row in TABLE)
    assert all(f"`{role}`" in PAGE.read_text(encoding="utf-8") for role in Role)


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        page_with_tables("# Roller\n")
