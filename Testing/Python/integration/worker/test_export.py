# SPDX-License-Identifier: Apache-2.0
"""What the worker does for an export, in this process: the loop around it is tested with segmentations."""

from __future__ import annotations

import pytest
from builders.label_maps import ellipsoid_mask, labelled
from builders.open_scans import open_scans
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM
from builders.worker_world import tilted_head

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import RunRecord, read_record
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.worker.protocol.exchange import LABELS_NAME, MODEL_LABELS_NAME, write_files
from ICHSegmentationLib.worker.protocol.messages import ExportRequest, parse_request, parse_response
from ICHSegmentationLib.worker.server.jobs import run_export_request


@pytest.mark.parametrize("with_model", [False, True])
def test_a_request_is_met_with_files(tmp_path, with_model):
    volume = tilted_head()
    label_map = labelled(volume.grid, (Subtype.IPH, ellipsoid_mask(volume.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)))
    label_maps = {LABELS_NAME: label_map} | ({MODEL_LABELS_NAME: labelled(volume.grid)} if with_model else {})
    write_files(tmp_path / "request", label_maps)
    run = RunRecord.of_attributes({"model": "a-model"})
    job = ExportJob(folder=tmp_path / "out", formats=("csv", "json"), scan=ScanFiles(), run=run)
    line = ExportRequest(id=7, scan="a", folder=tmp_path / "request", job=job).to_line()
    shares = []
    scans = open_scans(tmp_path, a=volume)
    answer = run_export_request(parse_request(line), scans, lambda stage, share: shares.append((stage, share)))

    assert parse_response(answer.to_line()) == answer
    assert (answer.id, [path.name for path in answer.files]) == (7, ["measurements.csv", "measurements.json"])
    assert shares == [("write", 0.5), ("write", 1.0)]
    record = read_record(tmp_path / "out" / "measurements.json")
    assert record.volumes_ml == measure(label_map).volumes_ml
    assert record.corrected == (("IPH",) if with_model else None)
    assert (record.agreement is not None) == with_model
