# SPDX-License-Identifier: Apache-2.0
"""The DICOM database: files by instance UID, as much as modules ask of ctkDICOMDatabase."""

from __future__ import annotations

from pathlib import Path


class DicomDatabase:
    """Files that a test says were imported."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self.isOpen = True

    def add_folder(self, folder: Path) -> list[str]:
        """Take every DICOM file of a folder; answers the instance UIDs in the order of the file names."""
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
        """Path of an instance; empty if it is not known, as in ctk."""
        return self._files.get(uid, "")

    def instanceForFile(self, path: str) -> str:
        """Instance of a path."""
        return next((uid for uid, each in self._files.items() if each == path), "")
