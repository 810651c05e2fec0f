# SPDX-License-Identifier: Apache-2.0
"""Segmentation from a script, without the panel."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import slicer
from builders.panel import MODULE_FOLDER, a_small_ct, answer_to
from builders.scene import add_volume


@pytest.fixture
def a_logic(slicer_app, monkeypatch, tmp_path):
    """Logic of the module whose worker answers at once; ``requests`` has what it was asked."""
    assert slicer_app
    from builders.python_slicer import put_on_path

    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.syspath_prepend(str(MODULE_FOLDER))
    from ICHSegmentationPanel import scripting

    from ICHSegmentation import ICHSegmentationLogic

    requests, closed = [], []

    class Client:
        def __init__(self, python, environment):
            assert python.endswith("PythonSlicer")
            assert "PATH" in environment

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            closed.append(True)

        def segment(self, volume, options, *, boxes):
            requests.append((volume, options, boxes))
            return answer_to(volume, warnings=("Something to know.",))

    monkeypatch.setattr(scripting, "WorkerClient", Client)
    yield SimpleNamespace(logic=ICHSegmentationLogic(), requests=requests, closed=closed)
    sys.modules.pop("ICHSegmentation", None)


def test_a_script_gets_a_segmentation(a_logic, caplog):
    from ICHSegmentationLib import mrml

    scan = a_small_ct()
    volume = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Head")
    node = a_logic.logic.process(volume, model="hardnet-compact", device="cpu", force=True)
    ((read, options, boxes),) = a_logic.requests
    assert boxes is None
    assert (read.hu == scan.hu).all()
    assert (options.model, options.device, options.force) == ("hardnet-compact", "cpu", True)
    assert mrml.source_volume(node) is volume
    assert mrml.segment_volumes_ml(node)["total"] == pytest.approx(2.4)
    assert mrml.result_info(node)["model"] == "hardnet-compact"
    assert node.GetName() == "Head hemorrhage"
    assert "Something to know." in caplog.text
    assert a_logic.closed == [True]


def test_what_cannot_be_segmented_is_refused_before_the_worker_starts(a_logic):
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    with pytest.raises(ValueError, match="Empty"):
        a_logic.logic.process(volume)
    assert a_logic.requests == []
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_given_segmentation_is_filled_and_boxes_are_passed_on(a_logic):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.core.lesion_boxes import LesionBox

    scan = a_small_ct()
    volume = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Head")
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Second look")
    mine.SetAttribute("ICHSegmentation.ReaderItems", "of an earlier result")
    mine.SetAttribute("Mine", "kept")
    box = LesionBox(subtype="SDH", from_lps_mm=(0, 0, 0), to_lps_mm=(9, 9, 9), slices=(0, 1))
    assert a_logic.logic.process(volume, mine, boxes=[box]) is mine
    ((_, _, boxes),) = a_logic.requests
    assert boxes == [box]
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [mine]
    assert mine.GetName() == "Second look"
    assert mrml.source_volume(mine) is volume
    assert mrml.segment_volumes_ml(mine)["total"] == pytest.approx(2.4)
    assert mrml.changed_by_hand(mine) == frozenset()
    assert mine.GetAttribute("ICHSegmentation.ReaderItems") is None
    assert mine.GetAttribute("Mine") == "kept"


def test_segments_of_a_given_segmentation_are_never_replaced(a_logic):
    scan = a_small_ct()
    volume = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Head")
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Corrected")
    mine.GetSegmentation().AddEmptySegment("IPH")
    with pytest.raises(ValueError, match="Corrected holds segments"):
        a_logic.logic.process(volume, mine)
    assert a_logic.requests == []
    assert mine.GetSegmentation().GetNumberOfSegments() == 1
