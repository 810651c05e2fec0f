# SPDX-License-Identifier: Apache-2.0
"""The facade shows of Qt what PythonQt shows, and nothing else."""

from __future__ import annotations

import ctk
import pytest
import qt
import slicer


def test_properties_are_read_and_set_without_parentheses():
    button = qt.QPushButton("Segment")
    assert button.text == "Segment"
    button.enabled = False
    assert not button.isEnabled()
    with pytest.raises(TypeError, match="'str' object is not callable"):
        button.text()


def test_a_layouts_virtual_getter_is_a_property_too():
    layout = qt.QVBoxLayout()
    layout.spacing = 7
    assert layout.spacing == 7


def test_name_is_the_object_name():
    label = qt.QLabel()
    label.objectName = "geometryLabel"
    assert label.name == "geometryLabel"


def test_a_value_of_the_wrong_kind_is_refused():
    with pytest.raises(TypeError, match="value does not take 'many'"):
        qt.QSpinBox().value = "many"


def test_a_property_that_can_only_be_read_cannot_be_set():
    with pytest.raises(AttributeError):
        qt.QTimer().active = True


@pytest.mark.parametrize("attribute", ["txet", "_hidden", "lesion"])
def test_a_new_attribute_on_a_c_object_is_refused(attribute):
    with pytest.raises(AttributeError, match="take no new attributes"):
        setattr(qt.QPushButton(), attribute, 1)


@pytest.mark.parametrize("attribute", ["clicked", "setText", "mousePressEvent"])
def test_a_method_or_signal_is_not_overwritten(attribute):
    with pytest.raises(AttributeError, match="can not be overwritten"):
        setattr(qt.QPushButton(), attribute, print)


def test_a_class_derived_in_python_takes_attributes():
    class Table(qt.QTableWidget):
        pass

    table = Table()
    table.rows = ["EDH"]
    assert table.rows == ["EDH"]


@pytest.mark.parametrize("name", ["QBluetoothServer", "Signal", "QStringListModel"])
def test_a_class_that_is_not_on_the_list_is_unknown(name):
    with pytest.raises(AttributeError, match=f"qt.{name} is not on the harness's allow-list"):
        getattr(qt, name)


def test_what_only_qt_6_has_is_unknown():
    with pytest.raises(AttributeError, match=r"not in Slicer's qt \(Qt 6.7\)"):
        _ = qt.QCheckBox().checkStateChanged
    with pytest.raises(AttributeError, match=r"not in Slicer's qt \(Qt 6.2\)"):
        qt.QPixmap(3, 3).deviceIndependentSize()


def test_a_connection_gives_as_many_arguments_as_the_slot_takes(click):
    seen = []
    button = qt.QPushButton()
    button.setCheckable(True)
    button.connect("clicked(bool)", seen.append)
    button.connect("clicked(bool)", lambda: seen.append("no argument"))
    button.connect("clicked()", lambda *arguments: seen.append(arguments))
    button.show()
    click(button)
    assert seen == [True, "no argument", ()]


@pytest.mark.parametrize("signal", ["clicked(int)", "cliked(bool)", "clicked", "currentNodeChanged(vtkMRMLNode*)"])
def test_a_signal_that_does_not_exist_is_refused(signal):
    with pytest.raises(ValueError, match="QPushButton has no signal"):
        qt.QPushButton().connect(signal, print)


def test_a_signature_is_normalized():
    seen = []
    edit = qt.QLineEdit()
    edit.connect(" textChanged( const QString & ) ", seen.append)
    edit.text = "40"
    assert seen == ["40"]


def test_disconnecting_ends_one_connection_and_says_whether_there_was_one():
    first, second = [], []
    box = qt.QSpinBox()
    box.connect("valueChanged(int)", first.append)
    box.connect("valueChanged(int)", second.append)
    assert box.disconnect("valueChanged(int)", first.append)
    assert not box.disconnect("valueChanged(int)", print)
    box.value = 3
    assert (first, second) == ([], [3])


def test_a_timers_one_shot_is_the_static_function(wait_until):
    seen = []
    qt.QTimer.singleShot(0, lambda: seen.append(1))
    wait_until(lambda: seen)
    with pytest.raises(AttributeError):
        qt.QTimer().singleShot = True


def test_a_process_gives_its_output_and_exit_code(wait_until):
    process = qt.QProcess()
    ended = []
    process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ended.append((code, status)))
    process.start("/bin/sh", ["-c", "echo read; exit 3"])
    wait_until(lambda: ended)
    assert ended == [(3, qt.QProcess.NormalExit)]
    assert process.readAllStandardOutput().data() == b"read\n"


@pytest.mark.usefixtures("slicer_app")
def test_settings_read_from_a_file_are_text_as_in_slicer():
    qt.QSettings().setValue("on", True)
    qt.QSettings().sync()
    assert slicer.util.settingsValue("on", False, converter=slicer.util.toBool)
    with pytest.raises(TypeError):
        qt.QSettings().value("on", False, type=bool)


def test_a_message_is_answered_and_its_button_compares_as_in_slicer(slicer_app):
    slicer_app.dialogs.answer("OK", "Cancel")
    assert slicer.util.confirmOkCancelDisplay("Replace?")
    assert not slicer.util.confirmOkCancelDisplay("Replace?")
    assert slicer_app.dialogs.shown == ["Replace?", "Replace?"]


def test_a_file_dialog_answers_with_a_path(slicer_app):
    slicer_app.dialogs.answer("/tmp/report.pdf")
    assert qt.QFileDialog.getSaveFileName(None, "Save report", "", "*.pdf") == "/tmp/report.pdf"


def test_a_browser_is_not_opened(slicer_app):
    qt.QDesktopServices.openUrl(qt.QUrl("https://example.org/help"))
    assert slicer_app.opened_urls == ["https://example.org/help"]


def test_an_unknown_class_in_ctk_is_unknown():
    with pytest.raises(AttributeError, match=r"ctk.ctkSpinWheel"):
        _ = ctk.ctkSpinWheel
