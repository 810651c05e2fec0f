# SPDX-License-Identifier: Apache-2.0
"""Two scans of one head: change, registration and picture in one call, and in the worker the same."""

from __future__ import annotations

import numpy as np
import pytest
from builders.moved_head import moved_scan
from builders.open_scans import open_scans

from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.export.job import ScanFiles
from ICHSegmentationLib.export.scan_comparison import compare_scans
from ICHSegmentationLib.rendering.png import decode_png
from ICHSegmentationLib.worker.protocol.exchange import (
    BASELINE_LABELS_NAME,
    FOLLOWUP_LABELS_NAME,
    read_picture,
    write_files,
)
from ICHSegmentationLib.worker.protocol.messages import CompareRequest, parse_request, parse_response
from ICHSegmentationLib.worker.server.jobs import run_compare

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two_scans():
    """The same head, turned and shifted; the clot has 4 mm more radius on the second."""
    return moved_scan(None), moved_scan(((4.0, -3.0, 8.0), (6.0, -9.0, 4.0)), 4.0)


def test_the_worker_registers_compares_and_draws(two_scans, tmp_path):
    first, second = two_scans
    write_files(tmp_path / "request", {BASELINE_LABELS_NAME: first[1], FOLLOWUP_LABELS_NAME: second[1]})
    scans = open_scans(tmp_path, a=first[0], b=second[0])
    request = CompareRequest(
        baseline_scan="a",
        followup_scan="b",
        id=3,
        folder=tmp_path / "request",
        baseline=ScanFiles(),
        followup=ScanFiles(),
        warnings=("Baseline: doubt.",),
    )
    shares = []
    answer = run_compare(parse_request(request.to_line()), scans, lambda *report: shares.append(report))

    assert parse_response(answer.to_line()) == answer
    found = answer.comparison
    assert found.registration.is_good
    assert found.registration.rotation_deg == pytest.approx(9.5, abs=1)
    assert found.changes["IPH"].change_percent == pytest.approx(100 * ((18 / 14) ** 3 - 1), abs=10)
    assert found.warnings == ("Baseline: doubt.",)
    assert np.asarray(decode_png(read_picture(answer.picture))).std() > 40
    assert [share for _, share in shares] == sorted(share for _, share in shares)
    assert list(dict.fromkeys(stage for stage, _ in shares)) == ["register", "draw"]
    assert len(shares) >= 5


def test_the_worker_does_not_compare_a_scan_that_was_not_assessed(two_scans, tmp_path):
    first, second = two_scans
    write_files(tmp_path / "request", {BASELINE_LABELS_NAME: first[1], FOLLOWUP_LABELS_NAME: second[1]})
    request = CompareRequest(
        baseline_scan="a", followup_scan="b", id=3, folder=tmp_path / "request",
        baseline=ScanFiles(), followup=ScanFiles(), assessed=(True, False),
    )  # fmt: skip
    scans = open_scans(tmp_path, a=first[0], b=second[0])
    found = run_compare(parse_request(request.to_line()), scans, lambda *_: None).comparison
    assert found.expansion.met is None
    assert found.changes["IPH"].change_ml is None
    assert "(not assessed: follow-up)" in found.not_compared


def test_a_cancel_ends_it_between_the_steps_of_the_registration(two_scans):
    def cancel(_stage, share):
        if share > 0.1:
            raise CancelledError

    with pytest.raises(CancelledError):
        compare_scans(*two_scans, progress=cancel)
