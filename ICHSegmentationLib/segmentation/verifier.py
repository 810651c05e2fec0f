# SPDX-License-Identifier: Apache-2.0
"""Check lesions labelled IVH with a second model.

Networks that learn all subtypes from simulated lesions label small clots of the thalamus as blood of the ventricle
beside them. A network that was trained for IPH alone, with IVH as background, does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing, component_volumes_ml

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import Companion, ModelEntry, RuntimeInfo

_FRACTIONS = {"preprocess": 0.4, "infer": 0.5, "postprocess": 0.1}
_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)


class Verified(NamedTuple):
    """Result of a verification.

    Attributes
    ----------
    warnings : tuple of str
        Warnings for the user.
    models : tuple of ModelEntry
        The verifier, if it ran.
    """

    warnings: tuple[str, ...] = ()
    models: tuple[ModelEntry, ...] = ()


class Verifier:
    """Relabels lesions from IVH to IPH where a patch-wise network for IPH disagrees with the model.

    Parameters
    ----------
    companion : Companion or None
        The patch-wise model; without it nothing is verified.
    min_fraction : float or None
        Relabel a lesion if the verifier finds IPH in at least this fraction of it; None verifies nothing.
    max_ml : float or None
        Larger lesions are not verified and stay IVH.
    """

    def __init__(self, companion: Companion | None, *, min_fraction: float | None, max_ml: float | None) -> None:
        self._companion, self._min_fraction, self._max_ml = companion, min_fraction, max_ml

    def verify(
        self, volume: CTVolume, labels: np.ndarray, where: RuntimeInfo, advance: Callable[[float], None]
    ) -> Verified:
        """Relabel lesions where the verifier disagrees.

        The verifier is loaded and run only if there is a lesion to verify.

        Parameters
        ----------
        volume : CTVolume
            The scan.
        labels : numpy.ndarray
            (slices, rows, columns) of the model; changed in place.
        where : RuntimeInfo
            Device of the model, on which the verifier runs too.
        advance : callable
            Called with the fraction done; an exception that it raises stops the work.

        Raises
        ------
        ModelError, NoGraphicsCardError
            If the verifier is installed but cannot be loaded.
        """
        if self._companion is None or self._min_fraction is None:
            return Verified()
        ventricular = labels == Subtype.IVH
        if not ventricular.any():
            return Verified()
        doubted = _components_up_to(self._max_ml, ventricular, volume.grid)
        if not doubted.any():
            return Verified()
        name, entry = self._companion.name, self._companion.entry
        if entry is None:
            return Verified((message("segmentation.verifier_missing", name=name),))
        runtime = self._companion.load(where)
        segmenter = PatchwiseSegmenter(entry, runtime, PostProcessing.off(), within=doubted)
        stages = Stages(_FRACTIONS, lambda _stage, done: advance(done))
        found = segmenter.segment(volume, stages, force=True)
        count = relabel_parenchymal(labels, doubted, found.label_map.labels == Subtype.IPH, self._min_fraction)
        if not count:
            return Verified(runtime.warnings, (entry,))
        if count == 1:
            warning = message("segmentation.verifier_relabelled", name=name)
        else:
            warning = message("segmentation.verifier_relabelled_several", count=count, name=name)
        return Verified((*runtime.warnings, warning), (entry,))


def relabel_parenchymal(labels: np.ndarray, doubted: np.ndarray, parenchymal: np.ndarray, min_fraction: float) -> int:
    """Label components IPH in which enough voxels are parenchymal; return the number of components relabelled.

    Parameters
    ----------
    labels : numpy.ndarray
        (slices, rows, columns); changed in place.
    doubted, parenchymal : numpy.ndarray
        (slices, rows, columns) bool: the components to verify, and what the verifier labels IPH.
    min_fraction : float
        Of a component's voxels.
    """
    box = labelled_box(doubted)
    components, count = ndimage.label(doubted[box], structure=_ALL_NEIGHBOURS)
    sizes, agreed = (
        np.bincount(part.ravel(), minlength=count + 1) for part in (components, components[parenchymal[box]])
    )
    relabelled = agreed / np.maximum(sizes, 1) >= min_fraction
    relabelled[0] = False
    labels[box][relabelled[components]] = Subtype.IPH
    return int(relabelled.sum())


def _components_up_to(max_ml: float | None, mask: np.ndarray, grid: SliceGrid) -> np.ndarray:
    """Return the components of a mask up to a volume; the mask is not empty."""
    if max_ml is None:
        return mask
    small, box = np.zeros_like(mask), labelled_box(mask)
    components, count = ndimage.label(mask[box], structure=_ALL_NEIGHBOURS)
    volumes_ml = component_volumes_ml(components, count, grid.voxel_volumes_mm3[box[0]] / 1000)
    small[box] = mask[box] & (volumes_ml[components] <= max_ml)
    return small
