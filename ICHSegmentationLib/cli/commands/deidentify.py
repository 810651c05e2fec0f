# SPDX-License-Identifier: Apache-2.0
"""``ichseg deidentify``: CT images without the patient's identity."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.resources import settings_folder

KEYS_NAME = "deidentification-keys.json"


def run(source: Path, output: Path, keys: Path | None, *, accept_text: bool, as_json: bool, quiet: bool) -> None:
    """De-identify; see ``ichseg deidentify --help``."""
    from ICHSegmentationLib.export.deidentify import deidentify_files, load_keys

    if not source.exists():
        raise InputError(message("cli.not_found", path=source))
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    place = keys or settings_folder() / KEYS_NAME
    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        warnings = deidentify_files(files, output, load_keys(place), accept_text=accept_text)
        terminal.warn((*warnings, message("cli.face_remains")))
    written = sorted(str(path) for path in output.iterdir())
    terminal.show(
        {"files": written, "keys": str(place), "warnings": [*warnings, message("cli.face_remains")]},
        f"Wrote {len(written)} files into {output}. Keys: {place} (keep it secret).",
    )
