# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``worker``."""

MESSAGES: dict[str, str] = {
    "busy": "The worker is already segmenting or exporting; wait until it has finished.",
    "cancelled": "The work was cancelled.",
    "crashed": "The segmentation stopped unexpectedly ({how}); try again. The log says more.",
    "disk_full": "The disk is full; free some space and try again.",
    "gpu_memory": (
        "The memory of the graphics card does not suffice; close other programs that use it, or use device cpu."
    ),
    "killed": (
        "The system ended the segmentation, most likely because the memory ran out; close other programs and try again."
    ),
    "line_too_long": "A line of more than {most} bytes is no request; it was dropped.",
    "memory": "The memory does not suffice; close other programs and try again.",
    "no_greeting": "The worker did not start within {seconds:.0f} s; try again.",
    "no_interpreter": "The worker could not be started with {python}: {reason}.",
    "not_started": "The worker could not start: {reason}",
    "number_in_use": "The number {number} is still that of another request.",
    "other_version": "The worker is of version {worker}, this program of version {program}; restart the program.",
    "request_not_understood": "The worker did not understand a request, at {place}: {problem}",
    "unexpected": "Unexpected {error}; the details are in the log.",
    "unknown_scan": "The worker does not have the scan any more; try again.",
    "unusable_geometry": "The geometry that was handed to the worker cannot be used; try again.",
    "unusable_labels": "The labels that were handed over cannot be used ({reason}); try again.",
    "unusable_picture": "The picture of the comparison cannot be used ({reason}); try again.",
    "unusable_volume": "The volume that was handed to the worker cannot be used ({reason}); try again.",
}
