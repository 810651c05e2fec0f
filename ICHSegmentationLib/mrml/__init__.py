# SPDX-License-Identifier: Apache-2.0
"""Volumes and results in 3D Slicer's scene. The only package of the library that imports slicer; never Qt."""

from ICHSegmentationLib.mrml.boxes.box_record import box_models, keep_boxes, note_box_model
from ICHSegmentationLib.mrml.boxes.brain_frame import brain_frame, set_brain_frame
from ICHSegmentationLib.mrml.boxes.lesion_boxes import (
    BoxLesion,
    RequestedEdit,
    apply_edit,
    box_lesions,
    bright_box,
    request_edit,
    restore_box,
    restore_boxes,
)
from ICHSegmentationLib.mrml.boxes.lesion_rois import (
    box_of_roi,
    choose_roi,
    drawn_box,
    middle_of_roi,
    new_box,
    remove_strays,
    rename_roi,
    rois_of,
    show_rois,
    sync_rois,
)
from ICHSegmentationLib.mrml.boxes.shown_slices import ShownSlices, shown_slices
from ICHSegmentationLib.mrml.segmentation.corrections import (
    is_exclusive,
    keep_exclusive,
    make_exclusive,
    move_lesion,
    restore_all,
    restore_lesion,
)
from ICHSegmentationLib.mrml.segmentation.editing import (
    acquisition_transform_is_detached,
    detach_acquisition_transform,
    edits_are_displaced,
    reattach_acquisition_transform,
)
from ICHSegmentationLib.mrml.segmentation.editing_time import EditingTime, editing_s
from ICHSegmentationLib.mrml.segmentation.layers import source_volume
from ICHSegmentationLib.mrml.segmentation.lesions import SceneLesion, largest_lesion, lesion_at, lesions
from ICHSegmentationLib.mrml.segmentation.live_volumes import LiveVolumes
from ICHSegmentationLib.mrml.segmentation.model_result import RESULT_ATTRIBUTE
from ICHSegmentationLib.mrml.segmentation.publish import publish, remove_result, require_empty, result_info, run_outcome
from ICHSegmentationLib.mrml.segmentation.result_grid import is_result
from ICHSegmentationLib.mrml.segmentation.scores import proposals, set_proposals, set_user_items, user_items
from ICHSegmentationLib.mrml.segmentation.segments import subtype_look, subtype_names
from ICHSegmentationLib.mrml.segmentation.volumes import (
    SceneVolumes,
    changed_by_hand,
    label_map_of,
    model_label_map_of,
    scene_volumes,
    segment_volumes_ml,
)
from ICHSegmentationLib.mrml.views.common_frame import separate_frames, share_frame
from ICHSegmentationLib.mrml.views.skull import show_skull, skull_is_shown
from ICHSegmentationLib.mrml.views.slice_views import crosshair_ras, jump_to, looked_at, set_window
from ICHSegmentationLib.mrml.views.surfaces import set_opacity, show_3d
from ICHSegmentationLib.mrml.volume.check import VolumeCheck, check_volume
from ICHSegmentationLib.mrml.volume.input import volume_input

__all__ = [
    "RESULT_ATTRIBUTE",
    "BoxLesion",
    "EditingTime",
    "LiveVolumes",
    "RequestedEdit",
    "SceneLesion",
    "SceneVolumes",
    "ShownSlices",
    "VolumeCheck",
    "acquisition_transform_is_detached",
    "apply_edit",
    "box_lesions",
    "box_models",
    "box_of_roi",
    "brain_frame",
    "bright_box",
    "changed_by_hand",
    "check_volume",
    "choose_roi",
    "crosshair_ras",
    "detach_acquisition_transform",
    "drawn_box",
    "editing_s",
    "edits_are_displaced",
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
    "reattach_acquisition_transform",
    "remove_result",
    "remove_strays",
    "rename_roi",
    "request_edit",
    "require_empty",
    "restore_all",
    "restore_box",
    "restore_boxes",
    "restore_lesion",
    "result_info",
    "rois_of",
    "run_outcome",
    "scene_volumes",
    "segment_volumes_ml",
    "separate_frames",
    "set_brain_frame",
    "set_opacity",
    "set_proposals",
    "set_user_items",
    "set_window",
    "share_frame",
    "show_3d",
    "show_rois",
    "show_skull",
    "shown_slices",
    "skull_is_shown",
    "source_volume",
    "subtype_look",
    "subtype_names",
    "sync_rois",
    "user_items",
    "volume_input",
]
