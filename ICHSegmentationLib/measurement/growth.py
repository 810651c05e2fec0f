# SPDX-License-Identifier: Apache-2.0
"""Change of volumes between two scans, and expansion by published definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement.measurements import Measurements

EXPANSION_PERCENT, EXPANSION_ML = 33.0, 6.0
IVH_GROWTH_ML = 1.0
EXPANSION = (
    "intraparenchymal volume grew by at least 33 % or at least 6 mL (Dowlatshahi D et al., Neurology 2011;76:1238-1244)"
)
REVISED_EXPANSION = (
    "intraparenchymal volume grew by at least 33 % or at least 6 mL, or there is new intraventricular blood, or it "
    "grew by at least 1 mL (Yogendrakumar V et al., Stroke 2020;51:1120-1127)"
)


class Change(BaseModel):
    """Change of the volume of one subtype.

    Attributes
    ----------
    baseline_ml, followup_ml : float
        Volumes on each scan.
    change_ml : float or None
        ``followup_ml`` minus ``baseline_ml``; None if the scans cannot be compared.
    change_percent : float or None
        Change in per cent of the baseline; None (not defined) if that is zero or the scans cannot be compared.
    """

    model_config = ConfigDict(frozen=True)

    baseline_ml: float
    followup_ml: float
    change_ml: float | None
    change_percent: float | None

    @property
    def percent_text(self) -> str:
        """Change in whole per cent, "not defined", or "not compared"."""
        if self.change_ml is None:
            return "not compared"
        return "not defined" if self.change_percent is None else f"{round(self.change_percent):+d} %"

    @classmethod
    def between(cls, baseline_ml: float, followup_ml: float) -> Change:
        """Return the change between two volumes."""
        change_ml = round(followup_ml - baseline_ml, 6) + 0.0
        # Rounded, so that 39.9 after 30.0 mL is exactly 33 %.
        percent = round(100 * change_ml / baseline_ml, 6) if baseline_ml > 0 else None
        return cls(baseline_ml=baseline_ml, followup_ml=followup_ml, change_ml=change_ml, change_percent=percent)


class Verdict(BaseModel):
    """Whether a definition of expansion is met; None without IPH on the baseline or if the scans are not compared."""

    model_config = ConfigDict(frozen=True)

    met: bool | None
    definition: str

    @property
    def answer(self) -> str:
        """Verdict in words."""
        return {None: "not defined, no intraparenchymal blood on the baseline", True: "yes", False: "no"}[self.met]


class Growth(BaseModel):
    """Changes of volumes, and expansion by both definitions.

    Attributes
    ----------
    changes : dict of str to Change
        By segment ID, and ``total``.
    expansion : Verdict
        By the usual definition (IPH only).
    revised_expansion : Verdict
        By the revised definition, which includes IVH.
    not_compared : str or None
        Sentence that says why the scans cannot be compared, so that neither changes nor verdicts are known.
    """

    model_config = ConfigDict(frozen=True)

    changes: dict[str, Change]
    expansion: Verdict
    revised_expansion: Verdict
    not_compared: str | None = None


def compare_volumes(baseline: Measurements, followup: Measurements) -> Growth:
    """Compare the measurements of two scans of one patient.

    Expansion is an increase of the IPH volume by at least 33 % or 6 mL (Dowlatshahi D et al., Defining
    hematoma expansion in intracerebral hemorrhage: relationship with patient outcomes, Neurology 2011;76:1238-1244);
    by the revised definition also new IVH, or an increase of the IVH volume by at least 1 mL (Yogendrakumar V et
    al., Redefining hematoma expansion with the inclusion of intraventricular hemorrhage growth, Stroke 2020;51:
    1120-1127). Both are not defined without IPH on the baseline.

    A scan that was not assessed may hold blood that is not labelled: with one, changes and verdicts are None.

    Parameters
    ----------
    baseline, followup : Measurements
        Measurements of the first and of the second scan.
    """
    names = [name for name in (*baseline.volumes_ml, *followup.volumes_ml) if name != "total"]
    volumes = {
        name: (baseline.volumes_ml.get(name, 0.0), followup.volumes_ml.get(name, 0.0))
        for name in [*dict.fromkeys(names), "total"]
    }
    doubtful = [name for name, side in (("baseline", baseline), ("follow-up", followup)) if not side.assessed]
    if doubtful:
        return Growth(
            changes={
                name: Change(baseline_ml=before, followup_ml=after, change_ml=None, change_percent=None)
                for name, (before, after) in volumes.items()
            },
            expansion=Verdict(met=None, definition=EXPANSION),
            revised_expansion=Verdict(met=None, definition=REVISED_EXPANSION),
            not_compared=message("measurement.not_compared", scans=", ".join(doubtful)),
        )
    changes = {name: Change.between(*pair) for name, pair in volumes.items()}
    iph, ivh = changes["IPH"], changes["IVH"]
    usual = revised = None
    if iph.change_ml is not None and ivh.change_ml is not None and iph.change_percent is not None:
        usual = iph.change_percent >= EXPANSION_PERCENT or iph.change_ml >= EXPANSION_ML
        is_new = followup.present["IVH"] and not baseline.present["IVH"]
        revised = usual or is_new or ivh.change_ml >= IVH_GROWTH_ML
    return Growth(
        changes=changes,
        expansion=Verdict(met=usual, definition=EXPANSION),
        revised_expansion=Verdict(met=revised, definition=REVISED_EXPANSION),
    )
