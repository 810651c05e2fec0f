# SPDX-License-Identifier: Apache-2.0
"""``ichseg export``: one file of a result, made again from a segmentation on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.commands.compare import RESULT_FILES
from ICHSegmentationLib.cli.commands.measure import NO_SCORE
from ICHSegmentationLib.cli.inputs import Correction, Patient, edited_graeb
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.export.formats import ExportFormat

if TYPE_CHECKING:
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.export.exporter import Exporter

_NOT_TOLD = "What was given beside the segmentation is left out: the measurements.json of the run is missing."


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """What a report is told beside the segmentation; see ``ichseg export --help``."""

    with_patient: bool
    template: Path | None
    growth: Path | None
    patient: Patient
    graeb: tuple[str, ...]
    correction: Correction


def run(
    segmentation: Path,
    kind: ExportFormat,
    output: Path,
    source: Path | None,
    inputs: ReportInputs,
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Read, measure and write; see ``ichseg export --help``."""
    _check(output, segmentation, overwrite=overwrite)
    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        volume = _read_source(kind, source)
        exporter, warnings = _prepare(segmentation, volume, inputs)
        exporter.write(kind, output)
        terminal.warn(warnings)
    content = {
        "output": str(output),
        "volumes_ml": exporter.measurements.volumes_ml,
        "corrected": None if exporter.record is None else exporter.record.corrected,
        "warnings": list(warnings),
    }
    terminal.show(content, f"Wrote {output}\nResearch use only; not a medical device.")


def _prepare(segmentation: Path, volume: CTVolume | None, inputs: ReportInputs) -> tuple[Exporter, tuple[str, ...]]:
    """Return what writes the files, and what there is to warn of."""
    from ICHSegmentationLib.export.comparison import read_comparison
    from ICHSegmentationLib.export.exporter import Exporter
    from ICHSegmentationLib.export.stored_result import StoredResult
    from ICHSegmentationLib.measurement import ich_score

    stored = StoredResult.read(segmentation, volume)
    warnings = list(stored.warnings)
    agreement, more = inputs.correction.compare(stored.label_map, None if volume is None else volume.grid)
    warnings += more
    told: dict[str, object] = {}
    growth_picture = None
    if inputs.patient != Patient():
        score = ich_score(stored.measurements, **inputs.patient._asdict())
        if score is None:
            warnings.append(NO_SCORE)
        told["ich_score"] = score
    if inputs.growth is not None:
        told["growth"] = read_comparison(inputs.growth)
        growth_picture = _picture_beside(inputs.growth)
    if agreement is not None:
        told |= {"agreement": agreement, "corrected": agreement.changed}
    record = stored.record()
    if record is not None:
        if inputs.graeb:
            told["modified_graeb"] = edited_graeb(record.modified_graeb, inputs.graeb)
        record = record.model_copy(update=told)
    elif told or inputs.graeb:
        warnings.append(_NOT_TOLD)
    exporter = Exporter(
        label_map=stored.label_map,
        volume=volume,
        measurements=stored.measurements,
        record=record,
        name=str(segmentation),
        # What is not known to be the model's own is not called automatic.
        corrected=record is None or record.corrected != (),
        with_patient=inputs.with_patient,
        template=inputs.template,
        growth_picture=growth_picture,
        segmentation=stored.segmentation,
    )
    return exporter, tuple(dict.fromkeys(warnings))


def _picture_beside(comparison: Path) -> bytes | None:
    """Return the picture that `ichseg compare` wrote with a comparison; None where there is none."""
    path = comparison.with_name(RESULT_FILES[1])
    try:
        return path.read_bytes() if path.exists() else None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise InputError(message) from error


def _read_source(kind: ExportFormat, source: Path | None) -> CTVolume | None:
    if source is None:
        if kind.needs_scan:
            message = f"{kind.value} needs the CT that was segmented; add --source."
            raise InputError(message)
        return None
    from ICHSegmentationLib.io.reader import read_ct

    return read_ct(source)


def _check(output: Path, segmentation: Path, *, overwrite: bool) -> None:
    if output.is_dir():
        message = f"{output} is a folder; --output names the file to write."
        raise InputError(message)
    if not output.exists():
        return
    if not overwrite:
        message = f"{output} exists; choose another name, or add --overwrite to replace it."
        raise InputError(message)
    if output.samefile(segmentation):
        message = f"{output} is the segmentation itself; choose another name."
        raise InputError(message)
