# SPDX-License-Identifier: Apache-2.0
"""The archive that results may be sent to, from a file that only the user writes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.resources import settings_folder
from ICHSegmentationLib.core.validation import first_problem

NODE_NAME = "pacs.toml"
# PS3.5 6.2, AE: up to 16 characters of the default repertoire, no backslash; spaces at the end do not count.
AeTitle = Annotated[str, Field(pattern=r"^[ -\[\]-~]{0,15}[!-\[\]-~]$")]


class PacsNode(BaseModel):
    """An archive that takes DICOM files by C-STORE (PS3.4 annex B).

    Attributes
    ----------
    enabled : bool
        Nothing is sent unless this is true.
    host, port, called_ae_title
        The archive.
    calling_ae_title : str
        What this program calls itself; some archives accept only names they know.
    timeout_s : float
        How long to wait for each answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    called_ae_title: AeTitle
    calling_ae_title: AeTitle = "ICHSEG"
    timeout_s: float = Field(default=30.0, gt=0, le=3600)

    def __str__(self) -> str:
        """Return how messages call the archive."""
        return f"{self.called_ae_title} at {self.host}:{self.port}"


def node_path() -> Path:
    """Return where the archive is set up."""
    return settings_folder() / NODE_NAME


def load_node(path: Path | None = None) -> PacsNode:
    """Read which archive the user set up.

    Parameters
    ----------
    path : Path, optional
        The file; by default :func:`node_path`.

    Raises
    ------
    InputError
        If there is none, it is switched off or cannot be understood; the message says what to write where.
    """
    path = path or node_path()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        node = PacsNode.model_validate(content)
    except FileNotFoundError:
        raise InputError(message("sending.no_node", path=path)) from None
    except ValidationError as error:
        place, problem = first_problem(error)
        raise InputError(message("sending.node_not_valid", path=path, place=place, problem=problem)) from None
    except (OSError, ValueError) as error:
        raise InputError(message("sending.node_unreadable", path=path, reason=error)) from error
    if not node.enabled:
        raise InputError(message("sending.switched_off", path=path))
    return node
