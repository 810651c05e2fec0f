# SPDX-License-Identifier: Apache-2.0
"""Options of the segmentation, shared by Python, command line, worker and panel."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class SegmentOptions(BaseModel):
    """Options of :func:`ICHSegmentationLib.segment`, serializable for another process.

    Attributes
    ----------
    model : str
        Name of an installed model, or "default".
    device, runtime : str
        See `ICHSegmentationLib.models.load_runtime`.
    threads : int or None
        Number of threads of the runtime; chosen by the runtime if None.
    force : bool
        Segment a CT volume even if it does not look like a head.

    Examples
    --------
    >>> SegmentOptions(model="em", threads=2).arguments()
    {'model': 'em', 'device': 'auto', 'runtime': 'auto', 'threads': 2, 'force': False}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "default"
    device: str = "auto"
    runtime: str = "auto"
    threads: int | None = Field(default=None, ge=1)
    force: bool = False

    def arguments(self) -> dict[str, Any]:
        """Return the options as keyword arguments of :func:`ICHSegmentationLib.segment`."""
        return self.model_dump()

    def lesion_arguments(self) -> dict[str, Any]:
        """Return the options as keyword arguments of :func:`ICHSegmentationLib.resegment_lesion`."""
        return self.model_dump(exclude={"force"})
