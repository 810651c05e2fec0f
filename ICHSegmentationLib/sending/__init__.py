# SPDX-License-Identifier: Apache-2.0
"""Send DICOM results to an archive, which the user must set up first; beside it only ``cohort`` uses the network."""

from ICHSegmentationLib.sending.node import PacsNode, load_node, node_path
from ICHSegmentationLib.sending.store import SendError, send_files

__all__ = ["PacsNode", "SendError", "load_node", "node_path", "send_files"]
