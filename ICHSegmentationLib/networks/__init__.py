# SPDX-License-Identifier: Apache-2.0
"""Networks that segment slices: ``build_network(system, preset)``.

Systems, each as "paper" (the published size) and "compact" (what ships): "hardnet" (FC-HarDNet), "transhardnet"
(TransHarDNet, Piao et al., Scientific Reports 2023), "unet" and "symtransnet" (Sym-TransNet, 2022, and its baseline),
"attfocusnet" (AttFocusNet, Peng et al., Frontiers in Neuroscience 2022), "detector" (boxes, the first of two stages),
and for patches of volumes "se_unet_3d" (3D SE U-Net, Abramova et al., CMIG 2021). What
follows is about the first two; the others say it in their own modules.

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
  bleed keeps its width at 0.8 mm pixels; four poolings, so that 256 x 256 pixels still give the paper's 8 x 8 tokens;
  widths in multiples of 16, which fill vector registers; a transformer of two layers.

Errors of the publication that are avoided
------------------------------------------
* Eq. 1 has its fraction upside down, see `hard_block.harmonic_links`.
* The text's W/32 contradicts Table 2's 8 x 8 at 512 x 512; the table (W/64) is followed.
* The text joins blocks by depthwise-separable convolutions; Table 2 and the published size say 1x1 convolutions.
* The released class indexes the position code by the place in the batch, see `positional_encoding`.
* The released class fixes 8 x 8 tokens and the size of the output; here both follow the input.
"""

from __future__ import annotations

from ICHSegmentationLib.networks.factory import build_network
from ICHSegmentationLib.networks.presets import PRESETS

__all__ = ["PRESETS", "build_network"]
