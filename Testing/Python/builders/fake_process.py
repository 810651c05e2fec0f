# SPDX-License-Identifier: Apache-2.0
"""Worker process that the test controls."""

from __future__ import annotations

from typing import Any


class FakeProcess:
    """Replacement of `ICHSegmentationPanel.process.SegmentationProcess`; the test answers its requests."""

    def __init__(self) -> None:
        self.busy = False
        self.requests: list[dict[str, Any]] = []
        self.calls: list[str] = []

    @property
    def request(self) -> dict[str, Any]:
        """Return the last request: volume, model, device, force, progress, finished, failed."""
        return self.requests[-1]

    def segment(self, volume: Any, **options: Any) -> None:
        self.requests.append({"volume": volume, **options})

    def export(
        self,
        volume: Any,
        label_map: Any,
        job: Any,
        model_label_map: Any = None,
        growth_picture: Any = None,
        **options: Any,
    ) -> None:
        given = {"volume": volume, "label_map": label_map, "job": job, "model_label_map": model_label_map}
        self.requests.append({**given, "growth_picture": growth_picture, **options})

    def resegment_lesion(self, volume: Any, label_map: Any, edit: Any, **options: Any) -> None:
        self.requests.append({"volume": volume, "label_map": label_map, "edit": edit, **options})

    def save_training_case(self, folder: Any, volume: Any, label_map: Any, boxes: Any, **options: Any) -> None:
        self.requests.append({"folder": folder, "volume": volume, "label_map": label_map, "boxes": boxes, **options})

    def propose(self, volume: Any, label_map: Any, **options: Any) -> None:
        self.requests.append({"volume": volume, "label_map": label_map, **options})

    def compare(self, baseline: Any, followup: Any, warnings: Any, assessed: Any, **options: Any) -> None:
        given = {"baseline": baseline, "followup": followup, "warnings": warnings, "assessed": assessed}
        self.requests.append(given | options)

    def prepare(self) -> None:
        self.calls.append("prepare")

    def list_devices(self, finished: Any, failed: Any) -> None:  # noqa: ARG002
        self.calls.append("list_devices")

    def cancel(self) -> None:
        self.calls.append("cancel")

    def abandon(self) -> None:
        self.calls.append("abandon")

    def close(self) -> None:
        self.calls.append("close")

    def diagnostics(self) -> str:
        return "worker's log"
