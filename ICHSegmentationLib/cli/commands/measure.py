# SPDX-License-Identifier: Apache-2.0
"""``ichseg measure``: the volumes of a segmentation on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ICHSegmentationLib.cli.inputs import Correction, Patient, Scan, edited_graeb
from ICHSegmentationLib.cli.summary import abc2_lines, anatomy_lines, volume_table
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.messages import message


def run(
    segmentation: Path,
    source: Scan | None,
    patient: Patient,
    correction: Correction,
    graeb: Sequence[str],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure and show the volumes; see ``ichseg measure --help``."""
    from ICHSegmentationLib.export.record import warn_not_assessed
    from ICHSegmentationLib.io.labels.reader import read_labels
    from ICHSegmentationLib.io.labels.scan_check import check_scan
    from ICHSegmentationLib.measurement import ich_score
    from ICHSegmentationLib.measurement.measure import measure

    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        volume = None if source is None else source.read()
        label_map, warnings = read_labels(segmentation, None if volume is None else volume.grid)
        if volume is not None:
            doubt = check_scan(segmentation, volume.source)
            warnings = (*volume.warnings, *warnings, *(() if doubt is None else (doubt,)))
        agreement, more = correction.compare(label_map, None if volume is None else volume.grid)
        warnings = tuple(dict.fromkeys((*warnings, *more, *warn_not_assessed(segmentation))))
        terminal.warn(warnings)
        measured = measure(label_map, volume)
        review = correction.read_review(label_map, measured.volumes_ml)
        if graeb:
            edited = edited_graeb(measured.modified_graeb, graeb)
            measured = measured.model_copy(update={"modified_graeb": edited})
    score = ich_score(measured, **patient._asdict())
    content = {
        "volumes_ml": measured.volumes_ml,
        "present": measured.present,
        "abc2_ml": measured.abc2_ml,
        "lesions": [lesion.model_dump(mode="json") for lesion in measured.lesions],
        "midline_shift": None if measured.midline_shift is None else measured.midline_shift.model_dump(mode="json"),
        "modified_graeb": None if measured.modified_graeb is None else measured.modified_graeb.model_dump(mode="json"),
        "iph_30_ml_or_more": measured.iph_30_ml_or_more,
        "ich_score": None if score is None else score.model_dump(mode="json"),
        "agreement": None if agreement is None else agreement.model_dump(mode="json"),
        "review": None if review is None else review.model_dump(mode="json"),
        "warnings": list(warnings),
    }
    lines = [volume_table(measured.volumes_ml), *abc2_lines(measured), *anatomy_lines(measured)]
    if measured.iph_30_ml_or_more:
        lines.append("Intraparenchymal volume: 30 mL or more")
    if patient != Patient():
        lines.append(message("cli.no_ich_score") if score is None else score.describe())
    if agreement is not None:
        lines += ["Corrected against model:", *(f"  {line}" for line in agreement.describe())]
    if review is not None:
        lines.append(f"Verdict: {review.describe()}")
    terminal.show(content, "\n".join(lines))
