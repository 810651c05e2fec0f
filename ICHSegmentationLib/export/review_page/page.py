# SPDX-License-Identifier: Apache-2.0
"""The review page of one case."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from ICHSegmentationLib.core.resources import resource_path
from ICHSegmentationLib.export.review_page.content import case_content, pack, pack_hu
from ICHSegmentationLib.export.review_page.screen import ScreenScan
from ICHSegmentationLib.export.review_page.template import fill_page, joined_modules

if TYPE_CHECKING:
    from ICHSegmentationLib.export.case import CaseResult
    from ICHSegmentationLib.export.record import MeasurementRecord
    from ICHSegmentationLib.io.scan_identity import ScanIdentity

TITLE = "Review of a hemorrhage segmentation"
_MODULES = (
    "data.js",
    "lesions.js",
    "labels.js",
    "raster.js",
    "slice_view.js",
    "resample.js",
    "plane_views.js",
    "solid_view.js",
    "saving.js",
    "verdict.js",
    "panels.js",
    "tools.js",
    "page.js",
)


@dataclass(frozen=True, eq=False)
class PackedScan:
    """The voxels of the page; packing them takes most of the time, and can be done beside other work.

    Attributes
    ----------
    scan : ScreenScan
        What was packed.
    hu, labels : str
        Base64 of gzip, see :func:`.content.pack`.
    """

    scan: ScreenScan
    hu: str
    labels: str

    @classmethod
    def of(cls, case: CaseResult) -> Self:
        """Pack the scan and labels of a case."""
        volume = case.scan()
        scan = ScreenScan.of(volume, case.label_map, volume.source)
        return cls(scan, pack_hu(scan.hu), pack(scan.labels))


def make_review_page(
    case: CaseResult,
    record: MeasurementRecord | None,
    packed: PackedScan,
    *,
    identity: ScanIdentity | None = None,
    patient: str = "",
) -> str:
    """Return the page of a case as HTML; it loads nothing from elsewhere.

    Parameters
    ----------
    case : CaseResult
        Labels and measurements, with the scan.
    record : MeasurementRecord or None
        Content of ``measurements.json``; None if the run is not known.
    packed : PackedScan
        The voxels.
    identity : ScanIdentity, optional
        Scan that the labels were made on, for saved corrections.
    patient : str
        The patient's data on one line; empty unless the user asked for it.
    """
    viewer, viewer_hash = _niivue()
    return fill_page(
        "case/review.html",
        "case/review.css",
        joined_modules("case/scripts", _MODULES),
        case_content(case, packed.scan, record, identity, patient),
        binary={"scan": packed.hu, "labels": packed.labels, "viewer": viewer},
        title=TITLE,
        further_hashes=(viewer_hash,),
        # The viewer reads the letters of its font from a data address.
        connect="data:",
    )


@cache
def _niivue() -> tuple[str, str]:
    """Return the viewer library as base64 of gzip, and its source hash."""
    folder = resource_path("Viewer", "niivue")
    origin = json.loads((folder / "origin.json").read_text(encoding="utf-8"))
    digest = base64.b64encode(bytes.fromhex(origin["sha256"])).decode()
    return base64.b64encode((folder / origin["file"]).read_bytes()).decode(), f"'sha256-{digest}'"
