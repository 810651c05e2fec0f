# SPDX-License-Identifier: Apache-2.0
"""De-identification of one dataset: DICOM PS3.15 E, Basic Profile with Modified Dates.

The table of the profile (PS3.15 table E.1-1) is that of dicom-anonymizer, which is generated from the standard; here it
is applied to every level of nesting.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.io.dicom.files import quiet_pydicom, value_of

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset, FileDataset
    from pydicom.uid import UID

    from ICHSegmentationLib.export.deidentification.keys import Keys

_TABLE = "dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c"
_NUMBERS = {"DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV"}
_TEXTS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"}
_DUMMY = "REMOVED"


class _Action(Enum):
    """What the profile asks for; of several allowed ones the mildest that keeps the object valid."""

    REMOVE = "X_TAGS"
    EMPTY = "Z_TAGS X_Z_TAGS"
    REPLACE = "D_TAGS Z_D_TAGS X_D_TAGS X_Z_D_TAGS"
    MAP_UID = "U_TAGS"
    INSIDE = "X_Z_U_STAR_TAGS"


def deidentify(dataset: FileDataset, keys: Keys, *, shows_face: bool = True) -> None:
    """Remove the identity from a dataset, in place; its pixels are not changed.

    Parameters
    ----------
    dataset : pydicom.FileDataset
        The dataset.
    keys : Keys
        Keys of this user.
    shows_face : bool
        Whether the pixels can show a face, for RecognizableVisualFeatures (0028,0302).
    """
    with quiet_pydicom():
        patient = "|".join(str(value_of(dataset, keyword) or "") for keyword in ("PatientID", "IssuerOfPatientID"))
        if patient == "|":
            patient = str(value_of(dataset, "PatientName") or value_of(dataset, "StudyInstanceUID") or "")
        # Texts are decoded before the character set that they need is replaced.
        dataset.decode()
        _Cleaner(keys, keys.shift_days(patient)).clean(dataset)
        dataset.PatientName = dataset.PatientID = keys.pseudonym(patient)
        _describe(dataset, shows_face=shows_face)
        syntax = dataset.file_meta.TransferSyntaxUID
        _replace_file_meta(dataset, syntax)


class _Cleaner:
    """Apply the table to every level of a dataset."""

    def __init__(self, keys: Keys, shift_days: int) -> None:
        self._keys = keys
        self._shift = timedelta(days=shift_days)

    def clean(self, dataset: Dataset) -> None:
        for element in list(dataset):
            action = _action_of(element)
            # Times of day stay: dates are set back by whole days.
            if element.VR == "TM" and element.tag.group != 0x0010 and not element.tag.is_private:
                continue
            removed = action is _Action.REMOVE and not _is_date(element)
            if removed or element.tag.is_private or element.VR == "UN":
                del dataset[element.tag]
            elif element.VR == "SQ":
                if action in (_Action.REPLACE, _Action.EMPTY):
                    del dataset[element.tag]
                else:
                    for item in element.value:
                        self.clean(item)
            elif element.VR == "UI":
                element.value = self._uids(element.value)
            elif _is_date(element):
                element.value = self._dates(element)
            elif element.VR == "PN" or action is _Action.EMPTY:
                element.value = None
            elif action is _Action.REPLACE:
                self._replace(dataset, element)

    def _uids(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return self._keys.uid(str(value or ""))
        return [self._keys.uid(str(item)) for item in value]

    def _dates(self, element: DataElement) -> Any:
        value = element.value
        if not value:
            return None
        values = value if not isinstance(value, str) and isinstance(value, Sequence) else [value]
        moved = [self._moved(str(item)) for item in values]
        return moved if len(moved) > 1 else moved[0]

    def _moved(self, text: str) -> str:
        """Return a date, with the time that may follow, set back; what is no full date is emptied."""
        try:
            day = datetime.strptime(text[:8], "%Y%m%d") - self._shift
        except (ValueError, OverflowError):
            return ""
        return f"{day.year:04d}{day.month:02d}{day.day:02d}{text[8:]}"

    @staticmethod
    def _replace(dataset: Dataset, element: DataElement) -> None:
        if element.VR in _TEXTS:
            element.value = _DUMMY
        elif element.VR in _NUMBERS:
            element.value = 0
        else:
            del dataset[element.tag]


def _is_date(element: DataElement) -> bool:
    """Whether it is a date of the examination; those of the patient (group 0010) follow the table."""
    return element.VR in ("DA", "DT") and element.tag.group != 0x0010


def _action_of(element: DataElement) -> _Action | None:
    exact, ranges = _table()
    found = exact.get((element.tag.group, element.tag.element))
    if found is not None:
        return found
    for (group, number, group_mask, number_mask), action in ranges.items():
        if element.tag.group & group_mask == group and element.tag.element & number_mask == number:
            return action
    return None


def require_table() -> None:
    """Raise an error if the table of the profile is not installed.

    Raises
    ------
    InputError
        If dicom-anonymizer is missing.
    """
    _table()


@cache
def _table() -> tuple[Mapping[tuple[int, int], _Action], Mapping[tuple[int, int, int, int], _Action]]:
    """Return the action of each tag, and of each range of tags (group, element and their masks)."""
    try:
        module = importlib.import_module(_TABLE)
    except ModuleNotFoundError as error:
        raise InputError(message("export.no_deidentification")) from error
    exact: dict[Any, _Action] = {}
    for action in _Action:
        for name in action.value.split():
            exact.update(dict.fromkeys(getattr(module, name), action))
    ranges = {tag: action for tag, action in exact.items() if len(tag) > 2}
    return {tag: action for tag, action in exact.items() if len(tag) == 2}, ranges


def _describe(dataset: Dataset, *, shows_face: bool) -> None:
    """Say what was done (PS3.15 E.1, PS3.3 C.7.1.1)."""
    from pydicom import Dataset as Item
    from pydicom.sr.codedict import codes

    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    dataset.RecognizableVisualFeatures = "YES" if shows_face else "NO"
    dataset.DeidentificationMethod = f"ICHSegmentation {__version__}"
    dataset.DeidentificationMethodCodeSequence = []
    for code in (
        codes.DCM.BasicApplicationConfidentialityProfile,
        codes.DCM.RetainLongitudinalTemporalInformationModifiedDatesOption,
        *(() if shows_face else (codes.DCM.CleanRecognizableVisualFeaturesOption,)),
    ):
        item = Item()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
        dataset.DeidentificationMethodCodeSequence.append(item)


def _replace_file_meta(dataset: FileDataset, syntax: UID) -> None:
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
