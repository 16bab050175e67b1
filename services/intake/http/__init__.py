"""HTTP in, a file per thing: thin handlers, each with its description, and `routes()` that lists them."""

from typing import Any


def document() -> dict[str, Any]:
    """Make the OpenAPI 3.1 document of everything that the one origin passes on to intake."""
    from services.intake.routes import document as of_the_table  # noqa: PLC0415 - the table imports the files beside this one

    return of_the_table()
