# SPDX-License-Identifier: Apache-2.0
"""Choice of model and device."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib.core.errors import ModelError, NoManifestError
from ICHSegmentationLib.models import Manifest, load_manifest, output_subtypes
from ICHSegmentationLib.systems import available_models, box_model
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.labels import bold, rich, show_text

if TYPE_CHECKING:
    from ICHSegmentationLib.models import Device, ModelEntry

_SUBTYPES = {"edh", "sdh", "sah", "iph", "ivh"}
SETTINGS_GROUP = "ICHSegmentation/AcknowledgedLicenses"


class ModelSection(Section):
    """Lists of models, with their licences, and of devices.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    confirm : callable, optional
        Shows a text and returns whether the user agrees.
    """

    def __init__(self, ui: Any, confirm: Callable[[str], bool] | None = None) -> None:
        self._ui = ui
        self._confirm = confirm or _confirm
        self._entries: dict[str, ModelEntry] = {}
        self._default = ""
        self.problem = ""
        self._fill_models()
        self._fill_devices()
        ui.modelSelector.connect("currentIndexChanged(int)", self._choose_model)
        ui.deviceSelector.connect("currentIndexChanged(int)", self._choose_device)
        self._describe_model()

    @property
    def entry(self) -> ModelEntry | None:
        """The chosen model; None if no model is installed."""
        return self._entries.get(self._ui.modelSelector.currentData)

    @property
    def device(self) -> str:
        """The chosen device: "auto", "cpu" or "cuda:N"."""
        return self._ui.deviceSelector.currentData

    def update(self) -> None:
        """Show the chosen model and device; an unknown model is replaced by the default."""
        if self._parameters is None:
            return
        model = self._parameters.model if self._parameters.model in self._entries else self._default
        _select(self._ui.modelSelector, model)
        _select(self._ui.deviceSelector, self._parameters.device)

    def set_devices(self, devices: Iterable[Device]) -> None:
        """List the devices that the worker found; the tool tip says why others cannot be used."""
        problems = [device.problem for device in devices if device.problem]
        for device in devices:
            if not device.problem and self._ui.deviceSelector.findData(device.name) < 0:
                self._ui.deviceSelector.addItem(device.title, device.name)
        self._ui.deviceSelector.toolTip = "\n".join((_("Where the model runs."), *problems))
        self.update()

    def use_processor(self) -> None:
        """Choose the processor."""
        _select(self._ui.deviceSelector, "cpu")

    @property
    def box_entry(self) -> ModelEntry:
        """The model that segments boxes: the chosen one, or its substitute."""
        return box_model(self._manifest, self.entry.name if self.entry is not None else "default")

    def is_agreed(self, entry: ModelEntry | None = None) -> bool:
        """Whether a model (default: the chosen one) has a free licence or the user agrees to its licence.

        The user is asked once per model.
        """
        entry = entry or self.entry
        if entry is None or not entry.non_commercial:
            return True
        key = f"{SETTINGS_GROUP}/{entry.name}"
        if slicer.util.settingsValue(key, default=False, converter=slicer.util.toBool):
            return True
        if not self._confirm(_agreement(entry)):
            return False
        qt.QSettings().setValue(key, True)
        return True

    def _fill_models(self) -> None:
        self._manifest = Manifest()
        try:
            self._manifest = load_manifest()
        except NoManifestError:
            pass  # models without weights are still available
        except ModelError as error:
            self.problem = str(error)
            return
        self._default = self._manifest.get().name
        for index, entry in enumerate(available_models(self._manifest)):
            self._entries[entry.name] = entry
            self._ui.modelSelector.addItem(entry.name, entry.name)
            self._ui.modelSelector.setItemData(index, _details(entry), qt.Qt.ToolTipRole)
        _select(self._ui.modelSelector, self._default)

    def _fill_devices(self) -> None:
        self._ui.deviceSelector.addItem(_("Automatic"), "auto")
        self._ui.deviceSelector.addItem(_("Processor"), "cpu")

    def _choose_model(self, _index: int) -> None:
        self._describe_model()
        if self._parameters is not None and self.entry is not None:
            self._parameters.model = self.entry.name

    def _choose_device(self, _index: int) -> None:
        if self._parameters is not None:
            self._parameters.device = self.device

    def _describe_model(self) -> None:
        entry = self.entry
        show_text(self._ui.modelLineLabel, _in_one_line(entry, self._default) if entry is not None else "")
        show_text(
            self._ui.licenseLabel,
            _("License: {license}").format(license=entry.licence) if entry is not None else "",
        )
        if entry is not None:
            self._ui.modelSelector.toolTip = _details(entry)


def _select(combo_box: Any, data: str) -> None:
    index = combo_box.findData(data)
    if index >= 0 and index != combo_box.currentIndex:
        combo_box.currentIndex = index


def _in_one_line(entry: ModelEntry, default: str) -> str:
    """Return what a user needs to know of a model before a run."""
    name = _("Default") if entry.name == default else entry.name
    subtypes = len(output_subtypes(entry))
    found = _("{count} subtypes").format(count=subtypes) if subtypes > 1 else output_subtypes(entry)[0]
    seconds = round(entry.reference_seconds)
    time = _("about a second") if seconds <= 1 else _("about {seconds} s").format(seconds=seconds)
    line = _("{name}: {found}, {time}.").format(name=name, found=found, time=time)
    return f"{line} {_('Weights for non-commercial use only.')}" if entry.non_commercial else line


def _details(entry: ModelEntry) -> str:
    """Return the tool tip of a model, as rich text, which wraps long lines."""
    quality = "".join(
        f"<tr><td>{_readable(name)}</td><td align='right'>&nbsp; {value:g}</td></tr>"
        if isinstance(value, float)
        else f"<tr><td>{_readable(name)}</td><td>&nbsp; {rich(str(value))}</td></tr>"
        for name, value in entry.quality.items()
    )
    seconds = _("About {seconds:.1f} s for 40 slices on the computer named in the model card").format(
        seconds=entry.reference_seconds
    )
    trained = _("Trained on: {data}").format(data=entry.training_data)
    return f"{bold(entry.name)}<p>{rich(seconds)}</p><p>{rich(trained)}</p><table>{quality}</table>"


def _readable(name: str) -> str:
    """Return the name of a metric as in "simulated EDH dice"."""
    words = name.split("_")
    return " ".join(word.upper() if word in _SUBTYPES else word for word in words)


def _agreement(entry: ModelEntry) -> str:
    return _(
        "The weights of the model {model} may be used for non-commercial purposes only.\n\nLicense: {license}\n\n"
        "Press OK if that is your use; you will not be asked again."
    ).format(model=entry.name, license=entry.licence)


def _confirm(text: str) -> bool:
    return slicer.util.confirmOkCancelDisplay(text, windowTitle=_("License of the model"))
