# SPDX-License-Identifier: Apache-2.0
"""Each class of failure has one sentence and a next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from ICHSegmentationLib.worker.protocol.failures import FailureKind

KINDS = [
    *map(str, FailureKind),
    "foreign_transform",
    "volume_removed",
    "volume_changed",
    "scene_closed",
    "requirements",
]
NOTHING_TO_DO = {"cancelled", "scene_closed"}


@pytest.fixture
def process(slicer_app, monkeypatch):  # noqa: ARG001 (Slicer has to be there)
    """The package of the panel."""
    monkeypatch.syspath_prepend(Path(__file__).parents[4] / "ICHSegmentation")
    from ICHSegmentationPanel import process

    return process


def test_every_kind_has_a_sentence_and_a_next_step_of_its_own(process):
    failures = [process.make_failure(kind) for kind in KINDS]
    assert [failure.kind for failure in failures] == KINDS
    assert all(failure.sentence.endswith(".") for failure in failures)
    assert {failure.kind for failure in failures if not failure.next_step} == NOTHING_TO_DO
    assert len({failure.sentence for failure in failures}) == len(KINDS)


def test_the_library_s_sentence_is_shown_where_only_it_says_enough(process):
    shown = {kind for kind in KINDS if process.make_failure(kind, "The detail.").sentence == "The detail."}
    assert shown == {"bad_input", "not_a_head", "crashed", "failure", "foreign_transform", "requirements"}
    failure = process.make_failure("no_weights", "The weights of model x are missing.")
    assert failure.sentence == "The model is not installed."
    assert failure.detail == "The weights of model x are missing."


def test_what_may_help_is_told_by_the_kind(process):
    assert [kind for kind in KINDS if process.make_failure(kind).can_force] == ["not_a_head"]
    assert [kind for kind in KINDS if process.make_failure(kind).suggests_processor] == ["out_of_gpu_memory", "no_gpu"]


def test_a_kind_that_is_not_known_is_a_failure_like_any_other(process):
    failure = process.make_failure("from the future", "It failed in a new way.")
    assert failure.sentence == "The segmentation failed."
    assert "Copy diagnostics" in failure.next_step


def test_every_stage_of_a_run_has_a_title(process):
    from ICHSegmentationLib.pipeline import _SEGMENT_SHARES

    titles = [process.stage_title(stage) for stage in ("start", *_SEGMENT_SHARES, "measure", "write")]
    assert titles == [
        "Starting",
        "Loading the model",
        "Preparing the slices",
        "Finding blood",
        "Postprocessing",
        "Measuring",
        "Writing",
    ]
    assert process.stage_title("new") == "new"
