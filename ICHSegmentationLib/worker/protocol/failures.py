# SPDX-License-Identifier: Apache-2.0
"""Kinds of failures, by which a host chooses what to offer next, and the exceptions that they stand for."""

from __future__ import annotations

import errno
from enum import StrEnum

from ICHSegmentationLib.core import errors


class FailureKind(StrEnum):
    """Why a request came to nothing; "killed" and "crashed" are the host's own finding."""

    BAD_INPUT = "bad_input"
    NOT_A_HEAD = "not_a_head"
    NO_WEIGHTS = "no_weights"
    CHECKSUM = "checksum"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_GPU_MEMORY = "out_of_gpu_memory"
    NO_GPU = "no_gpu"
    DISK_FULL = "disk_full"
    CANCELLED = "cancelled"
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
    FailureKind.KILLED: errors.WorkerKilledError,
    FailureKind.CRASHED: errors.WorkerCrashedError,
    FailureKind.FAILURE: errors.ICHSegmentationError,
}
_KINDS = {error_class: kind for kind, error_class in _CLASSES.items()}


def describe(error: Exception) -> tuple[FailureKind, str]:
    """Return the kind of an exception and one sentence for the user.

    The text of a foreign exception is not for users; it goes to the log.
    """
    if isinstance(error, errors.ICHSegmentationError):
        kind = next(_KINDS[parent] for parent in type(error).__mro__ if parent in _KINDS)
        return kind, " ".join(str(error).split())
    # torch's class for a full graphics card; torch is not imported to ask.
    if type(error).__name__ == "OutOfMemoryError":
        return (
            FailureKind.OUT_OF_GPU_MEMORY,
            "The memory of the graphics card does not suffice; close other programs that use it, or use device cpu.",
        )
    if isinstance(error, MemoryError):
        return FailureKind.OUT_OF_MEMORY, "The memory does not suffice; close other programs and try again."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FailureKind.DISK_FULL, "The disk is full; free some space and try again."
    return FailureKind.FAILURE, f"Unexpected {type(error).__name__}; the details are in the log."


def make_error(kind: FailureKind, message: str) -> errors.ICHSegmentationError:
    """Return the exception that a failure stands for: the one that :func:`ICHSegmentationLib.segment` raises."""
    return _CLASSES[kind](message)
