"""A proposal of who might have which place, as text for the one who decides: Danish first, needs by their number in the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.cli import output
from deploy.cli.assignment import NOTICE_DA, NOTICE_EN
from services.matching.domain.candidates import UNCOUNTED

if TYPE_CHECKING:
    from deploy.cli.assignment import Proposal
    from services.matching.domain.assignment_costs import NeedCosts, PlaceCosts, Standing, Taken

_NOTHING: Final = "–"


def show(proposal: Proposal) -> None:
    """Write it to stdout."""
    _Text(proposal).show()


def _matters(place: PlaceCosts) -> bool:
    """Say whether somebody has the place or loses points by not having it: everybody's best is such a one; the others wait for nobody."""
    return any(side.by or side.wanted_by for side in (place.recommended, place.by_turns))


class _Text:
    """One proposal, with the numbers and short names that its needs and places go by."""

    def __init__(self, proposal: Proposal) -> None:
        self._proposal = proposal
        self._costs = proposal.costs
        self._number = {one.need_id: number for number, one in enumerate(self._costs.needs, start=1)}
        self._places = [one for one in self._costs.places if _matters(one)]
        self._short = {one.vacancy_id: f"P{number}" for number, one in enumerate(self._places, start=1)}

    def show(self) -> None:
        self._show_heading()
        if self._costs.needs:
            self._show_needs()
        if self._places:
            self._show_places()
        self._show_left_out()
        self._show_cases()

    def _show_heading(self) -> None:
        told, costs, terms = self._proposal, self._costs, self._proposal.terms
        needs, places, scarce = len(costs.needs), len(costs.places), sum(place.is_scarce for place in costs.places)
        best, turns = costs.recommended, costs.by_turns
        only = "" if told.section is None else f", {told.section}"
        output.text(NOTICE_DA)
        output.text(NOTICE_EN)
        output.text(
            f"\n{told.municipality.label_da} ({told.municipality.code}){only}, {terms.today}, policy {terms.policy.version}"
        )
        output.text(f"{needs} behov; {places} pladser passer til nogen, {scarce} er knappe.")
        output.text(f"{needs} needs; {places} places fit somebody, {scarce} are scarce.")
        output.text(
            f"Anbefalet: {best.placed} får en plads, {best.points} point. Efter tur: {turns.placed} får en, {turns.points} point."
        )
        output.text(
            f"Recommended: {best.placed} placed, {best.points} points. By turns: {turns.placed} placed, {turns.points} points."
        )
        others = len(costs.places) - len(self._places)
        if others:
            output.text(f"{others} af pladserne vises ikke: ingen får dem, og ingen mister point ved det.")
            output.text(f"{others} of the places are not shown: nobody has them, and nobody loses points by it.")
        output.text("Kun denne kommunes behov er talt med; andre kommuner kan ville have de samme pladser.")
        output.text("Only this kommune's needs are counted; others may want the same places.")
        if told.unreadable:
            output.text(f"{told.unreadable} poster kan ikke læses. / {told.unreadable} records cannot be read.")

    def _show_needs(self) -> None:
        made = output.table(
            ">nr.",
            "behov / need",
            ">prioritet",
            "haster + ventet + frist",
            "bedste / best",
            "anbefalet / recommended",
            "efter tur / by turns",
            title="\nBehov i køens orden / Needs in the order of the queue",
        )
        for one in self._costs.needs:
            stands = self._proposal.priority_of(one.need_id)
            points = {str(part): str(given) for part, given in stands.points.items()}
            if stands.waiting_days is None:
                points["waiting"] = "?"
            choices = map(self._standing, (one.best, one.recommended, one.by_turns))
            made.add_row(str(self._number[one.need_id]), one.need_id, str(stands.total), " + ".join(points.values()), *choices)
        output.show(made)

    def _show_places(self) -> None:
        made = output.table(
            "",
            "plads / place",
            "tilbud / offer",
            ">ledige / free",
            ">passer / fits",
            "anbefalet / recommended",
            "efter tur / by turns",
            title="\nPladser: hvem får dem, og hvem mister point ved det / Places: who has them, and who loses points by it",
        )
        for one in self._places:
            place = self._proposal.vacancies[one.vacancy_id]
            free = f"? ({UNCOUNTED})" if place.places_free is None else str(one.free)
            fits = f"{one.candidates}{'!' if one.is_scarce else ' '}"
            sides = (self._taken(one.recommended), self._taken(one.by_turns))
            made.add_row(self._short[one.vacancy_id], one.vacancy_id, place.offer_name, free, fits, *sides)
        output.show(made)
        output.text(
            "! knap: passer til flere behov, end den har ledige pladser. «3 −10»: behov 3 ender med 10 point mindre end her."
        )
        output.text("! scarce: it fits more needs than it has places free. «3 −10»: need 3 ends with 10 points fewer than here.")

    def _show_left_out(self) -> None:
        left_out = [one for one in self._costs.needs if one.recommended.vacancy_id is None]
        if left_out:
            output.text("\nUden plads i det anbefalede / Without a place in the recommended")
        for one in left_out:
            for sentence in self._why_nothing(one):
                output.text(f"{self._number[one.need_id]:>4}  {sentence}")

    def _why_nothing(self, one: NeedCosts) -> tuple[str, str]:
        if one.best is None:
            least = self._proposal.terms.policy.threshold
            return (
                f"Ingen plads opfylder reglerne og har mindst {least} point.",
                f"No place passes the rules and has {least} points or more.",
            )
        rivals = ", ".join(f"{self._number[held.need_id]} ({self._short[held.vacancy_id]})" for held in one.outcompeted_by)
        return f"De pladser, der passer, har de foran i køen: {rivals}.", f"Those ahead in the queue have what fits: {rivals}."

    def _show_cases(self) -> None:
        """Say which needs are one citizen's."""
        cases: dict[str, list[str]] = {}
        for need_id, number in self._number.items():
            if (case := self._proposal.needs[need_id].case) is not None:
                cases.setdefault(case, []).append(str(number))
        for told in (", ".join(numbers) for numbers in cases.values() if len(numbers) > 1):
            output.text(
                f"\n{told} er én borgers; hvert behov tæller for sig. / {told} are one citizen's; each need counts by itself."
            )

    def _standing(self, standing: Standing | None) -> str:
        if standing is None:
            return _NOTHING
        less = f" (−{standing.lost})" if standing.lost else ""
        return _NOTHING + less if standing.vacancy_id is None else f"{self._short[standing.vacancy_id]}: {standing.points}{less}"

    def _taken(self, taken: Taken) -> str:
        who = ", ".join(str(self._number[need_id]) for need_id in taken.by) or _NOTHING
        losses = ", ".join(f"{self._number[loss.need_id]} −{loss.points}" for loss in taken.wanted_by)
        return f"{who}; {losses}" if losses else who
