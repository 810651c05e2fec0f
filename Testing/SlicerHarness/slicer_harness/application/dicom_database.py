# SPDX-License-Identifier: Apache-2.0
"""The part of ctkDICOMDatabase that modules use: files by SOP Instance UID."""

from __future__ import annotations

from pathlib import Path


class DicomDatabase:
    """Database of the files that a test names as imported."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self.isOpen = True

    def add_folder(self, folder: Path) -> list[str]:
        """Add every DICOM file of a folder; return the instance UIDs in the order of the file names."""
        import pydicom

        uids = []
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            if not pydicom.misc.is_dicom(path):
                continue
            uid = str(pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
            self._files[uid] = str(path)
            uids.append(uid)
        return uids

    def fileForInstance(self, uid: str) -> str:
        """Return the path of an instance; empty if it is unknown, as in CTK."""
        return self._files.get(uid, "")

    def instanceForFile(self, path: str) -> str:
        """Instance of a path."""
        return next((uid for uid, each in self._files.items() if each == path), "")
