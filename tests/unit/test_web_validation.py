"""What a caller is told of what is wrong, and what settings tell of themselves."""

from datetime import date
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError

from shared.settings import Secret, ServiceSettings
from shared.web import FieldError, Problem, field_errors
from shared.web.validation import TEXTS


def _no_such_kommune(value: str) -> str:
    if value != "0101":
        texts = {"text_da": "er ikke en kommune", "text_en": "is no kommune"}
        raise PydanticCustomError("unknown_kommune", "{text_en}", texts)
    return value


class Price(BaseModel):
    dkk_per_month: int = Field(ge=1)


class Offer(BaseModel):
    kommune: Annotated[str, AfterValidator(_no_such_kommune)] = "0101"
    section: Literal["103", "104"] = "103"
    free_from: date | None = None
    prices: list[Price] = []
    label: Annotated[str, Field(max_length=3)] = ""
    sections: tuple[Price, ...] = Field(default=(Price(dkk_per_month=1),), min_length=1, max_length=2)


def told(document: dict[str, object]) -> list[FieldError]:
    with pytest.raises(ValidationError) as failure:
        Offer.model_validate(document)
    return field_errors(failure.value)


def test_limits_and_choices_are_told_and_the_path_leads_to_the_field() -> None:
    assert told({"section": "199", "prices": [{"dkk_per_month": 5}, {"dkk_per_month": 0}], "label": "lang"}) == [
        FieldError("section", "literal_error", "skal være en af '103' eller '104'", "must be one of '103' or '104'"),
        FieldError("prices.1.dkk_per_month", "greater_than_equal", "skal være mindst 1", "must be at least 1"),
        FieldError("label", "string_too_long", "må have højst 3 tegn", "must have at most 3 characters"),
    ]


def test_a_list_of_which_an_item_is_wrong_is_not_called_too_short_beside() -> None:
    assert [error.field for error in told({"sections": [{"dkk_per_month": 0}]})] == ["sections.0.dkk_per_month"]


def test_one_item_is_told_in_the_singular() -> None:
    assert told({"sections": []}) == [
        FieldError("sections", "too_short", "skal have mindst 1 element", "must have at least 1 item")
    ]


def test_a_rule_of_our_own_speaks_for_itself_in_both_languages() -> None:
    assert told({"kommune": "9999"}) == [FieldError("kommune", "unknown_kommune", "er ikke en kommune", "is no kommune")]


def test_an_error_without_words_of_its_own_still_has_words() -> None:
    (error,) = told({"free_from": "2026-02-30T01:02:03"})
    assert error.field == "free_from"
    assert error.text_da
    assert error.text_en


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_both_languages_name_the_same_limits(code: str) -> None:
    danish, english = TEXTS[code]
    assert [part.split("}")[0] for part in danish.split("{")[1:]] == [part.split("}")[0] for part in english.split("{")[1:]]


def test_a_problem_has_words_for_every_status() -> None:
    for status in (400, 401, 404, 409, 418, 422, 500, 502, 503):
        problem = Problem(status)
        for text in (problem.title, problem.detail):
            assert text.in_language("da") != text.in_language("en")


class DemoSettings(ServiceSettings):
    service: ClassVar[str] = "demo"
    demo_postgres_dsn: Secret


def test_settings_do_not_show_a_password_when_they_are_printed() -> None:
    settings = DemoSettings(kafka_bootstrap_servers="k:1", port=1, demo_postgres_dsn="postgresql://u:hemmelig@h/d")
    assert "hemmelig" not in f"{settings!r} {settings!s}"
    assert settings.public_url == "http://127.0.0.1:1"
    assert settings.topics_file.is_file()


def test_settings_cannot_change() -> None:
    settings = DemoSettings(kafka_bootstrap_servers="k:1", port=1, demo_postgres_dsn="d")
    with pytest.raises(ValidationError):
        settings.port = 2  # type: ignore[misc]


def test_settings_without_the_name_of_their_service_are_a_mistake_that_is_said() -> None:
    with pytest.raises(TypeError, match="must name its service"):
        type("Nameless", (ServiceSettings,), {})
