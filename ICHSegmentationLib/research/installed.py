# SPDX-License-Identifier: Apache-2.0
"""Check that training and evaluation are installed; the extension of 3D Slicer leaves them out."""

from __future__ import annotations

from importlib.util import find_spec

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message


def require_training_and_evaluation(command: str) -> None:
    """Check for the packages ``research.training`` and ``research.evaluation``.

    Parameters
    ----------
    command : str
        Name of the command that needs them, as ``ichseg train``.

    Raises
    ------
    InputError
        If one is missing.
    """
    if any(find_spec(f"{__package__}.{name}") is None for name in ("training", "evaluation")):
        raise InputError(message("research.not_installed", command=command))
