# SPDX-License-Identifier: Apache-2.0
"""DICOM Segmentation (PS3.3 A.51) and Label Map Segmentation (Supplement 243) on the slices of the source series.

A BINARY segmentation has one frame per segment and source slice, a LABELMAP one frame per source slice whose pixels
are segment numbers. Frames without blood are kept, so that the file contains the position of every slice and volumes
can be measured with varying steps too.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.uid import generate_uid

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.terminology import HemorrhageClass, load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom.identity import (
    MANUFACTURER,
    MODEL_NAME,
    NO_MODEL,
    coded,
    keep_character_set,
    serial_number,
    series_number,
)
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.io.dicom.source_headers import decimal_strings, derivation_named, quiet_dicom

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription

    from ICHSegmentationLib.export.dicom.identity import ModelIdentity

SERIES_DESCRIPTION = "Hemorrhage segmentation (research use only)"


class SegmentationKind(Enum):
    """Encoding of a segmentation: SegmentationType (0062,0001) and the number added to that of the source series."""

    BINARY = 1
    LABELMAP = 4


def make_dicom_seg(
    label_map: LabelMap,
    source: CTSource,
    source_datasets: Sequence[Dataset],
    *,
    model: ModelIdentity | None,
    corrected: bool = False,
    kind: SegmentationKind = SegmentationKind.BINARY,
) -> Dataset:
    """Return a label map as DICOM Segmentation.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the source slices.
    source : CTSource
        Origin of the volume.
    source_datasets : sequence of pydicom.Dataset
        Headers of that volume, see :func:`ICHSegmentationLib.io.dicom.source_headers.load_source_datasets`; not
        changed.
    model : ModelIdentity or None
        Model that made the labels; None if unknown.
    corrected : bool
        Whether the labels were edited by hand. They are then marked as semi-automatic, as are those of an unknown
        model.
    kind : SegmentationKind
        Encoding of the segments.

    Raises
    ------
    InputError
        If the headers of the source do not allow it.
    """
    from highdicom.seg import Segmentation

    # highdicom requires and copies these two attributes; each frame's own thickness is set below.
    datasets = copy.deepcopy(list(source_datasets))
    for dataset in datasets:
        dataset.SliceThickness = "1"
        dataset.pop("SpacingBetweenSlices", None)
    with quiet_dicom(), derivation_named(source):
        segmentation = Segmentation(
            source_images=datasets,
            pixel_array=label_map.labels,
            segmentation_type=kind.name,
            segment_descriptions=[_describe(row, model, corrected=corrected) for row in _rows(label_map.labels)],
            series_instance_uid=generate_uid(),
            series_number=series_number(datasets[0], kind.value),
            sop_instance_uid=generate_uid(),
            instance_number=1,
            content_label="HEMORRHAGE",
            content_description="Intracranial hemorrhage by subtype. Research use only.",
            series_description=SERIES_DESCRIPTION,
            omit_empty_frames=False,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL_NAME,
            software_versions=__version__,
            device_serial_number=serial_number(model),
        )
        # Type 2 (PS3.3 10.9); highdicom leaves it out.
        segmentation.ContentCreatorName = ""
        keep_character_set(segmentation, datasets[0])
        _refer_to_frames(segmentation, source)
        _set_thickness(segmentation, label_map)
    return segmentation


def write_dicom_seg(
    path: Path | str,
    label_map: LabelMap,
    source: CTSource,
    source_datasets: Sequence[Dataset],
    *,
    model: ModelIdentity | None,
    corrected: bool = False,
    kind: SegmentationKind = SegmentationKind.BINARY,
) -> Dataset:
    """Write what :func:`make_dicom_seg` returns, atomically, and return it for reports that refer to it."""
    segmentation = make_dicom_seg(label_map, source, source_datasets, model=model, corrected=corrected, kind=kind)
    save_dicom(path, segmentation)
    return segmentation


def _rows(labels: np.ndarray) -> list[HemorrhageClass]:
    """Return the five subtypes, and hemorrhage without a subtype only if there is any."""
    table = load_terminology()
    return [row for row in table.classes if row in table.subtypes or bool((labels == row.label).any())]


def _describe(row: HemorrhageClass, model: ModelIdentity | None, *, corrected: bool) -> SegmentDescription:
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription

    table = load_terminology()
    return SegmentDescription(
        segment_number=row.label,
        segment_label=row.name,
        segmented_property_category=coded(table.category),
        segmented_property_type=coded(row.code),
        algorithm_type="SEMIAUTOMATIC" if corrected or model is None else "AUTOMATIC",
        algorithm_identification=_identify(model),
        tracking_uid=generate_uid(),
        tracking_id=row.id,
        anatomic_regions=[coded(table.region)],
        display_color=CIELabColor.from_rgb(*row.rgb),
    )


def _identify(model: ModelIdentity | None) -> AlgorithmIdentificationSequence:
    from highdicom import AlgorithmIdentificationSequence
    from pydicom.sr.codedict import codes

    return AlgorithmIdentificationSequence(
        name=model.name if model else NO_MODEL,
        family=codes.DCM.ClusterAnalysis if model and not model.sha256 else codes.DCM.ArtificialIntelligence,
        version=__version__,
        source=MANUFACTURER,
        parameters={"system": model.system, "preset": model.preset, "sha256": model.sha256} if model else None,
    )


def _refer_to_frames(segmentation: Dataset, source: CTSource) -> None:
    """Replace the frame numbers of the header in memory by those of the file."""
    if not source.frames:
        return
    for frame in segmentation.PerFrameFunctionalGroupsSequence:
        for derivation in frame.DerivationImageSequence:
            for image in derivation.SourceImageSequence:
                image.ReferencedFrameNumber = source.frames[int(image.ReferencedFrameNumber) - 1]


def _set_thickness(segmentation: Dataset, label_map: LabelMap) -> None:
    """Set SliceThickness to the slice extents, once for all frames if they are equal (to 0.001 mm)."""
    grid = label_map.grid
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    extents_mm = np.round(grid.extents_mm, 3)
    if len(np.unique(extents_mm)) == 1:
        shared.PixelMeasuresSequence[0].SliceThickness = decimal_strings(extents_mm[:1])[0]
        return
    common = shared.PixelMeasuresSequence[0]
    del shared.PixelMeasuresSequence
    for frame in segmentation.PerFrameFunctionalGroupsSequence:
        position = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=np.float64)
        index = int(np.argmin(np.linalg.norm(grid.positions_mm - position, axis=1)))
        measures = Dataset()
        measures.PixelSpacing = common.PixelSpacing
        measures.SliceThickness = decimal_strings(extents_mm[index : index + 1])[0]
        frame.PixelMeasuresSequence = [measures]
