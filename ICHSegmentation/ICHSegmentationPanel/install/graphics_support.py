# SPDX-License-Identifier: Apache-2.0
"""torch for NVIDIA graphics cards, through Slicer's PyTorch extension."""

from __future__ import annotations

import importlib.util
import logging
from importlib.metadata import PackageNotFoundError, version

from slicer.i18n import tr as _

# As in the requirements of the library.
_TORCH = ">=2.4"
_LOG = logging.getLogger(__name__)


class GraphicsSupport:
    """Installation of torch for a graphics card; the processor does not need it."""

    @property
    def state(self) -> str:
        """Return "installed", "available" (the PyTorch extension can install it), or "no_extension"."""
        try:
            version("torch")
        except PackageNotFoundError:
            return "available" if _has_extension() else "no_extension"
        return "installed"

    def install(self) -> str | None:
        """Install torch with the PyTorch extension, which asks the user; return an error message, or None.

        The extension selects the build for the card's driver, some gigabytes.
        """
        if self.state == "installed":
            return None
        if not _has_extension():
            return _("Install the extension PyTorch with the Extensions Manager, restart Slicer, and try again.")
        import PyTorchUtils

        try:
            # No wait cursor: the extension asks a question first, and shows the progress of pip itself.
            torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=_TORCH)
        except Exception as error:
            # Another extension may raise anything, and its message is the most helpful one.
            _LOG.warning("torch could not be installed", exc_info=error)
            return _("torch could not be installed: {error}").format(error=f"{type(error).__name__}: {error}")
        return None if torch is not None else _("torch was not installed.")


def _has_extension() -> bool:
    return importlib.util.find_spec("PyTorchUtils") is not None
