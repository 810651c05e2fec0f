# SPDX-License-Identifier: Apache-2.0
"""The change between two results in the scene, of two scans of one patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib import mrml

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode

    from ICHSegmentationLib.ct.source import CTSource
    from ICHSegmentationLib.measurement import Measurements
    from ICHSegmentationLib.reporting.comparison import Comparison

_NOT_REGISTERED = "The scans were not registered; volumes are compared only."


def growth_since(
    baseline: vtkMRMLSegmentationNode, followup: vtkMRMLSegmentationNode, followup_source: CTSource
) -> Comparison:
    """Compare the volumes of two results; headers of two patients give a warning.

    Parameters
    ----------
    baseline, followup : vtkMRMLSegmentationNode
        Results of the earlier and the later scan.
    followup_source : CTSource
        Where the later scan came from.
    """
    from ICHSegmentationLib.measurement.growth import compare_volumes
    from ICHSegmentationLib.registration.patients import warn_patients
    from ICHSegmentationLib.reporting.comparison import Comparison

    warnings = [_NOT_REGISTERED]
    volume = mrml.source_volume(baseline)
    geometry = mrml.check_volume(volume).geometry if volume is not None else None
    if geometry is not None:
        warnings += warn_patients(geometry.source, followup_source)
    return Comparison.of(compare_volumes(_volumes(baseline), _volumes(followup)), None, tuple(warnings))


def _volumes(node: vtkMRMLSegmentationNode) -> Measurements:
    """Return the volumes alone, which is all that growth is judged by."""
    from ICHSegmentationLib.measurement import Measurements
    from ICHSegmentationLib.subtypes import Subtype

    found = mrml.scene_volumes(node)
    names = [subtype.name for subtype in Subtype]
    return Measurements(
        volumes_ml=dict.fromkeys(names, 0.0) | found.volumes_ml,
        present=dict.fromkeys(names, False) | found.present,
        slice_volumes_ml={},
        lesions=(),
    )
