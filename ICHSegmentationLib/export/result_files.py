# SPDX-License-Identifier: Apache-2.0
"""The files of a result folder, and how a folder gets them: all of a run, or none."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ICHSegmentationLib.core.files import write_error

RESULT_KINDS = (
    ("Report", ("report.pdf",)),
    ("Pictures", ("slices.png", "render.png")),
    ("Segmentation", ("segmentation.seg.nrrd", "labels.nii.gz", "labels.json")),
    ("Boxes", ("boxes.json",)),
    ("Measurements", ("measurements.json", "measurements.csv")),
    ("DICOM", ("segmentation.dcm", "measurements.dcm")),
)
"""What a folder may hold, by kind; ``labels.json`` stands beside labels whose slices are uneven."""

RESULT_FILES = tuple(name for _, names in RESULT_KINDS for name in names)


@contextlib.contextmanager
def replacing_results(directory: Path) -> Iterator[Path]:
    """Give an empty folder to write results into; on success they replace those in ``directory``, on failure nothing.

    A run that fails, is cancelled or runs out of disk leaves an earlier result as it was, and files of two scans never
    lie side by side.

    Parameters
    ----------
    directory : pathlib.Path
        The folder of the results, made if need be.

    Yields
    ------
    pathlib.Path
        A hidden folder inside ``directory``, so that moving its files is a rename.

    Raises
    ------
    ICHSegmentationError
        If the folder cannot be made or a file cannot be replaced.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        staging = tempfile.TemporaryDirectory(prefix=".ichseg-", dir=directory)
    except OSError as error:
        raise write_error(directory, error) from error
    with staging as name:
        yield Path(name)
        try:
            for old in RESULT_FILES:
                (directory / old).unlink(missing_ok=True)
            for new in Path(name).iterdir():
                new.replace(directory / new.name)
        except OSError as error:
            raise write_error(directory, error) from error
