# SPDX-License-Identifier: Apache-2.0
"""Segment in a separate process that keeps the model and the scan loaded: ``python -m ICHSegmentationLib.worker``.

Client and worker exchange one JSON object per line on the worker's standard input and output (`protocol.messages`) and
arrays through files in a private folder (`protocol.exchange`). `client.blocking_client` waits for each answer;
`client.event_client` calls back from the event loop of an application such as 3D Slicer. ``docs/worker.md`` describes
the protocol.
"""
