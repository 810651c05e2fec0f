# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes a file holds, the reader answers with a volume or with one sentence."""

from __future__ import annotations

import random
import traceback
import warnings

import pytest
from builders.affine_files import write_nifti
from builders.dicom import write_enhanced, write_series
from builders.grids import coded_hu, make_grid

from ICHSegmentationLib.core.errors import InputError, SeveralSeriesError
from ICHSegmentationLib.io.reader import read_ct


@pytest.mark.parametrize("kind", ["dicom", "enhanced", "nifti"])
def test_random_damage_in_the_header_ends_in_a_sentence(tmp_path, kind):
    grid = make_grid(steps_mm=[5.0, 5.0])
    hu = coded_hu(grid.shape)
    if kind == "dicom":
        path = write_series(tmp_path, hu, grid)[1]
    elif kind == "enhanced":
        path = write_enhanced(tmp_path / "e.dcm", hu, grid)
    else:
        path = write_nifti(tmp_path / "ct.nii", hu.transpose(2, 1, 0).copy(), grid.affine_ras)
    content = path.read_bytes()
    header = 352 if kind == "nifti" else len(content)
    generator = random.Random(0)
    messages = []
    for _ in range(120):
        damaged = bytearray(content)
        for _ in range(4):
            damaged[generator.randrange(header)] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            read_ct(tmp_path)
        except SeveralSeriesError:
            continue  # a damaged UID is another series
        except InputError as error:
            messages.append(str(error))
    assert len(messages) > 10
    assert all(str(tmp_path) in message or path.name in message for message in messages), messages


def test_odd_values_are_neither_logged_nor_shown(tmp_path, recwarn, caplog):
    grid = make_grid(steps_mm=[5.0, 5.0])

    def edit(dataset, _index):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.SeriesInstanceUID = "SECRET^NAME " * 8

    write_series(tmp_path, coded_hu(grid.shape), grid, edit=edit)
    recwarn.clear()
    caplog.clear()
    caplog.set_level("DEBUG")
    read_ct(tmp_path)
    (tmp_path / "001.dcm").write_bytes((tmp_path / "001.dcm").read_bytes()[:800])
    with pytest.raises(InputError) as caught:
        read_ct(tmp_path)
    assert not recwarn.list
    assert "SECRET" not in caplog.text + "".join(traceback.format_exception(caught.value))
