# SPDX-License-Identifier: Apache-2.0
"""``ichseg cohort`` with a real model: the same results as for one scan, tables, shards, comparisons."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from builders.command import ichseg
from builders.dicom import write_series
from builders.label_maps import head_grid
from builders.simple_head import head_hu
from builders.worker_world import make_world

from ICHSegmentationLib.io.labels.reader import read_labels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies of a head in 16 slices, the later one with a bone kernel series beside the soft one."""
    folder = tmp_path_factory.mktemp("scans")
    grid = head_grid([9.0] * 15, tilt_deg=0, rows=100, columns=90, spacing_mm=(2.0, 2.0))
    for name, study in (("early", "1.1"), ("late", "1.2")):

        def edit(dataset, _index, study=study):
            dataset.StudyInstanceUID = study

        write_series(folder / name / "soft", head_hu(grid), grid, series_uid=f"{study}.1", edit=edit)

    def sharp(dataset, _index):
        dataset.StudyInstanceUID, dataset.SeriesNumber, dataset.ConvolutionKernel = "1.2", 3, "BONE"

    write_series(folder / "late" / "sharp", head_hu(grid), grid, series_uid="1.2.2", edit=sharp)
    (folder / "list.csv").write_text("path,id,baseline_of\nearly,early,late\nlate,late,\nmissing,gone,\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _a_world(tmp_path_factory: pytest.TempPathFactory):
    variables = make_world(tmp_path_factory.mktemp("world"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def a_cohort(scans: Path, tmp_path_factory: pytest.TempPathFactory):
    output = tmp_path_factory.mktemp("cohort")
    done = ichseg("cohort", scans / "list.csv", "--output", output, "--workers", 1, "--json")
    return output, done


def test_a_dry_run_lists_and_writes_nothing(scans: Path, tmp_path: Path):
    done = ichseg("cohort", scans / "list.csv", "--output", tmp_path / "out", "--dry-run", "--json")
    assert done.code == 0, done.err
    listed = json.loads(done.out)
    assert [(row["use"], row["id"]) for row in listed] == [
        ("yes", "early"),
        ("yes", "late"),
        ("yes", "gone"),
        ("no", ""),
    ]
    assert listed[3]["reason"] == "It has a sharp kernel (BONE)."
    assert not (tmp_path / "out").exists()


def test_a_failed_scan_is_named_and_the_others_are_done(a_cohort):
    output, done = a_cohort
    assert done.code == 1
    assert json.loads(done.out)["counts"] == {"waiting": 0, "running": 0, "done": 3, "failed": 1}
    assert [(row["id"], row["code"]) for row in rows(output / "errors.csv")] == [("gone", "io.no_file")]
    assert sorted(path.name for path in (output / "cases").iterdir()) == ["early", "late"]


def test_a_scan_gets_what_segment_gives(a_cohort, scans: Path, tmp_path: Path):
    output, _ = a_cohort
    alone = ichseg("segment", scans / "early", "--output", tmp_path / "alone", "--threads", 1, "--no-review")
    assert alone.code == 0, alone.err
    assert sorted(path.name for path in (output / "cases/early").iterdir()) == sorted(
        path.name for path in (tmp_path / "alone").iterdir()
    )
    ours, theirs = (
        read_labels(folder / "segmentation.seg.nrrd").label_map.labels
        for folder in (output / "cases/early", tmp_path / "alone")
    )
    np.testing.assert_array_equal(ours, theirs)
    record = json.loads((tmp_path / "alone/measurements.json").read_text())
    row = rows(output / "cohort.csv")[0]
    assert row["total_ml"] == f"{record['volumes_ml']['total']:.3f}"
    assert int(row["lesions"]) == len(record["lesions"])


def test_a_pair_is_compared(a_cohort):
    output, _ = a_cohort
    comparison = json.loads((output / "pairs/early--late/comparison.json").read_text())
    (row,) = [row for row in rows(output / "cohort.csv") if row["row"] == "pair"]
    assert (row["id"], row["followup"]) == ("early", "late")
    # The same voxels.
    assert float(row["growth_ml"]) == comparison["changes"]["total"]["change_ml"] == 0.0


def test_the_same_command_again_does_nothing(a_cohort, scans: Path):
    output, _ = a_cohort
    before = {path: path.stat().st_mtime_ns for path in (output / "cases").rglob("*")}
    done = ichseg("cohort", scans / "list.csv", "--output", output, "--workers", 1, "--json")
    assert done.code == 1
    assert {path: path.stat().st_mtime_ns for path in (output / "cases").rglob("*")} == before


def test_shards_join_to_one_table(scans: Path, tmp_path: Path):
    (scans / "two.csv").write_text("path,id\nearly,one\nlate,four\n")
    for number in (1, 2):
        done = ichseg("cohort", scans / "two.csv", "--output", tmp_path, "--workers", 1, "--shard", f"{number}/2")
        assert done.code == 0, done.err
    assert not (tmp_path / "cohort.csv").exists()
    done = ichseg("cohort", "--output", tmp_path, "--merge", "--json")
    assert json.loads(done.out)["counts"]["done"] == 2
    cases = [row["id"] for row in rows(tmp_path / "cohort.csv") if row["row"] == "case"]
    assert sorted(cases) == ["four", "one"]
