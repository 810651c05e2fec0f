# SPDX-License-Identifier: Apache-2.0
"""The smallest module with everything a module has, for the harness's own tests."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Counting(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Counting")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Examples")]


class CountingWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        panel = slicer.util.loadUI(self.resourcePath("UI/Counting.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self.logic = CountingLogic()
        self.ui.countButton.connect("clicked(bool)", self.onCount)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)

    def cleanup(self):
        self.removeObservers()

    def onCount(self):
        self.show(self.logic.count())

    def onSceneEndClose(self, caller, event):
        self.logic.getParameterNode().UnsetParameter("count")
        self.show(0)

    def show(self, count):
        self.ui.countLabel.text = str(count)


class CountingLogic(ScriptedLoadableModuleLogic):
    def count(self):
        node = self.getParameterNode()
        count = int(node.GetParameter("count") or 0) + 1
        node.SetParameter("count", str(count))
        return count


class CountingTest(ScriptedLoadableModuleTest):
    def test_count(self):
        slicer.mrmlScene.Clear()
        self.assertEqual(CountingLogic().count(), 1)
