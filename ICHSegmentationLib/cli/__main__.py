# SPDX-License-Identifier: Apache-2.0
"""``python -m ICHSegmentationLib.cli``: the command without its script."""

import sys

from ICHSegmentationLib.cli import main

sys.exit(main())
