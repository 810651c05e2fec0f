# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``sending``."""

MESSAGES: dict[str, str] = {
    "no_file": "There is no DICOM file to send.",
    "no_node": "Sending is off: {path} does not exist; the user guide says how to set up an archive.",
    "node_not_valid": "{path}: {field}: {reason}.",
    "node_unreadable": "{path} cannot be read: {reason}.",
    "not_sendable": "{path} is not a DICOM file that can be sent (SOPInstanceUID (0008,0018) is missing).",
    "switched_off": "Sending is off: write enabled = true into {path} to switch it on.",
    "failed": "Cannot send {names} to {node}: {reason}; all files are kept.",
    "failed_midway": ("Cannot send {names} to {node}: {reason}; {sent} was sent before, and all files are kept."),
    "taken_with_warning": "{name}: the archive took it with a warning (status {status:04X}).",
}
