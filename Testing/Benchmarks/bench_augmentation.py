# SPDX-License-Identifier: Apache-2.0
"""Time of preparing a training slice, as a fraction of the network's training step on one slice.

Both run on one thread in this process, in turns. The folder of prepared volumes must exist.

    python Testing/Benchmarks/bench_augmentation.py CONFIG [--slices N]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from ICHSegmentationLib.research.training.config import read_config
from ICHSegmentationLib.research.training.dataset import SliceDataset
from ICHSegmentationLib.research.training.loss import segmentation_loss
from ICHSegmentationLib.research.training.prepare import prepared_files
from ICHSegmentationLib.systems import build_network

VOLUMES = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--slices", type=int, default=64)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = read_config(options.config)
    dataset = SliceDataset(prepared_files(config).training[:VOLUMES], config)
    network = build_network(
        config.system, config.preset, in_channels=config.input.channels, classes=len(config.classes), **config.network
    )
    loss = segmentation_loss(config.optimisation)
    batch = config.optimisation.batch
    prepare_s, step_s = [], []
    for first in range(0, options.slices, batch):
        start = time.process_time()
        samples = [dataset[number] for number in range(first, first + batch)]
        middle = time.process_time()
        images, labels = (torch.stack([sample[name] for sample in samples]) for name in ("image", "label"))
        loss(network(images), labels).backward()
        prepare_s.append((middle - start) / batch)
        step_s.append((time.process_time() - middle) / batch)
    prepare_ms, step_ms = (1000 * float(np.median(values)) for values in (prepare_s, step_s))
    print(f"prepare {prepare_ms:.1f} ms, step {step_ms:.1f} ms a slice: ratio {prepare_ms / step_ms:.2f}")


if __name__ == "__main__":
    main()
