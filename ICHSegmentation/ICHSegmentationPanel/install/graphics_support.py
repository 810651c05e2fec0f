# SPDX-License-Identifier: Apache-2.0
"""torch for NVIDIA graphics cards, through Slicer's PyTorch extension."""

from __future__ import annotations

import importlib.util
import logging
from importlib.metadata import PackageNotFoundError, version

import slicer
from slicer.i18n import tr as _

# As in the library's own requirements.
_TORCH = ">=2.4"
_LOG = logging.getLogger(__name__)


class GraphicsSupport:
    """Installs torch when the user wants to segment on a graphics card; the processor does without."""

    @property
    def state(self) -> str:
        """Return "installed", "available" (the PyTorch extension can install it), or "no_extension"."""
        try:
            version("torch")
        except PackageNotFoundError:
            return "available" if _has_extension() else "no_extension"
        return "installed"

    def install(self) -> str | None:
        """Install torch, with the extension's own question; return why it did not work, None if it did.

        The extension chooses the build that fits the card's driver, some gigabytes.
        """
        if self.state == "installed":
            return None
        if not _has_extension():
            return _("Install the extension PyTorch with the Extensions Manager, restart Slicer, and try again.")
        import PyTorchUtils

        try:
            with slicer.util.WaitCursor():
                torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(
                    askConfirmation=True, torchVersionRequirement=_TORCH
                )
        except Exception as error:
            # Another extension's code: whatever it raises, its own words are what helps.
            _LOG.warning("torch could not be installed", exc_info=error)
            return _("torch could not be installed: {error}").format(error=f"{type(error).__name__}: {error}")
        return None if torch is not None else _("torch was not installed.")


def _has_extension() -> bool:
    return importlib.util.find_spec("PyTorchUtils") is not None
