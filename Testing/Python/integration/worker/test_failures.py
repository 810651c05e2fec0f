# SPDX-License-Identifier: Apache-2.0
"""Each failure has a kind by which a host chooses what to offer, and comes back as the exception that it was."""

from __future__ import annotations

import errno

import pytest
import torch

from ICHSegmentationLib.core import errors
from ICHSegmentationLib.worker.protocol.failures import FailureKind, describe, make_error

OURS = [
    (errors.InputError, "bad_input"),
    (errors.NotAHeadError, "not_a_head"),
    (errors.NoGraphicsCardError, "no_gpu"),
    (errors.MissingModelError, "no_weights"),
    (errors.ChecksumError, "checksum"),
    (errors.OutOfMemoryError, "out_of_memory"),
    (errors.GraphicsMemoryError, "out_of_gpu_memory"),
    (errors.DiskFullError, "disk_full"),
    (errors.CancelledError, "cancelled"),
    (errors.WorkerKilledError, "killed"),
    (errors.WorkerCrashedError, "crashed"),
    (errors.ICHSegmentationError, "failure"),
]


@pytest.mark.parametrize(("error", "kind"), OURS)
def test_the_library_s_errors_go_there_and_back(error, kind):
    assert describe(error("One sentence\nin two lines.")) == (kind, "One sentence in two lines.")
    assert type(make_error(FailureKind(kind), "One sentence.")) is error


def test_every_kind_is_an_error_of_the_library():
    assert {kind for _, kind in OURS} == set(FailureKind)


def test_an_error_without_a_kind_of_its_own_has_that_of_its_parent():
    assert describe(errors.SeveralSeriesError("Choose one.", ())) == ("bad_input", "Choose one.")
    assert describe(errors.ModelError("It does not fit.")) == ("failure", "It does not fit.")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (MemoryError(), "out_of_memory", "The memory does not suffice; close other programs and try again."),
        (
            torch.OutOfMemoryError("CUDA"),
            "out_of_gpu_memory",
            "The memory of the graphics card does not suffice; close other programs that use it, or use device cpu.",
        ),
        (OSError(errno.ENOSPC, "no space"), "disk_full", "The disk is full; free some space and try again."),
        (OSError(errno.EIO, "secret"), "failure", "Unexpected OSError; the details are in the log."),
        (ValueError("a name from a header"), "failure", "Unexpected ValueError; the details are in the log."),
    ],
)
def test_foreign_errors_are_told_without_their_own_text(error, kind, sentence):
    assert describe(error) == (kind, sentence)
