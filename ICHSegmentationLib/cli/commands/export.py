# SPDX-License-Identifier: Apache-2.0
"""``ichseg export``: write one file of a result from a segmentation on disk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.commands.compare import RESULT_FILES
from ICHSegmentationLib.cli.inputs import Correction, Patient, Scan, edited_graeb
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.formats import ExportFormat

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.case import CaseResult


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """Inputs of a report beside the segmentation; see ``ichseg export --help``."""

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
    source: Scan | None,
    inputs: ReportInputs,
    *,
    overwrite: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Read, measure and write; see ``ichseg export --help``."""
    _check(kind, output, segmentation, overwrite=overwrite)
    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        from ICHSegmentationLib.export.exporter import Exporter

        case = _read(segmentation, _read_source(kind, source), inputs)
        picture = None if inputs.growth is None else _picture_beside(inputs.growth)
        if case.scan_doubt is not None and kind.names_study and not force:
            raise InputError(message("cli.scan_not_certain", doubt=case.scan_doubt))
        exporter = Exporter(case, with_patient=inputs.with_patient, template=inputs.template, growth_picture=picture)
        exporter.write({kind: output})
        terminal.warn(case.warnings)
    content = {
        "output": str(output),
        "volumes_ml": case.measurements.volumes_ml,
        "corrected": None if case.record is None else case.record.corrected,
        "warnings": list(case.warnings),
    }
    terminal.show(content, f"Wrote {output}\nResearch use only; not a medical device.")


def _read(segmentation: Path, volume: CTVolume | None, inputs: ReportInputs) -> CaseResult:
    """Return the stored case, with what the user gave beside it in its record."""
    from ICHSegmentationLib.export.comparison import read_comparison
    from ICHSegmentationLib.export.stored_case import read_case
    from ICHSegmentationLib.measurement import ich_score

    case = read_case(segmentation, volume)
    warnings = list(case.warnings)
    agreement, more = inputs.correction.compare(case.label_map, None if volume is None else volume.grid)
    warnings += more
    given: dict[str, object] = {}
    if inputs.patient != Patient():
        given["ich_score"] = ich_score(case.measurements, **inputs.patient._asdict())
        if given["ich_score"] is None:
            warnings.append(message("cli.no_ich_score"))
    if inputs.growth is not None:
        given["growth"] = read_comparison(inputs.growth)
    if agreement is not None:
        given |= {"agreement": agreement, "corrected": agreement.changed}
    review = inputs.correction.read_review(case.label_map, case.measurements.volumes_ml)
    if review is not None:
        given["review"] = review
    if case.record is None:
        if given or inputs.graeb:
            warnings.append(message("cli.inputs_not_used"))
    else:
        if inputs.graeb:
            given["modified_graeb"] = edited_graeb(case.record.modified_graeb, inputs.graeb)
        case = case.with_record(**given)
    return replace(case, warnings=tuple(dict.fromkeys(warnings)))


def _picture_beside(comparison: Path) -> bytes | None:
    """Return the picture that `ichseg compare` wrote with a comparison; None where there is none."""
    path = comparison.with_name(RESULT_FILES[1])
    try:
        return path.read_bytes() if path.exists() else None
    except OSError as error:
        raise InputError(message("cli.unreadable_file", path=path, reason=error.strerror)) from error


def _read_source(kind: ExportFormat, source: Scan | None) -> CTVolume | None:
    if source is None and kind.needs_scan:
        raise InputError(message("cli.format_needs_scan", format=kind.value))
    return None if source is None else source.read()


def _check(kind: ExportFormat, output: Path, segmentation: Path, *, overwrite: bool) -> None:
    if kind.is_folder:
        if output.exists() and not output.is_dir():
            raise InputError(message("cli.output_is_file", path=output))
        if output.is_dir() and any(output.iterdir()) and not overwrite:
            raise InputError(message("cli.file_exists", path=output))
        return
    if output.is_dir():
        raise InputError(message("cli.output_is_folder", path=output))
    if not output.exists():
        return
    if not overwrite:
        raise InputError(message("cli.file_exists", path=output))
    if output.samefile(segmentation):
        raise InputError(message("cli.output_is_segmentation", path=output))
