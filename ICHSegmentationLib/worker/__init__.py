# SPDX-License-Identifier: Apache-2.0
"""Segmenting in a process of its own, which keeps the model loaded: ``python -m ICHSegmentationLib.worker``.

The two sides exchange one JSON object per line on the worker's standard input and output (`messages`) and arrays
through files in a private folder (`exchange`). `client` is the side of the host in plain Python; a host with an event
loop of its own, as Slicer's QProcess, does the same with `messages`, `exchange` and `process_tree`.
``docs/worker.md`` describes the protocol.
"""
