# SPDX-License-Identifier: Apache-2.0
"""One mutated scan: made from its number, read, and judged."""

from __future__ import annotations

import gzip
import tempfile
import warnings
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import pydicom
from builders.affine_files import AXIS_ORDERS, in_axis_order, write_nifti, write_nrrd
from builders.dicom import write_enhanced, write_series
from builders.marked_scan import MarkedScan, Marker, make_marked_scan, measure
from header_mutations import NIFTI, NRRD, ContentMutation
from mutations import FOLDER, HARMLESS, SERIES, damage, lose_spacing, pad, rename_compression

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.reader import read_ct

_VOLUME_TOLERANCE = 0.05
_PLACE_MM = 1.0
_TELLING = {
    "io.gaps",
    "io.rescale_differs",
    "io.part_of_series",
    "io.no_rescale",
    "io.single_steps_differ",
    "io.lossy",
    "io.aside",
}
"""Warnings that say that slices or HU are not what they should be, so that no volume can be sure."""
_NIFTI_HEADER_BYTES = 352


class Verdict(StrEnum):
    """What the reader did with a case.

    A scan that is harmless, as scanners and archives write it, must be read right: refused it counts as wrong.
    """

    RIGHT = "right"
    WARNED = "warned"
    REFUSED = "refused"
    WRONG = "wrong"
    CRASH = "crash"
    HANG = "hang"


class Outcome(NamedTuple):
    """Verdict on a case, the names of its mutations, and what the reader said: a code, a class or what was wrong."""

    verdict: Verdict
    mutations: tuple[str, ...]
    detail: str


def run_case(number: int) -> Outcome:
    """Make, read and judge the case of a number; the same number gives the same case."""
    random = Random(number)
    scan = make_marked_scan(random)
    with tempfile.TemporaryDirectory(prefix="ichseg-fuzz-") as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        kind = random.choice([_make_series] * 6 + [_make_enhanced, _make_nifti, _make_nifti, _make_nrrd, _make_nrrd])
        done = kind(random, scan, folder)
        harmless = set(done) <= HARMLESS
        try:
            volume = read_ct(folder)
        except InputError as error:
            return Outcome(Verdict.WRONG if harmless else Verdict.REFUSED, done, error.code)
        except Exception as error:  # any other exception is a fault of the reader
            return Outcome(Verdict.CRASH, done, type(error).__name__)
        outcome = _judge(scan, volume, done)
        return outcome._replace(verdict=Verdict.WRONG) if harmless and outcome.verdict is Verdict.WARNED else outcome


def _judge(scan: MarkedScan, volume: CTVolume, done: tuple[str, ...]) -> Outcome:
    places = volume.grid.points_mm(np.stack(np.indices(volume.grid.shape), axis=-1))
    found = measure(volume.hu, volume.grid.voxel_volumes_mm3, places)
    faults = [_difference(true, one) for true, one in zip(scan.truth(), found, strict=True)]
    if not any(faults):
        return Outcome(Verdict.RIGHT, done, "")
    codes = sorted(_TELLING & {getattr(warning, "code", "") for warning in volume.warnings})
    detail = "; ".join(fault for fault in faults if fault)
    return Outcome(Verdict.WARNED, done, codes[0]) if codes else Outcome(Verdict.WRONG, done, detail)


def _difference(true: Marker, found: Marker) -> str:
    if abs(found.volume_ml - true.volume_ml) > _VOLUME_TOLERANCE * true.volume_ml:
        return f"{true.volume_ml:.3f} -> {found.volume_ml:.3f} mL"
    aside_mm = float(np.linalg.norm(found.centre_mm - true.centre_mm))
    return f"{aside_mm:.1f} mm aside" if aside_mm > _PLACE_MM else ""


def _make_series(random: Random, scan: MarkedScan, folder: Path) -> tuple[str, ...]:
    paths = write_series(folder, scan.hu, scan.grid)
    datasets = [pydicom.dcmread(path) for path in paths]
    for path in paths:
        path.unlink()
    done = []
    for mutation in random.sample(SERIES, random.choice([1, 1, 2, 3])):
        try:
            mutation(random, datasets)
        except Exception:  # a mutation before took what this one needs
            continue
        done.append(mutation.__name__)
    random.shuffle(datasets)
    for index, dataset in enumerate(datasets):
        try:
            dataset.save_as(folder / f"{index:03d}", enforce_file_format=True)
        except Exception:  # pydicom writes no file without what its meta information needs
            (folder / f"{index:03d}").unlink(missing_ok=True)
    if random.random() < 0.3 and any(folder.iterdir()):
        mutation = random.choice(FOLDER)
        mutation(random, folder)
        done.append(mutation.__name__)
    return tuple(done)


def _make_enhanced(random: Random, scan: MarkedScan, folder: Path) -> tuple[str, ...]:
    path = write_enhanced(folder / "enhanced.dcm", scan.hu, scan.grid, shared_orientation=random.random() < 0.5)
    if random.random() < 0.3:
        return ("multi-frame",)
    content = path.read_bytes()
    damage(random, path, spared=len(content) - scan.hu.nbytes if random.random() < 0.5 else 0)
    return ("multi-frame", "damage")


def _make_nifti(random: Random, scan: MarkedScan, folder: Path) -> tuple[str, ...]:
    scan_affine = scan.grid.affine_ras
    if scan_affine is None:
        return _make_series(random, scan, folder)
    kind = random.choice([np.int16, np.int32, np.float32, np.float64])
    array, affine = in_axis_order(scan.hu.astype(kind), scan_affine, *random.choice(AXIS_ORDERS))
    path = write_nifti(folder / random.choice(["ct.nii", "ct.nii.gz"]), array, affine)
    if random.random() < 0.5:
        return ("nifti", _mutate_content(random, path, random.choice(NIFTI)))
    return ("nifti", *_damage_volume(random, path, _NIFTI_HEADER_BYTES))


def _make_nrrd(random: Random, scan: MarkedScan, folder: Path) -> tuple[str, ...]:
    scan_affine = scan.grid.affine_ras
    if scan_affine is None:
        return _make_series(random, scan, folder)
    array, affine = in_axis_order(scan.hu, scan_affine, *random.choice(AXIS_ORDERS))
    path = write_nrrd(folder / "ct.nrrd", array, affine)
    if random.random() < 0.5:
        return ("nrrd", _mutate_content(random, path, random.choice(NRRD)))
    return ("nrrd", *_damage_volume(random, path, path.read_bytes().index(b"\n\n")))


def _mutate_content(random: Random, path: Path, mutation: ContentMutation) -> str:
    content = path.read_bytes()
    packed = content[:2] == b"\x1f\x8b"
    content = mutation(random, gzip.decompress(content) if packed else content)
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    return mutation.__name__


def _damage_volume(random: Random, path: Path, header_bytes: int) -> tuple[str, ...]:
    """Damage a file behind its header: another valid header is another scan."""
    mutation = random.choice([None, damage, lose_spacing, pad, *([rename_compression] if ".nii" in path.name else [])])
    if mutation is None:
        return ()
    if mutation is damage:
        damage(random, path, spared=header_bytes)
    else:
        mutation(random, path)
    return (mutation.__name__,)
