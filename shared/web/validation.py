"""What pydantic refuses, told per field in Danish and English, and never with the value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong.

    Attributes:
        field: path of the field, such as `prices.0.dkk_per_month`; empty for the whole.
        code: a stable name for machines; pydantic's error type where pydantic refused.
        text_da: what is wrong, in Danish.
        text_en: the same in English.
    """

    field: str
    code: str
    text_da: str
    text_en: str


# By pydantic's error type; {…} are the limits and expectations of the schema, which pydantic gives in the error's context.
TEXTS: Mapping[str, tuple[str, str]] = {
    "missing": ("skal udfyldes", "is required"),
    "extra_forbidden": ("kendes ikke", "is not known"),
    "json_invalid": ("er ikke gyldig JSON", "is not valid JSON"),
    "model_type": ("skal være et objekt", "must be an object"),
    "model_attributes_type": ("skal være et objekt", "must be an object"),
    "dict_type": ("skal være et objekt", "must be an object"),
    "list_type": ("skal være en liste", "must be a list"),
    "tuple_type": ("skal være en liste", "must be a list"),
    "set_type": ("skal være en liste", "must be a list"),
    "frozen_set_type": ("skal være en liste", "must be a list"),
    "string_type": ("skal være tekst", "must be text"),
    "string_too_short": ("skal have mindst {min_length} tegn", "must have at least {min_length} characters"),
    "string_too_long": ("må have højst {max_length} tegn", "must have at most {max_length} characters"),
    "string_pattern_mismatch": ("har en forkert form", "has the wrong form"),
    "too_short": ("skal have mindst {min_length} elementer", "must have at least {min_length} items"),
    "too_long": ("må have højst {max_length} elementer", "must have at most {max_length} items"),
    "int_type": ("skal være et helt tal", "must be a whole number"),
    "int_parsing": ("skal være et helt tal", "must be a whole number"),
    "int_from_float": ("skal være et helt tal", "must be a whole number"),
    "float_type": ("skal være et tal", "must be a number"),
    "float_parsing": ("skal være et tal", "must be a number"),
    "decimal_type": ("skal være et tal", "must be a number"),
    "decimal_parsing": ("skal være et tal", "must be a number"),
    "bool_type": ("skal være sand eller falsk", "must be true or false"),
    "bool_parsing": ("skal være sand eller falsk", "must be true or false"),
    "greater_than": ("skal være større end {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("skal være mindst {ge}", "must be at least {ge}"),
    "less_than": ("skal være mindre end {lt}", "must be less than {lt}"),
    "less_than_equal": ("må være højst {le}", "must be at most {le}"),
    "multiple_of": ("skal være et multiplum af {multiple_of}", "must be a multiple of {multiple_of}"),
    "enum": ("skal være en af {expected}", "must be one of {expected}"),
    "literal_error": ("skal være en af {expected}", "must be one of {expected}"),
    "union_tag_invalid": ("skal være en af {expected_tags}", "must be one of {expected_tags}"),
    "union_tag_not_found": ("mangler {discriminator}", "lacks {discriminator}"),
    "date_type": ("skal være en dato, ÅÅÅÅ-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_parsing": ("skal være en dato, ÅÅÅÅ-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_from_datetime_parsing": ("skal være en dato, ÅÅÅÅ-MM-DD", "must be a date, YYYY-MM-DD"),
    "datetime_type": ("skal være et tidspunkt efter ISO 8601", "must be a time as in ISO 8601"),
    "datetime_parsing": ("skal være et tidspunkt efter ISO 8601", "must be a time as in ISO 8601"),
    "datetime_from_date_parsing": ("skal være et tidspunkt efter ISO 8601", "must be a time as in ISO 8601"),
    "timezone_aware": ("skal have en tidszone", "must have a time zone"),
    "uuid_type": ("skal være et UUID", "must be a UUID"),
    "uuid_parsing": ("skal være et UUID", "must be a UUID"),
    "url_parsing": ("skal være en webadresse", "must be a web address"),
    "url_scheme": ("skal være en webadresse", "must be a web address"),
}
# Where the limit is one.
_OF_ONE: Mapping[str, tuple[str, str]] = {
    "string_too_short": ("skal have mindst 1 tegn", "must have at least 1 character"),
    "string_too_long": ("må have højst 1 tegn", "must have at most 1 character"),
    "too_short": ("skal have mindst 1 element", "must have at least 1 item"),
    "too_long": ("må have højst 1 element", "must have at most 1 item"),
}
_OTHERWISE = ("er ikke gyldig", "is not valid")


def field_errors(error: ValidationError) -> list[FieldError]:
    """Tell everything that is wrong with what a caller sent.

    A rule of our own speaks for itself in both languages when its validator raises
    `PydanticCustomError("code", "{text_en}", {"text_da": "…", "text_en": "…"})`.
    """
    found = error.errors(include_url=False, include_input=False)
    return [
        _field_error(item["loc"], item["type"], item.get("ctx") or {})
        for item in found
        if item["type"] != "too_short" or not any(_is_within(other["loc"], item["loc"]) for other in found)
    ]


def _is_within(location: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    """Say whether something lies in a list: pydantic counts only the items that are right, so a wrong one makes its list too short."""
    return len(location) > len(outer) and location[: len(outer)] == outer


def _field_error(location: tuple[int | str, ...], code: str, context: Mapping[str, Any]) -> FieldError:
    text_da, text_en = _texts(code, context)
    return FieldError(field=".".join(str(part) for part in location), code=code, text_da=text_da, text_en=text_en)


def _texts(code: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if code in TEXTS:
        danish, english = (_OF_ONE if _is_one(context) else TEXTS).get(code) or TEXTS[code]
        return danish.format_map(_in_danish(context)), english.format_map(context)
    if "text_da" in context and "text_en" in context:
        return str(context["text_da"]), str(context["text_en"])
    return _OTHERWISE


def _is_one(context: Mapping[str, Any]) -> bool:
    return 1 in (context.get("min_length"), context.get("max_length"))


def _in_danish(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Pydantic joins what it expects in English: `'103' or '104'`."""
    return {key: value.replace("' or '", "' eller '") if isinstance(value, str) else value for key, value in context.items()}
