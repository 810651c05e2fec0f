# SPDX-License-Identifier: Apache-2.0
"""Both files of a case lie on one grid, or are refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.label_maps import labelled

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd
from ICHSegmentationLib.research.evaluation.common_grid import read_pair
from ICHSegmentationLib.research.evaluation.pairs import Pair

UNEVEN = make_grid(steps_mm=(4.0, 4.0, 4.0, 7.0, 7.0, 7.0), tilt_deg=18.5)


def a_label_map(grid):
    mask = np.zeros(grid.shape, dtype=bool)
    mask[1, 2:4, 3] = True
    return labelled(grid, (Subtype.SDH, mask))


def test_the_true_positions_of_uneven_tilted_slices_are_read(tmp_path: Path):
    pair = Pair("a", tmp_path / "p.nii.gz", tmp_path / "r.seg.nrrd")
    write_labels_nifti(pair.prediction, a_label_map(UNEVEN))
    write_seg_nrrd(pair.reference, a_label_map(UNEVEN))

    predicted, reference, warnings = read_pair(pair)

    assert predicted.grid is reference.grid
    assert reference.grid.steps_mm == pytest.approx(UNEVEN.steps_mm)
    assert reference.grid.tilt_deg == pytest.approx(18.5)
    assert (predicted.labels == reference.labels).all()
    assert predicted.labels.sum() == 2 * Subtype.SDH
    assert warnings == ()


@pytest.mark.parametrize("plain", ["prediction", "reference"])
def test_a_file_without_positions_takes_those_of_the_other(tmp_path: Path, plain: str):
    """Another program knows only the nearest affine of uneven slices."""
    label_map = a_label_map(UNEVEN)
    pair = Pair("a", tmp_path / "p.nii.gz", tmp_path / "r.nii.gz")
    for name in ("prediction", "reference"):
        write_labels_nifti(getattr(pair, name), label_map)
    image = nibabel.Nifti1Image(label_map.labels.transpose(2, 1, 0), UNEVEN.nearest_affine_ras)
    nibabel.save(image, getattr(pair, plain))
    (tmp_path / f"{plain[0]}.json").unlink()

    predicted, reference, _ = read_pair(pair)

    assert predicted.grid.steps_mm == pytest.approx(UNEVEN.steps_mm)
    assert reference.grid.steps_mm == pytest.approx(UNEVEN.steps_mm)


@pytest.mark.parametrize(
    "other",
    [
        make_grid(steps_mm=(5.0,) * 6, tilt_deg=18.5),
        make_grid(steps_mm=(4.0, 4.0, 4.0, 7.0, 7.0, 7.0), tilt_deg=18.5, origin_mm=(-60.0, -70.0, 21.0)),
        make_grid(steps_mm=(4.0, 4.0, 4.0, 7.0, 7.0), tilt_deg=18.5),
    ],
    ids=["other steps", "moved by 1 mm", "one slice fewer"],
)
def test_different_slices_are_refused_in_one_sentence(tmp_path: Path, other):
    pair = Pair("a", tmp_path / "p.seg.nrrd", tmp_path / "r.seg.nrrd")
    write_seg_nrrd(pair.prediction, a_label_map(other))
    write_seg_nrrd(pair.reference, a_label_map(UNEVEN))

    with raises(InputError, "research.not_on_the_same_slices", prediction=pair.prediction) as raised:
        read_pair(pair)

    assert raised.value.parameters["reference_slices"] == "7 slices of 8 x 6 pixels from (-60.0, -70.0, 20.0) mm"
    assert "\n" not in str(raised.value)


def test_a_single_slice_is_refused(tmp_path: Path):
    pair = Pair("a", tmp_path / "p.nii.gz", tmp_path / "r.nii.gz")
    for path in (pair.prediction, pair.reference):
        nibabel.save(nibabel.Nifti1Image(np.zeros((6, 8, 1), np.uint8), np.diag([0.5, 0.5, 5, 1])), path)

    with raises(InputError, "research.single_slice_reference", path=pair.reference):
        read_pair(pair)
