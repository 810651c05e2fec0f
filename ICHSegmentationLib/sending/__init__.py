# SPDX-License-Identifier: Apache-2.0
"""Sending of DICOM results to an archive, off unless the user sets one up: the only part that uses the network."""

from ICHSegmentationLib.sending.node import PacsNode, load_node, node_path
from ICHSegmentationLib.sending.store import SendError, send_files

__all__ = ["PacsNode", "SendError", "load_node", "node_path", "send_files"]
