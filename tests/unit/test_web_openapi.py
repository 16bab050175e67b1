"""The OpenAPI document out of routes, descriptions and models."""

from typing import Annotated

import pytest
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.web.openapi import Body, Header, Parameter, UndescribedRoute, openapi_document, operation


class Place(BaseModel):
    """A place."""

    name: Annotated[str, Field(description="What it is called", max_length=5)]


@operation(
    summary_da="Sæt en plads",
    summary_en="Put a place",
    request=Body(Place | list[Place], examples={"one": {"name": "x"}}),
    responses={200: Body(Place, headers=(Header("ETag", "mærket", "the tag"),)), 304: None},
    parameters=[Parameter("limit", {"type": "integer"}, "query", "hvor mange", "how many", example=3)],
    tags=["places"],
    problems=[404],
)
async def put_place(_request: Request) -> Response:
    return Response()


async def undescribed(_request: Request) -> Response:
    return Response()


def test_an_operation_stands_in_the_document_with_parameters_models_and_problems() -> None:
    document = openapi_document([Route("/places/{place}", put_place, methods=["PUT"])], title="Places", version="1")
    found = document["paths"]["/places/{place}"]["put"]

    assert [(one["in"], one["name"], one["required"]) for one in found["parameters"]] == [
        ("path", "place", True),
        ("query", "limit", False),
        ("header", "Accept-Language", False),
    ]
    assert found["requestBody"]["content"]["application/json"] == {
        "schema": {
            "anyOf": [
                {"$ref": "#/components/schemas/Place"},
                {"items": {"$ref": "#/components/schemas/Place"}, "type": "array"},
            ]
        },
        "examples": {"one": {"value": {"name": "x"}}},
    }
    assert set(found["responses"]) == {"200", "304", "400", "404", "405", "413", "415", "422", "500", "503"}
    assert set(found["responses"]["200"]["headers"]) == {"ETag"}
    assert document["components"]["schemas"]["Place"]["properties"]["name"]["description"] == "What it is called"
    assert set(document["components"]["schemas"]["ProblemDocument"]["required"]) >= {"status", "title", "detail", "errors"}


def test_a_route_without_a_description_is_named() -> None:
    with pytest.raises(UndescribedRoute, match="/places"):
        openapi_document([Route("/places", undescribed)], title="Places", version="1")
