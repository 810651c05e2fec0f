# SPDX-License-Identifier: Apache-2.0
"""Names, colours and codes of the hemorrhage subtypes, for all pictures, reports and exports."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from ICHSegmentationLib.core.resources import resource_path


class Code(BaseModel):
    """Coded concept of DICOM (PS3.3 8.8): scheme designator, value, meaning."""

    model_config = ConfigDict(frozen=True)

    scheme: str
    value: str
    meaning: str

    def __str__(self) -> str:
        """Return scheme^value^meaning, as in a terminology entry of 3D Slicer."""
        return f"{self.scheme}^{self.value}^{self.meaning}"


class HemorrhageClass(BaseModel):
    """Row of the table: a subtype, or ``ICH`` for systems that do not distinguish subtypes."""

    model_config = ConfigDict(frozen=True)

    id: str
    label: int = Field(ge=1, le=255)
    name: str
    color: str = Field(pattern=r"^#[0-9A-F]{6}$")
    code: Code

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Display colour, 0-255 each."""
        red, green, blue = bytes.fromhex(self.color[1:])
        return red, green, blue


class Terminology(BaseModel):
    """Table of the classes, in the order of their labels: the five subtypes, then ``ICH``."""

    model_config = ConfigDict(frozen=True)

    category: Code
    region: Code
    classes: tuple[HemorrhageClass, ...]

    @property
    def subtypes(self) -> tuple[HemorrhageClass, ...]:
        """The five subtypes, without ``ICH``."""
        return tuple(row for row in self.classes if row.id != "ICH")

    def by_id(self, identifier: str) -> HemorrhageClass:
        """Return the row of a segment ID.

        Raises
        ------
        KeyError
            If the table does not contain the ID.
        """
        for row in self.classes:
            if row.id == identifier:
                return row
        raise KeyError(identifier)

    def slicer_entry(self, row: HemorrhageClass) -> str:
        """Return the terminology entry of a segment as serialized by 3D Slicer.

        The fields, joined by "~", are context, category, type, type modifier, anatomic context, anatomic region and
        region modifier.
        """
        parts = (
            "ICHSegmentation",
            str(self.category),
            str(row.code),
            "^^",
            "Anatomic codes - DICOM master list",
            str(self.region),
            "^^",
        )
        return "~".join(parts)


@cache
def load_terminology() -> Terminology:
    """Return the table that ships with the library."""
    table = resource_path("Terminology", "hemorrhage.json")
    return Terminology.model_validate_json(table.read_text(encoding="utf-8"))
