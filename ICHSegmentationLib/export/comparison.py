# SPDX-License-Identifier: Apache-2.0
"""Content of ``comparison.json``: change of the hemorrhage of one patient between two scans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.measurement.growth import Change, Growth, Verdict

if TYPE_CHECKING:
    from ICHSegmentationLib.registration import Registration


class RegistrationRecord(BaseModel):
    """Registration of the scans; see :class:`ICHSegmentationLib.registration.Registration`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quality: float
    shared: float
    is_good: bool
    rotation_deg: float
    matrix_lps: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, registration: Registration) -> Self:
        """Return the record of a registration."""
        return cls(
            quality=registration.quality,
            shared=registration.shared,
            is_good=registration.is_good,
            rotation_deg=round(registration.rotation_deg, 2),
            matrix_lps=tuple(tuple(row) for row in registration.matrix.round(6).tolist()),
        )

    def describe(self) -> str:
        """Return a line with quality and overlap."""
        word = "good" if self.is_good else "POOR"
        return f"Registration: {word}, correlation {self.quality:.2f} on {self.shared:.0%} of the head"


class Comparison(BaseModel):
    """Content of the file, schema 1.

    ``registration`` is null if the scans were not given, ``not_compared`` unless a scan was not assessed: changes and
    verdicts are then null.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, json_schema_serialization_defaults_required=True
    )

    schema_version: Literal[1] = Field(default=1, alias="schema")
    changes: dict[str, Change]
    expansion: Verdict
    revised_expansion: Verdict
    not_compared: str | None = None
    registration: RegistrationRecord | None
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, growth: Growth, registration: Registration | None, warnings: tuple[str, ...]) -> Self:
        """Return the content of the file."""
        return cls(
            changes=growth.changes,
            expansion=growth.expansion,
            revised_expansion=growth.revised_expansion,
            not_compared=growth.not_compared,
            registration=None if registration is None else RegistrationRecord.of(registration),
            warnings=warnings,
        )

    def to_json(self) -> str:
        """Return the text of the file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def read_comparison(path: Path) -> Comparison:
    """Read a ``comparison.json``.

    Raises
    ------
    InputError
        If the file cannot be read or has other content.
    """
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(message("export.not_a_comparison", path=path)) from error
