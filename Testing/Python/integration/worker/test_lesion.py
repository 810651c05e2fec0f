# SPDX-License-Identifier: Apache-2.0
"""One lesion segmented again by a worker: what the library gives, errors and a cancel."""

from __future__ import annotations

import os

import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, labelled
from builders.open_scans import open_scans
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM

from ICHSegmentationLib import resegment_lesion
from ICHSegmentationLib.core.errors import CancelledError, InputError
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, lesion_boxes
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient
from ICHSegmentationLib.worker.protocol.exchange import LABELS_NAME, read_labels, write_files
from ICHSegmentationLib.worker.protocol.messages import LesionRequest, SegmentRequest, parse_request, parse_response
from ICHSegmentationLib.worker.server.jobs import run_lesion, run_segment

EM = SegmentOptions(model="em")


@pytest.fixture(scope="module")
def an_edit(a_head):
    clot = ellipsoid_mask(a_head.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    (box,) = lesion_boxes(labelled(a_head.grid, (Subtype.IPH, clot)))
    return BoxEdit(after=box)


@pytest.fixture(scope="module")
def a_client_of_all(a_world):
    with WorkerClient(environment={**os.environ, **a_world}) as client:
        yield client


def test_a_request_is_met_with_labels(tmp_path, a_head, an_edit):
    write_files(tmp_path / "request", {LABELS_NAME: labelled(a_head.grid)})
    line = LesionRequest(id=7, scan="a", folder=tmp_path / "request", edit=an_edit, options=EM).to_line()
    answer = run_lesion(parse_request(line), open_scans(tmp_path, a=a_head), None, lambda: False)
    assert parse_response(answer.to_line()) == answer
    expected = resegment_lesion(a_head, labelled(a_head.grid), an_edit, "em").labels
    assert (expected == Subtype.IPH).any()
    np.testing.assert_array_equal(read_labels(answer.labels, a_head.grid).labels, expected)


def test_a_segmentation_tells_its_boxes(tmp_path, a_head):
    request = SegmentRequest(id=1, scan="a", folder=tmp_path, options=EM)
    (box,) = run_segment(request, open_scans(tmp_path, a=a_head), None, lambda *_: None, lambda: False).boxes
    assert box.subtype == "ICH"
    assert 0.8 < box.confidence <= 1


def test_a_worker_gives_what_the_library_gives(a_client_of_all, a_head, an_edit):
    labels = a_client_of_all.resegment_lesion(a_head, labelled(a_head.grid), an_edit, EM)
    np.testing.assert_array_equal(labels.labels, resegment_lesion(a_head, labelled(a_head.grid), an_edit, "em").labels)
    assert labels.grid is a_head.grid


def test_errors_come_through_and_the_worker_lives(a_client_of_all, a_head, an_edit):
    options = SegmentOptions(model="tiny", threads=1)
    with raises(InputError, "segmentation.no_boxes_taken", name="tiny"):
        a_client_of_all.resegment_lesion(a_head, labelled(a_head.grid), an_edit, options)
    pid = a_client_of_all.pid
    deep = an_edit.after.model_copy(update={"slices": (90, 91)})
    with raises(InputError, "core.box_beyond_slices", slice=92):
        a_client_of_all.resegment_lesion(a_head, labelled(a_head.grid), BoxEdit(after=deep), EM)
    assert a_client_of_all.pid == pid


def test_a_cancelled_request_is_told_and_leaves_no_file(a_client, a_temporary_folder, a_head, an_edit):
    a_client.ping()
    with pytest.raises(CancelledError):
        a_client.resegment_lesion(a_head, labelled(a_head.grid), an_edit, EM, cancel=lambda: True)
    assert not list(a_temporary_folder.glob("*/*"))
