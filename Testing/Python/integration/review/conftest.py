# SPDX-License-Identifier: Apache-2.0
"""A reviewed result: tilted, unevenly spaced DICOM of a head with an IPH on the patient's left and an IVH."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from builders.browser import NO_WEBGL, Opened, chromium
from builders.dicom import write_series
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_hu, model_entry

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.segmentation.result import SegmentationResult

GRID = head_grid([4.0] * 13 + [1.0] + [7.0] * 13, tilt_deg=18.5, rows=110, columns=100, spacing_mm=(1.9, 1.8))


@dataclass(frozen=True)
class Reviewed:
    """A case, its scan, and the folder of its results."""

    case: CaseResult
    scan: Path
    folder: Path

    @property
    def page(self) -> Path:
        """The review page."""
        return self.folder / ExportFormat.html.file_name


@pytest.fixture(scope="session")
def a_result(tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    root = tmp_path_factory.mktemp("review")
    write_series(root / "ct", head_hu(GRID), GRID)
    volume = read_ct(root / "ct")
    label_map = labelled(
        volume.grid,
        (Subtype.IPH, ellipsoid_mask(volume.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)),
        (Subtype.IVH, ellipsoid_mask(volume.grid, (-10, 0, 0), (4, 12, 8))),
    )
    run = SegmentationResult(volume, label_map, model_entry(), RuntimeInfo("cpu", "openvino", 1, "f32"), {}, ())
    case = CaseResult.of(run)
    kinds = (ExportFormat.html, ExportFormat.nifti, ExportFormat.seg_nrrd, ExportFormat.json)
    Exporter(case).write_files(root / "out", kinds)
    return Reviewed(case, root / "ct", root / "out")


@pytest.fixture(scope="session")
def a_browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def a_page(a_browser: Any, a_result: Reviewed) -> Iterator[Opened]:
    """The page with all views; tests leave it as it was."""
    opened = Opened(a_browser, a_result.page)
    yield opened
    opened.close()


Open = Callable[..., Opened]


@pytest.fixture
def open_page(a_browser: Any, a_result: Reviewed) -> Iterator[Open]:
    """Open a page of its own, without 3D, which is quicker."""
    pages: list[Opened] = []

    def opened(*scripts: str, path: Path = a_result.page, **options: Any) -> Opened:
        pages.append(Opened(a_browser, path, NO_WEBGL, *scripts, **options))
        return pages[-1]

    yield opened
    for page in pages:
        page.close()
