# SPDX-License-Identifier: Apache-2.0
"""One table of ``ichseg segment`` for scans of several sizes, as a user compares programs.

Each scan is segmented in fresh processes and with the model loaded: seconds of each stage, processor seconds of all
threads, which a busy machine changes least, and peak memory. All files are written. The scans are the GE series of
``../shared/data`` (28 slices) and one generated head, resampled to each number of slices over the same height.

    python Testing/Benchmarks/bench_sizes.py [--slices N ...] [--model NAME] [--repeats N] [--threads N]

With ``BLAST_CT`` set to a clone of biomedia-mira/blast-ct (see ``compare_peer.py``), its time on the scan of 40 slices
is given as well; ``BLAST_CT_PYTHON`` is the Python with its requirements.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np
from bench_segment import GE_SERIES, Runs, fresh_run, generated_head, loaded_runs, run_process

_PEER_SLICES = 40
_PEER_COMMAND = "from blast_ct.console_tool import console_tool as run; run()"
_COLUMNS = ("total", "processor", "start", "read", "load", "preprocess", "infer", "postprocess", "measure", "write")


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", nargs="+", type=int, default=[_PEER_SLICES, 200, 600])
    parser.add_argument("--model", default="default", help="an installed model, or one of ICHSEG_MODELS")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=None)
    wanted = parser.parse_args()
    print(f"{processor()}; {wanted.threads or os.cpu_count()} threads; medians of {wanted.repeats} runs, seconds")
    print(f"{'slices':>8} {'process':<8}", *(f"{name:>11}" for name in (*_COLUMNS, "peak_gb")))
    with tempfile.TemporaryDirectory(prefix="ichseg-bench-") as name:
        folder = Path(name)
        head = generated_head(folder)
        scans = {28: GE_SERIES} if GE_SERIES.is_dir() else {}
        scans |= {count: resampled(head, count, folder / f"{count}.nii.gz") for count in wanted.slices}
        ours: dict[int, float] = {}
        for count, scan in scans.items():
            fresh = [fresh_run(scan, folder / f"{count}-{run}", wanted) for run in range(wanted.repeats + 1)][1:]
            print_row(count, "fresh", fresh)
            print_row(count, "loaded", loaded_runs(scan, wanted))
            ours[count] = statistics.median(run["processor"] for run in fresh)
        peer = run_peer(scans[_PEER_SLICES], folder) if _PEER_SLICES in scans else None
    if peer is None:
        print(f"BLAST-CT: not run; set BLAST_CT to a clone of it and measure {_PEER_SLICES} slices")
    else:
        ratio = peer["processor"] / ours[_PEER_SLICES]
        print(
            f"BLAST-CT, {_PEER_SLICES} slices, fresh: {peer['total']:.1f} s, {peer['processor']:.1f} processor seconds "
            f"({ratio:.0f} times ours), {peer['peak_gb']:.2f} GB"
        )
    return 0


def processor() -> str:
    """Return the name of the processor and what OpenVINO uses of its instruction set."""
    from ICHSegmentationLib.models.runtimes.quiet_openvino import openvino_core

    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = {flag for line in lines if line.startswith("flags") for flag in line.split()}
    shown = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if flag in flags]
    able = openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name} ({' '.join(shown)}; OpenVINO: {' '.join(able)})"


def resampled(scan: Path, count: int, path: Path) -> Path:
    """Write a scan with another number of slices over the same height, and return its path."""
    image = nibabel.load(scan)
    hu = np.asarray(image.dataobj, dtype=np.float32)
    factor = hu.shape[2] / count
    places = np.clip((np.arange(count) + 0.5) * factor - 0.5, 0, hu.shape[2] - 1)
    below = np.minimum(places.astype(int), hu.shape[2] - 2)
    fractions = (places - below).astype(np.float32)
    hu = hu[..., below] * (1 - fractions) + hu[..., below + 1] * fractions
    affine = image.affine.copy()
    affine[:, 2] *= factor
    affine[:3, 3] += image.affine[:3, 2] * (0.5 * factor - 0.5)
    nibabel.save(nibabel.Nifti1Image(np.rint(hu).astype(np.int16), affine), path)
    return path


def print_row(count: int, process: str, runs: Runs) -> None:
    """Print the medians of a scan's runs; "-" for a stage that this kind of process has not."""
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    values = (f"{medians[name]:.2f}" if name in medians else "-" for name in (*_COLUMNS, "peak_gb"))
    print(f"{count:>8} {process:<8}", *(f"{value:>11}" for value in values), flush=True)


def run_peer(scan: Path, folder: Path) -> dict[str, float] | None:
    """Run BLAST-CT on a scan; None if ``BLAST_CT`` does not name a clone of it."""
    clone = os.environ.get("BLAST_CT")
    if not clone:
        return None
    command = [os.environ.get("BLAST_CT_PYTHON", sys.executable), "-c", _PEER_COMMAND]
    command += ["--input", str(scan), "--output", str(folder / "peer.nii.gz"), "--device", "cpu"]
    return run_process(command, env={**os.environ, "PYTHONPATH": clone})


if __name__ == "__main__":
    sys.exit(main())
