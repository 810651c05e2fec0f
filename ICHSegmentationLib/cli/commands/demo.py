# SPDX-License-Identifier: Apache-2.0
"""``ichseg demo``: segment a generated head CT with known hemorrhage as if it were a user's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.commands.segment import PARTS, check_output, json_content, segment_files
from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.summary import places, volume_table
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.export.formats import RESULT_FILES

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume

SCAN_NAME = "ct.nii.gz"
TRUTH_NAME = "truth.nii.gz"


def run(output: Path, options: RunOptions, *, seed: int, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Generate, segment and compare; see ``ichseg demo --help``."""
    check_output(output, overwrite=overwrite, names=(*RESULT_FILES, SCAN_NAME, TRUTH_NAME))
    terminal = Terminal({"generate": 1.0, **PARTS}, quiet=quiet, as_json=as_json)
    with terminal:
        terminal.progress("generate")
        truth_ml = generate(output, seed=seed)
        scan = output / SCAN_NAME
        case = segment_files([scan], output, options, terminal)
    text = (
        f"Generated head CT {scan} (seed {seed}), true labels {output / TRUTH_NAME}\n\n"
        f"{volume_table(case.measurements.volumes_ml, truth_ml)}\n\n{places(case.outputs)}"
    )
    terminal.show(json_content(case) | {"truth_ml": truth_ml}, text)


def generate(folder: Path, *, seed: int) -> dict[str, float]:
    """Write a head CT with one lesion of each subtype, and its true labels.

    Parameters
    ----------
    folder : Path
        Receives ``ct.nii.gz`` and ``truth.nii.gz``; created if necessary.
    seed : int
        Seed of the head; the same seed gives the same files.

    Returns
    -------
    dict of str to float
        The true volumes in mL by subtype, and their total.
    """
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
    from ICHSegmentationLib.research.simulation.simulate import simulated_ct

    simulated = simulated_ct(seed, subtypes=tuple(Subtype))
    folder.mkdir(parents=True, exist_ok=True)
    _write_scan(folder / SCAN_NAME, simulated.volume)
    write_labels_nifti(folder / TRUTH_NAME, LabelMap(simulated.labels, simulated.volume.grid))
    return {**simulated.volumes_ml, "total": sum(simulated.volumes_ml.values())}


def _write_scan(path: Path, volume: CTVolume) -> None:
    import nibabel

    from ICHSegmentationLib.core.storage.files import atomic_path

    image = nibabel.Nifti1Image(volume.hu.transpose(2, 1, 0), volume.grid.nearest_affine_ras)
    with atomic_path(path) as temporary:
        nibabel.save(image, temporary)
