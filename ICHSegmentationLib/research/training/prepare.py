# SPDX-License-Identifier: Apache-2.0
"""Make the training volumes: real series, synthetic copies of them, and procedural heads."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.research.simulation.generated_atlas import generated_atlas
from ICHSegmentationLib.research.simulation.host_anatomy import Atlas, host_anatomy, register_atlas
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.simulation.mimics import paint_mimics, random_further_mimics, random_mimics
from ICHSegmentationLib.research.simulation.simulate import simulated_ct
from ICHSegmentationLib.research.simulation.synthetic_scan import random_subtypes
from ICHSegmentationLib.research.simulation.varied import paint_varied, random_varied_subtypes
from ICHSegmentationLib.research.training.data.data_folder import CaseIndex, CaseSplit, DataFolder
from ICHSegmentationLib.research.training.data.host import HostCase, labels_of
from ICHSegmentationLib.research.training.data.jobs import done_jobs
from ICHSegmentationLib.research.training.data.samples import TrainingVolume, read_anatomy, write_anatomy
from ICHSegmentationLib.research.training.datasets.labelled_slices import LabelledSlices
from ICHSegmentationLib.research.training.datasets.sources import open_sources, read_raw
from ICHSegmentationLib.research.training.patches.volume import make_mirrored

if TYPE_CHECKING:
    from ICHSegmentationLib.research.simulation.anatomy import Anatomy
    from ICHSegmentationLib.research.training.config import TrainingConfig

_LOG = logging.getLogger(__name__)
_PROCEDURAL_HEIGHT_MM = 160.0
_HEAD_SEED, _MIMICS_SEED, _VARIED_SEED = 1, 2, 7
_MIMICS_ALONE, _OPERATED, _OPERATED_WITHOUT_BLOOD = 0.15, 0.2, 0.3
"""Fractions of the varied copies: with mimics alone; of the others after surgery; of these without hemorrhage."""
_HEALTHY_EVERY = 3


@dataclass(frozen=True)
class _Job:
    """A volume to make: ``name`` is the case, ``number`` the copy or the generated head."""

    path: Path
    name: str
    number: int


@dataclass(frozen=True)
class PreparedFiles:
    """The volumes of a configuration.

    Attributes
    ----------
    training, validation : tuple of pathlib.Path
        Existing files.
    left_out : dict of str to str
        Cases that could not be prepared, each with the reason.
    """

    training: tuple[Path, ...]
    validation: tuple[Path, ...]
    left_out: dict[str, str]


def prepare(
    config: TrainingConfig,
    *,
    workers: int = 1,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> PreparedFiles:
    """Make all missing volumes.

    Synthetic and procedural volumes are made from the prepared real ones and seeds, so a folder with the real volumes
    and their anatomy suffices on any machine.

    Parameters
    ----------
    config : TrainingConfig
        Configuration of the data.
    workers : int
        Number of processes.
    progress : callable
        Called with the stage and the fraction done.

    Raises
    ------
    InputError
        If a required data set is missing, the folder was prepared for another configuration, or no training case is
        left.
    """
    folder = DataFolder(config.data.folder)
    index = _index(config, folder)
    split = CaseSplit.of(index, config)
    real = [_Job(folder.real(name), name, 0) for name in (*split.training, *split.validation)]
    missing = [job for job in real if not job.path.exists()]
    if missing:
        open_sources(config.data)  # raises before any work if a data set is missing
    left_out = dict(index.left_out)
    for job, error in done_jobs(_make_real, config, missing, workers=workers, progress=progress, stage="real series"):
        if error:
            left_out[job.name] = error
            _LOG.warning("Case %s was left out: %s", job.name, error)
    if left_out != index.left_out:
        index = index.model_copy(update={"left_out": left_out})
        index.write(folder.root)
        split = CaseSplit.of(index, config)
    slices = [_Job(folder.slice_stack(name), name, 0) for name in (*split.training_slices, *split.validation_slices)]
    synthetic, varied, mimics, procedural = _simulated_jobs(config, folder, split)
    for make, jobs, stage in (
        (_make_slice, slices, "labelled slices"),
        (_make_synthetic, synthetic, "simulated lesions"),
        (_make_varied, varied, "varied lesions"),
        (_make_mimics, mimics, "look-alikes"),
        (_make_procedural, procedural, "generated heads"),
    ):
        todo = [job for job in jobs if not job.path.exists()]
        for job, error in done_jobs(make, config, todo, workers=workers, progress=progress, stage=stage):
            if error:
                raise InputError(message("research.not_made", volume=job.path.name, reason=error))
    if config.input.align_midline:
        files = _files(config, index)
        todo = [_Job(folder.aligned(path), "", 0) for path in (*files.training, *files.validation)]
        todo = [job for job in todo if not job.path.exists()]
        for _ in done_jobs(_make_aligned, config, todo, workers=workers, progress=progress, stage="aligned volumes"):
            pass
    found = prepared_files(config)
    if not found.training:
        raise InputError(message("research.no_training_case"))
    if config.input.patches is not None:
        make_mirrored(config, (*found.training, *found.validation), workers=workers, progress=progress)
    return found


def _index(config: TrainingConfig, folder: DataFolder) -> CaseIndex:
    """Return the index of the folder; build and write what is missing in it."""
    index = CaseIndex.read(folder.root)
    if index is None:
        index = CaseIndex.of(open_sources(config.data), config)
    if config.data.slices and not index.slices:
        index = index.model_copy(update={"slices": LabelledSlices(config.data.slices).folds()})
    index.check(config, folder.root)
    index.write(folder.root)
    return index


def prepared_files(config: TrainingConfig) -> PreparedFiles:
    """Return the volumes of a configuration.

    Raises
    ------
    InputError
        If a volume has not been prepared.
    """
    folder = DataFolder(config.data.folder)
    index = CaseIndex.read(folder.root)
    if index is None:
        raise InputError(message("research.not_prepared", folder=folder.root))
    index.check(config, folder.root)
    files = _files(config, index)
    if config.input.align_midline:
        files = PreparedFiles(
            tuple(map(folder.aligned, files.training)), tuple(map(folder.aligned, files.validation)), files.left_out
        )
    missing = [path for path in (*files.training, *files.validation) if not path.exists()]
    if missing:
        raise InputError(message("research.missing_volumes", count=len(missing), first=missing[0]))
    return files


def _files(config: TrainingConfig, index: CaseIndex) -> PreparedFiles:
    """Return the unaligned volumes of a configuration, whether they exist or not."""
    folder, split, data = DataFolder(config.data.folder), CaseSplit.of(index, config), config.data
    training = [folder.real(name) for name in split.training] if data.real_series else []
    training += [folder.painted(name, copy) for name in split.training for copy in range(data.painted_per_case)]
    training += [folder.varied(name, copy) for name in split.training for copy in range(data.varied_per_case)]
    training += [folder.mimics(name, copy) for name in split.training for copy in range(data.look_alikes_per_case)]
    training += [folder.procedural(number) for number in range(data.procedural_heads)]
    training += map(folder.slice_stack, split.training_slices)
    validation = [folder.real(name) for name in split.validation]
    copies = range(data.painted_per_validation_case)
    validation += [folder.painted(name, copy) for name in split.validation for copy in copies]
    validation += map(folder.slice_stack, split.validation_slices)
    return PreparedFiles(tuple(training), tuple(validation), index.left_out)


def _simulated_jobs(config: TrainingConfig, folder: DataFolder, split: CaseSplit) -> tuple[list[_Job], ...]:
    copies = [(name, config.data.painted_per_case) for name in split.training]
    copies += [(name, config.data.painted_per_validation_case) for name in split.validation]
    synthetic = [_Job(folder.painted(name, copy), name, copy) for name, count in copies for copy in range(count)]
    varied = [
        _Job(folder.varied(name, copy), name, copy)
        for name in split.training
        for copy in range(config.data.varied_per_case)
    ]
    mimics = [
        _Job(folder.mimics(name, copy), name, copy)
        for name in split.training
        for copy in range(config.data.look_alikes_per_case)
    ]
    heads = range(config.data.procedural_heads)
    return synthetic, varied, mimics, [_Job(folder.procedural(number), "", number) for number in heads]


def _make_real(config: TrainingConfig, job: _Job) -> None:
    source = next(source for source in open_sources(config.data) if job.name in source.names())
    raw = read_raw(source, job.name, config.data.corrected)
    host = HostCase.of(raw, config.input)
    atlas = read_atlas(config.data.anatomy)
    registered = register_atlas(atlas, host.hu, host.intracranial, host.spacing_mm)
    labels = labels_of(host, registered, config.input.range_hu)
    anatomy = host_anatomy(host.hu, host.intracranial, registered, atlas.deep, host.spacing_mm)
    write_anatomy(DataFolder(config.data.folder).anatomy(job.name), anatomy)
    TrainingVolume(host.grey, labels, host.slices_mm).write(job.path)


def _make_slice(config: TrainingConfig, job: _Job) -> None:
    host = HostCase.of(LabelledSlices(config.data.slices).read(job.name), config.input)
    assert host.labels is not None
    TrainingVolume(host.grey, host.labels, host.slices_mm).write(job.path)


def _make_synthetic(config: TrainingConfig, job: _Job) -> None:
    host = _Host.of(config, job.name)
    rng = np.random.default_rng([config.seed, host.number, job.number])
    hu, labels = paint_lesions(host.hu, host.anatomy, rng, random_subtypes(rng), labels=host.volume.labels)
    if rng.random() < config.data.look_alike_share:
        hu = paint_mimics(hu, host.anatomy, rng)
    host.write(hu, labels, job.path)


def _make_varied(config: TrainingConfig, job: _Job) -> None:
    host = _Host.of(config, job.name)
    rng = np.random.default_rng([config.seed, host.number, job.number, _VARIED_SEED])
    hu, labels = host.hu, host.volume.labels
    mimics_alone = rng.random() < _MIMICS_ALONE
    if not mimics_alone:
        operated = rng.random() < _OPERATED
        subtypes = [] if operated and rng.random() < _OPERATED_WITHOUT_BLOOD else random_varied_subtypes(rng)
        hu, labels = paint_varied(hu, host.anatomy, rng, subtypes, labels=labels, operated=operated)
    if mimics_alone or rng.random() < config.data.look_alike_share:
        hu = paint_mimics(hu, host.anatomy, rng, random_further_mimics(rng))
    host.write(hu, labels, job.path)


def _make_mimics(config: TrainingConfig, job: _Job) -> None:
    host = _Host.of(config, job.name)
    rng = np.random.default_rng([config.seed, host.number, job.number, _MIMICS_SEED])
    host.write(paint_mimics(host.hu, host.anatomy, rng, random_mimics(rng)), host.volume.labels, job.path)


@dataclass(frozen=True, eq=False)
class _Host:
    """A prepared host series and its index among the cases, which its seed depends on."""

    number: int
    volume: TrainingVolume
    anatomy: Anatomy
    range_hu: tuple[float, float]

    @classmethod
    def of(cls, config: TrainingConfig, name: str) -> _Host:
        folder = DataFolder(config.data.folder)
        index = CaseIndex.read(folder.root)
        number = 0 if index is None else list(index.cases).index(name)
        volume, anatomy = TrainingVolume.read(folder.real(name)), read_anatomy(folder.anatomy(name))
        return cls(number, volume, anatomy, config.input.range_hu)

    @property
    def hu(self) -> np.ndarray:
        low, high = self.range_hu
        return low + self.volume.grey.astype(np.float32) * ((high - low) / 255)

    def write(self, hu: np.ndarray, labels: np.ndarray, path: Path) -> None:
        low, high = self.range_hu
        TrainingVolume(_as_grey((hu - low) / (high - low)), labels, self.volume.slices_mm).write(path)


def _make_procedural(config: TrainingConfig, job: _Job) -> None:
    rng = np.random.default_rng([config.seed, _HEAD_SEED, job.number])
    # Healthy heads get mimics instead of lesions.
    subtypes = random_subtypes(rng) if job.number % _HEALTHY_EVERY else []
    spacing = (float(rng.uniform(3.0, 7.0)), config.input.pixel_mm, config.input.pixel_mm)
    shape = (round(_PROCEDURAL_HEIGHT_MM / spacing[0]), config.input.size_px, config.input.size_px)
    scan = simulated_ct(config.seed + job.number, subtypes=subtypes, shape=shape, spacing_mm=spacing)
    hu = scan.volume.hu.astype(np.float32)
    if not subtypes:
        hu = paint_mimics(hu, scan.anatomy, rng, random_mimics(rng))
    grey = _as_grey(config.input.window(hu))
    TrainingVolume(grey, scan.labels, np.arange(shape[0]) * spacing[0]).write(job.path)


def _make_aligned(config: TrainingConfig, job: _Job) -> None:
    root = config.data.folder
    TrainingVolume.read(root / job.path.relative_to(DataFolder(root).aligned(root))).aligned(
        config.input.pixel_mm
    ).write(job.path)


@lru_cache(maxsize=1)
def read_atlas(folder: Path | None) -> Atlas:
    """Return the atlas of a folder, or the generated one; cached, because many cases use it."""
    return generated_atlas() if folder is None else Atlas.read(folder)


def _as_grey(window: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(window, 0, 1) * 255).astype(np.uint8)
