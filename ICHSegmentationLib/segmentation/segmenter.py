# SPDX-License-Identifier: Apache-2.0
"""Interface of a segmenter and its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import Companion, ModelEntry
    from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane


class Segmented(NamedTuple):
    """Result of a segmenter.

    Attributes
    ----------
    label_map : LabelMap
        Labels on the source slices.
    warnings : tuple of str
        Warnings for the user.
    boxes : tuple of LesionBox
        Boxes around the lesions with their confidence, or the given boxes.
    plane : MidsagittalPlane or None
        Symmetry plane of the head, if the system uses one.
    further_models : tuple of ModelEntry
        Companion models that took part: a detector, a verifier.
    assessed : bool
        False where the head could not be set upright, so that blood that was not found may be there.
    """

    label_map: LabelMap
    warnings: tuple[str, ...]
    boxes: tuple[LesionBox, ...]
    plane: MidsagittalPlane | None = None
    further_models: tuple[ModelEntry, ...] = ()
    assessed: bool = True


class Segmenter(Protocol):
    """A system that labels hemorrhage on the source slices."""

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume.

        Parameters
        ----------
        volume : CTVolume
            The scan.
        stages : Stages
            Receives the progress of the stages "preprocess", "infer" and "postprocess", and raises `CancelledError`
            when the user cancels.
        force : bool
            Continue with a volume that does not look like a head.

        Raises
        ------
        NotAHeadError
            If the volume does not look like a head and ``force`` is False.
        """


@dataclass(frozen=True)
class Companions:
    """The further models that a model names; None where it names none.

    Attributes
    ----------
    detector : Companion or None
        Finds the boxes of a second stage.
    verifier : Companion or None
        Checks lesions that the model labels IVH.
    """

    detector: Companion | None = None
    verifier: Companion | None = None
