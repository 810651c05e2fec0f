# SPDX-License-Identifier: Apache-2.0
"""C-STORE (PS3.4 annex B) of DICOM files. Files are only read: whatever happens they stay where they are."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.uid import UID

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.files import load_dataset, quiet_pydicom

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event, EventHandlerType

    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.sending.node import PacsNode

_LOG = logging.getLogger(__name__)
_DROPPED = "it closed the connection"
_WARNINGS = range(0xB000, 0xC000)
# PS3.4 B.2.3 and PS3.7 annex C.
_STATUS = {
    0x0110: "it failed while processing the file",
    0x0117: "it does not accept the file's SOP Instance UID",
    0x0122: "it does not accept this kind of file",
    0x0124: "it does not allow this program to store files",
    0xA7: "it is out of resources",
    0xA9: "the file does not match its kind",
    0xC0: "it cannot understand the file",
}
_REJECTED = {
    (1, 3): "it does not know this program's AE title {calling}",
    (1, 7): "it does not go by the AE title {called}",
    (3, 1): "it is busy; try again later",
    (3, 2): "it has too many connections; try again later",
}
"""Source and reason of a rejection (PS3.8 9.3.4)."""


class SendError(ICHSegmentationError):
    """Files could not be sent; the message names them, the archive and the reason. All files are still there.

    Attributes
    ----------
    sent : tuple of Path
        What the archive had taken before.
    """

    def __init__(self, message: str, sent: tuple[Path, ...]) -> None:
        super().__init__(message)
        self.sent = sent


def send_files(paths: Sequence[Path], node: PacsNode, *, progress: Progress | None = None) -> tuple[str, ...]:
    """Send DICOM files to an archive, one after the other over one connection.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    node : PacsNode
        The archive.
    progress : callable, optional
        Called with "send" and the share that is done.

    Returns
    -------
    tuple of str
        What the archive remarked on files that it took.

    Raises
    ------
    InputError
        If a file is not DICOM or there is none.
    SendError
        If the archive cannot be reached, refuses, is too slow, or drops the connection.
    """
    if not paths:
        raise InputError(message("sending.no_file"))
    datasets = [_load(path) for path in paths]
    sender = _Sender(node, paths)
    with quiet_pydicom("pynetdicom"):
        association = sender.associate(datasets)
        try:
            for index, dataset in enumerate(datasets):
                sender.store(association, dataset)
                if progress is not None:
                    progress("send", (index + 1) / len(paths))
        finally:
            if association.is_established:
                association.release()
    return tuple(sender.remarks)


class _Sender:
    """One connection to an archive, and what to say when it fails."""

    def __init__(self, node: PacsNode, paths: Sequence[Path]) -> None:
        self.remarks: list[str] = []
        self._node = node
        self._waiting = list(paths)
        self._sent: list[Path] = []
        self._rejection: tuple[int, int] | None = None

    def associate(self, datasets: Sequence[Dataset]) -> Association:
        """Open the connection for these kinds of file."""
        from pynetdicom import AE, evt

        entity = AE(ae_title=self._node.calling_ae_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self._node.timeout_s
        entity.connection_timeout = self._node.timeout_s
        for kind, syntax in dict.fromkeys(_kind(dataset) for dataset in datasets):
            entity.add_requested_context(kind, syntax)
        started = time.monotonic()
        # The message is looked at, not `Association.is_rejected`, which stays False if the connection was closed again
        # before this thread goes on.
        handlers: list[EventHandlerType] = [(evt.EVT_PDU_RECV, self._note_rejection)]
        try:
            association = entity.associate(
                self._node.host, self._node.port, ae_title=self._node.called_ae_title, evt_handlers=handlers
            )
        except OSError:
            raise self._error(self._why_not_connected() or _DROPPED) from None
        if association.is_established:
            return association
        if self._rejection is not None:
            raise self._error(self._why_rejected(self._rejection))
        raise self._error(self._why_not_connected() or self._why_silent(started))

    def store(self, association: Association, dataset: Dataset) -> None:
        """Send the next file.

        Raises
        ------
        SendError
            If the archive does not take it.
        """
        path = self._waiting[0]
        kind = _kind(dataset)[0]
        if not association.is_established:
            raise self._error(_DROPPED)
        if kind not in [context.abstract_syntax for context in association.accepted_contexts]:
            reason = f"it does not accept {kind.name} files"
            raise self._error(reason)
        started = time.monotonic()
        try:
            status = association.send_c_store(dataset).get("Status")
        except (ValueError, AttributeError, RuntimeError) as error:
            _LOG.debug("%s while sending", type(error).__name__)
            reason = f"it does not accept how {path.name} is written" if association.is_established else _DROPPED
            raise self._error(reason) from None
        if status is None:
            raise self._error(self._why_silent(started))
        if status != 0 and status not in _WARNINGS:
            why = _STATUS.get(status) or _STATUS.get(status >> 8) or "it failed to store the file"
            reason = f"{why} (status {status:04X})"
            raise self._error(reason)
        if status != 0:
            self.remarks.append(message("sending.taken_with_warning", name=path.name, status=status))
        self._sent.append(self._waiting.pop(0))

    def _error(self, reason: str) -> SendError:
        names = ", ".join(path.name for path in self._waiting)
        if not self._sent:
            sentence = message("sending.failed", names=names, node=str(self._node), reason=reason)
        else:
            sent = ", ".join(path.name for path in self._sent)
            sentence = message("sending.failed_midway", names=names, node=str(self._node), reason=reason, sent=sent)
        return SendError(sentence, tuple(self._sent))

    def _note_rejection(self, event: Event) -> None:
        """Keep source and reason of a rejection; called for each message of the archive."""
        from pynetdicom.pdu import A_ASSOCIATE_RJ

        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            self._rejection = (event.pdu.source or 0, event.pdu.reason_diagnostic or 0)

    def _why_rejected(self, rejection: tuple[int, int]) -> str:
        reason = _REJECTED.get(rejection, "it rejects the connection")
        return reason.format(calling=self._node.calling_ae_title, called=self._node.called_ae_title)

    def _why_not_connected(self) -> str | None:
        """Return why nothing answers there, or None if something does; asked after a failure only."""
        try:
            socket.create_connection((self._node.host, self._node.port), timeout=self._node.timeout_s).close()
        except ConnectionRefusedError:
            return "nothing accepts connections there; is the archive running, and are host and port right?"
        except socket.gaierror:
            return f"the host {self._node.host} is not known"
        except TimeoutError:
            return f"the host did not answer within {self._node.timeout_s:g} s"
        except OSError as error:
            return f"the host cannot be reached ({error.strerror})"
        return None

    def _why_silent(self, started: float) -> str:
        slow = time.monotonic() - started >= 0.9 * self._node.timeout_s
        return f"it did not answer within {self._node.timeout_s:g} s" if slow else _DROPPED


def _load(path: Path) -> Dataset:
    with quiet_pydicom():
        dataset = load_dataset(path)
        if any(keyword not in dataset for keyword in ("SOPClassUID", "SOPInstanceUID")):
            raise InputError(message("sending.not_sendable", path=path))
    return dataset


def _kind(dataset: Dataset) -> tuple[UID, UID]:
    return UID(dataset.SOPClassUID), UID(dataset.file_meta.TransferSyntaxUID)
