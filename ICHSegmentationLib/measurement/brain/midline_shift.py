# SPDX-License-Identifier: Apache-2.0
"""Midline shift at the septum pellucidum."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Point = tuple[float, float, float]


class MidlineShift(BaseModel):
    """Midline shift at the septum pellucidum; see :mod:`ICHSegmentationLib.measurement.brain.midline`.

    It is the perpendicular distance from the ideal midline, here the plane of symmetry of the inside of the skull, to
    the septum pellucidum between the frontal horns (Liao CC, Chen YF, Xiao F, Brain midline shift measurement and its
    automation: a review of techniques and algorithms, Int J Biomed Imaging 2018;2018:4303161).

    Attributes
    ----------
    shift_mm : float or None
        Distance in mm, 0 or more; None is "not determined".
    toward : str or None
        Side of the patient towards which the septum is shifted; None without a shift or if not determined.
    confidence : float or None
        Confidence, 0 to 1; None if the shift is not determined.
    slice : int or None
        Source slice of the end points, counted from 0.
    septum_lps_mm, midline_lps_mm : tuple of float or None
        End points of the measured distance, LPS mm.
    reason : str
        Sentence that says why the shift is not determined; empty if it is.
    """

    model_config = ConfigDict(frozen=True)

    shift_mm: Annotated[float, Field(ge=0)] | None = None
    toward: Literal["left", "right"] | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    slice: int | None = None
    septum_lps_mm: Point | None = None
    midline_lps_mm: Point | None = None
    reason: str = ""

    @property
    def left_mm(self) -> float:
        """Signed shift, positive to the left; 0 if not determined."""
        return (self.shift_mm or 0.0) * (-1 if self.toward == "right" else 1)

    def describe(self) -> str:
        """Return the shift in words, such as ``midline shift 4.2 mm to the left``."""
        if self.shift_mm is None:
            return f"midline shift not determined. {self.reason}" if self.reason else "midline shift not determined"
        toward = "" if self.toward is None else f" to the {self.toward}"
        return f"midline shift {self.shift_mm:.1f} mm{toward}"
