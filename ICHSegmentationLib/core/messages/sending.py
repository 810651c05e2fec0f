# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``sending``."""

MESSAGES: dict[str, str] = {
    "no_file": "There is no DICOM file to send.",
    "no_node": "Sending is off: {path} does not exist; the user guide says how to set up an archive.",
    "node_not_valid": "{path} is not valid at {place}: {problem}",
    "node_unreadable": "{path} cannot be read: {reason}.",
    "not_sendable": "{path} is not a DICOM file that can be sent (SOPInstanceUID (0008,0018) is missing).",
    "switched_off": "Sending is off: write enabled = true into {path} to switch it on.",
    "failed": "Cannot send {names} to {node}. {reason} All files are kept.",
    "failed_midway": "Cannot send {names} to {node}. {reason} Sent before: {sent}. All files are kept.",
    "taken_with_warning": "{name}: the archive took it with a warning (status {status:04X}).",
    "busy": "The archive is busy; try again later.",
    "connection_refused": (
        "Nothing accepts connections there; check that the archive is running, and its host and port."
    ),
    "dropped": "The archive closed the connection.",
    "file_not_understood": "The archive cannot understand the file.",
    "file_of_another_kind": "The file does not match its kind.",
    "host_silent": "The host did not answer within {seconds:g} s.",
    "host_unreachable": "The host cannot be reached ({reason}).",
    "kind_not_accepted": "The archive does not accept {kind} files.",
    "kind_refused": "The archive does not accept this kind of file.",
    "not_allowed": "The archive does not allow this program to store files.",
    "not_stored": "The archive failed to store the file.",
    "out_of_resources": "The archive is out of resources.",
    "processing_failed": "The archive failed while processing the file.",
    "rejected": "The archive rejected the connection.",
    "silent": "The archive did not answer within {seconds:g} s.",
    "syntax_not_accepted": "The archive does not accept the transfer syntax of {name}.",
    "too_many_connections": "The archive has too many connections; try again later.",
    "uid_not_accepted": "The archive does not accept the file's SOP Instance UID.",
    "unknown_called_title": "The archive does not have the AE title {title}.",
    "unknown_calling_title": "The archive does not know this program's AE title {title}.",
    "unknown_host": "The host {host} is not known.",
    "status": "{meaning} The status was {status:04X}.",
}
