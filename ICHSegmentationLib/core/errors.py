# SPDX-License-Identifier: Apache-2.0
"""The library's exceptions; every message is one sentence that a radiologist can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ICHSegmentationError(Exception):
    """Something failed that is not the input's fault (exit code 1 on the command line).

    Pass a sentence of the catalogue: ``InputError(message("io.no_slices", path=path))``.
    """

    @property
    def code(self) -> str:
        """Code of the message, as ``io.no_slices``; empty where the text is not of the catalogue."""
        return getattr(self.args[0], "code", "") if self.args else ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Values that the message was filled with."""
        return getattr(self.args[0], "parameters", {}) if self.args else {}


class InputError(ICHSegmentationError):
    """The input cannot be used; the message names the file or the DICOM tag (exit code 2)."""


class SeveralSeriesError(InputError):
    """The folder holds several CT series and none was chosen.

    Attributes
    ----------
    series : tuple of (str, str)
        SeriesInstanceUID and a one-line description without patient data, for each series.
    """

    def __init__(self, message: str, series: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.series = series


class NotAHeadError(InputError):
    """The volume does not look like a head; ``force=True`` goes on all the same."""


class UnknownModelError(InputError):
    """No installed model has the name that was asked for; the message lists those that there are."""


class NoGraphicsCardError(InputError):
    """A graphics card was asked for that is not there or that the installed torch cannot use."""


class ModelError(ICHSegmentationError):
    """A model is missing, damaged or does not fit what the manifest says of it."""


class MissingModelError(ModelError):
    """No model is installed, or the weights of one are not there."""


class NoManifestError(MissingModelError):
    """The package contains no list of models; only the built-in model is there."""


class ChecksumError(ModelError):
    """The weights are not those that the manifest describes."""


class OutOfMemoryError(ICHSegmentationError):
    """The memory of the computer or of the graphics card does not suffice."""


class GraphicsMemoryError(OutOfMemoryError):
    """The memory of the graphics card does not suffice."""


class DiskFullError(ICHSegmentationError):
    """The disk or the quota is full."""


class CancelledError(ICHSegmentationError):
    """The caller's ``cancel`` callable returned True."""


class WorkerKilledError(ICHSegmentationError):
    """The system killed the worker process, most likely because the memory ran out."""


class WorkerCrashedError(ICHSegmentationError):
    """The worker process did not start, or ended without being asked to."""


class NodeRemovedError(ICHSegmentationError):
    """A node is no longer in the scene: it was removed, or the scene was closed."""
