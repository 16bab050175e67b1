"""Checks of our own for schemathesis: a refusal says why, and what the schema allows is refused for its meaning only, never its form."""

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response

from shared.web.validation import TEXTS

_OF_FORM = frozenset({*TEXTS, "unknown_code", "string_pattern_mismatch"}) - {"json_invalid"}
_SAYS_WHY = (400, 409, 412, 415, 422)
_UNPROCESSABLE = 422


_TAGS = ("If-Match", "If-None-Match")


@schemathesis.hook
def before_call(_ctx: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Put the quotes of an entity tag back: 4.32 takes `"0"` for JSON, and sends 0 as the valid value."""
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        for name in _TAGS:
            headers: Any = case.headers or {}
            value = headers.get(name)
            if isinstance(value, str) and value.isdigit():
                headers[name] = f'"{value}"'


@schemathesis.check
def refusal_says_why(_ctx: CheckContext, response: Response, _case: Case[Any]) -> None:
    if response.status_code not in _SAYS_WHY or response.headers["content-type"] != ["application/problem+json"]:
        return
    errors = response.json()["errors"]
    assert errors, "a refusal without a reason"
    for error in errors:
        assert error["code"], error
        assert error["text_da"], error
        assert error["text_en"], error


@schemathesis.check
def schema_is_as_narrow_as_the_service(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    meta = case.meta
    if response.status_code != _UNPROCESSABLE or meta is None or meta.generation.mode != GenerationMode.POSITIVE:
        return
    of_form = [error for error in response.json()["errors"] if error["code"] in _OF_FORM]
    assert not of_form, f"valid by the schema, and yet refused for its form: {of_form}"
