# SPDX-License-Identifier: Apache-2.0
"""Findings as plain text for a dictation system, from an editable template."""

from __future__ import annotations

from pathlib import Path
from string import Template

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.resources import resource_path, settings_folder
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.export.report.facts import (
    describe_abc2,
    describe_correction,
    describe_finding,
    describe_graeb,
    describe_growth,
    describe_method,
    sentence,
)
from ICHSegmentationLib.rendering.drawing import format_ml

TEMPLATE_NAME = "report.txt"


def default_template() -> str:
    """Return the template of the library."""
    return resource_path("Templates", TEMPLATE_NAME).read_text(encoding="utf-8")


def user_template_path() -> Path:
    """Return the path of the user's own template."""
    return settings_folder() / TEMPLATE_NAME


def load_template(path: Path | None = None) -> tuple[str, str]:
    """Return a template and its name for messages: that of a file, else the user's own, else the library's.

    Raises
    ------
    InputError
        If the file cannot be read as UTF-8 text.
    """
    own = user_template_path()
    chosen = path or (own if own.is_file() else None)
    if chosen is None:
        return default_template(), "the default template"
    try:
        return chosen.read_text(encoding="utf-8"), str(chosen)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(message("export.unreadable_template", path=chosen)) from error


def fill_template(template: str, record: MeasurementRecord, name: str = "the template") -> str:
    """Return a template with its ``$placeholders`` replaced; see :func:`placeholders`.

    A line whose placeholders are all empty is left out, so that one template serves every case.

    Parameters
    ----------
    template : str
        As for :class:`string.Template`; a dollar sign is written ``$$``.
    record : MeasurementRecord
        Measurements.
    name : str
        Name of the template in messages.

    Raises
    ------
    InputError
        If it contains an unknown placeholder or a lone dollar sign; the message names the line.
    """
    values = placeholders(record)
    lines = []
    for number, line in enumerate(template.splitlines(), start=1):
        part = Template(line)
        if not part.is_valid():
            raise InputError(message("export.lone_dollar", template=name, line=number))
        used = part.get_identifiers()
        unknown = [word for word in used if word not in values]
        if unknown:
            known = f"${', $'.join(values)}"
            raise InputError(
                message("export.unknown_placeholder", template=name, line=number, word=unknown[0], known=known)
            )
        if not used or any(values[word] for word in used):
            lines.append(part.substitute(values).rstrip())
    return "\n".join(lines) + "\n"


def placeholders(record: MeasurementRecord) -> dict[str, str]:
    """Return the text of each placeholder, empty if it does not apply. None contains patient data."""
    shift, score = record.midline_shift, record.ich_score
    return {
        "findings": _findings(record),
        "largest_lesion": describe_finding(record) if record.lesions else "",
        "abc2": describe_abc2(record),
        "midline": "" if shift is None else sentence(shift.describe()),
        "graeb": describe_graeb(record),
        "ich_score": "" if score is None else sentence(score.describe()),
        "growth": "" if record.growth is None else describe_growth(record.growth),
        "corrected": describe_correction(record),
        "method": describe_method(record),
        "warnings": " ".join(record.input.warnings),
        "slices": str(record.input.slices),
        **{f"{name.lower()}_ml": f"{volume_ml:.1f}" for name, volume_ml in record.volumes_ml.items()},
    }


def _findings(record: MeasurementRecord) -> str:
    table = load_terminology()
    parts = [
        f"{table.by_id(name).name.lower()} {format_ml(record.volumes_ml[name])}"
        for name, present in record.present.items()
        if present
    ]
    if not parts:
        return "No hemorrhage found." if record.assessed else message("export.not_assessed")
    found = sentence(f"{', '.join(parts)}; total {format_ml(record.volumes_ml['total'])}")
    return found if record.assessed else f"{found} {message('export.not_assessed')}"
