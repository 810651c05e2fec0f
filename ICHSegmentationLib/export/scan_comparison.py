# SPDX-License-Identifier: Apache-2.0
"""Two scans of one patient brought together: their change, the registration and the picture of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.measurement.growth import compare_volumes

if TYPE_CHECKING:
    from PIL import Image

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.registration import Registration

_REGISTER, _DRAW = 0.05, 0.9
"""Shares of the work that are done when these stages begin."""


@dataclass(frozen=True, eq=False)
class ScanComparison:
    """What a comparison gives.

    Attributes
    ----------
    content : Comparison
        The change with its verdicts, the registration, and what casts doubt on them.
    picture : PIL.Image.Image or None
        See :func:`ICHSegmentationLib.rendering.comparison_picture.draw_comparison`; None where it was not asked for.
    """

    content: Comparison
    picture: Image.Image | None


def compare_scans(
    baseline: tuple[CTVolume, LabelMap],
    followup: tuple[CTVolume, LabelMap],
    warnings: tuple[str, ...] = (),
    *,
    with_picture: bool = True,
    progress: Progress | None = None,
) -> ScanComparison:
    """Register two scans, compare their labels, and draw both.

    Parameters
    ----------
    baseline, followup : tuple of CTVolume and LabelMap
        The earlier and the later scan with its labels.
    warnings : tuple of str
        Of reading them.
    with_picture : bool
        Draw both.
    progress : callable, optional
        Called with "register" or "draw" and the share of the work that is done.
    """
    from ICHSegmentationLib.registration import register
    from ICHSegmentationLib.registration.patients import warn_patients

    def report(stage: str, fraction: float) -> None:
        if progress is not None:
            progress(stage, fraction)

    report("register", 0.0)
    growth = compare_volumes(measure(baseline[1]), measure(followup[1]))
    report("register", _REGISTER)
    registration = register(
        baseline[0], followup[0], progress=lambda done: report("register", _REGISTER + done * (_DRAW - _REGISTER))
    )
    doubts = [*warn_patients(baseline[0].source, followup[0].source), *_doubts(registration)]
    picture = None
    if with_picture:
        from ICHSegmentationLib.rendering.comparison_picture import draw_comparison

        report("draw", _DRAW)
        picture = draw_comparison(baseline, followup, registration)
    content = Comparison.of(growth, registration, tuple(dict.fromkeys((*warnings, *doubts))))
    return ScanComparison(content, picture)


def _doubts(registration: Registration) -> list[str]:
    if registration.is_good:
        return []
    return [
        f"The scans fit poorly (correlation {registration.quality:.2f} on {registration.shared:.0%} of the head): "
        "they may be of different patients, or the pictures are out of place."
    ]
