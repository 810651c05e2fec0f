# SPDX-License-Identifier: Apache-2.0
"""Two stages, boxes and then the blood inside each (Rajapakse et al., IEEE Access 2024)."""

from __future__ import annotations

from typing import Any

from ICHSegmentationLib.segmentation.two_stage import TwoStageSegmenter
from ICHSegmentationLib.systems.hardnet import HARDNET_COMPACT, HARDNET_PAPER
from ICHSegmentationLib.systems.spec import SystemSpec, TrainingHooks

_CITATION = "Rajapakse et al., IEEE Access 2024, doi:10.1109/ACCESS.2024.3393231"
_TRANS_DEEPLAB: dict[str, Any] = {"windows": (7, 14), "pyramid_depth": 2, "decoder_depth": 2}
_CROPS = TrainingHooks(dataset="boxes.crop_dataset:CropDataset", validation="boxes.crop_validation:crop_dice")

SYSTEMS = (
    SystemSpec(
        name="detector",
        title="Detector of lesion boxes",
        citation=f"{_CITATION}; with an FCOS head (Tian et al., ICCV 2019) in place of YOLOv5",
        input="slices",
        segmenter=None,
        network="box_detector.BoxDetector",
        presets={
            "paper": HARDNET_PAPER
            | {
                "growths": (36, 52, 72, 96, 144),
                "widths": (128, 256, 416, 704, 1024),
                "decoder_widths": (64, 128, 256, 384),
                "decoder_growths": (16, 32, 48, 64),
                "head_width": 256,
                "head_layers": 4,
            },
            "compact": HARDNET_COMPACT | {"head_width": 112, "head_layers": 3},
        },
        training=TrainingHooks(
            dataset="boxes.dataset:BoxDataset",
            validation="boxes.validation:validation_precision",
            loss="boxes.loss:detector_loss",
        ),
    ),
    SystemSpec(
        name="two_stage",
        title="Two stages with TransDeepLab",
        citation=_CITATION,
        input="crops",
        segmenter=TwoStageSegmenter,
        takes_boxes=True,
        network="trans_deeplab.TransDeepLab",
        presets={
            "paper": _TRANS_DEEPLAB | {"width": 96, "depths": (2, 2, 6), "heads": (3, 6, 12)},
            "compact": _TRANS_DEEPLAB | {"width": 32, "depths": (2, 2, 2), "heads": (2, 4, 8)},
        },
        training=_CROPS,
    ),
    SystemSpec(
        name="two_stage_swin_unet",
        title="Two stages with Swin-Unet",
        citation=_CITATION,
        input="crops",
        segmenter=TwoStageSegmenter,
        takes_boxes=True,
        network="swin_unet.SwinUnet",
        presets={
            "paper": {"width": 96, "depths": (2, 2, 2, 2), "heads": (3, 6, 12, 24)},
            "compact": {"width": 24, "depths": (2, 2, 2, 2), "heads": (1, 2, 4, 8)},
        },
        training=_CROPS,
    ),
)
