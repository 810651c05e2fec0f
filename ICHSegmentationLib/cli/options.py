# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.formats import CHOICES, ExportFormat


class RuntimeChoice(StrEnum):
    """What runs the network."""

    auto = "auto"
    openvino = "openvino"
    torch = "torch"


class YesNo(StrEnum):
    """Tri-state answer: yes, no or unset."""

    yes = "yes"
    no = "no"


class LesionChoice(StrEnum):
    """Subtype to simulate."""

    edh = "EDH"
    sdh = "SDH"
    sah = "SAH"
    iph = "IPH"
    ivh = "IVH"
    random = "random"
    none = "none"


class Preference(StrEnum):
    """Which series to choose where a study has thin and thick slices."""

    thick = "thick"
    thin = "thin"


class PublicSetName(StrEnum):
    """A public data set that can be prepared for training."""

    bhsd = "bhsd"
    cq500_bhx = "cq500-bhx"
    ct_ich = "ct-ich"
    instance2022 = "instance2022"
    phe_sich = "phe-sich"


def _checked_device(device: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        raise typer.BadParameter(message("cli.unknown_device", device=device))
    return device


def parse_spacing(text: str | None) -> tuple[float, float, float] | None:
    """Return the three numbers of ``--spacing``; None stays None.

    Raises
    ------
    typer.BadParameter
        If the text is not three numbers with commas between them.
    """
    if text is None:
        return None
    try:
        x_mm, y_mm, z_mm = (float(number) for number in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(message("cli.spacing_format", text=text)) from error
    return x_mm, y_mm, z_mm


def _export_format(name: str) -> ExportFormat:
    if name not in CHOICES:
        raise typer.BadParameter(message("cli.unknown_format", name=name, choices=", ".join(CHOICES)))
    return ExportFormat(name)


Model = Annotated[str, typer.Option(metavar="NAME", help="Model to use; see `ichseg models`.")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda:N", callback=_checked_device, help="Where to run.")]
Runtime = Annotated[RuntimeChoice, typer.Option(help="What runs the network.")]
NoPostprocessing = Annotated[
    bool,
    typer.Option(
        "--no-postprocessing",
        help="Keep the labels of the network as they are, specks and holes included, and use no verifier.",
    ),
]
# Former name of --no-postprocessing, accepted until the next version.
NoCleaning = Annotated[bool, typer.Option("--no-cleaning", hidden=True)]
Threads = Annotated[int | None, typer.Option(min=1, metavar="N", help="Processor threads; all by default.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results in the folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]

Series = Annotated[str | None, typer.Option(metavar="UID|N", help="Which series, by UID or by its number in the list.")]
GreyWindow = Annotated[
    tuple[float, float] | None,
    typer.Option(metavar="LOW HIGH", help="HU of grey 0 and grey 255, for a file of windowed greys."),
]
Spacing = Annotated[
    str | None,
    typer.Option(metavar="X,Y,Z", help="Voxel size in mm along the axes of a file that does not state it."),
]
Force = Annotated[bool, typer.Option("--force", help="Accept a volume that does not look like a head.")]

Format = Annotated[
    ExportFormat,
    typer.Option("--to", metavar="|".join(CHOICES), parser=_export_format, help="Format to write."),
]

Boxes = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Segment inside these boxes only: boxes.json of a result, also an edited one."),
]

Gcs = Annotated[int | None, typer.Option(min=3, max=15, metavar="N", help="Glasgow Coma Scale, for the ICH score.")]
Age = Annotated[int | None, typer.Option(min=0, max=130, metavar="YEARS", help="Age in years, for the ICH score.")]
Infratentorial = Annotated[
    YesNo | None, typer.Option(help="Whether the hemorrhage began below the tentorium, for the ICH score.")
]
IphMl = Annotated[
    float | None, typer.Option(min=0, metavar="ML", help="Volume for the ICH score, instead of the measured one.")
]
Ivh = Annotated[
    YesNo | None,
    typer.Option(help="Whether there is blood in the ventricles, for the ICH score, whatever the labels say."),
]
Graeb = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PART=POINTS", help="Points of the modified Graeb score, such as third=3, instead of the proposal."
    ),
]
ModelResult = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The model's own segmentation, to measure how far SEG was corrected."),
]
EditingMinutes = Annotated[
    float | None, typer.Option(min=0, metavar="MIN", help="Minutes spent on the correction; with --model-result.")
]
ReviewFile = Annotated[
    Path | None,
    typer.Option("--review", metavar="FILE", help="Verdict that the review page saved (review.json), on SEG."),
]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to segment; fields correspond to options of the command."""

    model: str = "default"
    device: str = "auto"
    runtime: str = "auto"
    threads: int | None = None
    series: str | None = None
    grey_window: tuple[float, float] | None = None
    spacing_mm: tuple[float, float, float] | None = None
    force: bool = False
    postprocessing: bool = True
    boxes: Path | None = None
    review: bool = True
