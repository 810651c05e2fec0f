# SPDX-License-Identifier: Apache-2.0
"""Each failure has a kind by which an application chooses what to offer, and comes back as the same exception."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
from builders.errors import raises

from ICHSegmentationLib.core import errors
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.worker.protocol.failures import FailureKind, UnknownScanError, describe, make_error
from ICHSegmentationLib.worker.protocol.messages import ErrorMessage, parse_response

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
    (UnknownScanError, "unknown_scan"),
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
    ("error", "kind", "code"),
    [
        (MemoryError(), "out_of_memory", "worker.memory"),
        (torch.OutOfMemoryError("CUDA"), "out_of_gpu_memory", "worker.gpu_memory"),
        (OSError(errno.ENOSPC, "no space"), "disk_full", "worker.disk_full"),
        (OSError(errno.EIO, "secret"), "failure", "worker.unexpected"),
        (ValueError("a name from a header"), "failure", "worker.unexpected"),
    ],
)
def test_foreign_errors_are_told_without_their_own_text(error, kind, code):
    found, sentence = describe(error)
    assert (found, sentence.code) == (kind, code)
    assert sentence.parameters == ({"error": type(error).__name__} if kind == "failure" else {})


def test_code_and_values_of_a_sentence_travel_with_the_error():
    kind, sentence = describe(errors.InputError(message("worker.no_interpreter", python=Path("a"), reason="gone")))
    line = ErrorMessage.of(3, kind, sentence).to_line()
    with raises(errors.InputError, "worker.no_interpreter", python="a", reason="gone"):
        raise parse_response(line).error()
