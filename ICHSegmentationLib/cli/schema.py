# SPDX-License-Identifier: Apache-2.0
"""``ichseg schema``: what the JSON files hold, as JSON Schema."""

from __future__ import annotations

import json


def run(*, comparison: bool) -> None:
    """Print a schema; see ``ichseg schema --help``."""
    from ICHSegmentationLib.reporting.schema import comparison_schema, measurements_schema

    print(json.dumps(comparison_schema() if comparison else measurements_schema(), indent=2))
