# SPDX-License-Identifier: Apache-2.0
"""Pictures in 3D through OpenGL, and the message of a machine that lacks it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, labelled
from builders.requirements import require_graphics

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.rendering import view_3d
from ICHSegmentationLib.rendering.view_3d import draw_3d


@pytest.fixture
def graphics() -> None:
    require_graphics()


@pytest.mark.usefixtures("graphics")
def test_picture_shows_the_bleeds_on_the_right_sides(a_head_ct, a_label_map):
    picture = draw_3d(a_head_ct, a_label_map, measure(a_label_map))
    view = np.asarray(picture)[66:-28, : picture.width // 2].astype(float)
    red, blue = (view - np.array(load_terminology().by_id(name).rgb) for name in ("IPH", "SDH"))
    # From the front and the patient's left: the left bleed appears to the right of the right one.
    centre_of = [np.argwhere(np.abs(part).max(axis=2) < 90).mean(axis=0)[1] for part in (red, blue)]

    assert centre_of[0] > centre_of[1] + 60


@pytest.mark.usefixtures("graphics")
def test_names_stand_for_what_is_seen_in_a_view(a_head_ct, a_label_map, monkeypatch):
    """The IVH lies inside the IPH: nobody sees it, so its name would point at something else."""
    named: list[set[int]] = []
    monkeypatch.setattr(view_3d, "draw_name_tags", lambda _, labels, **__: named.append(set(labels[labels > 0])))
    outer, inner = (ellipsoid_mask(a_head_ct.grid, (20, -10, 0), (radius,) * 3) for radius in (24, 6))
    inside = labelled(a_head_ct.grid, (Subtype.IPH, outer), (Subtype.IVH, inner))
    draw_3d(a_head_ct, inside, measure(inside))
    draw_3d(a_head_ct, a_label_map, measure(a_label_map))
    assert named == [{Subtype.IPH}] * 2 + [{Subtype.IPH, Subtype.SDH}] * 2


@pytest.mark.usefixtures("graphics")
def test_a_head_without_blood_is_drawn(a_head_ct):
    empty = labelled(a_head_ct.grid)
    picture = draw_3d(a_head_ct, empty, measure(empty))
    body = np.asarray(picture)[66:-60]
    assert body.max() > 60


def test_without_graphics_libraries_the_process_goes_on_and_says_what_to_install():
    script = textwrap.dedent(
        """
        import ctypes
        real = ctypes.CDLL
        def refuse(name, *args, **kwargs):
            if name and ("EGL" in name or "OSMesa" in name):
                raise OSError(name + ": cannot open shared object file")
            return real(name, *args, **kwargs)
        ctypes.CDLL = refuse
        from ICHSegmentationLib.rendering import graphics
        graphics.sys.platform = "linux"
        try:
            graphics.offscreen_window()
        except graphics.NoGraphicsError as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0
    assert "libegl1" in done.stdout
    assert "all other results are complete" in done.stdout
