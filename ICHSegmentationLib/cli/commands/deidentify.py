# SPDX-License-Identifier: Apache-2.0
"""``ichseg deidentify``: CT images without the patient's identity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.export.deidentification.keys import Keys


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
    from ICHSegmentationLib.export.deidentification.keys import keys_path, load_keys

    if not source.exists():
        raise InputError(message("cli.not_found", path=source))
    place = keys_path(keys)
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
    from ICHSegmentationLib.export.deidentification.series import deidentify_files

    if picture is not None:
        raise InputError(message("cli.picture_of_kept_face"))
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    warnings = deidentify_files(files, output, keys, accept_text=accept_text)
    return (*warnings, message("cli.face_remains"))


def _without_face(
    source: Path, output: Path, keys: Keys, picture: Path | None, *, accept_text: bool
) -> tuple[str, ...]:
    from ICHSegmentationLib.anatomy.face import kept_without_face
    from ICHSegmentationLib.export.deidentification.series import deidentify_volume
    from ICHSegmentationLib.io.reader import read_ct

    volume = read_ct(source)
    kept = kept_without_face(volume)
    warnings = deidentify_volume(volume, kept, output, keys, accept_text=accept_text)
    if picture is not None:
        from ICHSegmentationLib.rendering.front_view import draw_front_views
        from ICHSegmentationLib.rendering.png import write_png

        write_png(picture, draw_front_views(volume, kept))
    return (*volume.warnings, *warnings)
