# SPDX-License-Identifier: Apache-2.0
"""Networks on an NVIDIA graphics card in mixed precision, or on the processor, with torch.

torch is imported when a runtime is made: it takes seconds.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.errors import OutOfMemoryError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.runtimes.runtime import RuntimeInfo, SlicesDone
from ICHSegmentationLib.networks.interface import answer_of, channels_last

if TYPE_CHECKING:
    import torch

_LOG = logging.getLogger(__name__)


class TorchRuntime:
    """A torch network, run in batches.

    On a graphics card the arithmetic is bfloat16 (float16 on cards before Ampere) and the softmax float32. When the
    card runs out of memory the batch is halved; if a single image does not fit, the run continues on the processor.

    Parameters
    ----------
    network
        In evaluation mode; maps (N, C, H, W) to logits (N, K, H, W), or patches (N, C, D, H, W).
    device
        "cpu" or "cuda:N".
    threads
        Processor threads of the whole process; None keeps torch's default.
    batch_size
        Images per batch at the start.
    warnings
        Warnings for the user about the choice of this runtime.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        *,
        device: str = "cpu",
        threads: int | None = None,
        batch_size: int = 16,
        warnings: tuple[str, ...] = (),
    ) -> None:
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self._batch_size = batch_size
        self._warnings = list(warnings)
        self._answer = answer_of(network)
        self._layout = channels_last(network.parameters())
        self._network = network.to(memory_format=self._layout)  # type: ignore[call-overload]  # torch's stubs lack it
        self._move(device)

    @property
    def info(self) -> RuntimeInfo:
        """Current device and arithmetic."""
        import torch

        names = {torch.bfloat16: "bf16", torch.float16: "f16", torch.float32: "f32"}
        return RuntimeInfo(
            device=str(self._device), backend="torch", threads=torch.get_num_threads(), precision=names[self._type]
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the user: the choice of this runtime, or a lack of graphics memory."""
        return tuple(self._warnings)

    def probabilities(self, images: np.ndarray, *, progress: SlicesDone | None = None) -> np.ndarray:
        """Return the probability of each class at each pixel; see :meth:`Runtime.probabilities`."""
        count = len(images)
        parts: list[np.ndarray] = []
        done = 0
        while done < count:
            batch = images[done : done + self._batch_size]
            try:
                parts.append(self._run(batch))
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                failure = error
            else:
                done += len(batch)
                if progress is not None:
                    progress(done, count)
                continue
            # Outside the handler: inside it the traceback still refers to the tensors that fill the memory.
            self._use_less_memory(len(batch), failure.with_traceback(None))
            del failure
        return np.concatenate(parts)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode(), self._mixed_precision():
            images = torch.from_numpy(np.ascontiguousarray(batch, dtype=np.float32)).to(
                self._device, memory_format=self._layout
            )
            logits = self._network(images)
            answer: np.ndarray = self._answer(logits.float()).contiguous().cpu().numpy()
            return answer

    def _mixed_precision(self) -> Any:
        import torch

        return torch.autocast("cuda", dtype=self._type) if self._device.type == "cuda" else nullcontext()

    def _move(self, device: str) -> None:
        import torch

        self._device = torch.device(device)
        self._network.to(self._device)
        self._type = torch.float32
        if self._device.type == "cuda":
            self._type = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16

    def _use_less_memory(self, batch_size: int, failure: Exception) -> None:
        import torch

        if batch_size > 1:
            self._batch_size = batch_size // 2
            _LOG.info("out of memory on %s; the batch is now %d", self._device, self._batch_size)
        elif self._device.type != "cpu":
            warning = message("models.graphics_memory", device=str(self._device))
            _LOG.warning(warning)
            self._warnings.append(warning)
            self._move("cpu")
        else:
            raise OutOfMemoryError(message("models.memory")) from failure
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    # On the processor torch raises a plain RuntimeError ("DefaultCPUAllocator: can't allocate memory").
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
