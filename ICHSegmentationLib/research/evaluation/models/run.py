# SPDX-License-Identifier: Apache-2.0
"""Run a model on held-out cases as on a user's scan, and compute metrics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ICHSegmentationLib import pipeline
from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.research.evaluation.metrics.case import CaseMetrics, evaluate_case
from ICHSegmentationLib.research.evaluation.models.held_out_case import NEGATIVES, HeldOutCase, HeldOutFile
from ICHSegmentationLib.research.evaluation.models.required_models import require_models, verifier_sha256
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

_LOG = logging.getLogger(__name__)
_NIFTI = ".nii.gz"


@dataclass(frozen=True)
class ModelRun:
    """Run of a model on the held-out cases.

    Attributes
    ----------
    model : str
        Name of the model.
    groups : dict
        Metrics by group and case.
    predictions : pathlib.Path
        Folder of the predicted labels, ``GROUP/CASE.nii.gz``.
    seconds_per_scan : float
        Mean duration of the segmentation, without reading and writing.
    postprocessed : bool
        Whether the labels were postprocessed.
    verifier_sha256 : str or None
        Checksum of the weights of the verifier; None without a verifier or without postprocessing.
    """

    model: str
    groups: dict[str, dict[str, CaseMetrics]]
    predictions: Path
    seconds_per_scan: float
    postprocessed: bool = True
    verifier_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Runtime settings of `pipeline.segment`; without ``postprocessing`` the labels of the network are kept."""

    device: str = "auto"
    runtime: str = "auto"
    threads: int | None = None
    postprocessing: bool = True


def run_model(
    model: str,
    files: Sequence[HeldOutFile],
    negatives: Sequence[Path],
    predictions: Path,
    settings: RunSettings,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> ModelRun:
    """Segment every case and compute its metrics.

    Parameters
    ----------
    model : str
        Name of an installed model.
    files : sequence of HeldOutFile
        The cases.
    negatives : sequence of pathlib.Path
        Scans without hemorrhage; the case name is the last part of the path.
    predictions : pathlib.Path
        Folder for the predicted labels.
    settings : RunSettings
        Where it runs.
    progress : callable
        Called with the current case and the fraction done.

    Raises
    ------
    MissingModelError
        Before any scan, if a companion model is not installed; see `require_models`.
    """
    entry = get_model(model)
    require_models(entry, postprocessed=settings.postprocessing)
    verifier = verifier_sha256(entry, postprocessed=settings.postprocessing)
    loaded = LoadedModel()
    scans = [*files, *(HeldOutFile(NEGATIVES, path.name, path) for path in negatives)]

    def segment(case: HeldOutCase, file: HeldOutFile) -> tuple[LabelMap, float | None]:
        return segment_or_refuse(case.volume, model, loaded, settings, file.name)

    run = run_cases(model, scans, predictions, segment, progress)
    return replace(run, postprocessed=settings.postprocessing, verifier_sha256=verifier)


def run_cases(
    name: str,
    scans: Sequence[HeldOutFile],
    predictions: Path,
    segment: Callable[[HeldOutCase, HeldOutFile], tuple[LabelMap, float | None]],
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> ModelRun:
    """Segment every case with any program and compute its metrics.

    Parameters
    ----------
    name : str
        Name of the program.
    scans : sequence of HeldOutFile
        The cases; those of the group `NEGATIVES` are scans without hemorrhage.
    predictions : pathlib.Path
        Folder for the predicted labels.
    segment : callable
        Takes a case and its file, returns labels and the duration in seconds; None if the scan was refused.
    progress : callable
        Called with the current case and the fraction done.
    """
    seconds = []
    groups: dict[str, dict[str, CaseMetrics]] = {}
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
    """Return the file of the predicted labels of a case."""
    return folder / file.group / f"{file.name}{_NIFTI}"


def _read(file: HeldOutFile) -> HeldOutCase:
    if file.group != NEGATIVES:
        return HeldOutCase.read(file.path)
    volume = read_ct(file.path)
    nothing = np.zeros(volume.grid.shape, dtype=np.uint8)
    return HeldOutCase(volume, nothing, nothing.astype(bool))


def segment_or_refuse(
    volume: CTVolume, model: str, loaded: LoadedModel, settings: RunSettings, name: str
) -> tuple[LabelMap, float | None]:
    """Segment a scan as a user's; a scan that is refused because it does not look like a head counts as empty.

    Parameters
    ----------
    volume : CTVolume
        The scan.
    model : str
        Name of an installed model.
    loaded : LoadedModel
        Keeps the model between calls.
    settings : RunSettings
        How it runs.
    name : str
        Name of the scan in a warning.

    Returns
    -------
    LabelMap
        The labels.
    float or None
        Duration in seconds without loading the model; None if the scan was refused.
    """
    try:
        result = pipeline.segment(
            volume,
            model,
            settings.device,
            runtime=settings.runtime,
            threads=settings.threads,
            postprocessing=None if settings.postprocessing else PostProcessing.off(),
            loaded=loaded,
        )
    except NotAHeadError as error:
        _LOG.warning("%s was refused and counts as empty: %s", name, error)
        return LabelMap(np.zeros(volume.grid.shape, dtype=np.uint8), volume.grid), None
    return result.label_map, sum(seconds for stage, seconds in result.timings_s.items() if stage != "load")
