# SPDX-License-Identifier: Apache-2.0
"""Accuracy of the side and location of lesions, of midline shift and of the modified Graeb score.

Lesions, blood in ventricles and shifts of known size are simulated in the held-out patients of the training
configuration; the reference is an atlas registered to each of them. The atlas is not shipped, but the borders of the
project's own model of anatomy were adjusted on training patients by comparison with it. Registration is accurate to a
few millimetres only, so the atlas is registered twice, affinely and deformably. Where the two assign most of a lesion
to different regions, the reference is uncertain, and the lesion is left out of the lines "both references agree".

    python Testing/Benchmarks/bench_location.py [--lesions N] [--bleeds N] [--heads N] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import yaml
from scipy import ndimage
from second_reference import deformed_regions

from ICHSegmentationLib import measure
from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.anatomy.lesion_location import LesionLocation, Region, Side
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement import ModifiedGraeb, Ventricle
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.research.simulation import Anatomy, DeepRegion, simulated_ct
from ICHSegmentationLib.research.simulation.host_anatomy import Atlas, host_anatomy, register_atlas
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.training.datasets.phe_sich import read_case

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "ICHSegmentationLib/research/training/configs/transhardnet-compact.yaml"
EVERY = 2  # pixels of the series
SHIFTS_MM = (-8.0, -4.0, 4.0, 8.0)
TRACE_ML = 0.05
REGION_OF_PART = {
    "BrainStem": Region.BRAIN_STEM,
    "Cerebellum": Region.CEREBELLUM,
    "Basal": Region.BASAL_GANGLIA,  # forebrain, ganglia, lentiform nucleus
    "Caudate": Region.BASAL_GANGLIA,
    "Frontal": Region.FRONTAL,
    "Hippocampus": Region.TEMPORAL,
    "Insula": Region.INSULA,
    "Occipital": Region.OCCIPITAL,
    "Parietal": Region.PARIETAL,
    "Temporal": Region.TEMPORAL,
    "Thalamus": Region.THALAMUS,
}
REGION_OF_DEEP = {
    DeepRegion.BASAL_GANGLIA: {Region.BASAL_GANGLIA},
    DeepRegion.THALAMUS: {Region.THALAMUS},
    DeepRegion.LOBAR_WHITE_MATTER: {Region.FRONTAL, Region.PARIETAL, Region.TEMPORAL, Region.OCCIPITAL},
    DeepRegion.CEREBELLUM: {Region.CEREBELLUM},
    DeepRegion.PONS: {Region.BRAIN_STEM},
}


@dataclass(frozen=True, eq=False)
class SplitAtlas(Atlas):
    """Atlas with its ventricle split by template coordinates; keeps the last host scan and transform."""

    split: sitk.Image = field(default=None)  # type: ignore[assignment]
    last: list[tuple[sitk.Image, sitk.Transform]] = field(default_factory=list)

    @classmethod
    def of(cls, atlas: Atlas) -> SplitAtlas:
        """Split the ventricle: 1 + index of the compartment."""
        place = np.argwhere(sitk.GetArrayFromImage(atlas.regions) == atlas.ventricle)
        left, back, up = (place[:, ::-1] * atlas.regions.GetSpacing() + atlas.regions.GetOrigin()).T
        off, front = np.abs(left), -back
        names = np.where(left > 0, Ventricle.LEFT_LATERAL, Ventricle.RIGHT_LATERAL).astype(object)
        for part, sides in (
            ((front < -60) & (off > 8) & (up > -5), (Ventricle.LEFT_OCCIPITAL_HORN, Ventricle.RIGHT_OCCIPITAL_HORN)),
            ((off > 18) & (up < 2) & (front > -45), (Ventricle.LEFT_TEMPORAL_HORN, Ventricle.RIGHT_TEMPORAL_HORN)),
            # From the lamina terminalis to the pineal recess, below the foramina of Monro and the fornices.
            ((off <= 5) & (front < 6) & (front > -30) & (up < 10) & (up > -16), (Ventricle.THIRD,) * 2),
            ((off < 18) & (front < -25) & (up < -14), (Ventricle.FOURTH,) * 2),
        ):
            names[part] = np.where(left[part] > 0, *sides)
        numbers = np.zeros(atlas.regions.GetSize()[::-1], dtype=np.uint8)
        numbers[tuple(place.T)] = [1 + list(Ventricle).index(name) for name in names]
        split = sitk.GetImageFromArray(numbers)
        split.CopyInformation(atlas.regions)
        return cls(atlas.mask, atlas.regions, atlas.ventricle, atlas.deep, split)

    def on(self, host: sitk.Image, transform: sitk.Transform) -> np.ndarray:
        """Register as the atlas does; keep host scan and transform."""
        self.last[:] = [(host, transform)]
        return super().on(host, transform)


@dataclass(frozen=True, eq=False)
class Host:
    """Held-out patient with its reference."""

    name: str
    volume: CTVolume
    anatomy: Anatomy
    regions: np.ndarray
    regions_again: np.ndarray
    left_mm: np.ndarray
    compartments: np.ndarray

    def with_lesion(self, rng: np.random.Generator, subtype: Subtype) -> tuple[CTVolume, LabelMap]:
        """Simulate one lesion."""
        window = np.clip(self.volume.hu, 0, 80).astype(np.float32)
        hu, labels = paint_lesions(window, self.anatomy, rng, [subtype])
        inside = (self.volume.hu >= 0) & (self.volume.hu <= 80)
        hu = np.where(inside | (labels > 0), np.rint(hu), self.volume.hu).astype(np.int16)
        return replace(self.volume, hu=hu), LabelMap(labels, self.volume.grid)


def read_volume(data: Path, name: str) -> CTVolume:
    """Read a patient's series at a coarser in-plane resolution."""
    case = read_case(data / "phe-sich", name)
    hu = case.hu[:, ::EVERY, ::EVERY]
    rows_mm, columns_mm = case.grid.spacing_mm
    spacing = (rows_mm * EVERY, columns_mm * EVERY)
    return CTVolume(hu, SliceGrid(hu.shape, case.grid.positions_mm, case.grid.orientation, spacing))


def read_hosts(data: Path, names: list[str]) -> Iterator[Host]:
    """Register the atlas to each patient."""
    import csv

    with (data / "anatomy" / "atlas_labels.csv").open(newline="") as file:
        named = {int(row["ROIIndex"]): row["ROIName"] for row in csv.DictReader(file)}
    order = list(Region)
    number_of = np.zeros(256, dtype=np.uint8)
    for index, name in named.items():
        for part, region in REGION_OF_PART.items():
            if part in name:
                number_of[index] = 1 + order.index(region)
    atlas = SplitAtlas.of(Atlas.read(data / "anatomy"))
    for name in names:
        volume = read_volume(data, name)
        hu, spacing = volume.hu, (5.0, *volume.grid.spacing_mm)
        inside = intracranial_mask(hu, spacing[1:])
        registered = register_atlas(atlas, hu, inside, spacing)
        anatomy = host_anatomy(hu, inside, registered, atlas.deep, spacing)
        grid, transform = atlas.last[0]
        split = sitk.GetArrayFromImage(sitk.Resample(atlas.split, grid, transform, sitk.sitkNearestNeighbor, 0))
        nearest = ndimage.distance_transform_edt(split == 0, sampling=spacing, return_indices=True)[1]
        regions = number_of[registered.regions]
        again = number_of[deformed_regions(atlas, anatomy, grid, transform)]
        yield Host(name, volume, anatomy, regions, again, registered.left_mm, split[tuple(nearest)])


def true_side(left_mm: np.ndarray) -> set[Side]:
    """Return the accepted sides; near the midline there can be two."""
    left = float((left_mm > 0).mean())
    if 0.15 <= left <= 0.85:
        both = {Side.MIDLINE, Side.BILATERAL}
        # With 15 to 25 % on the other side, both answers are accepted.
        return both if 0.25 <= left <= 0.75 else both | {Side.LEFT if left > 0.5 else Side.RIGHT}
    return {Side.LEFT if left > 0.5 else Side.RIGHT}


class Tally:
    """Counts of right, wrong and undetermined answers."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._counts: Counter[str] = Counter()

    def add(self, *, right: bool | None) -> None:
        """Count an answer; None is undetermined."""
        self._counts["open" if right is None else "right" if right else "wrong"] += 1

    def __str__(self) -> str:
        """Format the fractions of determined and of all answers."""
        right, wrong, unknown = (self._counts[key] for key in ("right", "wrong", "open"))
        if right + wrong == 0:
            return f"{self._title:<66}none determined"
        return (
            f"{self._title:<66}{right / (right + wrong):>7.1%} of {right + wrong:>4} determined"
            f" ({unknown} not determined: {right / (right + wrong + unknown):.1%} of all right)"
        )


def bench_lesions(host: Host, count: int, tallies: dict[str, Tally], wrong: Counter[tuple[str, str]]) -> None:
    """Simulate intraparenchymal lesions and compare their locations."""
    order = list(Region)
    for copy in range(count):
        volume, labels = host.with_lesion(np.random.default_rng([7, int(host.name), copy]), Subtype.IPH)
        lesion = measure(labels, volume).largest_lesion
        if lesion is None or lesion.location is None:
            continue
        mask = labels.labels == Subtype.IPH
        found: LesionLocation = lesion.location
        shares = np.bincount(host.regions[mask], minlength=len(order) + 1)[1:].astype(float)
        if shares.sum() < 0.5 * mask.sum():
            continue
        shares /= shares.sum()
        truth = order[int(shares.argmax())]
        tallies["side"].add(right=None if found.side is None else found.side in true_side(host.left_mm[mask]))
        below = float(shares[[order.index(Region.BRAIN_STEM), order.index(Region.CEREBELLUM)]].sum()) > 0.5
        compartment = found.compartment
        tallies["compartment"].add(right=None if compartment is None else (compartment == "infratentorial") == below)
        named = (found.region, *found.reaches_into)
        region = None if found.region is None else found.region == truth
        tallies["region"].add(right=region)
        again = order[int(np.bincount(host.regions_again[mask], minlength=len(order) + 1)[1:].argmax())]
        tallies["reference"].add(right=again == truth)
        tallies["named"].add(right=None if found.region is None else truth in named)
        if again == truth:
            tallies["certain"].add(right=region)
            tallies["certain named"].add(right=None if found.region is None else truth in named)
        if shares.max() >= 0.75:
            tallies["plain"].add(right=region)
        share = 0.0 if found.region is None else shares[order.index(found.region)]
        tallies["quarter"].add(right=None if found.region is None else bool(share >= 0.25))
        if region is False:
            wrong[(truth.value, str(found.region))] += 1


def bench_graeb(host: Host, count: int) -> list[tuple[int, int | None]]:
    """Simulate blood in the ventricles and compare true and proposed scores."""
    scores = []
    for copy in range(count):
        volume, labels = host.with_lesion(np.random.default_rng([8, int(host.name), copy]), Subtype.IVH)
        blood = labels.labels == Subtype.IVH
        if not blood.any():
            continue
        voxel_ml = float(np.prod(host.anatomy.spacing_mm)) / 1000
        lumen = host.anatomy.ventricles | blood
        filled = {}
        for number, name in enumerate(Ventricle, start=1):
            part = host.compartments == number
            inside = np.count_nonzero(blood & part)
            if inside * voxel_ml >= TRACE_ML:
                filled[name.value] = (min(100.0, 100 * inside / np.count_nonzero(lumen & part)), False)
        proposal = measure(labels, volume).modified_graeb
        assert proposal is not None
        scores.append((ModifiedGraeb.of(filled).lowest, proposal.total))
    return scores


def bench_shift(volume: CTVolume) -> list[float | None]:
    """Shift the middle of the brain by known amounts; return errors against the unshifted scan, None if unmeasured."""
    brain = fit_atlas(volume)
    nothing = LabelMap(np.zeros(volume.hu.shape, dtype=np.uint8), volume.grid)
    before = measure(nothing, volume).midline_shift
    if not isinstance(brain, AtlasFit) or before is None or before.shift_mm is None:
        return [None] * len(SHIFTS_MM)
    errors: list[float | None] = []
    for shift_mm in SHIFTS_MM:
        after = measure(nothing, pushed(volume, brain, shift_mm)).midline_shift
        known = after is not None and after.shift_mm is not None
        errors.append(after.left_mm - before.left_mm - shift_mm if known and after is not None else None)
    return errors


def pushed(volume: CTVolume, brain: AtlasFit, shift_mm: float) -> CTVolume:
    """Shift the brain to the left: fully around the septum, fading smoothly to none at the skull."""
    _, rows, columns = volume.hu.shape
    grid = np.stack(np.meshgrid(np.arange(rows, dtype=np.float32), np.arange(columns, dtype=np.float32), indexing="ij"))
    direction = (brain.frame.left_lps @ volume.grid.orientation.T)[::-1] / np.array(volume.grid.spacing_mm)
    hu = np.empty_like(volume.hu)
    for index in range(len(hu)):
        origin, row, column = brain.coordinates(np.array([(index, 0, 0), (index, 1, 0), (index, 0, 1)], dtype=float))
        steps = np.stack([row - origin, column - origin]).astype(np.float32)
        x, a, s = np.tensordot(steps.T, grid, axes=1) + origin[:, None, None].astype(np.float32)
        outwards = np.sqrt((x / 62) ** 2 + ((a + 12) / 78) ** 2 + ((s - 17) / 52) ** 2)
        share = np.clip((1 - outwards) / 0.45, 0, 1)
        moved = shift_mm * share**2 * (3 - 2 * share)
        source = grid - direction[:, None, None].astype(np.float32) * moved
        hu[index] = ndimage.map_coordinates(volume.hu[index], source, order=1, mode="nearest")
    return replace(volume, hu=hu)


def bench_procedural(count: int, tallies: dict[str, Tally]) -> None:
    """Compare locations in generated heads, whose regions are known."""
    for seed in range(count):
        scan = simulated_ct(5_000_000 + seed, subtypes=[Subtype.IPH])
        mask = scan.labels == Subtype.IPH
        codes = np.bincount(scan.anatomy.deep[mask], minlength=len(DeepRegion))
        if codes[1:].sum() < 0.3 * mask.sum() or not mask.any():
            continue
        lesion = measure(LabelMap(scan.labels, scan.volume.grid), scan.volume).largest_lesion
        assert lesion is not None
        assert lesion.location is not None
        found, truth = lesion.location, DeepRegion(int(codes[1:].argmax()) + 1)
        sides = true_side(scan.anatomy.midline_distance_mm[mask])
        tallies["drawn side"].add(right=None if found.side is None else found.side in sides)
        tallies["drawn kind"].add(right=None if found.region is None else found.region in REGION_OF_DEEP[truth])


def main() -> int:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesions", type=int, default=8, help="intraparenchymal lesions per patient")
    parser.add_argument("--bleeds", type=int, default=3, help="intraventricular hemorrhages per patient")
    parser.add_argument("--heads", type=int, default=6, help="generated heads")
    parser.add_argument("--patients", nargs="*", help="patients instead of the held-out ones")
    parser.add_argument("--only-shift", action="store_true", help="needs no atlas")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    wanted = parser.parse_args()
    names = wanted.patients or yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["data"]["held_out"]
    if wanted.only_shift:
        _print_shift([error for name in names for error in bench_shift(read_volume(wanted.data, name))])
        return 0
    tallies = {
        "side": Tally("side"),
        "compartment": Tally("above or below the tentorium"),
        "region": Tally("region is the one with most of the lesion"),
        "plain": Tally("  the same, lesions with 75 % or more in one region"),
        "named": Tally("that region is among the ones named (25 % and more)"),
        "reference": Tally("  the reference's second registration gives the same region"),
        "certain": Tally("region is the one with most, both references agree"),
        "certain named": Tally("  that region is among the ones named"),
        "quarter": Tally("region holds a quarter of the lesion or more"),
        "drawn side": Tally("side in drawn heads"),
        "drawn kind": Tally("ganglia/thalamus/lobe/cerebellum/stem in drawn heads"),
    }
    wrong: Counter[tuple[str, str]] = Counter()
    scores: list[tuple[int, int | None]] = []
    errors: list[float | None] = []
    agreement, seconds = [], []
    for host in read_hosts(wanted.data, names):
        clock = time.process_time()
        started = time.process_time()
        brain = fit_atlas(host.volume)
        seconds.append(time.process_time() - started)
        if isinstance(brain, AtlasFit):
            agreement.append(_left_agreement(host, brain))
        bench_lesions(host, wanted.lesions, tallies, wrong)
        scores += bench_graeb(host, wanted.bleeds)
        errors += bench_shift(host.volume)
        used = time.process_time() - clock
        print(f"{host.name}: side of {agreement[-1]:.1%} of its voxels as the atlas ({used:.0f} s)", flush=True)
    bench_procedural(wanted.heads, tallies)
    print(*tallies.values(), sep="\n")
    print(f"wrong regions, true and found: {wrong.most_common(8)}")
    _print_shift(errors)
    off = [float(abs(true - proposed)) for true, proposed in scores if proposed is not None]
    print(
        f"modified Graeb: {_share_up_to(off, 3):.1%} of {len(off)} within 3 points, "
        f"median {statistics.median(off):.0f}, largest {max(off):.0f}; {len(scores) - len(off)} not determined; "
        f"true scores {min(true for true, _ in scores)} to {max(true for true, _ in scores)}"
    )
    print(f"placing the model: {statistics.median(seconds):.2f} s of processor time per scan")
    return 0


def _print_shift(errors: list[float | None]) -> None:
    known = [abs(error) for error in errors if error is not None]
    print(
        f"midline shift: {_share_up_to(known, 1):.1%} of {len(known)} within 1 mm, median "
        f"{statistics.median(known):.2f}, largest {max(known):.1f} mm; {errors.count(None)} not determined"
    )


def _share_up_to(values: list[float], most: float) -> float:
    return sum(value <= most for value in values) / len(values)


def _left_agreement(host: Host, brain: AtlasFit) -> float:
    places = np.argwhere(host.anatomy.intracranial & (np.abs(host.left_mm) > 5))[::200]
    x = brain.coordinates(places)[:, 0]
    return float(np.mean((x > 0) == (host.left_mm[tuple(places.T)] > 0)))


if __name__ == "__main__":
    sys.exit(main())
