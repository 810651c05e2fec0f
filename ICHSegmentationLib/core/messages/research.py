# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``research``."""

MESSAGES: dict[str, str] = {}
