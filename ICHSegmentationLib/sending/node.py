# SPDX-License-Identifier: Apache-2.0
"""Settings of the archive, in a file that only the user writes."""

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
# PS3.5 6.2, AE: up to 16 characters of the default repertoire, no backslash; trailing spaces are not significant.
AeTitle = Annotated[str, Field(pattern=r"^[ -\[\]-~]{0,15}[!-\[\]-~]$")]


class PacsNode(BaseModel):
    """An archive that accepts DICOM files by C-STORE (PS3.4 annex B).

    Attributes
    ----------
    enabled : bool
        Files are sent only if True.
    host, port, called_ae_title
        Address and AE title of the archive.
    calling_ae_title : str
        AE title of this program; some archives accept only known ones.
    timeout_s : float
        Maximum time to wait for each answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    called_ae_title: AeTitle
    calling_ae_title: AeTitle = "ICHSEG"
    timeout_s: float = Field(default=30.0, gt=0, le=3600)

    def __str__(self) -> str:
        """Return the name of the archive for messages."""
        return f"{self.called_ae_title} at {self.host}:{self.port}"


def node_path() -> Path:
    """Return the path of the settings file."""
    return settings_folder() / NODE_NAME


def load_node(path: Path | None = None) -> PacsNode:
    """Read the settings of the archive.

    Parameters
    ----------
    path : Path, optional
        Settings file; by default :func:`node_path`.

    Raises
    ------
    InputError
        If the file is missing, not valid, or sending is switched off; the message says what to write where.
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
