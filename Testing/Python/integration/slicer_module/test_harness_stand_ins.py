# SPDX-License-Identifier: Apache-2.0
"""The stand-ins have the names that Slicer's classes have, and do with them what Slicer's do."""

from __future__ import annotations

import ctk
import pytest
import qt
import slicer
from slicer_harness.application.app import qSlicerApplication
from slicer_harness.application.layout_manager import qSlicerLayoutManager
from slicer_harness.application.module_manager import qSlicerModuleManager
from slicer_harness.stand_ins.allow_list import API
from slicer_harness.stand_ins.base import StandIn
from slicer_harness.stand_ins.registry import PLACES, widget_class

a_scene = pytest.mark.usefixtures("slicer_app")

CLASSES = [*PLACES, "qSlicerApplication", "qSlicerLayoutManager", "qSlicerModuleManager"]
EVENTS = {"event", "eventFilter", "childEvent", "hitButton", "minimumSizeHint", "paintEvent", "resizeEvent", "sizeHint"}


def _stand_in(name):
    applications = {each.__name__: each for each in (qSlicerApplication, qSlicerLayoutManager, qSlicerModuleManager)}
    return applications.get(name) or widget_class(name)


@pytest.mark.parametrize("name", CLASSES)
def test_a_stand_in_has_no_name_that_slicers_class_has_not(name):
    harness_only = {
        "begin",
        "end",
        "load",
        "unload_all",
        "close",
    }  # of the application: called by the run, not by modules
    kind = _stand_in(name)
    own = {each for base in kind.__mro__ if issubclass(base, StandIn) and base is not StandIn for each in vars(base)}
    public = {each for each in own if not each.startswith("_")} - EVENTS - harness_only - {"staticMetaObject"}
    constants = {each for each in public if each[0].isupper()}  # enumerators
    assert name in API
    assert public - constants - kind.names() == set()


def test_a_name_that_slicer_has_and_the_harness_not_yet_says_so():
    with pytest.raises(NotImplementedError, match="exists in Slicer"):
        _ = ctk.ctkSliderWidget().popupSlider


@pytest.mark.parametrize("name", ["setRange", "setMinimum", "slider", "valueInMl"])
def test_a_name_that_python_does_not_see_in_slicer_is_refused(name):
    with pytest.raises(AttributeError, match="properties, signals, slots and invokables only"):
        getattr(ctk.ctkSliderWidget(), name)


def test_a_misspelt_property_cannot_be_set():
    with pytest.raises(AttributeError, match="take no new attributes"):
        ctk.ctkSliderWidget().valueInMl = 1.0


@a_scene
def test_a_signal_is_named_with_the_types_it_has_in_slicer():
    seen = []
    box = slicer.qMRMLNodeComboBox()
    box.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    with pytest.raises(ValueError, match="has no signal currentNodeChanged"):
        box.connect("currentNodeChanged(PyObject)", print)
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert seen == [node]


def test_a_slider_keeps_its_value_within_the_range_and_tells_once():
    seen = []
    slider = ctk.ctkSliderWidget()
    slider.maximum, slider.singleStep, slider.decimals = 1.0, 0.05, 2
    slider.connect("valueChanged(double)", seen.append)
    slider.value = 0.35
    slider.value = 3.0
    assert seen == [0.35, 1.0]
    assert slider.property("value") == 1.0


def test_a_spin_box_tells_number_and_text():
    seen = []
    box = ctk.ctkDoubleSpinBox()
    box.decimals, box.suffix = 1, " HU"
    box.connect("valueChanged(double)", seen.append)
    box.connect("valueChanged(QString)", seen.append)
    box.value = 40
    assert seen == [40.0, "40.0 HU"]


def test_what_is_added_to_a_folded_part_is_folded_too():
    part = ctk.ctkCollapsibleButton()
    part.collapsed = True
    layout = qt.QVBoxLayout(part)
    label = qt.QLabel("later")
    layout.addWidget(label)
    part.show()
    slicer.app.processEvents()
    assert not label.visible
    part.collapsed = False
    assert label.visible


def test_what_was_hidden_before_folding_stays_hidden_after():
    part = ctk.ctkCollapsibleButton()
    layout = qt.QVBoxLayout(part)
    label = qt.QLabel("reason")
    layout.addWidget(label)
    label.hide()
    part.show()
    part.collapsed = True
    part.collapsed = False
    assert not label.visible


@pytest.mark.parametrize("kind", [ctk.ctkCollapsibleButton, ctk.ctkCollapsibleGroupBox])
def test_what_is_hidden_or_shown_in_a_folded_part_is_so_when_it_unfolds(kind):
    part = kind()
    layout = qt.QVBoxLayout(part)
    hidden, shown = qt.QLabel("reason"), qt.QLabel("button")
    layout.addWidget(hidden)
    layout.addWidget(shown)
    shown.hide()
    part.show()
    part.collapsed = True
    hidden.hide()
    shown.show()
    slicer.app.processEvents()
    part.collapsed = False
    assert (hidden.visible, shown.visible) == (False, True)


@pytest.mark.parametrize(("none", "expected"), [(True, None), (False, "CT")])
@a_scene
def test_the_first_node_is_chosen_where_none_is_not_allowed(none, expected):
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.noneEnabled = none
    box.setMRMLScene(slicer.mrmlScene)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    node = box.currentNode()
    assert (node.GetName() if node is not None else None) == expected


@a_scene
def test_only_nodes_with_the_attribute_are_listed():
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLSegmentationNode"]
    box.addAttribute("vtkMRMLSegmentationNode", "result")
    box.setMRMLScene(slicer.mrmlScene)
    node = slicer.vtkMRMLSegmentationNode()
    node.SetAttribute("result", "1")
    slicer.mrmlScene.AddNode(node)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other")
    assert box.nodeCount() == 1
    assert box.nodeFromIndex(0) is node
    assert box.nodeFromIndex(1) is None


@a_scene
def test_label_maps_can_be_left_out_and_hidden_nodes_are():
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.setMRMLScene(slicer.mrmlScene)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    hidden = slicer.vtkMRMLScalarVolumeNode()
    hidden.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(hidden)
    assert box.nodeCount() == 1
    box.hideChildNodeTypes = ["vtkMRMLLabelMapVolumeNode"]
    assert box.nodeCount() == 0
    box.showHidden = True
    assert box.currentNode() is hidden


@pytest.mark.parametrize("how", ["removed", "closed"])
@a_scene
def test_a_node_that_goes_is_no_longer_current(how):
    seen = []
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    box.connect("currentNodeChanged(bool)", seen.append)
    if how == "removed":
        slicer.mrmlScene.RemoveNode(node)
    else:
        slicer.mrmlScene.Clear()
    assert seen == [False]
    assert box.currentNodeID == ""


def test_a_path_is_told_and_remembered():
    seen = []
    line = ctk.ctkPathLineEdit()
    line.connect("currentPathChanged(QString)", seen.append)
    line.currentPath = "/data/wheels"
    line.addCurrentPathToHistory()
    assert seen == ["/data/wheels"]
    assert line.comboBox().itemText(0) == "/data/wheels"


def test_a_folder_is_asked_for(slicer_app, click, tmp_path):
    button = ctk.ctkDirectoryButton()
    seen = []
    button.connect("directoryChanged(QString)", seen.append)
    slicer_app.dialogs.answer(str(tmp_path))
    button.show()
    click(button)
    assert seen == [str(tmp_path)]


FORM = """<ui version="4.0"><class>Form</class><widget class="{root}" name="Form">
<layout class="QVBoxLayout" name="layout"><item><widget class="{kind}" name="child">{properties}</widget></item>
</layout>
</widget><connections>{connection}</connections></ui>"""
CONNECTION = (
    "<connection><sender>Form</sender><signal>{}</signal><receiver>child</receiver><slot>{}</slot></connection>"
)


def _load(path, root="qMRMLWidget", kind="qMRMLNodeComboBox", properties="", connection=""):
    path.write_text(FORM.format(root=root, kind=kind, properties=properties, connection=connection))
    form = slicer.util.loadUI(str(path))
    ui = slicer.util.childWidgetVariables(form)
    ui.root = form  # a form without a parent goes with its last name in Python
    return ui


def test_a_form_sets_properties_of_qt_and_of_stand_ins(tmp_path):
    properties = (
        '<property name="minimum"><double>-1.5</double></property>'
        '<property name="value"><double>-0.5</double></property>'
        '<property name="toolTip"><string>opacity</string></property>'
        '<property name="SlicerParameterName" stdset="0"><string>opacity</string></property>'
    )
    ui = _load(tmp_path / "a.ui", kind="ctkSliderWidget", properties=properties)
    child = ui.child
    assert (child.minimum, child.value, child.toolTip) == (-1.5, -0.5, "opacity")
    assert child.property("SlicerParameterName") == "opacity"


@a_scene
def test_a_form_connects_the_scene(tmp_path):
    ui = _load(
        tmp_path / "a.ui",
        connection=CONNECTION.format("mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)"),
    )
    ui.root.setMRMLScene(slicer.mrmlScene)
    assert ui.child.mrmlScene() is slicer.mrmlScene


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"kind": "ctkSpinWheel"}, "ctkSpinWheel is not known"),
        ({"properties": '<property name="nodeType"><string>x</string></property>'}, "has no property 'nodeType'"),
        (
            {"kind": "QLabel", "properties": '<property name="txet"><string>x</string></property>'},
            "has no property 'txet'",
        ),
        (
            {"connection": CONNECTION.format("mrmlSceneChange(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)")},
            "has no signal",
        ),
        (
            {"connection": CONNECTION.format("mrmlSceneChanged(vtkMRMLScene*)", "setScene(vtkMRMLScene*)")},
            "has no slot",
        ),
    ],
)
def test_a_form_with_a_mistake_is_refused(tmp_path, wrong, error):
    with pytest.raises((AttributeError, ValueError), match=error):
        _load(tmp_path / "a.ui", **wrong)
