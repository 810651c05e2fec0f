# SPDX-License-Identifier: Apache-2.0
"""The log of a worker is short, names no path, and knows the line that matters."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.worker.protocol.log import WorkerLog, without_paths


@pytest.fixture
def a_log() -> WorkerLog:
    """An empty log."""
    return WorkerLog()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cannot read /data/Smith^John/1970-01-01/scan.nii: damaged", "Cannot read (path).nii: damaged"),
        ("Cannot read '/data/Smith John/Smith J. scan.nii'", "Cannot read '(path).nii'"),
        ("Cannot write /data/export/Smith John: the disk is full.", "Cannot write (path): the disk is full."),
        ("/data/Smith/scan.nii has no slices", "(path).nii has no slices"),
        (r"Cannot read C:\Users\Smith John\Smith.dcm", "Cannot read (path).dcm"),
        (r"Cannot read \\server\share\Smith\scan.nii", "Cannot read (path).nii"),
        ("C:/Users/Smith/scan.nii", "(path).nii"),
        ("error: [/opt/smith/bin/./python-real] exit abnormally", "error: [python-real] exit abnormally"),
        ("OSError: /opt/smith/lib/libtbb.so.12: no such file", "OSError: libtbb.so.12: no such file"),
        (r"DLL load failed: C:\Users\Smith\tbb12.dll", "DLL load failed: tbb12.dll"),
        (
            'File "/home/smith/x/ICHSegmentationLib/worker/server/loop.py", line 7',
            'File "ICHSegmentationLib/worker/server/loop.py", line 7',
        ),
        (
            r'File "C:\Users\Smith\AppData\Local\slicer.org\lib\Python\Lib\site-packages\openvino\__init__.py"',
            'File "openvino/__init__.py"',
        ),
        ("see https://docs.openvino.ai/2026/index.html", "see https://docs.openvino.ai/2026/index.html"),
        ("voxel spacing 0.5/0.5/5.0 mm, 1/2 done", "voxel spacing 0.5/0.5/5.0 mm, 1/2 done"),
    ],
)
def test_paths_keep_nothing_that_could_name_a_patient(text, expected):
    assert without_paths(text) == expected


def test_lines_come_whole_however_the_bytes_arrive(a_log):
    for data in (b"a fi", b"rst line\r\nand a se", b"cond\n\nthe", b" end"):
        a_log.feed(data)
    assert a_log.lines == ("a first line", "and a second")
    a_log.finish()
    assert a_log.lines == ("a first line", "and a second", "the end")


def test_the_log_is_bounded_in_lines_and_in_their_length(a_log):
    for number in range(600):
        a_log.append(f"line {number}")
    a_log.feed(b"x" * 1_000_000)
    a_log.finish()
    assert len(a_log) == 500
    assert a_log.lines[0] == "line 101"
    assert len(a_log.lines[-1]) == 2000


def test_a_path_is_left_out_also_where_it_comes_in_two_pieces(a_log):
    a_log.feed(b"Cannot read /data/Smith^J")
    a_log.feed(b"ohn/scan.nii\n")
    assert a_log.lines == ("Cannot read (path).nii",)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), None),
        (("something", "/opt/x/python: not found"), "python: not found"),
        (
            ("Traceback (most recent call last):", "ModuleNotFoundError: No module named 'pydantic'", "bye"),
            "ModuleNotFoundError: No module named 'pydantic'",
        ),
        (("ImportError: first", "openvino.x.OtherError: DLL load failed"), "openvino.x.OtherError: DLL load failed"),
    ],
)
def test_the_last_error_is_the_last_exception(a_log, lines, expected):
    for line in lines:
        a_log.append(line)
    assert a_log.last_error == expected


def test_a_launcher_s_word_on_an_abnormal_end_means_a_kill_unless_python_saw_a_fault(a_log):
    a_log.append("loaded model")
    assert not a_log.tells_of_a_kill
    a_log.append("error: [/opt/slicer/bin/./python-real] exit abnormally - Report the problem.")
    assert a_log.tells_of_a_kill
    a_log.append("Fatal Python error: Segmentation fault")
    assert not a_log.tells_of_a_kill
