# SPDX-License-Identifier: Apache-2.0
"""Make the training volumes: real series, the same with simulated lesions, and procedural heads."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.errors import InputError
from ICHSegmentationLib.preprocessing.head import find_head, intracranial_mask
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.simulation.host_anatomy import Atlas, host_anatomy, register_atlas
from ICHSegmentationLib.simulation.lesions import paint_distractors, paint_lesions
from ICHSegmentationLib.simulation.simulate import simulated_ct
from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.training.clot import derive_clot, label_map
from ICHSegmentationLib.training.phe_sich import PheSichCase, case_names, read_case
from ICHSegmentationLib.training.samples import TrainingVolume, read_anatomy, write_anatomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ICHSegmentationLib.preprocessing.input_spec import InputSpec
    from ICHSegmentationLib.training.config import TrainingConfig

_LOG = logging.getLogger(__name__)
_VENTRICLE_MARGIN_MM = 1.5
_MOST_SUBTYPES = 3
_PROCEDURAL_HEIGHT_MM = 160.0


@dataclass(frozen=True)
class DataFolder:
    """Where prepared volumes lie.

    Attributes
    ----------
    root : pathlib.Path
        The configuration's ``data.folder``.
    """

    root: Path

    def real(self, name: str) -> Path:
        """Volume of a real series."""
        return self.root / "real" / f"{name}.npz"

    def anatomy(self, name: str) -> Path:
        """Masks of a real series."""
        return self.root / "anatomy" / f"{name}.npz"

    def painted(self, name: str, copy: int) -> Path:
        """Volume of a real series with simulated lesions."""
        return self.root / "painted" / f"{name}-{copy}.npz"

    def procedural(self, number: int) -> Path:
        """Volume of a procedural head."""
        return self.root / "procedural" / f"{number:04d}.npz"


def training_files(config: TrainingConfig) -> list[Path]:
    """Volumes that a network may learn from: no patient that is held out, no series whose clot is wrong.

    Raises
    ------
    InputError
        If a volume has not been prepared.
    """
    folder = DataFolder(config.data.folder)
    names = _training_names(config)
    files = [folder.real(name) for name in names]
    files += [folder.painted(name, copy) for name in names for copy in range(config.data.painted_per_case)]
    files += [folder.procedural(number) for number in range(config.data.procedural_heads)]
    missing = [path for path in files if not path.exists()]
    if missing:
        message = f"{len(missing)} training volumes are missing, the first is {missing[0]}; run `prepare` first."
        raise InputError(message)
    return files


def _training_names(config: TrainingConfig) -> list[str]:
    left_out = {*config.data.held_out, *config.data.excluded}
    return [name for name in case_names(config.data.phe_sich) if name not in left_out]


def prepare(config: TrainingConfig) -> Iterator[Path]:
    """Make whatever volumes are missing; yields each file as it is written."""
    folder = DataFolder(config.data.folder)
    names = case_names(config.data.phe_sich)
    hosts = _training_names(config)
    jobs: list[tuple[Path, Callable[[], TrainingVolume]]] = []
    atlas = Atlas.read(config.data.anatomy)
    for name in names:
        jobs.append((folder.real(name), partial(_real, config, atlas, folder, name)))
    for number in range(config.data.procedural_heads):
        jobs.append((folder.procedural(number), partial(_procedural, config, number)))
    for copy in range(config.data.painted_per_case):
        for name in hosts:
            rng = np.random.default_rng([config.seed, names.index(name), copy])
            jobs.append((folder.painted(name, copy), partial(_painted, folder, name, rng)))
    for path, job in jobs:
        if not path.exists():
            job().write(path)
            yield path


def _real(config: TrainingConfig, atlas: Atlas, folder: DataFolder, name: str) -> TrainingVolume:
    case = read_case(config.data.phe_sich, name)
    volume = _sampled(case, config.input)
    spacing = (float(np.median(np.diff(volume.slices_mm))), config.input.pixel_mm, config.input.pixel_mm)
    intracranial = intracranial_mask(volume.hu, spacing[1:])
    registered = register_atlas(atlas, intracranial, spacing)
    write_anatomy(folder.anatomy(name), host_anatomy(volume.hu, intracranial, registered, atlas.deep, spacing))
    hu = np.clip(volume.hu, *config.input.window_hu)
    clot = derive_clot(hu, volume.edema, intracranial, spacing)
    ventricles = registered.ventricle_distance_mm <= _VENTRICLE_MARGIN_MM
    labels = label_map(hu, clot, ventricles, spacing, iph=Subtype.IPH)
    if not (labels == Subtype.IPH).any():
        _LOG.warning("Case %s: no clot was found inside the edema ring.", name)
    return TrainingVolume(volume.grey, labels, volume.slices_mm)


@dataclass(frozen=True, eq=False)
class _Sampled:
    grey: np.ndarray
    hu: np.ndarray
    edema: np.ndarray
    slices_mm: np.ndarray


def _sampled(case: PheSichCase, spec: InputSpec) -> _Sampled:
    orientation = CanonicalOrientation.of(case.grid)
    hu, edema = orientation.apply(case.hu), orientation.apply(case.edema)
    slices_mm = orientation.coordinates_mm[0]
    region = find_head(hu, orientation.coordinates_mm)
    if region.doubt:
        _LOG.warning("Case %s: %s.", case.name, region.doubt)
    sampling = HeadSampling.around(orientation.coordinates_mm, region, spec)
    keep = region.slices
    window = sampling.to_network(spec.window(hu[keep]))
    bone = sampling.to_network(hu[keep] >= case.hu.max()) > 0.5
    air = sampling.to_network(hu[keep] <= case.hu.min()) > 0.5
    low, high = spec.window_hu
    sampled_hu = np.where(bone, case.hu.max(), np.where(air, case.hu.min(), np.rint(low + window * (high - low))))
    return _Sampled(
        grey=_as_grey(window),
        hu=sampled_hu.astype(np.int16),
        edema=sampling.to_network(edema[keep]) > 0.2,  # rings are often thinner than a pixel here
        slices_mm=slices_mm[keep] - slices_mm[keep][0],
    )


def _painted(folder: DataFolder, name: str, rng: np.random.Generator) -> TrainingVolume:
    host = TrainingVolume.read(folder.real(name))
    anatomy = read_anatomy(folder.anatomy(name))
    hu = host.grey.astype(np.float32) * (80.0 / 255.0)
    hu, labels = paint_lesions(hu, anatomy, rng, _random_subtypes(rng), labels=host.labels)
    if rng.random() < 0.3:
        hu = paint_distractors(hu, anatomy, rng)
    return TrainingVolume(_as_grey(hu / 80.0), labels, host.slices_mm)


def _procedural(config: TrainingConfig, number: int) -> TrainingVolume:
    rng = np.random.default_rng([config.seed, 1, number])
    # One head in six is healthy: it holds all that is bright without being blood.
    subtypes = _random_subtypes(rng) if number % 6 else []
    spacing = (float(rng.uniform(3.0, 7.0)), config.input.pixel_mm, config.input.pixel_mm)
    shape = (round(_PROCEDURAL_HEIGHT_MM / spacing[0]), config.input.size_px, config.input.size_px)
    scan = simulated_ct(config.seed + number, subtypes=subtypes, shape=shape, spacing_mm=spacing)
    grey = _as_grey(config.input.window(scan.volume.hu))
    return TrainingVolume(grey, scan.labels, np.arange(shape[0]) * spacing[0])


def _random_subtypes(rng: np.random.Generator) -> list[Subtype]:
    count = int(rng.integers(1, _MOST_SUBTYPES + 1))
    return [Subtype(value) for value in rng.choice(list(Subtype), size=count, replace=False)]


def _as_grey(window: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(window, 0, 1) * 255).astype(np.uint8)
