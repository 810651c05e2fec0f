# SPDX-License-Identifier: Apache-2.0
"""What a result says: hemorrhage found, none found, uncertain, or not assessed, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ICHSegmentationPanel.lesions.places import place_text
from ICHSegmentationPanel.widgets.labels import bold, rich, show_rich

if TYPE_CHECKING:
    from ICHSegmentationLib.mrml import BoxLesion
    from ICHSegmentationLib.segmentation.run_outcome import RunOutcome


class State(Enum):
    """Kind of a finding."""

    FOUND = auto()
    NOT_FOUND = auto()
    UNCERTAIN = auto()
    NOT_ASSESSED = auto()
    EMPTIED = auto()


@dataclass(frozen=True)
class Finding:
    """A finding in words.

    Attributes
    ----------
    state : State
        Its kind.
    headline : str
        The finding in a few words.
    details : tuple of str
        Sentences that belong to it: the lesions, the reason, how sure the model is, how often it misses.
    """

    state: State
    headline: str
    details: tuple[str, ...]

    def show(self, label: Any) -> None:
        """Show the finding in a label."""
        show_rich(label, f"{bold(self.headline)} {rich(' '.join(self.details))}".rstrip())


def make_finding(lesions: Sequence[BoxLesion], outcome: RunOutcome, *, corrected: bool) -> Finding:
    """Return what a result says.

    Parameters
    ----------
    lesions : sequence of BoxLesion
        Lesions of the result; those without voxels do not count.
    outcome : RunOutcome
        What the run said besides its labels.
    corrected : bool
        Whether the labels were changed by hand.
    """
    lesions = sorted((lesion for lesion in lesions if lesion.volume_ml > 0), key=lambda lesion: -lesion.volume_ml)
    found = (_count(lesions), *_confidence(lesions)) if lesions else ()
    if not outcome.assessed:
        rest = _("Hemorrhage that is not outlined may be there.")
        return Finding(State.NOT_ASSESSED, " ".join(outcome.warnings) or _("Not assessed."), (*found, rest))
    if lesions:
        doubt = "" if corrected else _doubt(lesions, outcome)
        if doubt:
            return Finding(State.UNCERTAIN, _("Uncertain:"), (doubt, *found))
        return Finding(State.FOUND, _("Hemorrhage found:"), found)
    if corrected:
        return Finding(State.EMPTIED, _("No hemorrhage left after corrections by hand."), ())
    if outcome.warnings:
        nothing = _("the model found no hemorrhage, but look at the scan.")
        return Finding(State.UNCERTAIN, _("Uncertain:"), (nothing, *outcome.warnings))
    return Finding(State.NOT_FOUND, _("No hemorrhage found."), (_missed(outcome),))


def _count(lesions: Sequence[BoxLesion]) -> str:
    largest = lesions[0]
    place = place_text(largest.location)
    count = _("1 lesion") if len(lesions) == 1 else _("{count} lesions").format(count=len(lesions))
    return _("{count}, {total:.1f} mL, largest: {subtype}{place}, {largest:.1f} mL.").format(
        count=count,
        total=sum(lesion.volume_ml for lesion in lesions),
        subtype=largest.box.subtype,
        place="" if place == "—" else f", {place}",
        largest=largest.volume_ml,
    )


def _confidence(lesions: Sequence[BoxLesion]) -> tuple[str, ...]:
    known = [lesion.confidence for lesion in lesions if lesion.confidence is not None and not lesion.changed]
    if not known:
        return ()
    text = _("Highest confidence {highest:.0f} % (mean probability of the model in a lesion, not calibrated).")
    return (text.format(highest=100 * max(known)),)


def _doubt(lesions: Sequence[BoxLesion], outcome: RunOutcome) -> str:
    """Return why hemorrhage is uncertain; empty if it is not."""
    total_ml = sum(lesion.volume_ml for lesion in lesions)
    if outcome.minimum_ml is not None and total_ml < outcome.minimum_ml:
        return _("less than the {minimum:g} mL from which this model counts hemorrhage.").format(
            minimum=outcome.minimum_ml
        )
    if outcome.false_ml and total_ml <= outcome.false_ml:
        return _("no more than the {false:.1f} mL that this model labelled in a scan without hemorrhage.").format(
            false=outcome.false_ml
        )
    return ""


def _missed(outcome: RunOutcome) -> str:
    """Return how often the model missed hemorrhage when it was measured."""
    general = _("That does not exclude it: the model can miss hemorrhage, above all where it is small, thin or dark.")
    if outcome.missed_fraction is None:
        return _("{general} How often was not measured.").format(general=general)
    if outcome.missed_kind == "IPH":
        return _(
            "{general} Measured on held-out patients with intraparenchymal hemorrhage: missed in {missed:.0f} %; not "
            "measured on whole scans for the other subtypes (see the model card)."
        ).format(general=general, missed=100 * outcome.missed_fraction)
    return _("{general} Measured on held-out scans with hemorrhage: missed in {missed:.0f} %.").format(
        general=general, missed=100 * outcome.missed_fraction
    )
