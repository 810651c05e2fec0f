# SPDX-License-Identifier: Apache-2.0
"""Check in a separate process whether installed packages can be imported."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from ICHSegmentationPanel.process.slicer_python import python_slicer

# In a separate process, as Slicer cannot replace imported packages before a restart. The blocked modules would report
# the import of OpenVINO to Google Analytics; the library blocks them too, in `quiet_openvino`.
_CODE = """
import importlib, sys
sys.modules["openvino_telemetry"] = sys.modules["openvino.tools.ovc"] = None
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}")
"""


def import_errors(names: list[str]) -> str | None:
    """Import packages with Slicer's Python; return their error messages, or None."""
    with slicer.util.WaitCursor():
        process = slicer.util.launchConsoleProcess([python_slicer(), "-c", _CODE, *names], useStartupEnvironment=False)
        output, _nothing = process.communicate()
    if process.returncode == 0 and not output.strip():
        return None
    text = output.strip() or f"Python ended with code {process.returncode}"
    return _("The packages are installed, but cannot be used: {error}").format(error=text)
