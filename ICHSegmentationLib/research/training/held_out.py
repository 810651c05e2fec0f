# SPDX-License-Identifier: Apache-2.0
"""Make the held-out scans that a model is evaluated on; none of them is used for training.

Five groups: held-out patients; the same with one simulated lesion each; with varied lesions of one subtype each;
generated heads without hemorrhage but with mimics; and the patients with simulated mimics. All are on their original
slices, so that the evaluation covers the whole processing of a user's scan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.research.evaluation.models.held_out_case import (
    MIMICS,
    MIMICS_IN_PATIENTS,
    PATIENTS,
    SIMULATED,
    VARIED,
    HeldOutCase,
    HeldOutFile,
)
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.host_anatomy import host_anatomy, register_atlas
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.simulation.mimics import paint_mimics, random_mimics
from ICHSegmentationLib.research.simulation.simulate import simulated_ct
from ICHSegmentationLib.research.simulation.synthetic_scan import put_back
from ICHSegmentationLib.research.simulation.varied import paint_varied
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.host import HostCase, labels_of
from ICHSegmentationLib.research.training.data.jobs import done_jobs
from ICHSegmentationLib.research.training.datasets.sources import open_sources, read_raw
from ICHSegmentationLib.research.training.prepare import read_atlas

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import TrainingConfig

_FOLDER = "held-out"
_FIRST_UNSEEN_SEED = 2_000_000
_SEEDS = {SIMULATED: 2, MIMICS: 3, MIMICS_IN_PATIENTS: 4, VARIED: 5}
_MIN_ML = 0.1
_OPERATED = 0.2
"""Fraction of the varied cases after surgery."""
_AROUND_CLOT_MM, _BORDER_MM = 10.0, 3.0

_Make = Callable[["_Host"], HeldOutCase | None]


def make_held_out(
    config: TrainingConfig,
    *,
    workers: int = 1,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> list[HeldOutFile]:
    """Make the cases missing in ``data.folder`` and return all; simulated cases are named PATIENT-SUBTYPE-COPY.

    A lesion that does not fit into a host scan (no ventricles were found) is left out.

    Raises
    ------
    InputError
        If the configuration holds nothing out, a required data set is missing, or a patient cannot be used (skipping it
        would overestimate the model).
    """
    root, patients = config.data.folder / _FOLDER, config.data.held_out
    cases = {name: list(_cases_of(config, name, root)) for name in patients}
    heads = {str(number): _head_file(root, number) for number in range(config.evaluation.look_alikes)}
    if not patients and not heads:
        raise InputError(message("research.nothing_held_out"))
    jobs = [_Job(name, number) for number, name in enumerate(patients) if not all(map(_is_done, cases[name]))]
    jobs += [_Job("", number) for number, file in enumerate(heads.values()) if not _is_done(file)]
    for job, error in done_jobs(_make, config, jobs, workers=workers, progress=progress, stage="held-out cases"):
        if error:
            raise InputError(message("research.held_out_case_unusable", case=job.name, reason=error))
    found = [file for files in cases.values() for file in files if file.path.exists()]
    return [*found, *heads.values()]


@dataclass(frozen=True)
class _Job:
    """A patient, or a generated head if it has no name."""

    name: str
    number: int


def _make(config: TrainingConfig, job: _Job) -> None:
    root = config.data.folder / _FOLDER
    if not job.name:
        _head_with_mimics(config.seed, job.number).write(_head_file(root, job.number).path)
        return
    host = _Host.read(config, job.name, job.number)
    for file, make in _cases_of(config, job.name, root).items():
        if _is_done(file):
            continue
        case = make(host)
        if case is None:
            _mark_impossible(file)
        else:
            case.write(file.path)


def _head_file(root: Path, number: int) -> HeldOutFile:
    name = f"{number:03d}"
    return HeldOutFile(MIMICS, name, root / MIMICS / f"{name}.npz")


def _cases_of(config: TrainingConfig, name: str, root: Path) -> dict[HeldOutFile, _Make]:
    cases: dict[HeldOutFile, _Make] = {
        HeldOutFile(PATIENTS, name, root / PATIENTS / f"{name}.npz"): _Host.as_scanned,
    }
    for copy in range(config.evaluation.simulated_per_subtype):
        for subtype in Subtype:
            case = f"{name}-{subtype.name}-{copy}"
            file = HeldOutFile(SIMULATED, case, root / SIMULATED / f"{case}.npz")
            cases[file] = partial(_Host.with_lesion, subtype=subtype, copy=copy)
    for copy in range(config.evaluation.varied_per_subtype):
        for subtype in Subtype:
            case = f"{name}-{subtype.name}-{copy}"
            file = HeldOutFile(VARIED, case, root / VARIED / f"{case}.npz")
            cases[file] = partial(_Host.with_varied, subtype=subtype, copy=copy)
    if config.evaluation.look_alikes:
        path = root / MIMICS_IN_PATIENTS / f"{name}.npz"
        cases[HeldOutFile(MIMICS_IN_PATIENTS, name, path)] = _Host.with_mimics
    return cases


@dataclass(frozen=True, eq=False)
class _Host:
    """A held-out patient on canonical axes and original pixels."""

    volume: CTVolume
    orientation: CanonicalOrientation
    host: HostCase
    anatomy: Anatomy
    own: np.ndarray  # labels of the patient's own hemorrhage, 255 where unknown
    greys: np.ndarray  # HU clipped to the input range of the network
    seeds: tuple[int, int]

    @classmethod
    def read(cls, config: TrainingConfig, name: str, number: int) -> _Host:
        """Read a patient and compute the anatomy for placing lesions."""
        source = next((source for source in open_sources(config.data) if name in source.names()), None)
        if source is None:
            raise InputError(message("research.unknown_held_out_case", case=name))
        raw = read_raw(source, name, config.data.corrected)
        host = HostCase.on_source(raw, config.input.range_hu)
        atlas = read_atlas(config.data.anatomy)
        registered = register_atlas(atlas, host.hu, host.intracranial, host.spacing_mm)
        return cls(
            volume=raw.volume,
            orientation=CanonicalOrientation.of(raw.volume.grid),
            host=host,
            anatomy=host_anatomy(host.hu, host.intracranial, registered, atlas.deep, host.spacing_mm),
            own=labels_of(host, registered, config.input.range_hu),
            greys=np.clip(host.hu, *config.input.range_hu).astype(np.float32),
            seeds=(config.seed, number),
        )

    def as_scanned(self) -> HeldOutCase:
        """Return the unchanged patient."""
        unknown = (self.own == IGNORE) | (self.own == UNKNOWN_SUBTYPE)
        return self._case(self.host.hu, np.where(unknown, 0, self.own), unknown)

    def with_lesion(self, subtype: Subtype, copy: int) -> HeldOutCase | None:
        """Return the patient with one simulated lesion; the own hemorrhage is ignored."""
        marked = np.where(self.own > 0, np.uint8(IGNORE), np.uint8(0))
        painted, labels = paint_lesions(
            self.greys, self.anatomy, self._rng(SIMULATED, copy, subtype), [subtype], labels=marked
        )
        return self._with_hemorrhage(painted, labels, subtype)

    def with_varied(self, subtype: Subtype, copy: int) -> HeldOutCase | None:
        """Return the patient with varied lesions of a subtype, some after surgery; the own hemorrhage is ignored."""
        marked = np.where(self.own > 0, np.uint8(IGNORE), np.uint8(0))
        rng = self._rng(VARIED, copy, subtype)
        operated = rng.random() < _OPERATED
        painted, labels = paint_varied(self.greys, self.anatomy, rng, [subtype], labels=marked, operated=operated)
        return self._with_hemorrhage(painted, labels, subtype)

    def _with_hemorrhage(self, painted: np.ndarray, labels: np.ndarray, subtype: Subtype) -> HeldOutCase | None:
        """Return the case of painted greys; None if they hold too little of the subtype."""
        if (labels == subtype).sum() * float(np.prod(self.host.spacing_mm)) / 1000 < _MIN_ML:
            return None
        own = labels == IGNORE
        # The border of the own clot is not evaluated here.
        ignored = _within(own, max(_BORDER_MM, self.host.spacing_mm[0]), self.host.spacing_mm) & (labels != subtype)
        return self._case(put_back(self.host.hu, self.greys, painted), np.where(own, 0, labels), ignored)

    def with_mimics(self) -> HeldOutCase:
        """Return the patient with mimics; the surroundings of the own hemorrhage are ignored."""
        rng = self._rng(MIMICS_IN_PATIENTS)
        painted = paint_mimics(self.greys, self.anatomy, rng, random_mimics(rng))
        near = _within(self.own > 0, _AROUND_CLOT_MM, self.host.spacing_mm)
        return self._case(put_back(self.host.hu, self.greys, painted), np.zeros_like(self.own), near)

    def _rng(self, group: str, *numbers: int) -> np.random.Generator:
        seed, patient = self.seeds
        return np.random.default_rng([seed, _SEEDS[group], patient, *numbers])

    def _case(self, hu: np.ndarray, labels: np.ndarray, ignored: np.ndarray) -> HeldOutCase:
        hu, labels, ignored = (
            np.ascontiguousarray(self.orientation.invert(array)) for array in (hu, labels.astype(np.uint8), ignored)
        )
        return HeldOutCase(CTVolume(hu.astype(np.int16), self.volume.grid), labels, ignored)


def _head_with_mimics(seed: int, number: int) -> HeldOutCase:
    """Generate a head without hemorrhage but with three kinds of mimics."""
    scan = simulated_ct(_FIRST_UNSEEN_SEED + number)
    rng = np.random.default_rng([seed, _SEEDS[MIMICS], number])
    painted = paint_mimics(scan.volume.hu.astype(np.float32), scan.anatomy, rng, random_mimics(rng))
    nothing = np.zeros(scan.labels.shape, dtype=np.uint8)
    hu = np.clip(np.rint(painted), -1024, 32767).astype(np.int16)
    return HeldOutCase(CTVolume(hu, scan.volume.grid), nothing, nothing.astype(bool))


def _within(mask: np.ndarray, reach_mm: float, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    if not mask.any():
        return mask
    near: np.ndarray = ndimage.distance_transform_edt(~mask, sampling=spacing_mm) <= reach_mm
    return near


def _is_done(file: HeldOutFile) -> bool:
    return file.path.exists() or file.path.with_suffix(".none").exists()


def _mark_impossible(file: HeldOutFile) -> None:
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.with_suffix(".none").touch()
