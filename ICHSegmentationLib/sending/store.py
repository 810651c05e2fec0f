# SPDX-License-Identifier: Apache-2.0
"""Send DICOM files by C-STORE (PS3.4 annex B). The files are only read, never moved or deleted."""

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
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.io.dicom.files import load_dataset, quiet_pydicom

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event, EventHandlerType

    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.sending.node import PacsNode

_LOG = logging.getLogger(__name__)
_WARNINGS = range(0xB000, 0xC000)
# PS3.4 B.2.3 and PS3.7 annex C.
_STATUS = {
    0x0110: message("sending.processing_failed"),
    0x0117: message("sending.uid_not_accepted"),
    0x0122: message("sending.kind_refused"),
    0x0124: message("sending.not_allowed"),
    0xA7: message("sending.out_of_resources"),
    0xA9: message("sending.file_of_another_kind"),
    0xC0: message("sending.file_not_understood"),
}


class SendError(ICHSegmentationError):
    """Files could not be sent; the message names the files, the archive and the reason.

    Attributes
    ----------
    sent : tuple of Path
        Files that the archive had accepted before.
    """

    def __init__(self, message: str, sent: tuple[Path, ...]) -> None:
        super().__init__(message)
        self.sent = sent


def send_files(paths: Sequence[Path], node: PacsNode, *, progress: Progress | None = None) -> tuple[str, ...]:
    """Send DICOM files to an archive over one connection.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    node : PacsNode
        The archive.
    progress : callable, optional
        Called with "send" and the fraction of the files that are sent.

    Returns
    -------
    tuple of str
        Warnings of the archive about accepted files.

    Raises
    ------
    InputError
        If there is no file, or one is not DICOM.
    SendError
        If the archive cannot be reached, refuses a file, is too slow, or drops the connection.
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
    return tuple(sender.warnings)


class _Sender:
    """One connection to an archive, with the reasons of failures."""

    def __init__(self, node: PacsNode, paths: Sequence[Path]) -> None:
        self.warnings: list[str] = []
        self._node = node
        self._waiting = list(paths)
        self._sent: list[Path] = []
        self._rejection: tuple[int, int] | None = None

    def associate(self, datasets: Sequence[Dataset]) -> Association:
        """Open the connection for the kinds of these files."""
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
            raise self._error(self._why_not_connected() or message("sending.dropped")) from None
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
            If the archive does not accept it.
        """
        path = self._waiting[0]
        kind = _kind(dataset)[0]
        if not association.is_established:
            raise self._error(message("sending.dropped"))
        if kind not in [context.abstract_syntax for context in association.accepted_contexts]:
            raise self._error(message("sending.kind_not_accepted", kind=kind.name))
        started = time.monotonic()
        try:
            status = association.send_c_store(dataset).get("Status")
        except (ValueError, AttributeError, RuntimeError) as error:
            _LOG.debug("%s while sending", type(error).__name__)
            written = message("sending.syntax_not_accepted", name=path.name)
            raise self._error(written if association.is_established else message("sending.dropped")) from None
        if status is None:
            raise self._error(self._why_silent(started))
        if status != 0 and status not in _WARNINGS:
            raise self._error(_why_not_stored(status))
        if status != 0:
            self.warnings.append(message("sending.taken_with_warning", name=path.name, status=status))
        self._sent.append(self._waiting.pop(0))

    def _error(self, reason: Message) -> SendError:
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

    def _why_rejected(self, rejection: tuple[int, int]) -> Message:
        match rejection:  # PS3.8 9.3.4
            case (1, 3):
                return message("sending.unknown_calling_title", title=self._node.calling_ae_title)
            case (1, 7):
                return message("sending.unknown_called_title", title=self._node.called_ae_title)
            case (3, 1):
                return message("sending.busy")
            case (3, 2):
                return message("sending.too_many_connections")
        return message("sending.rejected")

    def _why_not_connected(self) -> Message | None:
        """Return why the host does not answer, or None if it does. Call it after a failure only."""
        try:
            socket.create_connection((self._node.host, self._node.port), timeout=self._node.timeout_s).close()
        except ConnectionRefusedError:
            return message("sending.connection_refused")
        except socket.gaierror:
            return message("sending.unknown_host", host=self._node.host)
        except TimeoutError:
            return message("sending.host_silent", seconds=self._node.timeout_s)
        except OSError as error:
            return message("sending.host_unreachable", reason=error.strerror)
        return None

    def _why_silent(self, started: float) -> Message:
        if time.monotonic() - started >= 0.9 * self._node.timeout_s:
            return message("sending.silent", seconds=self._node.timeout_s)
        return message("sending.dropped")


def _why_not_stored(status: int) -> Message:
    meaning = _STATUS.get(status) or _STATUS.get(status >> 8) or message("sending.not_stored")
    return message("sending.status", meaning=meaning, status=status)


def _load(path: Path) -> Dataset:
    with quiet_pydicom():
        dataset = load_dataset(path)
        if any(keyword not in dataset for keyword in ("SOPClassUID", "SOPInstanceUID")):
            raise InputError(message("sending.not_sendable", path=path))
    return dataset


def _kind(dataset: Dataset) -> tuple[UID, UID]:
    return UID(dataset.SOPClassUID), UID(dataset.file_meta.TransferSyntaxUID)
