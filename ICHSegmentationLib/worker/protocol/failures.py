# SPDX-License-Identifier: Apache-2.0
"""Kinds of failures, from which an application chooses the next step, and the corresponding exceptions."""

from __future__ import annotations

import errno
from enum import StrEnum

from ICHSegmentationLib.core import errors
from ICHSegmentationLib.core.messages import Message, message


class UnknownScanError(errors.ICHSegmentationError):
    """The worker does not have the scan of a request; the client opens it again and repeats the request."""


class FailureKind(StrEnum):
    """Kind of failure; the client itself detects "killed" and "crashed"."""

    BAD_INPUT = "bad_input"
    NOT_A_HEAD = "not_a_head"
    NO_WEIGHTS = "no_weights"
    CHECKSUM = "checksum"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_GPU_MEMORY = "out_of_gpu_memory"
    NO_GPU = "no_gpu"
    DISK_FULL = "disk_full"
    CANCELLED = "cancelled"
    UNKNOWN_SCAN = "unknown_scan"
    KILLED = "killed"
    CRASHED = "crashed"
    FAILURE = "failure"


_CLASSES: dict[FailureKind, type[errors.ICHSegmentationError]] = {
    FailureKind.BAD_INPUT: errors.InputError,
    FailureKind.NOT_A_HEAD: errors.NotAHeadError,
    FailureKind.NO_WEIGHTS: errors.MissingModelError,
    FailureKind.CHECKSUM: errors.ChecksumError,
    FailureKind.OUT_OF_MEMORY: errors.OutOfMemoryError,
    FailureKind.OUT_OF_GPU_MEMORY: errors.GraphicsMemoryError,
    FailureKind.NO_GPU: errors.NoGraphicsCardError,
    FailureKind.DISK_FULL: errors.DiskFullError,
    FailureKind.CANCELLED: errors.CancelledError,
    FailureKind.UNKNOWN_SCAN: UnknownScanError,
    FailureKind.KILLED: errors.WorkerKilledError,
    FailureKind.CRASHED: errors.WorkerCrashedError,
    FailureKind.FAILURE: errors.ICHSegmentationError,
}
_KINDS = {error_class: kind for kind, error_class in _CLASSES.items()}


def describe(error: Exception) -> tuple[FailureKind, Message]:
    """Return the kind of an exception and a sentence for the user.

    The text of exceptions of other libraries is not shown to users; it is only logged.
    """
    if isinstance(error, errors.ICHSegmentationError):
        kind = next(_KINDS[parent] for parent in type(error).__mro__ if parent in _KINDS)
        return kind, Message(" ".join(str(error).split()), error.code, error.parameters)
    # torch's class for a full graphics card, compared by name to avoid the import.
    if type(error).__name__ == "OutOfMemoryError":
        return FailureKind.OUT_OF_GPU_MEMORY, message("worker.gpu_memory")
    if isinstance(error, MemoryError):
        return FailureKind.OUT_OF_MEMORY, message("worker.memory")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FailureKind.DISK_FULL, message("worker.disk_full")
    return FailureKind.FAILURE, message("worker.unexpected", error=type(error).__name__)


def make_error(kind: FailureKind, sentence: str) -> errors.ICHSegmentationError:
    """Return the exception of a failure, as :func:`ICHSegmentationLib.segment` would raise it."""
    return _CLASSES[kind](sentence)
