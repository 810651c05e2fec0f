# SPDX-License-Identifier: Apache-2.0
"""FC-HarDNet and TransHarDNet (Piao et al., Scientific Reports 2023).

Where the details come from
---------------------------
* **The paper** (text and Table 2): stem widths and strides, five encoder and four decoder blocks with their numbers of
  convolutions and widths, 1x1 convolution and 2x2 average pooling between them, four transformer layers on 512 channels
  and one token per pixel of the coarsest map, bilinear enlargement, 6 outputs.
* **Public facts on FC-HarDNet-70** (Chao et al., ICCV 2019, and the released configuration): growths 10, 16, 18, 24,
  32, multiplier 1.7, even widths, the odd layers and the last one as a block's output, half the concatenated channels
  behind the decoder's 1x1 convolutions.
* **Public facts on the authors' configuration**: 8 heads, a perceptron of 4096 with GELU (the paper's text says ReLU),
  dropout 0.1, a 3x3 projection, queries, keys and values without bias, a last layer norm. The sizes published for both
  networks, 16.47 and 108.09 MB (4 bytes a parameter), hold with these choices: 4,118,332 and 27,022,460 parameters.
* **Own choices**: the position code along rows and columns (the paper names none), enlargement with half-pixel centres,
  the starting weights, and all of "compact": total stem stride 2 in place of 4, so that a thin subdural or subarachnoid
  hemorrhage keeps its width at 0.8 mm pixels; four poolings, so that 256 x 256 pixels still give the paper's 8 x 8
  tokens; widths in multiples of 16, which fill vector registers; a transformer of two layers.

Errors of the publication that are avoided
------------------------------------------
* Eq. 1 has its fraction upside down, see `hard_block.harmonic_links`.
* The text's W/32 contradicts Table 2's 8 x 8 at 512 x 512; the table (W/64) is followed.
* The text joins blocks by depthwise-separable convolutions; Table 2 and the published size say 1x1 convolutions.
* The released class indexes the position code by the place in the batch, see `positional_encoding`.
* The released class fixes 8 x 8 tokens and the size of the output; here both follow the input.
"""

from __future__ import annotations

from typing import Any

from ICHSegmentationLib.segmentation.slicewise import SlicewiseSegmenter
from ICHSegmentationLib.systems.spec import SystemSpec

HARDNET_PAPER: dict[str, Any] = {
    "stem_widths": (16, 24, 32, 48),
    "stem_strides": (2, 1, 2, 1),
    "growths": (10, 16, 18, 24, 32),
    "layers": (4, 4, 8, 8, 8),
    "widths": (64, 96, 160, 224, 320),
    "decoder_widths": (63, 119, 187, 267),
    "decoder_growths": (10, 16, 18, 24),
    "decoder_layers": (4, 4, 8, 8),
    "multiplier": 1.7,
    "multiple": 2,
}
HARDNET_COMPACT: dict[str, Any] = {
    "stem_widths": (16, 16),
    "stem_strides": (2, 1),
    "growths": (16, 16, 32, 32, 32),
    "layers": (2, 4, 4, 4, 8),
    "widths": (32, 48, 96, 128, 192),
    "decoder_widths": (16, 32, 64, 96),
    "decoder_growths": (16, 16, 16, 32),
    "decoder_layers": (2, 2, 4, 4),
    "multiplier": 1.4,
    "multiple": 16,
}

SYSTEMS = (
    SystemSpec(
        name="hardnet",
        title="FC-HarDNet",
        citation="Chao et al., ICCV 2019; baseline of Piao et al., Scientific Reports 2023",
        input="slices",
        segmenter=SlicewiseSegmenter,
        network="hardnet.HarDNet",
        presets={"paper": HARDNET_PAPER, "compact": HARDNET_COMPACT},
    ),
    SystemSpec(
        name="transhardnet",
        title="TransHarDNet",
        citation="Piao et al., Scientific Reports 2023",
        input="slices",
        segmenter=SlicewiseSegmenter,
        network="transhardnet.TransHarDNet",
        presets={
            "paper": HARDNET_PAPER
            | {"embedding": 512, "transformer_layers": 4, "heads": 8, "mlp": 4096, "dropout": 0.1},
            "compact": HARDNET_COMPACT
            | {"embedding": 256, "transformer_layers": 2, "heads": 8, "mlp": 512, "dropout": 0.1},
        },
    ),
)
