"""What a change of the OpenAPI document does to those who call."""

from copy import deepcopy
from typing import Any

import pytest

from deploy.contracts.calls import breaks_of_calls

Document = dict[str, Any]

BEFORE: Document = {
    "paths": {
        "/offers/{id}": {
            "get": {
                "parameters": [{"name": "fields", "in": "query", "schema": {"type": "string", "maxLength": 9}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Offer"}}}}},
            },
            "put": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Draft"}}}},
                "responses": {"204": {}, "422": {}},
            },
        }
    },
    "components": {
        "schemas": {
            "Offer": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 10}}},
            "Draft": {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": 10}},
                "additionalProperties": False,
            },
        }
    },
}
GET, PUT = "GET /offers/{id}", "PUT /offers/{id}"


def told(change: str, to: Any) -> list[str]:
    """Change what stands at a path of BEFORE (None takes it away), and tell what that breaks."""
    document = deepcopy(BEFORE)
    *above, last = change.replace("OFFERS", "paths|/offers/{id}").split("|")
    place: Any = document
    for part in above:
        place = place[int(part) if isinstance(place, list) else part]
    if to is None:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[last] = to
    return [f"{found.what} → {', '.join(found.consumers)}" for found in breaks_of_calls(BEFORE, document)]


@pytest.mark.parametrize(
    ("change", "to", "what"),
    [
        ("OFFERS|put", None, f"is gone ({PUT})"),
        ("OFFERS|get|parameters|0", None, f"the query parameter fields is gone ({GET})"),
        ("OFFERS|get|parameters", [*BEFORE["paths"]["/offers/{id}"]["get"]["parameters"], {"name": "as", "in": "query", "required": True, "schema": {}}],
         f"the query parameter as is new and required ({GET})"),
        ("OFFERS|get|parameters|0|required", True, f"the query parameter fields is required from now on ({GET})"),
        ("OFFERS|get|parameters|0|schema|maxLength", 5, f"the query parameter fields: the whole has another greatest length: 9 → 5 ({GET})"),
        ("OFFERS|put|requestBody|required", True, f"a body is required from now on ({PUT})"),
        ("OFFERS|put|requestBody|content|application/json", None, f"the body is not application/json any more ({PUT})"),
        ("components|schemas|Draft|properties|name|maxLength", 5, f"the body: name has another greatest length: 10 → 5 ({PUT})"),
        ("components|schemas|Draft|required", ["name"], f"the body: name may be absent until now and is required from now on ({PUT})"),
        ("OFFERS|get|responses|200", None, f"answer 200 is gone ({GET})"),
        ("OFFERS|get|responses|200|content|application/json", None, f"answer 200 is not application/json any more ({GET})"),
        ("components|schemas|Offer|properties|name|maxLength", 20, f"answer 200: name has another greatest length: 10 → 20 ({GET})"),
        ("components|schemas|Offer|properties|name", None, f"answer 200: name is gone ({GET})"),
        ("components|schemas|Offer|required", [], f"answer 200: name was required and may be absent now ({GET})"),
    ],
)  # fmt: skip
def test_a_change_that_breaks_who_calls(change: str, to: Any, what: str) -> None:
    assert told(change, to) == [f"{what} → whoever calls over HTTP"]


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("OFFERS|get|summary", "other words"),
        ("OFFERS|delete", {"responses": {"204": {}}}),
        ("OFFERS|put|responses|422", None),
        (
            "OFFERS|get|parameters",
            [*BEFORE["paths"]["/offers/{id}"]["get"]["parameters"], {"name": "as", "in": "query", "schema": {}}],
        ),
        ("components|schemas|Draft|properties|name|maxLength", 20),
        ("components|schemas|Draft|properties|kind", {"type": "string"}),
        ("components|schemas|Offer|properties|name|maxLength", 5),
        ("components|schemas|Offer|properties|kind", {"type": "string"}),
    ],
)
def test_a_change_that_breaks_nobody_who_calls(change: str, to: Any) -> None:
    assert told(change, to) == []


def test_what_many_calls_have_in_common_is_told_once() -> None:
    document = deepcopy(BEFORE)
    for name in ("a", "b", "c"):
        document["paths"][f"/{name}"] = document["paths"]["/offers/{id}"]
    changed = deepcopy(document)
    del changed["components"]["schemas"]["Offer"]["properties"]["name"]
    [found] = breaks_of_calls(document, changed)
    assert (
        str(found)
        == "openapi: answer 200: name is gone (GET /offers/{id}, GET /a and 2 more). It breaks whoever calls over HTTP."
    )


def test_a_document_that_was_not_there_promised_nothing() -> None:
    assert breaks_of_calls({}, BEFORE) == []
