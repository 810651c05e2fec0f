# SPDX-License-Identifier: Apache-2.0
"""A second model is asked about blood that the first calls ventricular.

Networks that learn all subtypes from simulated bleeds draw small clots of the thalamus to the ventricle beside them.
One that looks for parenchymal blood alone, with ventricular blood among its background, does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.models.select import load_beside
from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing, piece_volumes_ml

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.core.grid import SliceGrid
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, RuntimeInfo

_SHARES = {"preprocess": 0.4, "infer": 0.5, "postprocess": 0.1}
_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=bool)


class Settled(NamedTuple):
    """What came of a second reading.

    Attributes
    ----------
    warnings : tuple of str
        What the reader of the labels must know.
    asked : tuple of ModelEntry
        The second reader, where it was asked.
    """

    warnings: tuple[str, ...] = ()
    asked: tuple[ModelEntry, ...] = ()


class Verifier:
    """Asks the second reader that a model names, a network of patches, where there is ventricular blood.

    Parameters
    ----------
    entry : ModelEntry
        Of the first model.
    least_share : float or None
        Share of a piece in which the second reader sees parenchymal blood, from which on it is that; None asks nothing.
    most_ml : float or None
        Larger pieces stay ventricular, and it is not asked about them.
    """

    def __init__(self, entry: ModelEntry, least_share: float | None, most_ml: float | None) -> None:
        self._name, self._folder = entry.second_reader, entry.folder
        self._least_share, self._most_ml = least_share, most_ml

    def settle(
        self, volume: CTVolume, labels: np.ndarray, where: RuntimeInfo, advance: Callable[[float], None]
    ) -> Settled:
        """Name ventricular blood parenchymal where the second reader says so.

        Parameters
        ----------
        volume : CTVolume
            The scan.
        labels : numpy.ndarray
            (slices, rows, columns) of the first model; changed in place.
        where : RuntimeInfo
            Where the first model ran; the second runs there too.
        advance : callable
            Told the share that is done; what it raises stops the work.

        Raises
        ------
        ModelError, NoGraphicsCardError
            If the second reader is installed and cannot be loaded.
        """
        if not self._name or self._least_share is None:
            return Settled()
        ventricular = labels == Subtype.IVH
        if not ventricular.any():
            return Settled()
        doubted = _pieces_up_to(self._most_ml, ventricular, volume.grid)
        if not doubted.any():
            return Settled()
        try:
            entry = get_model(self._name, folder=self._folder)
        except (MissingModelError, UnknownModelError):
            missing = (
                f"The second model {self._name} is not installed: a small clot beside a ventricle may be called "
                "ventricular."
            )
            return Settled((missing,))
        runtime = load_beside(entry, where)
        reader = PatchwiseSegmenter(entry, runtime, PostProcessing.off(), within=doubted)
        stages = Stages(_SHARES, lambda _stage, done: advance(done))
        seen = reader.segment(volume, stages, force=True)
        count = name_parenchymal(labels, doubted, seen.label_map.labels == Subtype.IPH, self._least_share)
        if not count:
            return Settled(runtime.warnings, (entry,))
        what = "A bleed that the model calls IVH is" if count == 1 else f"{count} bleeds that the model calls IVH are"
        told = f"{what} IPH by the second model {self._name}, and named so; check the name."
        return Settled((*runtime.warnings, told), (entry,))


def name_parenchymal(labels: np.ndarray, doubted: np.ndarray, parenchymal: np.ndarray, least_share: float) -> int:
    """Label connected doubted blood parenchymal where enough of it is; return how many pieces.

    Parameters
    ----------
    labels : numpy.ndarray
        (slices, rows, columns); changed in place.
    doubted, parenchymal : numpy.ndarray
        (slices, rows, columns) bool; the blood in question, and what the second reader calls parenchymal.
    least_share : float
        Of a piece's voxels.
    """
    box = labelled_box(doubted)
    pieces, count = ndimage.label(doubted[box], structure=_EVERY_NEIGHBOUR)
    of_all, of_seen = (np.bincount(part.ravel(), minlength=count + 1) for part in (pieces, pieces[parenchymal[box]]))
    settled = of_seen / np.maximum(of_all, 1) >= least_share
    settled[0] = False
    labels[box][settled[pieces]] = Subtype.IPH
    return int(settled.sum())


def _pieces_up_to(most_ml: float | None, blood: np.ndarray, grid: SliceGrid) -> np.ndarray:
    """Return the connected blood that has no more than a volume; ``blood`` is not empty."""
    if most_ml is None:
        return blood
    small, box = np.zeros_like(blood), labelled_box(blood)
    pieces, count = ndimage.label(blood[box], structure=_EVERY_NEIGHBOUR)
    volumes_ml = piece_volumes_ml(pieces, count, grid.voxel_volumes_mm3[box[0]] / 1000)
    small[box] = blood[box] & (volumes_ml[pieces] <= most_ml)
    return small
