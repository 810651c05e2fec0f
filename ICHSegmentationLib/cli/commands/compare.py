# SPDX-License-Identifier: Apache-2.0
"""``ichseg compare``: change of the hemorrhage of one patient between two scans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from PIL.Image import Image

    from ICHSegmentationLib.cli.inputs import Scan
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.comparison import Comparison

PARTS = {"read": 0.3, "compare": 0.7}
RESULT_FILES = ("comparison.json", "comparison.png")
SEGMENTATIONS = ("segmentation.seg.nrrd", "labels.nii.gz")


@dataclass(frozen=True)
class Side:
    """One scan: a result folder or a label file, and its CT if given."""

    segmentation: Path
    scan: Scan | None


class _Case(NamedTuple):
    """What was read of a side."""

    label_map: LabelMap
    volume: CTVolume | None
    assessed: bool
    warnings: tuple[str, ...]


def run(baseline: Side, followup: Side, output: Path | None, *, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Compare and show the change; see ``ichseg compare --help``."""
    if output is not None:
        _check_output(output, overwrite=overwrite)
    from ICHSegmentationLib.export.comparison import Comparison
    from ICHSegmentationLib.export.scan_comparison import compare_scans
    from ICHSegmentationLib.measurement.growth import compare_volumes
    from ICHSegmentationLib.measurement.measure import measure

    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        terminal.progress("read")
        first, second = _read(baseline), _read(followup)
        warnings = (
            *(f"Baseline: {text}" for text in first.warnings),
            *(f"Follow-up: {text}" for text in second.warnings),
        )
        picture = None
        if first.volume is None or second.volume is None:
            growth = compare_volumes(*(measure(case.label_map, assessed=case.assessed) for case in (first, second)))
            content = Comparison.of(growth, None, tuple(dict.fromkeys((*warnings, message("cli.no_scans")))))
        else:
            compared = compare_scans(
                (first.volume, first.label_map),
                (second.volume, second.label_map),
                warnings,
                assessed=(first.assessed, second.assessed),
                with_picture=output is not None,
                progress=terminal.progress("compare"),
            )
            content, picture = compared.content, compared.picture
        terminal.warn(content.warnings)
        if output is not None:
            _write(output, content, picture)
    terminal.show(content.model_dump(mode="json", by_alias=True), text_of(content))


def text_of(growth: Comparison) -> str:
    """Return the change of each subtype and both definitions with their verdicts, or why they are not known."""
    lines = [f"{'':<7}{'baseline':>10}{'follow-up':>11}{'change':>9}{'per cent':>14}"]
    for name, change in growth.changes.items():
        # Adding zero turns -0.0 into 0.0.
        change_ml = "" if change.change_ml is None else f"{round(change.change_ml, 1) + 0.0:+.1f}"
        volumes = f"{change.baseline_ml:>10.1f}{change.followup_ml:>11.1f}{change_ml:>9}"
        lines.append(f"{name:<7}{volumes}{change.percent_text:>14}")
    lines += ["volumes in mL", ""]
    if growth.not_compared is None:
        for name, verdict in (("Expansion", growth.expansion), ("Expansion, revised", growth.revised_expansion)):
            lines.append(f"{name}: {verdict.answer}\n  {verdict.definition}")
    else:
        lines.append(growth.not_compared)
    if growth.registration is not None:
        lines.append(growth.registration.describe())
    return "\n".join(lines)


def _check_output(output: Path, *, overwrite: bool) -> None:
    if output.exists() and not output.is_dir():
        raise InputError(message("cli.output_is_file", path=output))
    if not overwrite and any((output / name).exists() for name in RESULT_FILES):
        raise InputError(message("cli.comparison_exists", folder=output))


def _read(side: Side) -> _Case:
    from ICHSegmentationLib.export.record import warn_not_assessed, was_assessed
    from ICHSegmentationLib.io.labels.reader import read_labels
    from ICHSegmentationLib.io.labels.scan_check import check_scan

    path = side.segmentation
    if path.is_dir():
        found = [path / name for name in SEGMENTATIONS if (path / name).is_file()]
        if not found:
            raise InputError(message("cli.no_segmentation", folder=path, names=" or ".join(SEGMENTATIONS)))
        path = found[0]
    volume = None if side.scan is None else side.scan.read()
    labels = read_labels(path, None if volume is None else volume.grid)
    warnings = (*labels.warnings, *warn_not_assessed(path))
    if volume is not None:
        doubt = check_scan(path, volume.source)
        warnings = (*volume.warnings, *warnings, *(() if doubt is None else (doubt,)))
    return _Case(labels.label_map, volume, was_assessed(path), warnings)


def _write(output: Path, content: Comparison, picture: Image | None) -> None:
    """Write the table and the picture in place of those of an earlier comparison."""
    from ICHSegmentationLib.core.storage.files import write_text
    from ICHSegmentationLib.core.storage.replacing import replacing_files
    from ICHSegmentationLib.rendering.png import write_png

    with replacing_files(output, instead_of=RESULT_FILES) as folder:
        write_text(folder / "comparison.json", content.to_json())
        if picture is not None:
            write_png(folder / "comparison.png", picture)
