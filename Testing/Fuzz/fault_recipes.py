# SPDX-License-Identifier: Apache-2.0
"""Recipes of `recipes.py` that need a result, the command, the worker or a file of another kind than a series.

Each is a function of a `Place` that yields the name of a fault and what the program answers to it.
"""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import pydicom
from builders.command import Outcome, ichseg
from builders.faulty_files import faulty_files
from pydicom.uid import JPEG2000, generate_uid

from ICHSegmentationLib import pipeline, read_ct
from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.storage.csv_text import csv_text
from ICHSegmentationLib.worker.protocol.lines import LONGEST_LINE

_COMMAND = (sys.executable, "-m", "ICHSegmentationLib.cli")
_TESTS = Path(__file__).resolve().parents[1] / "Python"
Answers = Iterator[tuple[str, str, str]]


class Place(NamedTuple):
    """Empty folder for files, the undamaged series, the same scan as NIfTI, and the model."""

    folder: Path
    series: Path
    nifti: Path
    model: str

    def copy(self, name: str) -> Path:
        """Return a copy of the series."""
        return Path(shutil.copytree(self.series, self.folder / name))

    def segment(self, scan: Path, output: str, model: str = "") -> Outcome:
        """Segment a scan into a folder."""
        arguments = (scan, "--output", self.folder / output, "--model", model or self.model)
        done = ichseg("segment", *arguments, "--quiet", "--overwrite", "--no-review")
        if done.code:
            return done
        record = json.loads((self.folder / output / "measurements.json").read_text())
        total, warnings = record["volumes_ml"]["total"], record["input"]["warnings"]
        return Outcome(0, f"total {total:.1f}", " ".join(warnings))


def all_rows(place: Place, item: str | None) -> Answers:
    """Yield item, recipe and answer of each, or of those of one item."""
    recipes = (
        ("8", _other_patient),
        ("9a", _small_picture),
        ("10", _signals),
        ("11", _full_disk),
        ("12", _forks),
        ("13", _huge),
        ("14", _small_ones),
    )
    for name, recipe in recipes:
        if item in (None, name):
            yield from recipe(place)


def _told(done: Outcome) -> str:
    """Return what the command said: the total, or its refusal in one line."""
    lines = [line for line in done.out.splitlines() if line.startswith("total")]
    error = " ".join(done.err.split())
    text = f"{lines[0].split()[1]} mL" if lines else "done"
    return text + (f", {error}" if error else "") if done.code == 0 else f"exit {done.code}: {error}"


def _other_patient(place: Place) -> Answers:
    place.segment(place.series, "own")
    other = place.copy("other")
    frame = generate_uid()
    for path in other.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PatientID, dataset.FrameOfReferenceUID = "OTHER", frame
        dataset.save_as(path)
    labels = place.folder / "own" / "segmentation.seg.nrrd"
    target = place.folder / "other.dcm"
    yield (
        "8",
        "export with another patient's scan",
        _told(ichseg("export", labels, "--to", "dicom-seg", "--source", other, "--output", target)),
    )


def _small_picture(place: Place) -> Answers:
    scan = nibabel.load(place.nifti)
    small = place.folder / "small.nii"
    scan.slicer[::4, ::4, :12].to_filename(small)
    yield (
        "9a",
        "two stages, picture of 128 x 128 and 12 slices",
        _told(place.segment(small, "small", "two_stage-compact")),
    )


def _signals(place: Place) -> Answers:
    for kind in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        output = place.folder / kind.name
        output.mkdir()
        arguments = ("segment", place.series, "--output", output, "--model", place.model, "--quiet")
        process = subprocess.Popen([*_COMMAND, *map(str, arguments)])
        until = time.monotonic() + 120
        while not _temporary(output) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(kind)
        process.wait()
        left = len(_temporary(output))
        again = place.segment(place.series, kind.name)
        answer = f"{left} temporary folders left, {len(_temporary(output))} after the next run: {_told(again)}"
        yield "10", f"{kind.name} while files are written", answer


def _temporary(folder: Path) -> list[Path]:
    return list(folder.glob(".ichseg-*"))


def _full_disk(place: Place) -> Answers:
    case = pipeline.run(read_ct(place.series), place.model)
    output = place.folder / "full"
    pipeline.write_results(case, output, review=False)
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    for space in (200_000, 1_000_000, 2_000_000):
        with faulty_files() as layer:
            layer.space = space
            try:
                pipeline.write_results(case, output, review=False)
                answer = "written"
            except ICHSegmentationError as error:
                answer = str(error).replace(str(place.folder), "")
        whole = before == {path.name: path.read_bytes() for path in output.iterdir()}
        answer += "; the old result is whole" if whole else "; the old result is gone"
        yield "11", f"disk full after {space / 1e6:g} MB", answer


def _forks(place: Place) -> Answers:  # noqa: ARG001
    test = _TESTS / "integration" / "research" / "training" / "test_workers.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(test)], capture_output=True, text=True, check=False
    )
    answer = "no crash" if done.returncode == 0 else f"exit {done.returncode}"
    yield "12", "training beside two models that are freed, 50 times", answer


def _huge(place: Place) -> Answers:
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((32767, 32767, 32767))
    cube = place.folder / "cube.nii"
    cube.write_bytes(header.binaryblock + bytes(1000))
    many = place.folder / "many.nii"
    nibabel.Nifti1Image(np.zeros((32, 32, 3000), np.int16), np.eye(4)).to_filename(many)
    bomb = place.folder / "bomb.nii.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(place.nifti.read_bytes())
        for _ in range(1000):
            file.write(bytes(1 << 20))
    far = place.copy("far")
    for path in far.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.ImagePositionPatient = ["1e308", *dataset.ImagePositionPatient[1:]]
        dataset.save_as(path)
    for name, path in (
        ("NIfTI of 32767 x 32767 x 32767", cube),
        ("3000 slices with --force", many),
        ("gzip file that unpacks to 1 GB more than it states", bomb),
        ("1e308 as position", far),
    ):
        started = time.perf_counter()
        done = ichseg("segment", path, "--output", place.folder / "huge", "--force", "--quiet")
        yield "13", name, f"{_told(done)} ({time.perf_counter() - started:.0f} s)"


def _small_ones(place: Place) -> Answers:
    lossy, lacking, stray, several = (place.copy(name) for name in ("lossy", "lacking", "stray", "several"))
    second = generate_uid()
    for number, path in enumerate(sorted(lossy.iterdir())):
        dataset = pydicom.dcmread(path)
        dataset.compress(JPEG2000, j2k_cr=[8], generate_instance_uid=False)
        dataset.save_as(path)
        dataset = pydicom.dcmread(lacking / path.name)
        del dataset.PixelRepresentation
        dataset.save_as(lacking / path.name)
        dataset = pydicom.dcmread(several / path.name)
        dataset.SeriesDescription = "Mrs Miller"
        dataset.save_as(several / path.name)
        dataset.SeriesInstanceUID = second
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(several / f"second-{number}.dcm")
    (stray / "zz.dcm").touch()
    plain = place.nifti.read_bytes()
    unpacked, packed = place.folder / "plain.nii.gz", place.folder / "packed.nii"
    unpacked.write_bytes(plain)
    packed.write_bytes(gzip.compress(plain, 1))
    for name, path in (
        ("JPEG 2000 with loss", lossy),
        ("NIfTI that is not compressed, named .nii.gz", unpacked),
        ("compressed NIfTI, named .nii", packed),
        ("no PixelRepresentation", lacking),
        ("an empty .dcm beside the series", stray),
    ):
        yield "14", name, _told(place.segment(path, "small-one"))
    told = _told(place.segment(several, "small-one"))
    yield "14", "two series, described as 'Mrs Miller'", f"{told} ({'named' if 'Miller' in told else 'not named'})"
    arguments = ("--subtype", "sdh", "--volume", "SDH=40", "--quiet", "--json")
    done = ichseg("simulate", "--output", place.folder / "simulated", *arguments)
    volume = nibabel.load(place.folder / "simulated" / "labels.nii.gz") if done.code == 0 else None
    answer = _told(done)
    if volume is not None:
        voxels = np.count_nonzero(np.asarray(volume.dataobj))
        answer = f"{voxels * abs(np.linalg.det(volume.affine[:3, :3])) / 1000:.1f} mL"
    yield "14", "simulate --volume SDH=40", answer
    yield "14", "a cell that begins with =HYPERLINK(", csv_text([('=HYPERLINK("x")',)]).strip()
    line = b"x" * (LONGEST_LINE + 1) + b"\n"
    worker = [sys.executable, "-m", "ICHSegmentationLib.worker"]
    answered = subprocess.run(worker, input=line, capture_output=True, check=False, timeout=120)
    yield "14", "a line of 10 MB to the worker", answered.stdout.splitlines()[-1].decode()[:200]
    with Path("/dev/full").open("wb") as full:
        printed = subprocess.run(
            [*_COMMAND, "measure", str(place.folder / "small-one" / "segmentation.seg.nrrd")],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    yield "14", "standard output is full", f"exit {printed.returncode}: {' '.join(printed.stderr.split())}"
