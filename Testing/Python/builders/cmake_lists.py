# SPDX-License-Identifier: Apache-2.0
"""Import the script that writes the extension's file lists."""

from __future__ import annotations

import importlib.util
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
_SPEC = importlib.util.spec_from_file_location("cmake_lists", REPOSITORY / ".ci" / "cmake_lists.py")
cmake_lists = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cmake_lists)
