# SPDX-License-Identifier: Apache-2.0
"""Volumes and results in 3D Slicer's scene. The only part of the library that imports slicer; it knows no Qt."""

from ICHSegmentationLib.mrml.box_record import box_models, keep_boxes, note_box_model
from ICHSegmentationLib.mrml.corrections import (
    is_exclusive,
    keep_exclusive,
    make_exclusive,
    move_lesion,
    restore_all,
    restore_lesion,
)
from ICHSegmentationLib.mrml.editing import (
    edits_are_displaced,
    put_transform_back,
    set_transform_aside,
    transform_is_aside,
)
from ICHSegmentationLib.mrml.layers import source_volume
from ICHSegmentationLib.mrml.lesion_boxes import AskedEdit, BoxLesion, apply_edit, ask_edit, box_lesions
from ICHSegmentationLib.mrml.lesion_rois import (
    box_of_roi,
    choose_roi,
    middle_of_roi,
    new_box,
    remove_strays,
    rename_roi,
    rois_of,
    show_rois,
    sync_rois,
)
from ICHSegmentationLib.mrml.lesions import SceneLesion, erased_lesions, largest_lesion, lesion_at, lesions
from ICHSegmentationLib.mrml.live_volumes import LiveVolumes
from ICHSegmentationLib.mrml.model_result import RESULT_ATTRIBUTE
from ICHSegmentationLib.mrml.publish import publish, result_info
from ICHSegmentationLib.mrml.result_grid import is_result
from ICHSegmentationLib.mrml.scores import proposals, reader_items, set_proposals, set_reader_items
from ICHSegmentationLib.mrml.segments import subtype_look, subtype_names
from ICHSegmentationLib.mrml.shown_slices import ShownSlices, shown_slices
from ICHSegmentationLib.mrml.skull import show_skull, skull_is_shown
from ICHSegmentationLib.mrml.surfaces import set_opacity, show_3d
from ICHSegmentationLib.mrml.views import WINDOWS, crosshair_ras, jump_to, looked_at, set_window
from ICHSegmentationLib.mrml.volume_check import VolumeCheck, check_volume
from ICHSegmentationLib.mrml.volume_input import volume_input
from ICHSegmentationLib.mrml.volumes import (
    SceneVolumes,
    changed_by_hand,
    label_map_of,
    model_label_map_of,
    scene_volumes,
    segment_volumes_ml,
)

__all__ = [
    "RESULT_ATTRIBUTE",
    "WINDOWS",
    "AskedEdit",
    "BoxLesion",
    "LiveVolumes",
    "SceneLesion",
    "SceneVolumes",
    "ShownSlices",
    "VolumeCheck",
    "apply_edit",
    "ask_edit",
    "box_lesions",
    "box_models",
    "box_of_roi",
    "changed_by_hand",
    "check_volume",
    "choose_roi",
    "crosshair_ras",
    "edits_are_displaced",
    "erased_lesions",
    "is_exclusive",
    "is_result",
    "jump_to",
    "keep_boxes",
    "keep_exclusive",
    "label_map_of",
    "largest_lesion",
    "lesion_at",
    "lesions",
    "looked_at",
    "make_exclusive",
    "middle_of_roi",
    "model_label_map_of",
    "move_lesion",
    "new_box",
    "note_box_model",
    "proposals",
    "publish",
    "put_transform_back",
    "reader_items",
    "remove_strays",
    "rename_roi",
    "restore_all",
    "restore_lesion",
    "result_info",
    "rois_of",
    "scene_volumes",
    "segment_volumes_ml",
    "set_opacity",
    "set_proposals",
    "set_reader_items",
    "set_transform_aside",
    "set_window",
    "show_3d",
    "show_rois",
    "show_skull",
    "shown_slices",
    "skull_is_shown",
    "source_volume",
    "subtype_look",
    "subtype_names",
    "sync_rois",
    "transform_is_aside",
    "volume_input",
]
