# SPDX-License-Identifier: Apache-2.0
"""``ichseg schema``: JSON Schemas of the JSON files."""

from __future__ import annotations

import json

from ICHSegmentationLib.cli.terminal import print_result


def run(*, comparison: bool, boxes: bool) -> None:
    """Print a schema; see ``ichseg schema --help``."""
    from ICHSegmentationLib.export.schema import boxes_schema, comparison_schema, measurements_schema

    schema = comparison_schema() if comparison else boxes_schema() if boxes else measurements_schema()
    print_result(json.dumps(schema, indent=2))
