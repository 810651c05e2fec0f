# SPDX-License-Identifier: Apache-2.0
"""Every writer on a disk that fills up, and where a flush, a rename or a closing fails: one sentence, no half file."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from builders.dicom import write_series
from builders.errors import raises
from builders.faulty_files import faulty_files
from builders.grids import make_grid
from PIL import Image

from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.storage.files import write_bytes, write_text
from ICHSegmentationLib.core.storage.replacing import replacing_files
from ICHSegmentationLib.export.dicom.seg import write_dicom_seg
from ICHSegmentationLib.export.tables import write_measurements_csv
from ICHSegmentationLib.export.training_case.save_case import save_case
from ICHSegmentationLib.io.boxes import write_boxes
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti, write_on_grid_nifti
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.rendering.png import write_png
from ICHSegmentationLib.worker.protocol import exchange

pytestmark = pytest.mark.slow

GRID = make_grid(rows=512, columns=512, steps_mm=[5.0] * 12, spacing_mm=(0.5, 0.5))


@pytest.fixture(scope="module")
def writers(tmp_path_factory):
    """Write a large case in every format: noise, which does not compress."""
    folder = tmp_path_factory.mktemp("scan")
    rng = np.random.default_rng(0)
    write_series(folder, rng.integers(-1000, 1000, GRID.shape).astype(np.int16), GRID)
    volume = read_ct(folder)
    label_map = LabelMap(rng.integers(0, 6, GRID.shape).astype(np.uint8), volume.grid)
    corner = np.zeros(GRID.shape, dtype=np.uint8)
    corner[2:5, 100:140, 100:140] = 4
    small = LabelMap(corner, volume.grid)
    datasets, measurements = load_source_datasets(volume), measure(small)
    picture = Image.fromarray(rng.integers(0, 256, (1200, 1200, 3)).astype(np.uint8))
    return {
        "segmentation.seg.nrrd": lambda path: write_seg_nrrd(path, label_map),
        "labels.nii.gz": lambda path: write_labels_nifti(path, label_map),
        "ct.nii.gz": lambda path: write_on_grid_nifti(path, volume.hu, volume.grid),
        "ct.nii": lambda path: write_on_grid_nifti(path, volume.hu, volume.grid),
        "segmentation.dcm": lambda path: write_dicom_seg(path, label_map, volume.source, datasets, model=None),
        "slices.png": lambda path: write_png(path, picture),
        "boxes.json": lambda path: write_boxes(path, lesion_boxes(small), volume.grid),
        "measurements.csv": lambda path: write_measurements_csv(path, measurements),
        "report.txt": lambda path: write_text(path, "x" * 4_000_000),
        "report.pdf": lambda path: write_bytes(path, bytes(4_000_000)),
        "case": lambda path: save_case(path, volume, label_map, (), keep_face=True),
        "volume": lambda path: exchange.write_volume(path, volume),
        "labels": lambda path: exchange.write_files(path, {exchange.LABELS_NAME: label_map}, bytes(4_000_000)),
    }


SMALL = ("boxes.json", "measurements.csv")
NAMES = (
    "segmentation.seg.nrrd", "labels.nii.gz", "ct.nii.gz", "ct.nii", "segmentation.dcm", "slices.png", *SMALL,
    "report.txt", "report.pdf", "case", "volume", "labels",
)  # fmt: skip
OF_THE_WORKER = ("volume", "labels")
"""Their folder goes with the request."""


def write(writer, path: Path) -> ICHSegmentationError | None:
    try:
        writer(path)
    except ICHSegmentationError as error:
        return error
    return None


@pytest.mark.parametrize("space", [200_000, 1_000_000, 2_000_000, 3_000_000])
@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_fills_up_is_named_and_nothing_is_left(writers, tmp_path, capfd, name, space):
    with faulty_files() as files:
        files.space = 20 if name in SMALL else space
        problem = write(writers[name], tmp_path / name)
    if problem is None:
        assert files.space > 0  # the file fits
    else:
        assert type(problem) is DiskFullError
        assert "\n" not in str(problem)
        if name not in OF_THE_WORKER:
            assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in capfd.readouterr().err
    assert problem is not None or space > 200_000


@pytest.mark.parametrize("call", ["fsync", "replace", "close", "write", "open"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in (*OF_THE_WORKER, "case")])
def test_a_refused_call_is_one_sentence_and_the_old_file_stays(writers, tmp_path, name, call):
    (tmp_path / name).write_bytes(b"old")
    with faulty_files() as files:
        files.refuse = lambda called: errno.EIO if called == call else 0
        problem = write(writers[name], tmp_path / name)
    assert type(problem) is ICHSegmentationError
    assert "\n" not in str(problem)
    assert (tmp_path / name).read_bytes() == b"old"


def test_a_file_of_a_result_is_named_where_it_would_lie(tmp_path):
    with (
        faulty_files() as files,
        raises(DiskFullError, "core.disk_full", path=tmp_path / "slices.png"),
        replacing_files(tmp_path) as staging,
    ):
        files.space = 20
        write_bytes(staging / "slices.png", bytes(1000))
    assert list(tmp_path.iterdir()) == []
