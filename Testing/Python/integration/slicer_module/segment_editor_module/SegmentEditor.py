# SPDX-License-Identifier: Apache-2.0
"""Stand-in for Slicer's module Segment Editor: an editor with the settings node of that module."""

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleWidget


class SegmentEditor(ScriptedLoadableModule):
    """The module."""


class SegmentEditorWidget(ScriptedLoadableModuleWidget):
    """Its panel."""

    def setup(self):
        """Create the editor."""
        super().setup()
        self.editor = slicer.qMRMLSegmentEditorWidget()
        self._take_settings()
        self.editor.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(self.editor)

    def enter(self):
        """Show the settings of the scene."""
        self._take_settings()
        self.editor.updateWidgetFromMRML()

    def cleanup(self):
        """Release the scene."""
        self.editor.setMRMLSegmentEditorNode(None)

    def _take_settings(self):
        node = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag("SegmentEditor")
            node = slicer.mrmlScene.AddNode(node)
        self.editor.setMRMLSegmentEditorNode(node)
