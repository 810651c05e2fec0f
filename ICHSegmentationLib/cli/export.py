# SPDX-License-Identifier: Apache-2.0
"""``ichseg export``: one file of a result, made again from a segmentation on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.options import ExportKind
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.errors import InputError

if TYPE_CHECKING:
    from ICHSegmentationLib.ct.volume import CTVolume

_NEED_SOURCE = {ExportKind.pdf, ExportKind.dicom_seg, ExportKind.dicom_sr}


def run(
    segmentation: Path,
    kind: ExportKind,
    output: Path,
    source: Path | None,
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
        from ICHSegmentationLib.reporting.export import Exporter

        exporter = Exporter.read(segmentation, volume)
        write = {
            ExportKind.csv: exporter.write_csv,
            ExportKind.json: exporter.write_json,
            ExportKind.pdf: exporter.write_pdf,
            ExportKind.dicom_seg: exporter.write_dicom_seg,
            ExportKind.dicom_sr: exporter.write_dicom_sr,
        }[kind]
        write(output)
        terminal.warn(exporter.warnings)
    content = {
        "output": str(output),
        "volumes_ml": exporter.measurements.volumes_ml,
        "corrected": exporter.corrected,
        "warnings": list(exporter.warnings),
    }
    terminal.show(content, f"Wrote {output}\nResearch use only; not a medical device.")


def _read_source(kind: ExportKind, source: Path | None) -> CTVolume | None:
    if source is None:
        if kind in _NEED_SOURCE:
            message = f"{kind.value} needs the CT that was segmented; add --source."
            raise InputError(message)
        return None
    from ICHSegmentationLib.ct.reader import read_ct

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
