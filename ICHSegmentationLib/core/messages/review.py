# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``review``."""

MESSAGES: dict[str, str] = {
    "no_folder": "{folder} is not a folder of results.",
    "no_results": "{folder} contains no result with a readable measurements.json.",
    "port_in_use": "Port {port} is in use; choose another one with --port.",
}
