"""The catalogue: a page per event, and an index. Danish stands first, English beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from deploy.contracts.asyncapi import example_envelope
from deploy.contracts.schemas import readers_of
from deploy.contracts.tables import tables
from shared.contracts.events import EVENTS
from shared.messaging.topics import PARTNER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.contracts.shapes import Schema
    from shared.contracts.events import EventType
    from shared.messaging.topics import Topic, Topics

_DAY_MS: Final = 24 * 3_600_000

_PUBLISHED: Final = """\
Vi skriver, andre læser, og gamle poster bliver på loggen. Derfor: et nyt felt er altid valgfrit og har en betydning, når det mangler;
intet felt forsvinder eller skifter type, enhed eller grænser. Læs lempeligt: ukendte felter og koder er ikke fejl.

We write, others read, and old records stay on the log. So a new field is always optional and means something when it is absent; no
field goes, or changes its type, unit or bounds. Read leniently: unknown fields and codes are no errors. What cannot be had this way is
a new topic, filled beside the old one until its last declared reader has moved.
"""
_SUBMITTED: Final = """\
Andre skriver, intake læser. Derfor må vi tage imod mere end før, men aldrig mindre: et nyt felt er valgfrit, og det, der blev taget
imod i går, bliver taget imod i morgen. Et felt, vi ikke kender, afvises med navn, så ingen oplysning går stille tabt.

Others write, intake reads. So we may take more than before and never less: a new field is optional, and what was accepted yesterday is
accepted tomorrow. A field that we do not know is refused by name, so that nothing is lost in silence.
"""
_INTRODUCTION: Final = """\
# Hændelserne · The events

Denne mappe er lavet af koden med `make contracts` og rettes aldrig i hånden. Hver hændelse har en side, et JSON Schema (2020-12) og en
besked i AsyncAPI-dokumentet; de samme regler prøves, hver gang projektet testes.

This folder is made from the code by `make contracts` and is never edited by hand. Each event has a page, a JSON Schema (2020-12) and a
message in the AsyncAPI document; the same rules are tried whenever the project is tested.

- [`schemas/`](schemas): `$id` er det urn, som `ce_dataschema` nævner. · `$id` is the urn that `ce_dataschema` names.
- [`asyncapi.json`](asyncapi.json): AsyncAPI 3.0: kanaler, beskeder med headers, hvem der sender og læser. · channels, messages with headers, who sends and who receives.
- [`openapi.json`](openapi.json): OpenAPI 3.1: intakes HTTP. · intake's HTTP.

Alle hændelser er CloudEvents 1.0 i Kafkas binære form: attributterne er headers `ce_…`, kroppen er JSON.
All events are CloudEvents 1.0 in Kafka's binary mode: the attributes are headers `ce_…`, the body is JSON.

En tilstand står under sin nøgle, hel, og `ce_id` er `<id>/<epoke>/<version>`: en læser ser bort fra det, der ikke er højere end det, den
har. En post uden værdi (tombstone) sletter. Af en indsendelse kræves kun `ce_specversion`, `ce_id`, `ce_source` og `ce_type`.
A state stands under its key, whole, and `ce_id` is `<id>/<epoch>/<version>`: a reader ignores what is not above what it has. A record
without a value (tombstone) erases. Of a submission only `ce_specversion`, `ce_id`, `ce_source` and `ce_type` are required.

"""
_RULES: Final = """
## Hvad en ændring bryder · What a change breaks

`make contracts` holder det nye op mod det, der ligger her, og stopper med navnet på ændringen og på dem, den bryder.
`make contracts` holds what is new against what lies here, and stops with the name of the change and of those whom it breaks.

| ændring · change | udgivet · published | indsendt · submitted |
|---|---|---|
| nyt valgfrit felt · a new optional field | ja · yes | ja · yes |
| tekst, eksempel · words, examples | ja · yes | ja · yes |
| felt væk, ny type eller enhed, anden betydning når det mangler · a field gone, another type or unit, another meaning when absent | nej · no | nej · no |
| nyt krævet felt; valgfrit bliver krævet · a new required field; optional becomes required | nej · no | nej · no |
| snævrere grænser, en værdi mindre i en liste · narrower bounds, a listed value less | nej · no | nej · no |
| videre grænser, en værdi mere i en lukket liste, krævet bliver valgfrit · wider bounds, a value more in a closed list, required becomes optional | nej · no | ja · yes |
| et andet emne, en anden nøgle · another topic, another key | nej · no | nej · no |

Over HTTP gælder det samme for det, der sendes, som for det indsendte. Et svar må gerne love mere end før, men intet nyt, der skal forstås.
Over HTTP what is sent is held to what holds for submissions. An answer may promise more than before, and nothing new that must be understood.

Koder (målgrupper, ydelser, paragraffer …) er ikke en lukket liste i det, der udgives: en ny kode bryder ingen, der læser lempeligt.
Codes (target groups, services, sections …) are no closed list in what is published: a new code breaks nobody who reads leniently.
"""


def index(topics: Topics, schemas: Mapping[str, Schema]) -> str:
    """Write the index."""
    lines = ["| hændelse · event | emne · topic | skrives af · written by | læses af · read by | |", "|---|---|---|---|---|"]
    for event in EVENTS:
        topic = topics.named(event.topic)
        lines.append(
            f"| [{event.name}](events/{event.name}.md) | `{event.topic}` | {event.writer} | {', '.join(readers_of(topic))} "
            f"| [schema](schemas/{event.schema}.json) |"
        )
    silent = [topic.name for topic in topics.topics if topic.name not in {event.topic for event in EVENTS}]
    lines += [
        "",
        f"Erklæret, endnu uden hændelser · declared, without events so far: {', '.join(f'`{name}`' for name in silent)}.",
    ]
    lines += ["", f"{len(EVENTS)} hændelser, {len(schemas)} skemaer · {len(EVENTS)} events, {len(schemas)} schemas."]
    return _INTRODUCTION + "\n".join(lines) + "\n" + _RULES


def page(event: EventType, topics: Topics, schema: Schema) -> str:
    """Write the page of an event."""
    return "\n".join(
        [
            f"# {event.name}",
            "",
            event.about_da,
            "",
            event.about_en,
            "",
            *_facts(event, topics.named(event.topic)),
            "",
            "## Felter · Fields",
            "",
            *tables(schema),
            "## Eksempel · Example",
            "",
            "```",
            *(f"{name}: {value.decode()}" for name, value in example_envelope(event).to_headers()),
            "```",
            "```json",
            json.dumps(schema["examples"][0], ensure_ascii=False, indent=2),
            "```",
            "",
            "## Hvad må ændres · What may change",
            "",
            _PUBLISHED if event.direction == "published" else _SUBMITTED,
        ]
    )


def _facts(event: EventType, topic: Topic) -> Iterator[str]:
    kept = "kun den seneste post pr. nøgle · the last record per key"
    if topic.retention_ms is not None:
        kept = f"{topic.retention_ms // _DAY_MS} dage · days"
    partitions = f"{topic.partitions} partition{'er · partitions' if topic.partitions > 1 else ' · partition'}"
    tombstone = "ja: den sletter · yes: it erases" if event.tombstones else "nej · no"
    partner = ", ét pr. partner · one per partner" if PARTNER in event.topic else ""
    yield "| | |"
    yield "|---|---|"
    yield f"| `ce_type` | `{event.ce_type}` |"
    yield f"| emne · topic | `{event.topic}`{partner}: {partitions}, {kept} |"
    yield f"| nøgle · key | {event.key} |"
    yield f"| `ce_subject` | {event.subject} |"
    yield f"| skrives af · written by | {event.writer} |"
    yield f"| læses af · read by | {', '.join(readers_of(topic))} |"
    yield f"| post uden værdi · tombstone | {tombstone} |"
    yield f"| skema · schema | [`{event.dataschema}`](../schemas/{event.schema}.json) |"
