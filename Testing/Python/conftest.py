# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every part's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the development data beside the repository; a stranger's clone has none."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("needs the development data in ../shared/data, which are not part of the repository")
    return _SHARED_DATA
