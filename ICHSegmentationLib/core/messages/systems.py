# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``systems``."""

MESSAGES: dict[str, str] = {
    "boxes_only": "Model {name} finds boxes only; choose the two-stage model that uses it.",
    "unknown": "Model {name} needs the system {system!r}, which this version does not have; update the software.",
    "no_network": "There is no network {system}/{preset}; known are {known}.",
    "two_named": "Two systems are named {name}; rename one.",
}
