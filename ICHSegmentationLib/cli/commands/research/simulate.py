# SPDX-License-Identifier: Apache-2.0
"""``ichseg simulate``: simulated lesions in a host scan or in a generated head."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.cli.commands.segment import check_output
from ICHSegmentationLib.cli.summary import volume_table
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    import numpy as np

    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.research.simulation.synthetic_scan import SyntheticScan

SCAN_NAME, LABELS_NAME, RECORD_NAME, SERIES_NAME = "ct.nii.gz", "labels.nii.gz", "simulation.json", "dicom"
OUTPUT_NAMES = (SCAN_NAME, LABELS_NAME, RECORD_NAME, SERIES_NAME)
RANDOM, NONE = "random", "none"
_SAME_VOLUME = 0.1
PARTS = {"read": 0.1, "paint": 0.7, "write": 0.2}


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """What to simulate; fields correspond to options of the command."""

    subtypes: tuple[str, ...]
    volumes: tuple[str, ...]
    look_alikes: bool
    seed: int
    anatomy: Path | None
    series: str | None
    grey_window: tuple[float, float] | None
    spacing_mm: tuple[float, float, float] | None
    dicom: bool
    force: bool


def run(
    inputs: Sequence[Path], output: Path, options: SimulateOptions, *, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Simulate, write and show the volumes; see ``ichseg simulate --help``."""
    check_output(output, overwrite=overwrite, names=OUTPUT_NAMES)
    for path in (*inputs, *([options.anatomy] if options.anatomy else [])):
        if not path.exists():
            raise InputError(message("cli.not_found", path=path))
    import numpy as np

    rng = np.random.default_rng([options.seed, 6])
    volumes_ml = _volumes(options.volumes)
    subtypes = _subtypes(options.subtypes, volumes_ml, rng)
    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        scan = _simulate(inputs, options, subtypes, volumes_ml, terminal)
        terminal.warn([*scan.warnings, *_without_place(scan), *_other_volumes(scan, volumes_ml)])
        terminal.progress("write")
        record = _write(scan, output, options, subtypes, kind="generated" if not inputs else "scan")
    table = volume_table(record["volumes_ml"])
    where = f"{output / SCAN_NAME}, true labels {output / LABELS_NAME}"
    where += f", DICOM series {output / SERIES_NAME}" if options.dicom else ""
    terminal.show(record, f"{where} (seed {options.seed})\n\n{table}\n\nResearch use only; not a medical device.")


def _simulate(
    inputs: Sequence[Path],
    options: SimulateOptions,
    subtypes: Sequence[Subtype],
    volumes_ml: dict[Subtype, float],
    terminal: Terminal,
) -> SyntheticScan:
    from ICHSegmentationLib.research.simulation.synthetic_scan import generated_scan, paint_into

    terminal.progress("read")
    if not inputs:
        terminal.progress("paint")
        return generated_scan(options.seed, subtypes, volumes_ml=volumes_ml, mimics=options.look_alikes)
    from ICHSegmentationLib import read_ct
    from ICHSegmentationLib.research.simulation.host_anatomy import Atlas

    atlas = None if options.anatomy is None else Atlas.read(options.anatomy)
    source = inputs[0] if len(inputs) == 1 else inputs
    volume = read_ct(source, series=options.series, grey_window=options.grey_window, spacing_mm=options.spacing_mm)
    terminal.warn(volume.warnings)
    terminal.progress("paint")
    return paint_into(
        volume,
        options.seed,
        subtypes,
        volumes_ml=volumes_ml,
        mimics=options.look_alikes,
        atlas=atlas,
        force=options.force,
    )


def _write(
    scan: SyntheticScan, output: Path, options: SimulateOptions, subtypes: Sequence[Subtype], *, kind: str
) -> dict[str, Any]:
    from ICHSegmentationLib.core.storage.files import write_text
    from ICHSegmentationLib.core.storage.replacing import replacing_files
    from ICHSegmentationLib.core.version import __version__
    from ICHSegmentationLib.io.labels.nifti import sidecar_path, write_labels_nifti, write_on_grid_nifti
    from ICHSegmentationLib.measurement.measure import measure
    from ICHSegmentationLib.research.simulation.dicom_series import write_dicom_series

    volume = scan.volume
    record = {
        "schema": 1,
        "host": kind,
        "seed": options.seed,
        "subtypes": [subtype.name for subtype in subtypes],
        "look_alikes": options.look_alikes,
        "volumes_ml": measure(scan.label_map).volumes_ml,
        "not_painted": [subtype.name for subtype in scan.not_painted],
        "warnings": [*scan.warnings, *_without_place(scan)],
        "made_with": f"ICHSegmentation {__version__}",
    }
    sidecars = (sidecar_path(name).name for name in (SCAN_NAME, LABELS_NAME))
    with replacing_files(output, instead_of=(*OUTPUT_NAMES, *sidecars)) as folder:
        write_on_grid_nifti(folder / SCAN_NAME, volume.hu, volume.grid, volume.source)
        write_labels_nifti(folder / LABELS_NAME, scan.label_map, volume.source)
        if options.dicom:
            write_dicom_series(folder / SERIES_NAME, volume, seed=options.seed)
        write_text(folder / RECORD_NAME, json.dumps(record, indent=2) + "\n")
    return record


def _subtypes(names: Sequence[str], volumes_ml: dict[Subtype, float], rng: np.random.Generator) -> list[Subtype]:
    """Return the subtypes to simulate: the named ones and those with a volume, or random ones."""
    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.research.simulation.synthetic_scan import random_subtypes

    if NONE in names:
        if len(names) > 1 or volumes_ml:
            raise InputError(message("cli.subtype_none_is_alone"))
        return []
    chosen = {Subtype[name] for name in names if name != RANDOM} | set(volumes_ml)
    if RANDOM in names or not chosen:
        chosen |= set(random_subtypes(rng))
    return sorted(chosen)


def _volumes(texts: Sequence[str]) -> dict[Subtype, float]:
    from ICHSegmentationLib.core.subtypes import Subtype

    found = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            volume_ml = float(number)
            found[Subtype[name.upper()]] = volume_ml
        except (KeyError, ValueError) as error:
            raise InputError(message("cli.volume_format", text=text)) from error
        if not 0.1 <= volume_ml <= 300:
            raise InputError(message("cli.volume_range", text=text))
    return found


def _other_volumes(scan: SyntheticScan, wanted_ml: dict[Subtype, float]) -> list[str]:
    from ICHSegmentationLib.measurement.measure import measure

    found_ml = measure(scan.label_map).volumes_ml
    return [
        message("cli.other_volume", subtype=subtype.name, wanted_ml=wanted, found_ml=found_ml[subtype.name])
        for subtype, wanted in wanted_ml.items()
        if subtype not in scan.not_painted and abs(found_ml[subtype.name] - wanted) > _SAME_VOLUME * wanted
    ]


def _without_place(scan: SyntheticScan) -> list[str]:
    return [message("cli.no_place", subtype=subtype.name) for subtype in scan.not_painted]
