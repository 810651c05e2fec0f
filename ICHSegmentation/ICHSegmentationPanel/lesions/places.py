# SPDX-License-Identifier: Apache-2.0
"""Side and region of a lesion in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.lesion_location import LesionLocation


def place_text(location: LesionLocation) -> str:
    """Return side and region, such as "left frontal"; a dash if neither is determined."""
    sides = {
        "left": _("left"),
        "right": _("right"),
        "midline": _("midline"),
        "bilateral": _("both sides"),
    }
    regions = {
        "frontal": _("frontal"),
        "parietal": _("parietal"),
        "temporal": _("temporal"),
        "occipital": _("occipital"),
        "insula": _("insula"),
        "basal ganglia": _("basal ganglia"),
        "thalamus": _("thalamus"),
        "brain stem": _("brain stem"),
        "cerebellum": _("cerebellum"),
        "ventricles": _("ventricles"),
    }
    found = [sides[location.side]] if location.side is not None else []
    if location.region is not None:
        found.append(regions[location.region])
    return " ".join(found) or "—"
