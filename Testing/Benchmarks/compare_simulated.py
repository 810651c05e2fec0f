# SPDX-License-Identifier: Apache-2.0
"""Compare simulated hemorrhage with real labelled slices: HU, area and thickness of each subtype.

Paints copies of prepared host scans with both sets of simulated lesions, takes the slice of the largest area of each,
and prints medians with 10th and 90th percentiles per subtype beside those of the real slices.

    python Testing/Benchmarks/compare_simulated.py PREPARED_FOLDER REAL_FOLDER [REAL_FOLDER ...] [--copies N]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.simulation.varied import paint_varied
from ICHSegmentationLib.research.training.data.samples import TrainingVolume, read_anatomy

REAL_PIXEL_MM = 0.47
HIGHEST_HU = 80.0
Row = tuple[float, float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path, help="data.folder of a configuration, with real and anatomy in it")
    parser.add_argument("real", type=Path, nargs="+", help="folder with images and labels of single slices (PNG)")
    parser.add_argument("--copies", type=int, default=10, help="simulated copies per subtype")
    parser.add_argument("--leave-out", nargs="*", default=(), help="beginnings of names of slices with wrong labels")
    options = parser.parse_args()
    found: dict[tuple[Subtype, str], list[Row]] = defaultdict(list)
    for folder in options.real:
        for path in sorted((folder / "labels").glob("*.png")):
            if path.name.startswith(tuple(options.leave_out)):
                continue
            labels = np.asarray(Image.open(path))
            hu = np.asarray(Image.open(folder / "images" / path.name)).astype(np.float32)
            for subtype in Subtype:
                add(found[subtype, "real"], hu, labels == subtype, REAL_PIXEL_MM)
    hosts = sorted((options.prepared / "real").glob("*.npz"))
    for subtype in Subtype:
        for copy in range(options.copies):
            path = hosts[(7 * copy) % len(hosts)]
            volume, anatomy = TrainingVolume.read(path), read_anatomy(options.prepared / "anatomy" / path.name)
            hu = volume.grey.astype(np.float32) * (HIGHEST_HU / 255)
            for name, paint in (("simulated", paint_lesions), ("varied", paint_varied)):
                painted, labels = paint(hu, anatomy, np.random.default_rng([copy, subtype]), [subtype])
                areas = (labels == subtype).sum(axis=(1, 2))
                for index in np.flatnonzero(areas)[:: max(np.count_nonzero(areas) // 3, 1)]:
                    add(found[subtype, name], painted[index], labels[index] == subtype, anatomy.spacing_mm[1])
    print("| subtype | slices | number | HU | area (mm2) | thickness (mm) |\n|---|---|---|---|---|---|")
    for (subtype, name), rows in sorted(found.items()):
        columns = [
            " / ".join(f"{value:.3g}" for value in np.percentile(part, [10, 50, 90]))
            for part in zip(*rows, strict=True)
        ]
        print(f"| {subtype.name} | {name} | {len(rows)} | {' | '.join(columns)} |")


def add(rows: list[Row], hu: np.ndarray, mask: np.ndarray, pixel_mm: float) -> None:
    """Append median HU (up to 80), area and greatest thickness of the lesions of a slice, if there are any."""
    if not mask.any():
        return
    thickness_mm = 2 * float(ndimage.distance_transform_edt(np.pad(mask, 1)).max()) * pixel_mm
    rows.append((float(np.median(np.minimum(hu[mask], HIGHEST_HU))), float(mask.sum()) * pixel_mm**2, thickness_mm))


if __name__ == "__main__":
    main()
