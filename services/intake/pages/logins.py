"""What the login's pages say when it did not go well, and what to do."""

from __future__ import annotations

from typing import Final

from services.intake.pages.wording import Said

FAULTS: Final = {
    "state": (
        Said("Login blev ikke fuldført", "The login was not completed"),
        Said(
            "Der gik for lang tid, eller svaret hører til et andet login. Prøv igen.",
            "It took too long, or the answer belongs to another login. Try again.",
        ),
    ),
    "provider": (
        Said("Login blev afbrudt", "The login was cancelled"),
        Said("Din organisations login sagde nej. Prøv igen.", "Your organisation's login said no. Try again."),
    ),
    "code": (
        Said("Login blev ikke fuldført", "The login was not completed"),
        Said(
            "Din organisations login tog ikke imod svaret. Prøv igen; bliver det ved, så sig det til driften.",
            "Your organisation's login did not take the answer. Try again; if it persists, tell the operators.",
        ),
    ),
    "token": (
        Said("Login kan ikke bekræftes", "The login cannot be verified"),
        Said(
            "Svaret beviser ikke, hvem du er. Prøv igen; bliver det ved, så sig det til driften.",
            "The answer does not prove who you are. Try again; if it persists, tell the operators.",
        ),
    ),
    "away": (
        Said("Login svarer ikke", "The login does not answer"),
        Said("Prøv igen om lidt. Den åbne søgning virker imens.", "Try again in a moment. The open search works meanwhile."),
    ),
    "role": (
        Said("Du har ingen rolle her", "You have no role here"),
        Said(
            "Din organisation siger ikke, at du er sagsbehandler, teamleder, medarbejder på et tilbud eller drift. Bed den om det.",
            "Your organisation does not say that you are a caseworker, team lead, offer staff or operator. Ask it to.",
        ),
    ),
    "size": (
        Said("Dit login fylder for meget", "Your login is too large"),
        Said(
            "Din organisation nævner flere tilbud for dig, end et login kan bære. Bed den om at give dem ved CVR-nummer.",
            "Your organisation names more offers for you than a login can hold. Ask it to name them by CVR number.",
        ),
    ),
}
