# SPDX-License-Identifier: Apache-2.0
"""``ichseg template``: the template of the text block, for the user to edit."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.cli.terminal import print_result
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message


def run(output: Path | None) -> None:
    """Write the default template; see ``ichseg template --help``."""
    from ICHSegmentationLib.core.storage.files import write_error, write_text
    from ICHSegmentationLib.export.report.text_block import default_template, user_template_path

    path = output or user_template_path()
    if path.exists():
        raise InputError(message("cli.template_exists", path=path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    write_text(path, default_template())
    print_result(f"Wrote {path}")
