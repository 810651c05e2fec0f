# SPDX-License-Identifier: Apache-2.0
"""``ichseg send``: DICOM results to the archive that the user set up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.formats import ExportFormat


def run(results: Sequence[Path], node_file: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Send; see ``ichseg send --help``."""
    from ICHSegmentationLib.sending import load_node, send_files

    node = load_node(node_file)
    paths = [path for result in results for path in _files(result)]
    terminal = Terminal({"send": 1.0}, quiet=quiet, as_json=as_json)
    with terminal:
        terminal.warn(send_files(paths, node, progress=terminal.progress("send")))
    names = [str(path) for path in paths]
    terminal.show({"archive": str(node), "sent": names}, f"Sent {', '.join(names)} to {node}")


def _files(result: Path) -> list[Path]:
    """Return a file itself, or the DICOM files of a result folder.

    Raises
    ------
    InputError
        If there is none.
    """
    if result.is_dir():
        paths = [result / kind.file_name for kind in ExportFormat if kind.is_dicom]
        found = [file for path in paths for file in (sorted(path.glob("*.dcm")) if path.is_dir() else [path])]
        found = [path for path in found if path.is_file()]
        if not found:
            raise InputError(message("cli.no_dicom_results", folder=result))
        return found
    if not result.is_file():
        raise InputError(message("cli.not_found", path=result))
    return [result]
