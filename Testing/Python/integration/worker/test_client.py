# SPDX-License-Identifier: Apache-2.0
"""A worker process gives what the library gives, tells what went wrong, and is quick the second time."""

from __future__ import annotations

import inspect
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, labelled
from builders.processes import is_running, wait_until
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM

from ICHSegmentationLib.core.errors import (
    CancelledError,
    ChecksumError,
    DiskFullError,
    InputError,
    NoGraphicsCardError,
    NotAHeadError,
    UnknownModelError,
)
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox, lesion_boxes
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import Device, list_devices, load_manifest
from ICHSegmentationLib.pipeline import resegment_lesion, segment
from ICHSegmentationLib.worker.client import conversations
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient
from ICHSegmentationLib.worker.client.pending import PendingRequest
from ICHSegmentationLib.worker.protocol import exchange
from ICHSegmentationLib.worker.protocol.exchange import write_volume

ONE_THREAD = SegmentOptions(threads=1)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def a_lasting_client(a_world: dict[str, str]) -> Iterator[WorkerClient]:
    """A client for all tests that its worker survives."""
    with WorkerClient(environment={**os.environ, **a_world}) as client:
        yield client


def test_the_worker_gives_what_the_library_gives(a_lasting_client, a_head, a_world, monkeypatch):
    answer = a_lasting_client.segment(a_head, ONE_THREAD)

    for name, value in a_world.items():
        monkeypatch.setenv(name, value)
    expected = segment(a_head, threads=1)
    result = answer.segmentation
    np.testing.assert_array_equal(result.label_map.labels, expected.label_map.labels)
    assert np.unique(result.label_map.labels).size > 2
    assert answer.measurements == measure(expected.label_map, a_head, assessed=expected.assessed)
    assert result.volume is a_head
    assert result.label_map.grid is a_head.grid
    assert result.runtime == expected.runtime
    assert result.model.sha256 == expected.model.sha256
    assert result.timings_s.keys() == {*expected.timings_s, "measure", "write", "total"}


def test_progress_never_falls_and_goes_from_zero_to_one(a_lasting_client, a_head):
    seen = []
    a_lasting_client.segment(a_head, ONE_THREAD, progress=lambda stage, fraction: seen.append((stage, fraction)))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, pytest.approx(1))
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["load", "preprocess", "infer", "postprocess", "measure"]


def test_the_model_is_loaded_once_for_several_requests(a_client, a_head):
    first = a_client.segment(a_head, ONE_THREAD)
    pid = a_client.pid
    second = a_client.segment(a_head, ONE_THREAD)
    assert a_client.pid == pid
    assert sum("loaded model tiny: openvino on cpu" in line for line in a_client.log) == 1
    np.testing.assert_array_equal(first.segmentation.label_map.labels, second.segmentation.label_map.labels)


def test_the_warnings_of_the_volume_come_before_those_of_the_run(a_lasting_client, a_head):
    volume = CTVolume(a_head.hu, a_head.grid, warnings=("Two slices are missing.",))
    of_the_run = a_lasting_client.segment(a_head, ONE_THREAD).segmentation.warnings
    assert of_the_run
    found = a_lasting_client.segment(volume, ONE_THREAD).segmentation.warnings
    assert found == ("Two slices are missing.", *of_the_run)


@pytest.mark.parametrize(
    ("options", "error", "parameters"),
    [
        ({"model": "large"}, UnknownModelError, {"name": "large"}),
        ({"device": "cuda:99"}, NoGraphicsCardError, {"device": "cuda:99"}),
        ({"device": "gpu"}, InputError, {"device": "gpu"}),
    ],
)
def test_the_library_s_errors_come_through_and_the_worker_lives(a_lasting_client, a_head, options, error, parameters):
    a_lasting_client.ping()
    pid = a_lasting_client.pid
    with pytest.raises(InputError) as caught:
        a_lasting_client.segment(a_head, SegmentOptions(**options))
    assert issubclass(error, caught.type)
    assert caught.value.code.startswith("models.")
    assert parameters.items() <= caught.value.parameters.items()
    a_lasting_client.ping()
    assert a_lasting_client.pid == pid


def test_what_is_not_a_head_is_refused_unless_forced(a_lasting_client, a_head):
    block = CTVolume(np.full(a_head.hu.shape, 40, dtype=np.int16), a_head.grid)
    with pytest.raises(NotAHeadError):
        a_lasting_client.segment(block, ONE_THREAD)
    assert (
        a_lasting_client.segment(block, SegmentOptions(threads=1, force=True)).segmentation.label_map.grid
        is a_head.grid
    )


def test_damaged_weights_are_told_by_their_checksum(an_environment, a_head, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(an_environment["ICHSEG_MODELS"], models)
    load_manifest(models).get().path.write_bytes(b"other")
    with (
        WorkerClient(environment=an_environment | {"ICHSEG_MODELS": str(models)}) as client,
        pytest.raises(ChecksumError),
    ):
        client.segment(a_head)


def test_the_models_are_those_that_the_worker_finds(a_lasting_client, a_world):
    expected = load_manifest(Path(a_world["ICHSEG_MODELS"]))
    manifest = a_lasting_client.models()
    assert manifest.default == "tiny"
    assert manifest.model_dump() == expected.model_dump()


def test_the_devices_are_those_that_the_worker_finds(a_lasting_client):
    assert a_lasting_client.devices()[0] == Device("cpu")
    assert [device.name for device in a_lasting_client.devices()] == [device.name for device in list_devices()]


def test_a_full_disk_of_the_client_is_named(a_lasting_client, a_head, monkeypatch):
    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(exchange, "_write_array", full)
    with pytest.raises(DiskFullError):
        a_lasting_client.segment(CTVolume(a_head.hu + np.int16(1), a_head.grid))


def test_a_cancelled_request_leaves_the_model_loaded(a_client, a_head, monkeypatch):
    # A busy machine may not let the worker look up in time.
    monkeypatch.setattr(PendingRequest, "is_overdue", False)
    a_client.segment(a_head, ONE_THREAD)
    pid = a_client.pid
    seen = []
    with pytest.raises(CancelledError):
        a_client.segment(
            a_head, ONE_THREAD, progress=lambda stage, _: seen.append(stage), cancel=lambda: seen[-1:] == ["preprocess"]
        )
    assert "infer" not in seen
    a_client.segment(a_head, ONE_THREAD)
    assert a_client.pid == pid
    assert sum("loaded model" in line for line in a_client.log) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_only_this_user_may_enter_the_folder_of_the_arrays(a_client, a_head, a_temporary_folder):
    seen = {}

    def look(_stage, _fraction):
        for path in a_temporary_folder.rglob("*"):
            seen[path.name] = stat.S_IMODE(path.stat().st_mode) if path.is_dir() else path.stat().st_size

    a_client.segment(a_head, ONE_THREAD, progress=look)
    (folder,) = a_temporary_folder.iterdir()
    assert seen[folder.name] == 0o700
    assert seen["request-1"] == 0o700
    assert seen["volume.npy"] > a_head.hu.nbytes
    # Nothing of the request is kept while the worker waits for the next.
    assert list(folder.iterdir()) == []


def test_two_threads_take_turns(a_lasting_client, a_head):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: a_lasting_client.segment(a_head, ONE_THREAD), range(2)))
    first, second = (answer.segmentation.label_map.labels for answer in answers)
    np.testing.assert_array_equal(first, second)


# Handing over scans


@pytest.fixture
def volumes_handed_over(monkeypatch):
    """The volumes that are written for the worker."""
    written = []

    def write(folder, volume):
        written.append(volume)
        write_volume(folder, volume)

    monkeypatch.setattr(conversations, "write_volume", write)
    return written


def test_a_scan_is_handed_over_once(a_client, a_head, volumes_handed_over):
    for _ in range(2):
        a_client.segment(CTVolume(a_head.hu.copy(), a_head.grid), ONE_THREAD)
    box = LesionBox(subtype="IPH", from_lps_mm=(0, 0, 0), to_lps_mm=(9, 9, 9), slices=(1, 2))
    edit = BoxEdit(before=box, after=None)
    a_client.resegment_lesion(a_head, labelled(a_head.grid), edit, SegmentOptions(model="em"))
    assert len(volumes_handed_over) == 1


def test_a_scan_that_was_changed_in_place_is_handed_over_again(a_client, a_head, volumes_handed_over):
    volume = CTVolume(a_head.hu.copy(), a_head.grid)
    first = a_client.segment(volume, SegmentOptions(model="em")).segmentation.label_map.labels
    volume.hu[(volume.hu > 50) & (volume.hu < 100)] = 35
    second = a_client.segment(volume, SegmentOptions(model="em")).segmentation.label_map.labels
    assert len(volumes_handed_over) == 2
    assert (first != second).any()


def test_a_scan_is_handed_over_again_when_the_worker_has_dropped_it(a_client, a_head, volumes_handed_over):
    others = [CTVolume(a_head.hu + np.int16(shift), a_head.grid) for shift in (1, 2)]
    for volume in (a_head, *others, a_head):
        assert a_client.segment(volume, ONE_THREAD).segmentation.volume is volume
    assert [volume.hu[0, 0, 0] - a_head.hu[0, 0, 0] for volume in volumes_handed_over] == [0, 1, 2, 0]


def test_a_scan_is_handed_over_again_to_the_next_worker(a_client, a_head, volumes_handed_over):
    a_client.segment(a_head, ONE_THREAD)
    os.kill(a_client.pid, 9)
    assert wait_until(lambda: not is_running(a_client.pid))
    a_client.segment(a_head, ONE_THREAD)
    assert len(volumes_handed_over) == 2


def test_the_options_are_those_of_the_library():
    parameters = inspect.signature(segment).parameters
    assert SegmentOptions().arguments() == {name: parameters[name].default for name in SegmentOptions.model_fields}
    assert SegmentOptions().lesion_arguments().keys() <= inspect.signature(resegment_lesion).parameters.keys()


def test_blood_is_segmented_inside_the_given_boxes_only(a_lasting_client, a_head):
    mask = ellipsoid_mask(a_head.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    (clot,) = lesion_boxes(labelled(a_head.grid, (Subtype.IPH, mask)))
    box = clot.model_copy(update={"subtype": "SDH"})
    found = a_lasting_client.segment(a_head, SegmentOptions(model="em", threads=1), boxes=[box]).segmentation
    expected = segment(a_head, "em", threads=1, boxes=[box])
    np.testing.assert_array_equal(found.label_map.labels, expected.label_map.labels)
    assert np.unique(found.label_map.labels).tolist() == [0, 2]
    assert found.boxes == (box,)
