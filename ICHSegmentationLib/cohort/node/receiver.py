# SPDX-License-Identifier: Apache-2.0
"""C-STORE service class provider (PS3.4 annex B): an image is acknowledged when it is on the disk."""

from __future__ import annotations

import errno
import logging
import ssl
from typing import TYPE_CHECKING

from ICHSegmentationLib.cohort.node.inbox import DifferentImageError
from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from pynetdicom import AE
    from pynetdicom.events import Event
    from pynetdicom.transport import ThreadedAssociationServer

    from ICHSegmentationLib.cohort.node.config import NodeConfig, Tls
    from ICHSegmentationLib.cohort.node.inbox import Inbox

_LOG = logging.getLogger(__name__)
# PS3.4 B.2.3 and PS3.7 annex C.
SUCCESS, DUPLICATE, NOT_ALLOWED, OUT_OF_RESOURCES, NOT_UNDERSTOOD = 0x0000, 0x0111, 0x0124, 0xA700, 0xC000
_MIB = 1 << 20


def receive(config: NodeConfig, inbox: Inbox) -> ThreadedAssociationServer:
    """Start to receive images, in threads; ``shutdown()`` of the result ends it.

    Raises
    ------
    ICHSegmentationError
        If the address is in use or not of this computer, or the files of TLS cannot be read.
    """
    from pynetdicom import evt

    try:
        server = _entity(config).start_server(
            (config.address, config.port),
            block=False,
            ssl_context=None if config.tls is None else _tls(config.tls),
            evt_handlers=[(evt.EVT_C_STORE, _store, [config, inbox])],
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise ICHSegmentationError(
            message("cohort.cannot_listen", address=config.address, port=config.port, reason=reason)
        ) from error
    assert server is not None
    return server


def _entity(config: NodeConfig) -> AE:
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts
    from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

    entity = AE(ae_title=config.ae_title)
    entity.require_called_aet = True
    entity.require_calling_aet = [sender.ae_title for sender in config.senders]
    entity.maximum_associations = config.associations
    for context in AllStoragePresentationContexts:
        assert context.abstract_syntax is not None
        entity.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
    entity.add_supported_context(Verification)
    return entity


def _tls(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.ca is not None:
        context.load_verify_locations(tls.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _store(event: Event, config: NodeConfig, inbox: Inbox) -> int:
    """Keep an image and return the status; its content and names are never logged."""
    calling = event.assoc.requestor
    given = (calling.ae_title.strip(), calling.address)
    if given not in [(sender.ae_title, sender.address) for sender in config.senders]:
        _LOG.warning("an image from an address that is not allowed was refused")
        return NOT_ALLOWED
    content = event.encoded_dataset()
    size_mib = len(content) / _MIB
    if size_mib > config.image_mib or inbox.free_mib() - size_mib < config.free_mib:
        _LOG.warning("an image of %.1f MiB was refused: too large, or the disk is nearly full", size_mib)
        return OUT_OF_RESOURCES
    try:
        inbox.store(content)
    except DifferentImageError:
        return DUPLICATE
    except OSError as error:
        _LOG.warning("an image was not stored: %s", errno.errorcode.get(error.errno or 0, "unknown"))
        return OUT_OF_RESOURCES
    except Exception as error:  # whatever pydicom raises for a damaged header
        _LOG.warning("an image was not understood: %s", type(error).__name__)
        return NOT_UNDERSTOOD
    return SUCCESS
