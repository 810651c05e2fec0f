# SPDX-License-Identifier: Apache-2.0
"""Run a model on held-out cases, the way it runs on a user's scan, and compare."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ICHSegmentationLib import pipeline
from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io import read_ct
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.research.evaluation.case import CaseResult, evaluate_case
from ICHSegmentationLib.research.evaluation.models.held_out_case import NEGATIVES, HeldOutCase, HeldOutFile
from ICHSegmentationLib.research.evaluation.models.required_models import require_models, second_reader_sha256
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

_LOG = logging.getLogger(__name__)
_NIFTI = ".nii.gz"


@dataclass(frozen=True)
class ModelRun:
    """What a model did on the held-out cases.

    Attributes
    ----------
    model : str
        Its name.
    groups : dict
        Results by group and case.
    predictions : pathlib.Path
        Folder of the predicted labels, ``GROUP/CASE.nii.gz``.
    seconds_per_scan : float
        Mean of the whole segmentation, reading and writing left out.
    cleaned : bool
        Whether the model's cleaning rules were applied.
    second_reader_sha256 : str or None
        Of the weights that were asked about ventricular blood; None without a second reader or the cleaning.
    """

    model: str
    groups: dict[str, dict[str, CaseResult]]
    predictions: Path
    seconds_per_scan: float
    cleaned: bool = True
    second_reader_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Where a model runs, see `pipeline.segment`, and whether its labels are cleaned."""

    device: str = "auto"
    runtime: str = "auto"
    threads: int | None = None
    cleaning: bool = True


def run_model(
    model: str,
    files: Sequence[HeldOutFile],
    negatives: Sequence[Path],
    predictions: Path,
    settings: RunSettings,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> ModelRun:
    """Segment every case and compare it with its reference.

    Parameters
    ----------
    model : str
        Name of an installed model.
    files : sequence of HeldOutFile
        The cases.
    negatives : sequence of pathlib.Path
        Scans without any blood; their cases are called by the last part of the path.
    predictions : pathlib.Path
        Folder for the predicted labels.
    settings : RunSettings
        Where it runs.
    progress : callable
        Takes the case at work and the share that is done.

    Raises
    ------
    MissingModelError
        Before any scan, if a model that this one needs is not installed beside it; see `require_models`.
    """
    entry = get_model(model)
    require_models(entry, cleaned=settings.cleaning)
    reader = second_reader_sha256(entry, cleaned=settings.cleaning)
    loaded = LoadedModel()
    scans = [*files, *(HeldOutFile(NEGATIVES, path.name, path) for path in negatives)]

    def segment(case: HeldOutCase, file: HeldOutFile) -> tuple[LabelMap, float | None]:
        return _segment(case.volume, model, loaded, settings, file)

    run = run_cases(model, scans, predictions, segment, progress)
    return replace(run, cleaned=settings.cleaning, second_reader_sha256=reader)


def run_cases(
    name: str,
    scans: Sequence[HeldOutFile],
    predictions: Path,
    segment: Callable[[HeldOutCase, HeldOutFile], tuple[LabelMap, float | None]],
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> ModelRun:
    """Label every case by any program, and compare it with its reference.

    Parameters
    ----------
    name : str
        What the program is called.
    scans : sequence of HeldOutFile
        The cases; those of the group of negatives are scans without blood.
    predictions : pathlib.Path
        Folder for the predicted labels.
    segment : callable
        Takes a case and where it lies, gives labels and the seconds it took; None if it was refused.
    progress : callable
        Takes the case at work and the share that is done.
    """
    seconds = []
    groups: dict[str, dict[str, CaseResult]] = {}
    for number, file in enumerate(scans):
        progress(f"{name}, {file.name}", number / len(scans))
        case = _read(file)
        label_map, took_s = segment(case, file)
        if took_s is not None:
            seconds.append(took_s)
        path = prediction_path(predictions, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_labels_nifti(path, label_map)
        result = evaluate_case(file.name, case.known(label_map.labels), case.reference)
        groups.setdefault(file.group, {})[file.name] = result
    progress(name, 1.0)
    return ModelRun(name, groups, predictions, float(np.mean(seconds)) if seconds else 0.0)


def prediction_path(folder: Path, file: HeldOutFile) -> Path:
    """Return where the predicted labels of a case are."""
    return folder / file.group / f"{file.name}{_NIFTI}"


def _read(file: HeldOutFile) -> HeldOutCase:
    if file.group != NEGATIVES:
        return HeldOutCase.read(file.path)
    volume = read_ct(file.path)
    nothing = np.zeros(volume.grid.shape, dtype=np.uint8)
    return HeldOutCase(volume, nothing, nothing.astype(bool))


def _segment(
    volume: CTVolume, model: str, loaded: LoadedModel, settings: RunSettings, file: HeldOutFile
) -> tuple[LabelMap, float | None]:
    try:
        result = pipeline.segment(
            volume,
            model,
            settings.device,
            runtime=settings.runtime,
            threads=settings.threads,
            postprocessing=None if settings.cleaning else PostProcessing.off(),
            loaded=loaded,
        )
    except NotAHeadError as error:
        _LOG.warning("%s was refused and counts as empty: %s", file.name, error)
        return LabelMap(np.zeros(volume.grid.shape, dtype=np.uint8), volume.grid), None
    return result.label_map, sum(seconds for stage, seconds in result.timings_s.items() if stage != "load")
