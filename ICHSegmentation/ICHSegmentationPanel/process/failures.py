# SPDX-License-Identifier: Apache-2.0
"""Message and next step for each kind of failure."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from slicer.i18n import tr as _

_LOG = logging.getLogger(__name__)
_SHOWN_IN_DETAIL = {"bad_input", "not_a_head", "crashed", "failure", "foreign_transform", "requirements"}
"""Kinds whose sentence in the library says more than the panel's."""


@dataclass(frozen=True)
class Failure:
    """Reason why there is no result.

    Attributes
    ----------
    kind : str
        Kind of the worker (``docs/worker.md``) or of the panel: "foreign_transform", "volume_removed",
        "volume_changed", "scene_closed", "requirements".
    sentence : str
        Message for the user; translated unless it is a message of the library.
    next_step : str
        What the user can do; empty if nothing.
    detail : str
        Message of the library, in English, for the log.
    """

    kind: str
    sentence: str
    next_step: str
    detail: str = ""

    @property
    def in_one_sentence(self) -> str:
        """Message for work other than segmentation, to which `sentence` and `next_step` refer."""
        return self.detail or f"{self.sentence} {self.next_step}".strip()

    @property
    def can_force(self) -> bool:
        """Whether to offer the run again with ``force``."""
        return self.kind == "not_a_head"

    @property
    def suggests_processor(self) -> bool:
        """Whether to offer the run again on the processor."""
        return self.kind in ("no_gpu", "out_of_gpu_memory")


def make_failure(kind: str, detail: str = "") -> Failure:
    """Return the failure of a kind; ``detail`` is the message of the library."""
    sentence, next_step = _texts().get(kind, _texts()["failure"])
    return Failure(kind, detail if detail and kind in _SHOWN_IN_DETAIL else sentence, next_step, detail)


def failure_of(error: Exception, what: str) -> Failure:
    """Return the failure of an exception, and log it as ``what``; only texts of our own errors are shown."""
    from ICHSegmentationLib.mrml.quiet_log import log_error
    from ICHSegmentationLib.worker.protocol.failures import describe

    log_error(_LOG, what, error)
    kind, sentence = describe(error)
    return make_failure(str(kind), sentence)


def _texts() -> dict[str, tuple[str, str]]:
    """Return message and next step of each kind; created at each call, since the language can change."""
    reinstall = _("Install the extension again, or choose another model.")
    send = _(
        "Try again. If it happens again, use Copy diagnostics, under Advanced, and send the text to the developers."
    )
    return {
        "bad_input": (
            _("This volume cannot be segmented."),
            _("Choose another volume, or load the scan again from its DICOM files."),
        ),
        "not_a_head": (
            _("This volume does not look like a head."),
            _("Check the input volume. If it is a head, segment it all the same."),
        ),
        "no_weights": (_("The model is not installed."), reinstall),
        "checksum": (_("The model's file is damaged, or not the one that was published."), reinstall),
        "out_of_memory": (
            _("The computer's memory does not suffice."),
            _("Close other programs and volumes, then try again."),
        ),
        "out_of_gpu_memory": (
            _("The graphics card's memory does not suffice."),
            _("Close other programs that use the card, or choose the processor as the device."),
        ),
        "no_gpu": (
            _("The graphics card cannot be used."),
            _("Choose the processor as the device, or install a CUDA build of PyTorch with the PyTorch extension."),
        ),
        "disk_full": (
            _("The disk is full: the scan could not be handed to the segmentation."),
            _("Free some space, or choose another temporary folder in Edit / Application Settings / General."),
        ),
        "cancelled": (_("The segmentation was cancelled."), ""),
        "unknown_scan": (_("The scan could not be handed to the segmentation."), send),
        "killed": (
            _("The system ended the segmentation, most likely because the memory ran out."),
            _("Close other programs and volumes, then try again."),
        ),
        "crashed": (_("The segmentation stopped unexpectedly."), send),
        "failure": (_("The segmentation failed."), send),
        "foreign_transform": (
            _("The volume is under a transform that bends it."),
            _("Remove the volume from the transform, or harden it, in the Transforms module."),
        ),
        "volume_removed": (
            _("The volume was removed while it was being segmented."),
            _("Choose a volume and segment again; nothing was changed."),
        ),
        "volume_changed": (
            _("The volume, or its transform, was changed while it was being segmented."),
            _("Segment it again; nothing was put into the scene."),
        ),
        "scene_closed": (_("The scene was closed during the segmentation."), ""),
        "requirements": (
            _("Packages that the segmentation needs are missing or do not fit."),
            _("Install them with the button in the panel, then try again."),
        ),
    }
