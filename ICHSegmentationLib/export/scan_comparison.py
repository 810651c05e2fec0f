# SPDX-License-Identifier: Apache-2.0
"""Comparison of two scans of one patient: change of the volumes, registration and picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.registration import Registration, register
from ICHSegmentationLib.registration.patients import warn_patients
from ICHSegmentationLib.rendering.comparison_picture import draw_comparison

if TYPE_CHECKING:
    from PIL import Image

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.scan.volume import CTVolume

_REGISTER, _DRAW = 0.05, 0.9
"""Fractions of the work that are done when these stages begin."""


@dataclass(frozen=True, eq=False)
class ScanComparison:
    """Result of :func:`compare_scans`.

    Attributes
    ----------
    content : Comparison
        Change of the volumes with its verdicts, registration and warnings.
    picture : PIL.Image.Image or None
        See :func:`ICHSegmentationLib.rendering.comparison_picture.draw_comparison`; None if not requested.
    """

    content: Comparison
    picture: Image.Image | None


def compare_scans(
    baseline: tuple[CTVolume, LabelMap],
    followup: tuple[CTVolume, LabelMap],
    warnings: tuple[str, ...] = (),
    *,
    assessed: tuple[bool, bool] = (True, True),
    with_picture: bool = True,
    progress: Progress | None = None,
) -> ScanComparison:
    """Register two scans, compare their labels, and draw both.

    Parameters
    ----------
    baseline, followup : tuple of CTVolume and LabelMap
        Earlier and later scan with its labels.
    warnings : tuple of str
        Warnings of reading them.
    assessed : tuple of bool
        Whether the earlier and the later scan were assessed, see `Measurements.assessed`.
    with_picture : bool
        Draw both scans.
    progress : callable, optional
        Called with "register" or "draw" and the fraction of the work that is done.
    """

    def report(stage: str, fraction: float) -> None:
        if progress is not None:
            progress(stage, fraction)

    report("register", 0.0)
    growth = compare_volumes(measure(baseline[1], assessed=assessed[0]), measure(followup[1], assessed=assessed[1]))
    report("register", _REGISTER)
    registration = register(
        baseline[0], followup[0], progress=lambda done: report("register", _REGISTER + done * (_DRAW - _REGISTER))
    )
    more = [*warn_patients(baseline[0].source, followup[0].source), *_poor_registration(registration)]
    picture = None
    if with_picture:
        report("draw", _DRAW)
        picture = draw_comparison(baseline, followup, registration, growth)
    content = Comparison.of(growth, registration, tuple(dict.fromkeys((*warnings, *more))))
    return ScanComparison(content, picture)


def _poor_registration(registration: Registration) -> list[str]:
    if registration.is_good:
        return []
    return [message("export.poor_registration", quality=registration.quality, shared=registration.shared)]
