# SPDX-License-Identifier: Apache-2.0
"""Draw the worst cases of a model: reference and prediction on the same slices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from ICHSegmentationLib.core.subtypes import ANY_BLOOD, Subtype
from ICHSegmentationLib.io.labels.nifti import read_labels_nifti
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.rendering.drawing import BACKGROUND, MUTED, RESEARCH_USE, TEXT, font
from ICHSegmentationLib.rendering.key_slices import choose_slices
from ICHSegmentationLib.rendering.panels import WINDOW_HU, PanelLayout, tissue_slices
from ICHSegmentationLib.rendering.png import write_png
from ICHSegmentationLib.research.evaluation.metrics.case import CaseMetrics
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.models.held_out_case import (
    PATIENTS,
    SIMULATED,
    VARIED,
    HeldOutCase,
    HeldOutFile,
)
from ICHSegmentationLib.research.evaluation.models.run import ModelRun, prediction_path
from ICHSegmentationLib.research.evaluation.models.targets import simulated_subtype, sought_subtypes

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap

_SUBTYPES = tuple(subtype.name for subtype in Subtype)
_COUNT = 5
_SLICES = 4
_PANEL_PX, _GAP_PX, _HEADER_PX, _FOOTER_PX = 380, 6, 40, 28


def worst_cases(
    group: str, cases: Mapping[str, CaseMetrics], count: int = _COUNT, *, output_subtypes: Collection[str] = _SUBTYPES
) -> list[tuple[str, str]]:
    """Return name and description of the worst cases of a group, worst first.

    Ranks patients by the Dice of IPH, simulated cases by the Dice of the simulated subtype (of any hemorrhage if the
    model predicts no subtypes), and scans without hemorrhage by predicted volume.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    cases : mapping of str to CaseMetrics
        Metrics of the cases.
    count : int
        Maximum number of cases.
    output_subtypes : collection of str
        Output subtypes of the model, or `ANY_BLOOD`; cases of subtypes it does not look for are left out.
    """
    result_class = {name: ANY if ANY_BLOOD in output_subtypes else name for name in sought_subtypes(output_subtypes)}
    scores: list[tuple[float, str, str]] = []
    for name, case in cases.items():
        if group in (PATIENTS, SIMULATED, VARIED):
            subtype = "IPH" if group == PATIENTS else simulated_subtype(name)
            if subtype not in result_class:
                continue
            result = case.classes[result_class[subtype]]
            if result.reference_ml == 0:
                continue
            dice = result.overlap.dice or 0.0
            volumes = f"{result.reference_ml:.1f} mL, model {result.predicted_ml:.1f} mL"
            scores.append((dice, name, f"{subtype} Dice {dice:.2f}, {volumes}"))
        else:
            volume_ml = case.classes[ANY].predicted_ml
            scores.append((-volume_ml, name, f"{volume_ml:.1f} mL where there is none"))
    return [(name, text) for _, name, text in sorted(scores)[:count]]


def write_worst_cases(
    folder: Path, run: ModelRun, files: Iterable[HeldOutFile], *, output_subtypes: Collection[str] = _SUBTYPES
) -> dict[str, str]:
    """Write ``GROUP-RANK-CASE.png`` of the worst cases of every group; earlier pictures are removed.

    ``output_subtypes`` is as in :func:`worst_cases`.

    Returns
    -------
    dict of str to str
        Description of each picture by file name.
    """
    by_name = {(file.group, file.name): file for file in files}
    written = {}
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.png"):
        earlier.unlink()
    for group, cases in run.groups.items():
        for rank, (name, text) in enumerate(worst_cases(group, cases, output_subtypes=output_subtypes), start=1):
            file = by_name.get((group, name))
            if file is None:
                continue
            case = HeldOutCase.read(file.path)
            predicted = read_labels_nifti(prediction_path(run.predictions, file)).label_map
            picture = draw_comparison(case, case.known(predicted.labels), f"{name}: {text}")
            path = folder / f"{group}-{rank}-{name}.png"
            write_png(path, picture)
            written[path.name] = text
    return written


def draw_comparison(case: HeldOutCase, predicted: LabelMap, title: str) -> Image.Image:
    """Draw the same slices in two rows: reference above, prediction below.

    Shows the slices with most hemorrhage in either; ignored voxels are left out of both.
    """
    reference = case.reference
    layout = PanelLayout.of(case.volume, _PANEL_PX)
    width, height = layout.size
    blood: dict[str, list[float]] = {
        f"{which}{name}": list(values)
        for which, label_map in (("", reference), ("model ", predicted))
        for name, values in measure(label_map).slice_volumes_ml.items()
    }
    blood["total"] = [a + b for a, b in zip(blood["total"], blood.pop("model total"), strict=True)]
    heights = case.volume.grid.positions_mm[:, 2]
    chosen = choose_slices(blood, tissue_slices(case.volume.hu), heights, _SLICES)
    size = len(chosen) * (width + _GAP_PX) + _GAP_PX, _HEADER_PX + 2 * (height + _GAP_PX) + _FOOTER_PX
    picture = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(picture)
    draw.text((_GAP_PX + 6, _HEADER_PX / 2), title, font=font(17), fill=TEXT, anchor="lm")
    for row, (which, label_map) in enumerate((("reference", reference), ("model", predicted))):
        for column, index in enumerate(chosen):
            caption = f"{which}, {index + 1} / {case.volume.grid.shape[0]}"
            panel = layout.draw(case.volume.hu[index], label_map.labels[index], caption)
            picture.paste(panel, (_GAP_PX + column * (width + _GAP_PX), _HEADER_PX + row * (height + _GAP_PX)))
    note = f"Window {WINDOW_HU[0]:.0f} to {WINDOW_HU[1]:.0f} HU. {RESEARCH_USE}."
    draw.text((_GAP_PX + 6, picture.height - 15), note, font=font(14), fill=MUTED, anchor="lm")
    return picture
