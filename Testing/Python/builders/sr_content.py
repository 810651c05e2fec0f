# SPDX-License-Identifier: Apache-2.0
"""Content of a structured report by measurement group, read with pydicom alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pydicom
from pydicom import Dataset


class Number(NamedTuple):
    """NUM item; marks are its concept modifiers and properties by name."""

    name: str
    value: float
    unit: str
    marks: dict[str, str]
    site: tuple[str, ...]
    points: list[tuple[str, list[float]]]


class Answer(NamedTuple):
    """CODE item of a group."""

    value: str
    marks: dict[str, str]


class Group(NamedTuple):
    """A measurement group."""

    finding: str
    sites: list[tuple[str, ...]]
    numbers: list[Number]
    answers: dict[str, Answer]
    remark: str
    images: list[tuple[str, tuple[int, ...]]]

    def number(self, name: str, unit: str = "", **marks: str) -> Number:
        """Return the only number with a name, a unit and marks such as ``Derivation="Mean"``."""
        found = [
            item
            for item in self.numbers
            if item.name == name and unit in ("", item.unit) and marks.items() <= item.marks.items()
        ]
        assert len(found) == 1, (name, self.numbers)
        return found[0]


def sr_groups(path: Path) -> dict[str, Group]:
    """Return the measurement groups of a report by tracking identifier, in order."""
    found = {}
    for item in _children(pydicom.dcmread(path), "Imaging Measurements")[0].ContentSequence:
        (identifier,) = _children(item, "Tracking Identifier")
        assert identifier.TextValue not in found
        found[identifier.TextValue] = _group(item)
    return found


def all_codes(dataset: Dataset) -> set[tuple[str, str]]:
    """Return scheme and value of every code anywhere in a data set."""
    found = set()

    def collect(holder: Dataset, element: Any) -> None:
        if element.keyword == "CodeValue":
            found.add((holder.CodingSchemeDesignator, element.value))

    dataset.walk(collect)
    return found


def _group(item: Dataset) -> Group:
    finding = _children(item, "Finding")
    remark = _children(item, "Comment")
    contained = [child for child in item.ContentSequence if child.RelationshipType == "CONTAINS"]
    return Group(
        finding=finding[0].ConceptCodeSequence[0].CodeMeaning if finding else "",
        sites=[_site(child) for child in _children(item, "Finding Site")],
        numbers=[_number(child) for child in contained if child.ValueType == "NUM"],
        answers={
            _name(child): Answer(_value(child), _marks(child))
            for child in contained
            if child.ValueType == "CODE" and _name(child) not in ("Finding", "Finding category")
        },
        remark=remark[0].TextValue if remark else "",
        images=[_image(child) for child in contained if child.ValueType == "IMAGE"],
    )


def _number(item: Dataset) -> Number:
    measured = item.MeasuredValueSequence[0]
    sites = _children(item, "Finding Site")
    return Number(
        name=_name(item),
        value=float(measured.NumericValue),
        unit=measured.MeasurementUnitsCodeSequence[0].CodeValue,
        marks=_marks(item),
        site=_site(sites[0]) if sites else (),
        points=[
            (_name(child), [float(value) for value in child.GraphicData])
            for child in item.get("ContentSequence", ())
            if child.ValueType == "SCOORD3D"
        ],
    )


def _marks(item: Dataset) -> dict[str, str]:
    wanted = ("HAS CONCEPT MOD", "HAS PROPERTIES")
    children = [child for child in item.get("ContentSequence", ()) if child.RelationshipType in wanted]
    return {_name(child): _value(child) for child in children if _name(child) != "Finding Site"}


def _site(item: Dataset) -> tuple[str, ...]:
    return (_value(item), *(_value(child) for child in item.get("ContentSequence", ())))


def _image(item: Dataset) -> tuple[str, tuple[int, ...]]:
    reference = item.ReferencedSOPSequence[0]
    frames = reference.get("ReferencedFrameNumber")
    numbers = () if frames is None else (frames,) if isinstance(frames, int) else tuple(frames)
    return reference.ReferencedSOPInstanceUID, tuple(int(number) for number in numbers)


def _children(item: Dataset, name: str) -> list[Dataset]:
    return [child for child in item.get("ContentSequence", ()) if _name(child) == name]


def _name(item: Dataset) -> str:
    return item.ConceptNameCodeSequence[0].CodeMeaning


def _value(item: Dataset) -> str:
    return item.ConceptCodeSequence[0].CodeMeaning
