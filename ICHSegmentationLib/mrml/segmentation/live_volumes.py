# SPDX-License-Identifier: Apache-2.0
"""Volumes that are updated after each edit."""

from __future__ import annotations

import logging
from collections.abc import Callable

import slicer

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.quiet_log import log_error
from ICHSegmentationLib.mrml.segmentation.layers import representation_name, segment_ids
from ICHSegmentationLib.mrml.segmentation.volumes import SceneVolumes, scene_volumes

_logger = logging.getLogger(__name__)


class LiveVolumes:
    """Observer that reports the volumes of a result after every change.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    on_change : callable
        Called with the new :class:`SceneVolumes` after the labels have changed.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """

    def __init__(self, segmentation_node: Node, on_change: Callable[[SceneVolumes], None]) -> None:
        self._current = scene_volumes(segmentation_node)
        self._on_change = on_change
        self._node = segmentation_node
        self._state = self._labels_state()
        events = (
            slicer.vtkSegmentation.SourceRepresentationModified,
            slicer.vtkSegmentation.SegmentAdded,
            slicer.vtkSegmentation.SegmentRemoved,
            slicer.vtkSegmentation.SegmentModified,
            slicer.vtkSegmentation.SegmentsOrderModified,
            slicer.vtkMRMLSegmentationNode.SegmentationChangedEvent,
        )
        self._tags = [segmentation_node.AddObserver(event, self._changed) for event in events]

    @property
    def current(self) -> SceneVolumes:
        """The latest volumes."""
        return self._current

    def close(self) -> None:
        """Stop observing; may be called more than once."""
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._tags = []

    def _changed(self, _caller: object, _event: object) -> None:
        if self._node.GetScene() is None:
            return
        state = self._labels_state()
        if state == self._state:
            return
        self._state = state
        try:
            self._current = scene_volumes(self._node)
        except ICHSegmentationError as error:
            # Nobody would catch it: this runs inside an event of Slicer.
            log_error(_logger, "The volumes could not be measured after a change.", error)
            return
        self._on_change(self._current)

    def _labels_state(self) -> tuple[object, ...]:
        """Return a value that changes with the labels; Slicer sends several events per edit."""
        segmentation = self._node.GetSegmentation()
        state: list[object] = []
        for identifier in segment_ids(self._node):
            segment = segmentation.GetSegment(identifier)
            image = segment.GetRepresentation(representation_name())
            state += [identifier, segment.GetLabelValue(), image, 0 if image is None else image.GetMTime()]
        return tuple(state)
