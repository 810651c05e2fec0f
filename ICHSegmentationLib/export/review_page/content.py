# SPDX-License-Identifier: Apache-2.0
"""Content of the review page: what the scripts of the page read."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.core.windows import WINDOWS
from ICHSegmentationLib.export.report.facts import facts
from ICHSegmentationLib.export.review_page.screen import ScreenScan
from ICHSegmentationLib.io.grid_record import GridRecord
from ICHSegmentationLib.io.labels.nifti import labels_nifti_header
from ICHSegmentationLib.rendering.key_slices import choose_slices
from ICHSegmentationLib.rendering.panels import tissue_slices

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.export.case import CaseResult
    from ICHSegmentationLib.export.record import MeasurementRecord
    from ICHSegmentationLib.io.scan_identity import ScanIdentity

HU_OF_ZERO = -1024
_HU_RANGE = (-750, 3071)
"""Kept HU: below is air, black in every window, whose noise would be a third of the page."""
_GZIP_BITS = 31
_KEY_SLICES = 6
_PLANES = ("sagittal", "coronal", "axial")


def pack(array: np.ndarray) -> str:
    """Return an array as base64 of gzip, at the fastest level and for runs only, since most of a scan is noise."""
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_BITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return base64.b64encode(packer.compress(np.ascontiguousarray(array).data) + packer.flush()).decode()


def pack_hu(hu: np.ndarray) -> str:
    """Return HU as two planes of bytes, the low ones first, of ``hu - HU_OF_ZERO``; they compress better than words."""
    stored = (np.clip(hu, *_HU_RANGE) - HU_OF_ZERO).astype("<u2")
    return pack(np.moveaxis(stored[..., None].view(np.uint8), -1, 0))


def case_content(
    case: CaseResult, scan: ScreenScan, record: MeasurementRecord | None, identity: ScanIdentity | None, patient: str
) -> dict[str, Any]:
    """Return what the page shows beside the voxels.

    Parameters
    ----------
    case : CaseResult
        Labels and measurements, with the scan.
    scan : ScreenScan
        The part of the scan that the page holds.
    record : MeasurementRecord or None
        Content of ``measurements.json``; None if the run is not known.
    identity : ScanIdentity or None
        Scan that the labels were made on, for saved corrections.
    patient : str
        The patient's data on one line; empty unless the user asked for it.
    """
    grid, source, measurements = case.label_map.grid, case.scan().source, case.measurements
    record_of_grid = GridRecord.of(grid).to_json()
    chosen = choose_slices(
        measurements.slice_volumes_ml, tissue_slices(case.scan().hu), grid.positions_mm[:, 2], _KEY_SLICES
    )
    return {
        "schema": 1,
        "result": _result_id(case, record_of_grid, record),
        "version": __version__,
        "patient": patient,
        "model": "" if record is None else record.model.name,
        "assessed": record is None or record.assessed,
        "grid": record_of_grid,
        "scan": _scan_content(scan, grid),
        "file": {
            "header": base64.b64encode(labels_nifti_header(grid, source, identity)).decode(),
            "voxels": int(np.prod(grid.shape)),
            "first": scan.file_first,
            "steps": scan.file_steps,
        },
        "classes": [row.model_dump(include={"id", "label", "name", "color"}) for row in load_terminology().classes],
        "windows": WINDOWS,
        "keySlices": chosen,
        "volumesMl": measurements.volumes_ml,
        "lesions": [
            {
                "subtype": lesion.subtype,
                "slices": lesion.slices,
                "volumeMl": lesion.volume_ml,
                "place": "" if lesion.location is None else lesion.location.describe(),
            }
            for lesion in measurements.lesions
        ],
        "facts": [] if record is None else [fact for fact in facts(record) if fact[0] != "Warnings"],
        "warnings": case.warnings if record is None else record.input.warnings,
    }


def _scan_content(scan: ScreenScan, grid: SliceGrid) -> dict[str, Any]:
    slices, height, width = scan.hu.shape
    orientation = scan.orientation
    return {
        "slices": slices,
        "height": height,
        "width": width,
        "huOfZero": HU_OF_ZERO,
        "originsMm": scan.origins_mm,
        "rightMm": scan.right_mm,
        "downMm": scan.down_mm,
        "extentsMm": np.round(grid.extents_mm, 6).tolist(),
        "voxelMl": (grid.voxel_volumes_mm3 / 1000).tolist(),
        "sides": {name: getattr(orientation, name) for name in ("left", "right", "top", "bottom")},
        "plane": _PLANES[int(np.argmax(np.abs(grid.normal)))],
        "tiltDeg": round(grid.tilt_deg, 2) + 0.0,
        "even": grid.is_regular,
    }


def _result_id(case: CaseResult, grid: str, record: MeasurementRecord | None) -> str:
    """Return an identifier of these labels on this grid; the same result has the same one."""
    parts = hashlib.sha256(grid.encode())
    parts.update(b"" if record is None else record.model.sha256.encode())
    parts.update(case.label_map.labels.tobytes())
    return parts.hexdigest()[:32]
