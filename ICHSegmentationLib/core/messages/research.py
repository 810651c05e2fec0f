# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``research``."""

MESSAGES: dict[str, str] = {
    "not_installed": (
        "`{command}` is not part of the extension for 3D Slicer; install the Python package ichsegmentation to use it."
    ),
}
