# SPDX-License-Identifier: Apache-2.0
"""Mutated scans are read right or refused: a part of ``make fuzz``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "Fuzz" / "run_fuzz.py"


@pytest.mark.slow
def test_no_mutated_scan_is_wrong_crashes_or_hangs():
    command = [sys.executable, str(SCRIPT), "--count", "300", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(zip(*[iter(done.stdout.split("\n")[0].split())] * 2, strict=True))
    assert sum(map(int, counts.values())) == 300
    assert int(counts["right"]) > 100


def test_a_wrong_reader_is_found(tmp_path):
    """The suite itself: a reader that halves the pixel spacing is wrong in harmless cases."""
    program = tmp_path / "wrong_reader.py"
    program.write_text(
        f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r})\n"
        "import run_fuzz, fuzz_case\n"
        "from dataclasses import replace\n"
        "from ICHSegmentationLib.core.scan.grid import SliceGrid\n"
        "from ICHSegmentationLib.io.reader import read_ct\n"
        "def halved(folder):\n"
        "    volume = read_ct(folder)\n"
        "    grid, (rows, columns) = volume.grid, volume.grid.spacing_mm\n"
        "    halved = SliceGrid(grid.shape, grid.positions_mm, grid.orientation, (rows / 2, columns))\n"
        "    return replace(volume, grid=halved)\n"
        "fuzz_case.read_ct = halved\n"
        "print([run_fuzz.run_apart(number).verdict.value for number in range(8)])\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)
    assert "'wrong'" in done.stdout
    assert "'right'" not in done.stdout
