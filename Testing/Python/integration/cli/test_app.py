# SPDX-License-Identifier: Apache-2.0
"""The command as a whole."""

from __future__ import annotations

import pytest
from builders.command import Command

from ICHSegmentationLib.core.version import __version__


def test_the_version_is_the_package_s(a_command: Command):
    assert a_command("--version") == (0, f"ichseg {__version__}\n", "")


@pytest.mark.parametrize("command", ["segment", "measure", "export", "evaluate", "prepare", "models", "demo"])
def test_help_lists_each_command_once(a_command: Command, command: str):
    lines = a_command("--help").out.splitlines()
    assert sum(line.split()[:1] == [command] for line in lines) == 1


def test_help_says_research_use_only(a_command: Command):
    assert "Research use only; not a medical device." in " ".join(a_command("--help").out.split())


def test_an_unknown_command_is_bad_input(a_command: Command):
    done = a_command("segmnt")
    assert done.code == 2
    assert "segmnt" in done.err
