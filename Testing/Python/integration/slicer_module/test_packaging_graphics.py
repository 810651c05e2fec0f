# SPDX-License-Identifier: Apache-2.0
"""torch for a graphics card: through the PyTorch extension, when the user asks for it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import types

import pytest
from builders.cmake_lists import REPOSITORY

CARD_WITHOUT_TORCH = types.SimpleNamespace(name="cuda:0", title="A card", problem="torch cannot use it")
PROCESSOR = types.SimpleNamespace(name="cpu", title="Processor", problem=None)


@pytest.fixture(autouse=True)
def the_panel_can_be_imported(slicer_app, monkeypatch):
    assert slicer_app
    monkeypatch.syspath_prepend(str(REPOSITORY / "ICHSegmentation"))


@pytest.fixture
def without_torch(monkeypatch):
    version = importlib.metadata.version

    def version_without_torch(name):
        if name == "torch":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    from ICHSegmentationPanel.install import graphics_support

    monkeypatch.setattr(graphics_support, "version", version_without_torch)


@pytest.fixture
def the_extension(monkeypatch):
    """Slicer's PyTorch extension: what it was asked, and what it shall do."""
    extension = types.SimpleNamespace(asked=[], answer=object())

    class PyTorchUtilsLogic:
        # The keywords that the module uses; the extension has more, whose names have changed.
        def installTorch(self, askConfirmation=False, *, torchVersionRequirement=None):
            extension.asked.append((askConfirmation, torchVersionRequirement))
            if isinstance(extension.answer, Exception):
                raise extension.answer
            return extension.answer

    module = types.ModuleType("PyTorchUtils")
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    module.__spec__ = importlib.util.spec_from_loader("PyTorchUtils", loader=None)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
    return extension


def test_torch_that_is_there_is_left_alone(the_extension):
    from ICHSegmentationPanel.install import GraphicsSupport

    assert GraphicsSupport().state == "installed"
    assert GraphicsSupport().install() is None
    assert the_extension.asked == []


@pytest.mark.usefixtures("without_torch")
def test_without_the_extension_the_user_is_told_to_install_it():
    from ICHSegmentationPanel.install import GraphicsSupport

    assert GraphicsSupport().state == "no_extension"
    assert "PyTorch" in GraphicsSupport().install()


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (object(), None),
        (None, "torch was not installed."),
        (ValueError("no driver"), "torch could not be installed: ValueError: no driver"),
    ],
    ids=["installed", "declined", "failed"],
)
def test_the_extension_asks_the_user_and_chooses_the_build(the_extension, answer, said):
    from ICHSegmentationPanel.install import GraphicsSupport

    the_extension.answer = answer
    support = GraphicsSupport()
    assert support.state == "available"
    assert support.install() == said
    assert the_extension.asked == [(True, ">=2.4")]


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize(("devices", "shown"), [((PROCESSOR,), False), ((PROCESSOR, CARD_WITHOUT_TORCH), True)])
def test_the_button_is_there_only_for_a_card_that_torch_could_use(an_open_panel, the_extension, devices, shown):
    assert the_extension
    an_open_panel.ui.advancedSection.collapsed = False
    assert an_open_panel.ui.graphicsButton.visible is False
    an_open_panel.panel.graphics.set_devices(devices)
    assert an_open_panel.ui.graphicsButton.visible is shown


@pytest.mark.usefixtures("without_torch")
def test_the_button_installs_and_says_what_to_do_next(an_open_panel, the_extension, click):
    an_open_panel.ui.advancedSection.collapsed = False
    an_open_panel.panel.graphics.set_devices((CARD_WITHOUT_TORCH,))
    the_extension.answer = ValueError("no driver")
    click(an_open_panel.ui.graphicsButton)
    assert "no driver" in an_open_panel.ui.messageLabel.text
    assert an_open_panel.ui.graphicsButton.visible
    the_extension.answer = object()
    click(an_open_panel.ui.graphicsButton)
    assert "Restart Slicer" in an_open_panel.ui.messageLabel.text
    assert not an_open_panel.ui.graphicsButton.visible
