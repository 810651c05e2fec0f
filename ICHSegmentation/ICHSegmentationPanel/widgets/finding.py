# SPDX-License-Identifier: Apache-2.0
"""What a result says in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.labels import bold, rich, show_error, show_rich

if TYPE_CHECKING:
    from ICHSegmentationLib.mrml import SceneLesion


def show_finding(label: Any, lesions: Sequence[SceneLesion], *, corrected: bool, assessed: bool) -> None:
    """Show whether a result has hemorrhage, how much, and its largest lesion.

    Parameters
    ----------
    label : QLabel
        Label above the table.
    lesions : sequence of SceneLesion
        Lesions of the result, largest first.
    corrected : bool
        Whether the result was changed by hand.
    assessed : bool
        Whether the model could look for hemorrhage everywhere.
    """
    if lesions:
        total_ml = sum(lesion.volume_ml for lesion in lesions)
        largest = lesions[0]
        count = _("1 lesion") if len(lesions) == 1 else _("{count} lesions").format(count=len(lesions))
        text = _("{count}, {total:.1f} mL, largest: {subtype}, {largest:.1f} mL.").format(
            count=count, total=total_ml, subtype=largest.subtype, largest=largest.volume_ml
        )
        show_rich(label, f"{bold(_('Hemorrhage found:'))} {rich(text)}")
    elif not assessed:
        show_error(label, _("Not assessed: see the warnings."), _("Hemorrhage that is not outlined may be there."))
    elif corrected:
        show_error(label, _("No hemorrhage left after corrections by hand."))
    else:
        show_error(
            label,
            _("No hemorrhage found."),
            _("That does not exclude it: the model can miss hemorrhage, above all where it is small, thin or dark."),
        )
