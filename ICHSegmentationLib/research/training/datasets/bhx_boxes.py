# SPDX-License-Identifier: Apache-2.0
"""Read the boxes of BHX by DICOM image."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.datasets.layout import read_rows

# Best selection of series first; PhysioNet bhx-brain-bounding-box 1.1.
TABLES = (
    "3_Extrapolation_to_Selected_Series.csv",
    "2_Extrapolation_to_All_Series.csv",
    "1_Initial_Manual_Labeling.csv",
)
_COLUMNS = ("SOPInstanceUID", "SeriesInstanceUID", "data", "labelName", "labelType")
_SUBTYPES = {
    "Intraparenchymal": Subtype.IPH,
    "Intraventricular": Subtype.IVH,
    "Subarachnoid": Subtype.SAH,
    "Subdural": Subtype.SDH,
    "Epidural": Subtype.EDH,
    "Chronic": None,
}


class Box(NamedTuple):
    """A box on one DICOM image.

    Attributes
    ----------
    x, y, width, height : float
        In pixels of the image; x along the columns and y along the rows, from the upper left corner.
    name, origin : str
        Columns labelName and labelType (drawn by hand or extrapolated) of the set.
    """

    x: float
    y: float
    width: float
    height: float
    name: str
    origin: str

    @property
    def subtype(self) -> Subtype | None:
        """Subtype; None for chronic hemorrhage, whose subtype the set does not give."""
        return _SUBTYPES[self.name]


BoxesBySeries = dict[str, dict[str, list[Box]]]


def read_boxes(path: Path) -> BoxesBySeries:
    """Read a table of boxes.

    Returns
    -------
    dict
        Boxes by SeriesInstanceUID and SOPInstanceUID.

    Raises
    ------
    InputError
        If the table lacks a column or holds an invalid box or label; names the line.
    """
    found: BoxesBySeries = defaultdict(lambda: defaultdict(list))
    for line, row in enumerate(read_rows(path, _COLUMNS), start=2):
        if row["labelName"] not in _SUBTYPES:
            raise InputError(message("research.bhx_label_name", path=path, line=line, name=row["labelName"]))
        try:
            # A Python dict literal: {'x': 320.9, 'y': 235.8, 'width': 30.7, 'height': 52.5}
            data = ast.literal_eval(row["data"])
            x, y, width, height = (float(data[key]) for key in ("x", "y", "width", "height"))
        except (ValueError, SyntaxError, KeyError, TypeError) as error:
            raise InputError(message("research.bhx_box", path=path, line=line)) from error
        box = Box(x, y, width, height, row["labelName"], row["labelType"])
        found[row["SeriesInstanceUID"]][row["SOPInstanceUID"]].append(box)
    return found
