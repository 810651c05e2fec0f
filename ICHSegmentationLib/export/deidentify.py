# SPDX-License-Identifier: Apache-2.0
"""De-identification of CT images: DICOM PS3.15 E, Basic Profile with Modified Dates.

The table of the profile (PS3.15 table E.1-1) is that of dicom-anonymizer, which is generated from the standard; here it
is applied to every level of nesting. The pixels stay as they are, unless the face is removed from them.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_error
from ICHSegmentationLib.core.storage.replacing import replacing_files
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.files import quiet_pydicom, value_of
from ICHSegmentationLib.io.file_kind import has_dicom_prefix, looks_like_dicom

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset, FileDataset
    from pydicom.uid import UID

    from ICHSegmentationLib.core.scan.volume import CTVolume

_TABLE = "dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c"
_CT_IMAGES = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}
_STANDARD_UIDS = "1.2.840.10008."
_AIR_HU = -1000
_LONGEST_SHIFT_DAYS = 3650
_SECRET_BYTES = 32
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


@dataclass(frozen=True)
class Keys:
    """Secrets from which new UIDs, pseudonyms and the shift of dates follow; equal keys give equal results.

    Attributes
    ----------
    uid_key, date_key : bytes
        Secrets of UIDs and pseudonyms, and of dates.
    """

    uid_key: bytes
    date_key: bytes

    def uid(self, old: str) -> str:
        """Return the UID in place of one that is not of the DICOM standard."""
        if not old or old.startswith(_STANDARD_UIDS):
            return old
        # 2.25 and a number of 128 bits (PS3.5 B.2).
        return f"2.25.{int.from_bytes(self._digest(self.uid_key, 'uid', old)[:16])}"

    def pseudonym(self, patient: str) -> str:
        """Return the name in place of a patient's name and ID."""
        return f"P{self._digest(self.uid_key, 'patient', patient).hex()[:16].upper()}"

    def shift_days(self, patient: str) -> int:
        """Return by how many days a patient's dates are set back, 1 to 3650."""
        return 1 + int.from_bytes(self._digest(self.date_key, "date", patient)[:8]) % _LONGEST_SHIFT_DAYS

    @staticmethod
    def _digest(key: bytes, kind: str, value: str) -> bytes:
        return hmac.digest(key, f"{kind}:{value}".encode(), hashlib.sha256)


def load_keys(path: Path) -> Keys:
    """Read the keys, or make them: a file that only its owner can read (mode 0600).

    Raises
    ------
    InputError
        If the file is not valid, or others can read it.
    ICHSegmentationError
        If it cannot be written.
    """
    try:
        _make_keys(path)
    except FileExistsError:
        pass
    except OSError as error:
        raise write_error(path, error) from error
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise InputError(message("export.keys_readable_by_others", path=path))
        content = json.loads(path.read_text(encoding="utf-8"))
        uid_key, date_key = (bytes.fromhex(content[name]) for name in ("uid_key", "date_key"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(message("export.keys_not_valid", path=path)) from error
    if min(len(uid_key), len(date_key)) < _SECRET_BYTES:
        raise InputError(message("export.keys_not_valid", path=path))
    return Keys(uid_key, date_key)


def _make_keys(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: secrets.token_hex(_SECRET_BYTES) for name in ("uid_key", "date_key")}, file)


def deidentify_volume(
    volume: CTVolume, kept: np.ndarray, folder: Path, keys: Keys, *, accept_text: bool = False
) -> tuple[str, ...]:
    """Write the slices of a volume without identity and face; see :func:`deidentify_files`.

    Files of the series that are not slices of the volume, such as localizers, are left out, since they can show a face.

    Parameters
    ----------
    volume : CTVolume
        A head CT that was read from DICOM.
    kept : numpy.ndarray
        (slices, rows, columns) bool, see :func:`ICHSegmentationLib.preprocessing.face.kept_without_face`; all other
        voxels become air.
    folder, keys, accept_text
        See :func:`deidentify_files`.
    """
    source = volume.source
    if source.kind != "dicom":
        raise InputError(message("io.source_not_dicom"))
    slices: dict[Path, dict[int, int]] = {}
    for index, path in enumerate(source.files):
        slices.setdefault(path, {})[source.frames[index] - 1 if source.frames else 0] = index

    def remove_face(path: Path, dataset: FileDataset) -> None:
        _remove_face(dataset, {frame: (volume.hu[index], kept[index]) for frame, index in slices[path].items()})

    return _write(list(slices), folder, keys, accept_text=accept_text, change=remove_face)


def deidentify_files(files: Sequence[Path], folder: Path, keys: Keys, *, accept_text: bool = False) -> tuple[str, ...]:
    """Write the CT images among DICOM files without identity into a folder: all of them, or none.

    Parameters
    ----------
    files : sequence of Path
        Files; what is not a CT image is left out.
    folder : Path
        Created if necessary; must be empty.
    keys : Keys
        Keys of this user; the same ones for all scans that belong together.
    accept_text : bool
        Whether images are written that may show text in their pixels.

    Returns
    -------
    tuple of str
        Warnings.

    Raises
    ------
    InputError
        If there is no CT image, an image may show text and that is not accepted, or the folder is not empty.
    ICHSegmentationError
        If a file cannot be written.
    """
    return _write(files, folder, keys, accept_text=accept_text)


def _write(
    files: Sequence[Path],
    folder: Path,
    keys: Keys,
    *,
    accept_text: bool,
    change: Callable[[Path, FileDataset], None] | None = None,
) -> tuple[str, ...]:
    if folder.exists() and any(folder.iterdir()):
        raise InputError(message("export.folder_not_empty", folder=folder))
    images = [path for path in files if looks_like_dicom(path)]
    written = 0
    with replacing_files(folder) as staging:
        for path in images:
            dataset = _load(path)
            if value_of(dataset, "SOPClassUID") not in _CT_IMAGES:
                continue
            if not accept_text and _may_show_text(dataset):
                raise InputError(message("export.may_show_text", path=path))
            with damage_named(path, "DICOM"):
                deidentify(dataset, keys, shows_face=change is None)
                if change is not None:
                    change(path, dataset)
            written += 1
            save_dicom(staging / f"{written:05d}.dcm", dataset)
        if not written:
            raise InputError(message("io.no_dicom_images"))
    left_out = len(files) - written
    return (message("export.not_deidentified", count=left_out),) if left_out else ()


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


def _remove_face(dataset: FileDataset, slices: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> None:
    """Set voxels to the stored value of air.

    Parameters
    ----------
    dataset : pydicom.FileDataset
        An image of one or several frames.
    slices : mapping of int to tuple
        HU and kept voxels of each frame, counted from 0, that is a slice of the volume; other frames become air.
    """
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress()
    stored = dataset.pixel_array.reshape(-1, int(dataset.Rows), int(dataset.Columns)).copy()
    air = None
    for frame, (hu, kept) in slices.items():
        # Whatever the rescaling of the frame, this is the value that stands for its most air-like voxel.
        air = stored[frame].ravel()[np.abs(hu.astype(np.int32) - _AIR_HU).argmin()]
        stored[frame][~kept] = air
    for frame in set(range(len(stored))) - set(slices):
        stored[frame] = air
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue"):
        dataset.pop(keyword, None)


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


def _may_show_text(dataset: Dataset) -> bool:
    """Whether the pixels may show text: said so, in colour, or not a primary image."""
    image_type: Any = value_of(dataset, "ImageType") or []
    return (
        value_of(dataset, "BurnedInAnnotation") == "YES"
        or int(value_of(dataset, "SamplesPerPixel") or 1) > 1
        or "SECONDARY" in list(image_type)
        or "SCREEN SAVE" in list(image_type)
    )


def _load(path: Path) -> FileDataset:
    from pydicom import dcmread

    with quiet_pydicom(), damage_named(path, "DICOM"):
        return dcmread(path, force=not has_dicom_prefix(path))
