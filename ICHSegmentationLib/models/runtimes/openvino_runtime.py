# SPDX-License-Identifier: Apache-2.0
"""Networks on the processor with OpenVINO."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.models.runtimes.conversion import load_converted
from ICHSegmentationLib.models.runtimes.quiet_openvino import openvino_core
from ICHSegmentationLib.models.runtimes.runtime import RuntimeInfo, SlicesDone

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.trained_network import NetworkBuilder

# More streams are no faster, but each takes memory of its own.
_MAX_STREAMS = 4
_LOG = logging.getLogger(__name__)


class OpenVinoRuntime:
    """An OpenVINO network, run with one slice or patch per stream and several streams at once.

    Slices are independent, so streams need no barrier between threads within a layer: this takes 10-15 % less
    processor time than all threads on one slice, and the least memory. The batch size is 1, because larger batches are
    no faster on a processor. Threads are not pinned to cores, which is OpenVINO's default: with another program on one
    of two cores, pinned threads took 5.0 s for what takes 0.65 s without pinning.

    Parameters
    ----------
    entry
        The model.
    build
        Builds its torch network, for the conversion of a model without graph.
    threads
        Processor threads; None uses all that this process may use.
    precision
        "f32", "bf16", or None for bf16 if the processor supports it, else f32.

    Raises
    ------
    ModelError
        If the weights are missing or damaged.
    ImportError
        If OpenVINO is not installed, or torch is not and the model has to be converted.
    """

    def __init__(
        self, entry: ModelEntry, *, build: NetworkBuilder, threads: int | None = None, precision: str | None = None
    ) -> None:
        self._core = openvino_core()
        if precision is None:
            precision = "bf16" if "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
        self._model, self._warnings = load_converted(entry, build=build)
        self._threads = threads or _available_threads()
        self._precision = precision
        self._size: tuple[int, ...] | None = None
        self._requests: list[Any] = []
        # Compile for the usual size now: if the processor cannot run the network, the caller can fall back to torch.
        usual = entry.crop_px or entry.size_px
        self.prepare(*(entry.patches.size if entry.patches else (usual, usual)))

    @property
    def info(self) -> RuntimeInfo:
        """Device and arithmetic."""
        return RuntimeInfo(device="cpu", backend="openvino", threads=self._threads, precision=self._precision)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the user: the cache could not be written."""
        return self._warnings

    def prepare(self, *size: int) -> None:
        """Compile for one size of image or patch (about 0.2 s) unless that is done.

        With a fixed size OpenVINO plans its memory and chooses its kernels once. `probabilities` calls this; calling it
        earlier lets a program compile while it still reads files.
        """
        if self._size == size:
            return
        self._model.reshape([1, self._model.input(0).partial_shape[1], *size])
        streams = min(self._threads, _MAX_STREAMS)
        compiled = self._core.compile_model(
            self._model,
            "CPU",
            {
                "PERFORMANCE_HINT": "THROUGHPUT",
                "INFERENCE_PRECISION_HINT": self._precision,
                "INFERENCE_NUM_THREADS": self._threads,
                "NUM_STREAMS": streams,
                "ENABLE_CPU_PINNING": False,
            },
        )
        self._requests = [compiled.create_infer_request() for _ in range(streams)]
        self._size = size
        _LOG.debug("compiled for %s, %s, %d streams", " x ".join(map(str, size)), self._precision, streams)

    def probabilities(self, images: np.ndarray, *, progress: SlicesDone | None = None) -> np.ndarray:
        """Return the probability of each class at each pixel; see :meth:`Runtime.probabilities`."""
        count, _, *size = images.shape
        self.prepare(*size)
        images = np.ascontiguousarray(images, dtype=np.float32)
        result = np.empty((count, *self._model.output(0).shape[1:]), dtype=np.float32)
        streams = len(self._requests)

        def collect(index: int) -> None:
            request = self._requests[index % streams]
            request.wait()
            result[index] = request.get_output_tensor(0).data[0]
            if progress is not None:
                progress(index + 1, count)

        try:
            for index in range(count):
                if index >= streams:
                    collect(index - streams)
                self._requests[index % streams].start_async({0: images[index : index + 1]}, share_inputs=True)
            for index in range(max(count - streams, 0), count):
                collect(index)
        finally:
            # A cancelled run leaves requests unfinished, which must not disturb the next run.
            for request in self._requests:
                request.wait()
        return result


def _available_threads() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
