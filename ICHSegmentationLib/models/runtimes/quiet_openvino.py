# SPDX-License-Identifier: Apache-2.0
"""Import OpenVINO without its telemetry, and without its converter unless that is needed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

_TELEMETRY = "openvino_telemetry"
_CONVERTER = "openvino.tools.ovc"


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Make ``import name`` fail temporarily, as if the package were not installed."""
    modules: dict[str, Any] = sys.modules
    before = {name: modules[name] for name in names if name in modules}
    modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del modules[name]
        modules.update(before)


def import_openvino() -> ModuleType:
    """Import OpenVINO's runtime.

    A plain ``import openvino`` also imports the converter, which sends "general_import" to Google Analytics and writes
    an identifier into the home folder unless the user opted out. A medical program must do neither, so the telemetry
    package is hidden and OpenVINO uses its built-in stub. Without the converter the import takes 0.06 s instead of
    0.3 s.
    """
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    with _hidden(_TELEMETRY, _CONVERTER):
        openvino: Any = importlib.import_module("openvino")
    # Other users of OpenVINO in this process still find the function.
    openvino.convert_model = _convert_model
    return openvino


@cache
def openvino_core() -> Any:
    """Return the one ``openvino.Core`` of this process, which is never freed.

    OpenVINO's processor plugin gives the thread that loads it a stack for signals, and unmaps it when the last core and
    model are freed. If another thread frees them, the first keeps a stack that does not exist, and the next signal that
    Python handles (SIGINT, SIGTERM, the SIGCHLD of torch's workers) ends the process without a word. See decision 0024.
    """
    return import_openvino().Core()


def import_converter() -> ModuleType:
    """Import OpenVINO's converter (``convert_model``) without telemetry; slow, needed once per model."""
    import_openvino()
    with _hidden(_TELEMETRY):
        return importlib.import_module(_CONVERTER)


def _convert_model(*args: Any, **kwargs: Any) -> Any:
    return import_converter().convert_model(*args, **kwargs)
