# SPDX-License-Identifier: Apache-2.0
"""``ichseg deidentify``: CT images without the patient's identity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.resources import settings_folder

if TYPE_CHECKING:
    from ICHSegmentationLib.export.deidentify import Keys

KEYS_NAME = "deidentification-keys.json"


def run(
    source: Path,
    output: Path,
    keys: Path | None,
    *,
    keep_face: bool,
    picture: Path | None,
    accept_text: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """De-identify; see ``ichseg deidentify --help``."""
    from ICHSegmentationLib.export.deidentify import load_keys

    if not source.exists():
        raise InputError(message("cli.not_found", path=source))
    place = keys or settings_folder() / KEYS_NAME
    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        write = _with_face if keep_face else _without_face
        warnings = write(source, output, load_keys(place), picture, accept_text=accept_text)
        terminal.warn(warnings)
    written = sorted(str(path) for path in output.iterdir())
    terminal.show(
        {"files": written, "keys": str(place), "warnings": list(warnings)},
        f"Wrote {len(written)} files into {output}. Keys: {place} (keep it secret).",
    )


def _with_face(source: Path, output: Path, keys: Keys, picture: Path | None, *, accept_text: bool) -> tuple[str, ...]:
    from ICHSegmentationLib.export.deidentify import deidentify_files

    if picture is not None:
        raise InputError(message("cli.picture_of_kept_face"))
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    warnings = deidentify_files(files, output, keys, accept_text=accept_text)
    return (*warnings, message("cli.face_remains"))


def _without_face(
    source: Path, output: Path, keys: Keys, picture: Path | None, *, accept_text: bool
) -> tuple[str, ...]:
    from ICHSegmentationLib.export.deidentify import deidentify_volume
    from ICHSegmentationLib.io.reader import read_ct
    from ICHSegmentationLib.preprocessing.face import kept_without_face

    volume = read_ct(source)
    kept = kept_without_face(volume)
    warnings = deidentify_volume(volume, kept, output, keys, accept_text=accept_text)
    if picture is not None:
        from ICHSegmentationLib.rendering.front_view import draw_front_views
        from ICHSegmentationLib.rendering.png import write_png

        write_png(picture, draw_front_views(volume, kept))
    return (*volume.warnings, *warnings)
