# SPDX-License-Identifier: Apache-2.0
"""What goes into the log of 3D Slicer names no patient."""

from __future__ import annotations

import logging

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.mrml.quiet_log import log_error


def read(name):
    raise FileNotFoundError(2, "No such file", name)


def fail(name):
    try:
        read(name)
    except FileNotFoundError as error:
        message = f"{name} is empty."
        raise InputError(message) from error


def test_types_and_places_are_logged_but_no_messages(caplog):
    try:
        fail("/scans/DOE JOHN.nii")
    except InputError as error:
        log_error(logging.getLogger("a panel"), "The run failed.", error)
    assert "DOE" not in caplog.text
    assert caplog.records[0].exc_info is None
    lines = caplog.records[0].getMessage().splitlines()
    assert lines[0] == "The run failed."
    assert [line for line in lines if line.endswith("Error")] == ["FileNotFoundError", "InputError"]
    assert [line.rpartition(" in ")[2] for line in lines if "test_quiet_log.py" in line] == [
        "fail",
        "read",
        "test_types_and_places_are_logged_but_no_messages",
        "fail",
    ]


def test_an_error_while_handling_another_tells_of_both(caplog):
    try:
        try:
            read("a")
        except FileNotFoundError:
            {}["b"]
    except KeyError as error:
        log_error(logging.getLogger("a panel"), "It failed.", error)
    lines = caplog.text.splitlines()
    assert [line for line in lines if line in ("FileNotFoundError", "then", "KeyError")] == [
        "FileNotFoundError",
        "then",
        "KeyError",
    ]
