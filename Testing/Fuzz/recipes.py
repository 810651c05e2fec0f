# SPDX-License-Identifier: Apache-2.0
"""Give the program a simulated series and damaged copies of it, and print a volume or a refusal for each.

    python Testing/Fuzz/recipes.py [--model default] [--item 10]

The series is that of `ichseg simulate --subtype EDH --subtype SDH --subtype SAH --subtype IPH --subtype IVH --seed 1
--dicom`. Each recipe is a fault that once gave a wrong volume without a word.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.uid import generate_uid

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

from builders.affine_files import write_nifti, write_nrrd
from builders.turned_scans import turned_in_plane, upside_down
from fault_recipes import Place, all_rows
from mutations import lose_spacing

from ICHSegmentationLib import pipeline, read_ct
from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import LoadedModel
from ICHSegmentationLib.research.simulation.dicom_series import write_dicom_series
from ICHSegmentationLib.research.simulation.synthetic_scan import generated_scan

Change = Callable[[list[Dataset]], list[Dataset]]
_FAR_MM = 1e6


def _moved(dataset: Dataset, mm: float) -> Dataset:
    copy = deepcopy(dataset)
    copy.SOPInstanceUID = copy.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    x, y, z = map(float, copy.ImagePositionPatient)
    copy.ImagePositionPatient = [f"{x:.4f}", f"{y:.4f}", f"{z + mm:.4f}"]
    return copy


def _twins(mm: float) -> Change:
    return lambda datasets: [*datasets, *(_moved(dataset, mm) for dataset in datasets)]


def _jittered(datasets: list[Dataset]) -> list[Dataset]:
    random = Random(0)
    return [_moved(dataset, random.uniform(-0.1, 0.1)) for dataset in datasets]


def _second(**attributes: str) -> Change:
    def change(datasets: list[Dataset]) -> list[Dataset]:
        added = [_moved(dataset, 2.5) for dataset in datasets]
        for dataset in added:
            dataset.PixelData = (dataset.pixel_array + 1).astype(dataset.pixel_array.dtype).tobytes()
            for keyword, value in attributes.items():
                setattr(dataset, keyword, value)
        return [*datasets, *added]

    return change


def _stored(slope: float, intercept: float) -> Change:
    def change(datasets: list[Dataset]) -> list[Dataset]:
        for dataset in datasets:
            hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
            stored = np.rint((hu - intercept) / slope).clip(0, 65535)
            dataset.PixelData, dataset.PixelRepresentation = stored.astype(np.uint16).tobytes(), 0
            dataset.BitsStored, dataset.HighBit = 16, 15
            dataset.RescaleSlope, dataset.RescaleIntercept = f"{slope:g}", f"{intercept:g}"
        return datasets

    return change


def _without_intercept(datasets: list[Dataset]) -> list[Dataset]:
    del datasets[len(datasets) // 2].RescaleIntercept
    return datasets


def _far_slice(datasets: list[Dataset]) -> list[Dataset]:
    return [*datasets[:-1], _moved(datasets[-1], _FAR_MM)]


SERIES: tuple[tuple[str, str, Change], ...] = (
    ("-", "as it is", lambda datasets: datasets),
    ("1", "each slice twice, 0.02 mm apart", _twins(0.02)),
    ("1", "each slice twice, 0.3 mm apart", _twins(0.3)),
    ("1", "positions with 0.1 mm of jitter", _jittered),
    ("2", "second phase half a step away", _second(AcquisitionNumber="2")),
    ("2", "second patient in the series", _second(PatientID="OTHER", StudyInstanceUID="1.2.3")),
    ("3", "unsigned, slope 1/16", _stored(1 / 16, -1024)),
    ("3", "unsigned, intercept -32768", _stored(1, -32768)),
    ("4", "one slice without RescaleIntercept", _without_intercept),
    ("13", "one slice at z = 1e6 mm", _far_slice),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--item", help="this item only")
    options = parser.parse_args()
    model = options.model
    loaded = LoadedModel()

    def show(item: str, name: str, make: Callable[[], CTVolume]) -> None:
        if options.item not in (None, item):
            return
        try:
            case = pipeline.run(make(), model, loaded=loaded)
        except ICHSegmentationError as error:
            answer = f"refused: {' '.join(str(error).split())}"
        else:
            volumes = case.measurements.volumes_ml
            parts = " ".join(f"{subtype.name} {volumes[subtype.name]:.1f}" for subtype in Subtype)
            first = [text for text in case.warnings if text.startswith("Not assessed")]
            answer = f"{volumes['total']:.1f} mL ({parts}){', not assessed' if first else ''}"
        print(f"| {item} | {name} | {answer} |", flush=True)

    with tempfile.TemporaryDirectory(prefix="recipes-") as place:
        folder = Path(place)
        scan = generated_scan(1, list(Subtype), volumes_ml={}, mimics=False).volume
        paths = write_dicom_series(folder / "base", scan, seed=1)
        print("| item | recipe | result |\n|---|---|---|")
        for number, (item, name, change) in enumerate(SERIES):
            target = folder / str(number)
            target.mkdir()
            for index, dataset in enumerate(change([pydicom.dcmread(path) for path in paths])):
                dataset.save_as(target / f"{index:03d}.dcm")
            show(item, name, lambda target=target: read_ct(target))  # type: ignore[misc]
        affine = scan.grid.nearest_affine_ras
        array = np.ascontiguousarray(scan.hu.transpose(2, 1, 0))
        for name, path in (
            ("NRRD without voxel size", write_nrrd(folder / "ct.nrrd", array, affine)),
            ("NIfTI without voxel size", write_nifti(folder / "ct.nii", array, affine)),
        ):
            lose_spacing(Random(0), path)
            show("5", name, lambda path=path: read_ct(path))  # type: ignore[misc]
        for turn_deg in (30, 45, 90, 180):
            show("6", f"head turned by {turn_deg} deg", lambda turn=turn_deg: turned_in_plane(scan, turn))  # type: ignore[misc]
        show("6", "head upside down", lambda: upside_down(scan))
        (folder / "place").mkdir()
        write_nifti(folder / "whole.nii", array, affine)
        place_of_rows = Place(folder / "place", folder / "0", folder / "whole.nii", model)
        for item, name, answer in all_rows(place_of_rows, options.item):
            print(f"| {item} | {name} | {answer.replace(str(folder), '')} |", flush=True)
        os.environ["ICHSEG_MODELS"] = str(folder / "no such folder")
        show("7", "ICHSEG_MODELS names no folder", lambda: replace(scan))


if __name__ == "__main__":
    main()
