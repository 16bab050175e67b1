"""A citizen's name or date of birth in what an offer writes is refused; leaders, founders and houses keep their names."""

import json
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from pydantic import BaseModel

from deploy import simulate
from deploy.simulate.sample import make_sample
from services.intake.domain.citizens import names_a_citizen, tells_a_birth_date
from services.intake.domain.outcomes import Rejected
from services.intake.domain.texts import paths_of_texts
from services.intake.reading import read_draft
from shared.contracts import reference
from shared.contracts.drafts import OfferDraft, VacancyDraft
from tests.support.intake import OFFER, VACANCY

NAMED = [
    "Borgeren Mette Nielsen bor her", "beboer Jens Hansen", "Plads efter beboer Jens Hansen, der flytter",
    "min søn Ali går her", "Min datter Mette er glad for stedet", "vores bruger Bo Lund", "Bruger: Mette Nielsen",
    "Borger: mette nielsen", "borgeren hedder Mette Nielsen", "en borger ved navn Fatima", "patienten, Jens Hansen, udskrives",
    "klient Kaj", "Mette Nielsen (beboer) fraflytter", "Mette Nielsen, borger, er flyttet",
    "Jens Peter Hansen er beboer hos os", "Eleverne Anna og Emil", "borger Anne-Marie", "borgeren Mettes værelse",
    "BORGER METTE NIELSEN", "brugeren Per Møller", "til borgeren Mette Nielsen",
    "beboeren - Mette Nielsen - flytter", "Vores beboer Anders flytter, og hans plads bliver ledig", "Borgerens navn: Mette Nielsen",
    "pladsen efter Jens Hansen, tidligere beboer, er ledig", "Søren Sørensen (borger, 45 år)", "vores datter Emma har boet her",
]  # fmt: skip
NOT_NAMED = [
    "Kontakt leder Anne Jensen", "Sankt Annæ", "Kontaktperson for borgeren: Anne Jensen", "Kontakt for beboerne: Anne Jensen",
    "Vi bruger Anne Jensens metode", "Beboer- og pårørenderåd: formand Anne Jensen", "Borgerkonsulent Anne Jensen",
    "Ring til Anne Jensen, der hjælper borgeren", "Grundlagt af Anne og Jens Hansen",
    "Stifter Mette Nielsen åbnede huset i 1990", "Er du borger, så ring til Mette Nielsen",
    "Vi følger borgeren, leder Anne Jensen svarer", "Anne Jensen, patient- og brugervejleder", "Elev maj 2027",
    "Elev i Maj 2027", "Ledig plads til elev August 2026", "beboer pr. 1. maj",
    "Vi har plads til en beboer. Anne Jensen tager telefonen", "Til dig som borger. Kontakt Mette.",
    "Der er plads til én borger, Mette Nielsen kan kontaktes", "Beboerne spiser sammen, når de har lyst.", "Bruger du kørestol",
    "brugerstyret hus, Jens Hansen er leder", "Hans egen bolig", "Bor du hos min mor",
    "for hver borger Hans Knudsens Plads ligger nær", "Kontakt afdelingsleder Anne Jensen (borger- og pårørendekontakt)",
    "Skriv til elev@skolen.example", "Spørg efter Anne Jensen, elevvejleder", "Leder er Anne Jensen, borgere er velkomne",
    "Din kontaktperson er Anne, borger du hos os", "Brugerens Jens-metode", "Patienter fra Sankt Hans", "Huset bruger Marte Meo",
    "For beboere: Anne Jensen. For pårørende: Bo Lund", "Er du borger eller pårørende? Ring til Mette Nielsen.",
    "Kontaktperson for den enkelte borger, Anne Jensen, leder", "Henvendelse fra borger: Anne Jensen, fra fagperson: Bo Lund",
    "Elevplads hos Jens Hansen", "elever fra Hans Knudsen Instituttet", "Anna Ancher Huset for borgere",
    "Huset er grundlagt af vores far Jens Hansen", "Vi følger borgeren - leder Anne Jensen svarer",
]  # fmt: skip

BIRTH_DATES = [
    "født 3. maj 1990", "f. 03.05.1990", "Født den 3/5-1990", "f. 3/5 1990", "fødselsdato: 03-05-1990", "f.030590",
    "født d. 3. maj 1990", "fødselsdag 3. maj 90", "født 1990-05-03",
]  # fmt: skip
OTHER_DATES = [
    "Unge født 1. januar 2008 eller senere", "født 1. januar 2008 eller derefter", "børn født efter 1. januar 2010",
    "Stedet er født 1. maj 1995", "medfødt 3. maj", "f.eks. 03.05.1990", "født i 1950", "kl. 8-16 f. 12 pladser",
    "fra 3. maj 1990", "født 3. maj 1850", "åbnet 03.05.1990", "Medfødt hjerneskade 1. maj 2027",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMED)
def test_a_citizen_is_seen_where_the_text_says_that_it_is_one(text: str) -> None:
    for written in (text, f"Vi har en ledig plads. {text}.", f"{text}, ring."):
        assert names_a_citizen(written)


@pytest.mark.parametrize("text", NOT_NAMED)
def test_staff_founders_and_houses_are_no_citizens(text: str) -> None:
    assert not names_a_citizen(text)
    assert not names_a_citizen(f"Vi har en ledig plads. {text}.")
    assert not names_a_citizen(orjson.dumps({"text_da": text}).decode())


@pytest.mark.parametrize("text", BIRTH_DATES)
def test_a_date_of_birth_is_seen_however_it_is_written(text: str) -> None:
    for written in (text, text.upper(), f"Beboeren ({text}) flytter.", f"Plads efter mand, {text}, fra august"):
        assert tells_a_birth_date(written)


@pytest.mark.parametrize("text", OTHER_DATES)
def test_an_age_limit_a_house_and_other_dates_are_nobodys_birth(text: str) -> None:
    assert not tells_a_birth_date(text)


@pytest.mark.parametrize(
    "text", ["født{gap}", "født{gap}3. maj{gap}x", "født 3. maj{gap},{gap}x", "født :{gap}den{gap}", "borger{gap}x"]
)
def test_a_long_gap_in_a_text_is_read_to_its_end(text: str) -> None:
    """Anybody may send one: where the pattern had two ways to take a blank, this ran for hours."""
    written = text.format(gap=" " * 100_000)
    assert not tells_a_birth_date(written)
    assert not names_a_citizen(written)


@pytest.mark.parametrize(("model", "draft"), [(OfferDraft, OFFER), (VacancyDraft, VACANCY)])
def test_it_is_refused_with_the_field_and_the_remedy(model: type[BaseModel], draft: dict[str, Any]) -> None:
    text = "Plads efter beboer Mette Nielsen, født 3. maj 1990."
    refused = read_draft(model, orjson.dumps(draft | {"text_da": text}))

    assert isinstance(refused, Rejected)
    assert [(reason.field, reason.code) for reason in refused.reasons] == [("text_da", "citizen_name"), ("text_da", "birth_date")]
    told = refused.reasons[0].model_dump_json() + refused.reasons[1].model_dump_json()
    assert "Mette" not in told
    assert "1990" not in told
    assert "udelad navnet" in refused.reasons[0].text_da
    assert "age_from" in refused.reasons[1].text_en
    allowed = "Beboerne bor i hver sin lejlighed. Kontakt leder Mette Nielsen. Stiftet 3. maj 1990 af Jens Hansen."
    assert not isinstance(read_draft(model, orjson.dumps(draft | {"text_da": allowed})), Rejected)


def test_a_citizen_is_seen_in_every_text_of_a_vacancy_and_under_escapes() -> None:
    name = "beboer Søren Sørensen"
    changes = {"title_da": f"Plads efter {name}", "price_lines": [{"amount_dkk": 1, "unit": "month", "label_da": name}]}
    for body in (orjson.dumps(VACANCY | changes), json.dumps(VACANCY | changes).encode()):
        refused = read_draft(VacancyDraft, body)
        assert isinstance(refused, Rejected)
        assert {(reason.field, reason.code) for reason in refused.reasons} == {
            ("title_da", "citizen_name"),
            ("price_lines[0].label_da", "citizen_name"),
        }


def test_nothing_in_the_sample_its_words_or_the_reference_is_taken_for_a_citizen() -> None:
    sample = make_sample(date(2026, 11, 25))
    drafts = [draft.model_dump(mode="json") for draft in chain(sample.offers.values(), sample.vacancies)]
    words = yaml.safe_load(Path(simulate.__file__).with_name("market.yaml").read_text(encoding="utf-8"))
    seed = Path(__file__).with_name("seed_words.txt").read_text(encoding="utf-8").split("\n")
    labels = [[concept.label_da, concept.label_en] for concept in reference.concepts().values()]
    labels += [[kind.label_da, kind.label_en] for kind in reference.offer_types().values()]
    found = [
        *paths_of_texts([drafts, seed, labels], names_a_citizen),
        *paths_of_texts([drafts, seed, labels], tells_a_birth_date),
    ]
    assert found == []
    assert [*paths_of_texts(words, names_a_citizen), *paths_of_texts(words, tells_a_birth_date)] == []
