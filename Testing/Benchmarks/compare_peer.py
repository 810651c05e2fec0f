# SPDX-License-Identifier: Apache-2.0
"""The table of `ichseg evaluate --config` for another program, on the same held-out patients.

Any program that reads and writes NIfTI can be used; none is part of this project. For BLAST-CT
(biomedia-mira/blast-ct, Apache-2.0), clone it and install its requirements:

    PYTHONPATH=blast-ct python Testing/Benchmarks/compare_peer.py CONFIG --name blast-ct --labels 0,4,2,0,5
        --output DIR --command "python -c 'from blast_ct.console_tool import console_tool as run; run()'
        --input {input} --output {output}"

A tilted scan is passed to it as a straight stack. ``--labels`` renumbers the program's labels; BLAST-CT does not
distinguish extra-axial blood, which counts as SDH, so that the sum over extra-axial subtypes is right. Existing
predictions are reused. Seconds are the processor time of all threads, which a busy machine does not change.
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.research.evaluation.models.held_out_case import NEGATIVES, PATIENTS, HeldOutCase, HeldOutFile
from ICHSegmentationLib.research.evaluation.models.run import prediction_path, run_cases
from ICHSegmentationLib.research.evaluation.models.targets import model_metrics
from ICHSegmentationLib.research.evaluation.report.tables import markdown_table
from ICHSegmentationLib.research.training.config import read_config
from ICHSegmentationLib.research.training.held_out import make_held_out

GROUPS = (PATIENTS, NEGATIVES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--command", required=True, help="with {input} and {output}, NIfTI files")
    parser.add_argument("--labels", required=True, help="our label (0-5) of each of the program's labels")
    parser.add_argument("--groups", nargs="+", default=GROUPS)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    config = read_config(options.config)
    files = [file for file in make_held_out(config) if file.group in options.groups]
    if NEGATIVES in options.groups:
        files += [HeldOutFile(NEGATIVES, path.name, path) for path in config.evaluation.negatives]
    peer = Peer(
        options.command, np.array([int(label) for label in options.labels.split(",")], np.uint8), options.output
    )
    run = run_cases(
        options.name,
        files,
        options.output,
        peer.segment,
        lambda case, share: print(f"{share:4.0%} {case}", file=sys.stderr),
    )
    rows = [metric.row() for metric in model_metrics(run.groups, config.evaluation.set_aside) if metric.cases]
    text = f"# {options.name}\n\n{run.seconds_per_scan:.0f} processor seconds a scan\n\n{markdown_table(rows)}\n"
    (options.output / "model.md").write_text(text, encoding="utf-8")
    print(text)


class Peer:
    """Another program, run once per case."""

    def __init__(self, command: str, label_of: np.ndarray, output: Path) -> None:
        self._command, self._label_of, self._output = command, label_of, output

    def segment(self, case: HeldOutCase, file: HeldOutFile) -> tuple[LabelMap, float]:
        """Run the program on a case; its labels and seconds are stored beside the prediction."""
        kept = prediction_path(self._output / "as-written", file)
        record = kept.with_name(f"{file.name}.json")
        if not record.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps({"seconds": self._run(case, kept)}), encoding="utf-8")
        seconds: float = json.loads(record.read_text(encoding="utf-8"))["seconds"]
        theirs = np.asarray(nibabel.load(kept).dataobj).round().astype(np.uint8).transpose(2, 1, 0)
        return LabelMap(self._label_of[theirs], case.volume.grid), seconds

    def _run(self, case: HeldOutCase, kept: Path) -> float:
        with tempfile.TemporaryDirectory() as folder:
            image = Path(folder) / "image.nii.gz"
            hu = case.volume.hu.transpose(2, 1, 0)
            nibabel.save(nibabel.Nifti1Image(hu, straight(case.volume.grid.nearest_affine_ras)), image)
            words = [word.format(input=image, output=kept.resolve()) for word in shlex.split(self._command)]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(words, check=True, cwd=folder, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def straight(affine: np.ndarray) -> np.ndarray:
    """Return the affine without tilt, because programs that read through ITK reject a tilted one."""
    upright = affine.copy()
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal /= np.linalg.norm(normal)
    upright[:3, 2] = normal * (affine[:3, 2] @ normal)
    return upright


if __name__ == "__main__":
    main()
