# SPDX-License-Identifier: Apache-2.0
"""Plots of an evaluation: Bland-Altman and the minimum-volume curve, one panel per class."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.storage.files import atomic_path
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.summary import ModelResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 150
_DARK = "#333333"
# Different markers keep coinciding lines apart.
_RATE_STYLES = {"sensitivity": "C3o-", "specificity": "C0s-", "accuracy": "k:"}


def write_bland_altman(path: Path, model: ModelResult) -> None:
    """Draw difference against mean of predicted and reference volume, atomically.

    Cases without the class in both are at (0, 0) and count in bias and limits.
    """
    figure, panels = _panels(model)
    for name, axes in panels.items():
        results = [case.classes[name] for case in model.cases]
        mean_ml = [(result.predicted_ml + result.reference_ml) / 2 for result in results]
        difference_ml = [result.predicted_ml - result.reference_ml for result in results]
        axes.axhline(0, color="#BBBBBB", linewidth=0.8)
        axes.scatter(mean_ml, difference_ml, s=18, color=_color(name), edgecolor=_DARK, linewidth=0.5, zorder=3)
        limits = model.classes[name].bland_altman
        title = f"{name}, {len(results)} cases"
        if limits is not None:
            axes.axhline(limits.bias, color=_DARK)
            for edge in (limits.lower, limits.upper):
                axes.axhline(edge, color=_DARK, linestyle="--", linewidth=1)
            title += f"\nbias {limits.bias:+.2f} mL, limits {limits.lower:+.2f} to {limits.upper:+.2f} mL"
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("mean of predicted and reference (mL)")
        axes.set_ylabel("predicted - reference (mL)")
    _save(figure, path)


def write_minimum_volume_curve(path: Path, model: ModelResult) -> None:
    """Draw case-level sensitivity, specificity and accuracy against the minimum volume, atomically."""
    figure, panels = _panels(model)
    lines = {}
    for name, axes in panels.items():
        summary = model.classes[name]
        minimum_ml = [point.minimum_ml for point in summary.detection]
        for rate, style in _RATE_STYLES.items():
            # A rate without a denominator is None at every volume and leaves no line.
            values = [math.nan if (value := getattr(point, rate)) is None else value for point in summary.detection]
            lines[rate] = axes.plot(minimum_ml, values, style, markersize=4, linewidth=1.2)[0]
        without = summary.cases - summary.with_reference
        axes.set_title(f"{name}: {summary.with_reference} cases with, {without} without", fontsize=9)
        # Linear near zero, so that "any voxel" (0 mL) can be shown.
        axes.set_xscale("symlog", linthresh=0.05, linscale=0.5)
        axes.set_xticks([0, 0.1, 1, 10], ["any", "0.1", "1", "10"])
        axes.minorticks_off()
        axes.set_xlim(-0.01, 12)
        axes.set_ylim(-0.05, 1.05)
        axes.set_xlabel("minimum volume of a positive case (mL)")
        axes.set_ylabel("fraction of cases")
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=len(lines), frameon=False)
    _save(figure, path)


def _panels(model: ModelResult) -> tuple[Figure, dict[str, Axes]]:
    """Return a figure with one panel for each class that occurs."""
    from matplotlib.figure import Figure

    names = model.occurring
    columns = 2 if len(names) in (2, 4) else min(3, len(names))
    rows = math.ceil(len(names) / columns)
    # Without pyplot: it needs a display and keeps global state.
    figure = Figure(figsize=(4 * columns, 3.4 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in grid[len(names) :]:
        spare.remove()
    return figure, dict(zip(names, grid, strict=False))


def _color(name: str) -> str:
    return "#888888" if name == ANY else load_terminology().by_id(name).color


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, format="png")
