# SPDX-License-Identifier: Apache-2.0
"""Networks as torch modules, one module per network; built by ``ICHSegmentationLib.systems.build_network``."""
