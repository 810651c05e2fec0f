# SPDX-License-Identifier: Apache-2.0
"""Volumes of fluid and blood in the compartments of the ventricles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ICHSegmentationLib.anatomy.deep_samples import A, X
from ICHSegmentationLib.anatomy.distance_fields import HeadFrame, ellipsoid, tube
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.modified_graeb import GraebItem, ModifiedGraeb, Ventricle

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit
    from ICHSegmentationLib.anatomy.deep_samples import DeepSamples
    from ICHSegmentationLib.core.label_map import LabelMap

_LATERAL, _OCCIPITAL, _TEMPORAL, _THIRD, _FOURTH = range(5)
_MIN_FLUID = 0.6  # fraction of fluid of a sample in the lumen; that of leukoaraiosis is up to one half
_MIN_BLOOD_ML = 0.05  # of a compartment; less is within the error of the labels
_MIN_BLOOD_FRACTION = 0.02  # of the lumen
_MIN_SHOWN_FRACTION = 0.001  # so that rounding to 0.1 % does not give zero
_FAR_MM = 15.0
_MAX_FAR_FRACTION = 0.3  # of the blood farther than that from the ventricles of the model
_MIN_FILLED_FRACTION = 0.75  # of a compartment expanded by clot


class _Kind(NamedTuple):
    """Limits of a kind of compartment.

    Attributes
    ----------
    reach_mm : float
        Maximum distance of its fluid from the compartment of the model.
    min_ml : float
        Minimum lumen, which also a collapsed compartment has.
    max_ml : float
        Maximum normal lumen; a larger one that is filled with clot counts as expanded.
    """

    reach_mm: float
    min_ml: float
    max_ml: float


# Chosen for this project from the order of magnitude of volumes in adults, elderly included; there are no published
# limits.
_KINDS = {
    _LATERAL: _Kind(8.0, 1.0, 30.0),
    _OCCIPITAL: _Kind(6.0, 0.3, 5.0),
    _TEMPORAL: _Kind(4.0, 0.3, 3.0),
    _THIRD: _Kind(3.0, 0.3, 3.5),
    _FOURTH: _Kind(3.0, 0.3, 4.0),
}
_BY_SIDE = {
    _LATERAL: (Ventricle.LEFT_LATERAL, Ventricle.RIGHT_LATERAL),
    _OCCIPITAL: (Ventricle.LEFT_OCCIPITAL_HORN, Ventricle.RIGHT_OCCIPITAL_HORN),
    _TEMPORAL: (Ventricle.LEFT_TEMPORAL_HORN, Ventricle.RIGHT_TEMPORAL_HORN),
    _THIRD: (Ventricle.THIRD, Ventricle.THIRD),
    _FOURTH: (Ventricle.FOURTH, Ventricle.FOURTH),
}


def propose_graeb(label_map: LabelMap, brain: AtlasFit, samples: DeepSamples, *, septum_x: float) -> ModifiedGraeb:
    """Propose the modified Graeb score from fluid and blood in the compartments.

    Each voxel of IVH belongs to the nearest compartment of the model; the lumen is this blood and the fluid nearby.
    Less than 0.05 mL or 2 % of the lumen does not count, except in the compartment with most blood, so that the score
    is 0 only without IVH.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the source slices.
    brain : AtlasFit
        Fit of the atlas to the scan.
    samples : DeepSamples
        Samples of the deep brain.
    septum_x : float
        Position of the septum in brain coordinates, 0 if unknown; it separates the lateral ventricles.
    """
    blood = _blood_ml(label_map, brain, septum_x)
    if blood is None:
        return ModifiedGraeb.not_determined()
    fluid = _fluid_ml(samples, septum_x)
    main = max(blood, key=lambda name: blood[name])
    items = []
    for kind, names in _BY_SIDE.items():
        for name in dict.fromkeys(names):
            items.append(_item(name, _KINDS[kind], fluid[name], blood[name], is_main=name == main))
    order = list(Ventricle)
    return ModifiedGraeb(items=tuple(sorted(items, key=lambda item: order.index(item.compartment))))


def compartments(coordinates: np.ndarray, septum_x: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest compartment of each point and the distance to it.

    Parameters
    ----------
    coordinates : numpy.ndarray
        (..., 3) brain coordinates.
    septum_x : float
        See :func:`propose_graeb`.

    Returns
    -------
    names : numpy.ndarray
        (...) uint8, indices into :class:`Ventricle`.
    distance_mm : numpy.ndarray
        (...) signed distance, negative inside the compartment of the model.
    """
    distances = _distances(coordinates)
    kinds = distances.argmin(axis=0)
    right = coordinates[..., 0] < septum_x
    order = list(Ventricle)
    numbers = np.array([[order.index(name) for name in _BY_SIDE[kind]] for kind in range(len(_KINDS))], dtype=np.uint8)
    return numbers[kinds, right.astype(int)], distances.min(axis=0)


def _distances(coordinates: np.ndarray) -> np.ndarray:
    """Return (kinds, ...) signed distances to the mean ventricles of adults in brain coordinates.

    Positions are those of stereotaxic atlases (Talairach J, Tournoux P, Co-planar stereotaxic atlas of the human brain,
    Thieme 1988). The lateral ventricle consists of frontal horn, body and atrium. The occipital horn begins where the
    atrium ends, about 60 mm posterior to the anterior commissure, the temporal horn anterior to its floor.
    """
    x, a, s = (coordinates[..., axis].astype(np.float32) for axis in range(3))
    frame = HeadFrame(x, a, s, (1.0, 1.0, 1.0))
    body = ((7, 30, 3), (10, 24, 9), (10, 10, 16), (11, -8, 21), (16, -27, 20), (23, -39, 14), (23, -53, 9))
    floor = tube(frame, ((23, -41, 11), (28, -47, 3)), (5, 4))  # of the atrium: the collateral trigone
    return np.stack(
        [
            np.minimum(tube(frame, body, (2, 4, 4, 4, 5, 6, 5)), floor),
            tube(frame, ((22, -64, 7), (20, -69, 6), (18, -76, 5)), (4, 3, 1.5)),
            tube(frame, ((31, -38, -2), (34, -30, -7), (33, -18, -14), (29, -6, -18)), (3, 2.5, 2, 2)),
            ellipsoid(frame, (0, -10, -1), (3, 15, 10)),
            ellipsoid(frame, (0, -42, -31), (8, 6, 12)),
        ]
    )


def _fluid_ml(samples: DeepSamples, septum_x: float) -> dict[Ventricle, float]:
    lumen = (samples.fluid >= _MIN_FLUID) & ~samples.blood
    plane, row, column = np.nonzero(lumen)
    coordinates = np.stack([X[column], A[row], samples.s[lumen]], axis=-1)
    names, distance = compartments(coordinates, septum_x)
    reach = {name: _KINDS[kind].reach_mm for kind, pair in _BY_SIDE.items() for name in pair}
    near = distance <= np.array([reach[name] for name in Ventricle])[names]
    volumes = np.bincount(names[near], weights=samples.volumes_mm3[plane[near]] / 1000, minlength=len(Ventricle))
    return dict(zip(Ventricle, volumes.tolist(), strict=True))


def _blood_ml(label_map: LabelMap, brain: AtlasFit, septum_x: float) -> dict[Ventricle, float] | None:
    """Return the volume of blood by compartment, or None if much of it is far from the ventricles of the model."""
    found = np.argwhere(label_map.labels == Subtype.IVH)
    names, distance = compartments(brain.coordinates(found), septum_x)
    volumes_mm3 = label_map.grid.voxel_volumes_mm3[found[:, 0]]
    if volumes_mm3[distance > _FAR_MM].sum() > _MAX_FAR_FRACTION * volumes_mm3.sum():
        return None
    volumes = np.bincount(names, weights=volumes_mm3 / 1000, minlength=len(Ventricle))
    return dict(zip(Ventricle, volumes.tolist(), strict=True))


def _item(name: Ventricle, kind: _Kind, fluid_ml: float, blood_ml: float, *, is_main: bool) -> GraebItem:
    lumen_ml = max(fluid_ml + blood_ml, kind.min_ml)
    fraction = blood_ml / lumen_ml
    if is_main and blood_ml > 0:
        fraction = max(fraction, _MIN_SHOWN_FRACTION)
    elif blood_ml < _MIN_BLOOD_ML or fraction < _MIN_BLOOD_FRACTION:
        fraction = 0.0
    return GraebItem(
        compartment=name,
        lumen_ml=round(fluid_ml + blood_ml, 2),
        blood_ml=round(blood_ml, 2),
        filled_percent=round(100 * fraction, 1),
        expanded=bool(fraction >= _MIN_FILLED_FRACTION and lumen_ml > kind.max_ml),
    )
