# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the library. Each message is one sentence that a user can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ICHSegmentationError(Exception):
    """Base class of all errors; raised itself if the input is not the cause (exit code 1 of the command).

    Pass a message of the catalogue: ``InputError(message("io.no_slices", path=path))``.
    """

    @property
    def code(self) -> str:
        """Code of the message, such as ``io.no_slices``; empty for a text that is not in the catalogue."""
        return getattr(self.args[0], "code", "") if self.args else ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Values inserted into the message."""
        return getattr(self.args[0], "parameters", {}) if self.args else {}


class InputError(ICHSegmentationError):
    """The input cannot be used (exit code 2). The message names the file or the DICOM attribute."""


class SeveralSeriesError(InputError):
    """The folder contains several CT series and none was chosen.

    Attributes
    ----------
    series : tuple of (str, str)
        SeriesInstanceUID and one-line description, without patient data, of each series.
    """

    def __init__(self, message: str, series: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.series = series


class UnusableSeriesError(InputError):
    """The slices of a series make no scan: they belong to several scans or patients, or only some state their HU."""


class NotAHeadError(InputError):
    """The CT volume does not look like a head; ``force=True`` skips the check."""


class UnknownModelError(InputError):
    """No installed model has the requested name; the message lists the installed ones."""


class NoGraphicsCardError(InputError):
    """The requested graphics card does not exist or cannot be used by the installed torch."""


class ModelError(ICHSegmentationError):
    """A model is missing, damaged or does not match its entry in the manifest."""


class MissingModelError(ModelError):
    """No model is installed, or the weights of a model are missing."""


class NoManifestError(MissingModelError):
    """The package contains no list of models; only the built-in model is there."""


class ChecksumError(ModelError):
    """The checksum of the weights differs from that in the manifest."""


class OutOfMemoryError(ICHSegmentationError):
    """The computer or the graphics card is out of memory."""


class GraphicsMemoryError(OutOfMemoryError):
    """The graphics card is out of memory."""


class DiskFullError(ICHSegmentationError):
    """The disk is full or the quota is used up."""


class CancelledError(ICHSegmentationError):
    """The ``cancel`` callable returned True."""


class WorkerKilledError(ICHSegmentationError):
    """The operating system killed the worker process, most likely because memory ran out."""


class WorkerCrashedError(ICHSegmentationError):
    """The worker process did not start, or ended unexpectedly."""


class NodeRemovedError(ICHSegmentationError):
    """A node is no longer in the scene because it was removed or the scene was closed."""
