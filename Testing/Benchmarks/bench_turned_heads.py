# SPDX-License-Identifier: Apache-2.0
"""Volumes of turned heads against those of the same heads upright, as they lie and set upright.

    python Testing/Benchmarks/bench_turned_heads.py --angles 15,25,35,45 [--phe-sich DIR --cases 0001,0002]

Heads are generated with five subtypes, or series of PHE-SICH-CT-IDS. Prints one row for each head and angle: change of
each subtype in per cent (mL where there is none in the upright head), and the largest of the changes of subtypes with
at least 2 mL.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

from builders.turned_scans import turned_in_plane

from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.research.simulation.synthetic_scan import generated_scan
from ICHSegmentationLib.research.training.datasets.phe_sich import read_case
from ICHSegmentationLib.segmentation.segmenter import Segmenter
from ICHSegmentationLib.segmentation.upright.segmenter import UprightSegmenter
from ICHSegmentationLib.systems import build_segmenter, network_for

_SHARES = {"preprocess": 0.3, "infer": 0.6, "postprocess": 0.1}
_SUBTYPES = ("EDH", "SDH", "SAH", "IPH", "IVH")
_JUDGED_ML = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--angles", default="15,25,30,35,40,45,50")
    parser.add_argument("--seeds", default="1,2,3,4", help="of generated heads")
    parser.add_argument("--phe-sich", type=Path)
    parser.add_argument("--cases", default="", help="of PHE-SICH-CT-IDS")
    parser.add_argument("--model", default="default")
    options = parser.parse_args()
    entry, loaded = get_model(options.model), LoadedModel()
    network = loaded.get(entry, build=network_for, device="auto", runtime="auto", threads=None)
    segmenter = build_segmenter(entry, network, None, loaded.companion)
    heads: list[tuple[str, CTVolume]] = [
        (f"seed {seed}", generated_scan(int(seed), list(Subtype), volumes_ml={}, mimics=False).volume)
        for seed in filter(None, options.seeds.split(","))
    ]
    for name in filter(None, options.cases.split(",")):
        case = read_case(options.phe_sich, name)
        heads.append((name, CTVolume(case.hu, case.grid)))
    for name, volume in heads:
        upright = _volumes_ml(segmenter, volume)
        print(name, "upright", *(f"{subtype} {ml:.1f}" for subtype, ml in zip(_SUBTYPES, upright, strict=True)))
        for angle in map(int, options.angles.split(",")):
            turned = turned_in_plane(volume, angle)
            ways = ((one, _volumes_ml(one, turned)) for one in (segmenter, UprightSegmenter(segmenter)))
            rows = [_changes(upright, found) for _, found in ways]
            print(f"  {angle:4d} deg  as it lies: {rows[0]}  |  set upright: {rows[1]}", flush=True)


def _volumes_ml(segmenter: Segmenter, volume: CTVolume) -> np.ndarray:
    found = measure(segmenter.segment(volume, Stages(_SHARES), force=False).label_map).volumes_ml
    return np.array([found[subtype] for subtype in _SUBTYPES])


def _changes(upright: np.ndarray, found: np.ndarray) -> str:
    parts = [
        f"{100 * (now / before - 1):+4.0f}%" if before > 0 else f"{now:4.1f}m"
        for before, now in zip(upright, found, strict=True)
    ]
    judged = upright >= _JUDGED_ML
    largest = 100 * np.abs(found[judged] / upright[judged] - 1).max(initial=0)
    return f"{' '.join(parts)} all {100 * (found.sum() / upright.sum() - 1):+4.0f}% largest {largest:3.0f}%"


if __name__ == "__main__":
    main()
