# SPDX-License-Identifier: Apache-2.0
"""Settings of the node, a YAML file that only the user writes."""

from __future__ import annotations

import re
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.validation import first_problem
from ICHSegmentationLib.sending.node import AeTitle, PacsNode


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sender(_Part):
    """Who may send: an AE title from an address (both must match)."""

    ae_title: AeTitle
    address: str

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return str(ip_address(value))


class Tls(_Part):
    """Files (PEM) of TLS; with ``ca`` a sender must show a certificate that it signed."""

    certificate: Path
    key: Path
    ca: Path | None = None


class Rule(_Part):
    """Which series of a study may be segmented: every pattern that is given must be found, upper or lower case."""

    body_part: str = ""
    description: str = ""
    kernel: str = ""

    @field_validator("body_part", "description", "kernel")
    @classmethod
    def _is_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(message("cohort.not_a_pattern", text=value, reason=error)) from None
        return value


class NodeConfig(_Part):
    """The file.

    Attributes
    ----------
    enabled : bool
        The node listens only if True.
    ae_title, address, port
        Where it listens; by default on this computer only.
    folder : Path
        Folder of received studies and results; mode 0700.
    senders : tuple of Sender
        Who may send; nobody else.
    quiet_s : float
        A study is segmented when no image of it has arrived for this time.
    rules : tuple of Rule
        A series must match one of them, and be a plain axial head CT; without rules every such series.
    associations, image_mib, free_mib
        Limits: connections at the same time, size of an image, and space on the disk that stays free.
    keep_days : float
        Received images are deleted after sending, or after this time.
    archive : PacsNode or None
        Where DICOM results are sent; None keeps them in the folder only.
    health_port : int
        Port of the health page on this computer; 0 for none.
    """

    enabled: bool = False
    ae_title: AeTitle = "ICHSEG"
    address: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 11112
    folder: Path
    senders: Annotated[tuple[Sender, ...], Field(min_length=1)]
    tls: Tls | None = None
    quiet_s: Annotated[float, Field(gt=0)] = 60.0
    rules: tuple[Rule, ...] = ()
    associations: Annotated[int, Field(ge=1, le=100)] = 8
    image_mib: Annotated[float, Field(gt=0)] = 64.0
    free_mib: Annotated[float, Field(ge=0)] = 2048.0
    keep_days: Annotated[float, Field(gt=0)] = 7.0
    archive: PacsNode | None = None
    health_port: Annotated[int, Field(ge=0, le=65535)] = 0
    workers: Annotated[int, Field(ge=1)] = 1
    time_limit_s: Annotated[float, Field(gt=0)] = 600.0
    memory_limit_mib: Annotated[float, Field(gt=0)] = 4096.0
    options: SegmentOptions = SegmentOptions(threads=1)


def read_config(path: Path) -> NodeConfig:
    """Read the settings.

    Raises
    ------
    InputError
        If PyYAML is missing, or the file is missing, not valid, or the node is switched off.
    """
    if find_spec("yaml") is None:
        raise InputError(message("cohort.yaml_missing"))
    import yaml

    try:
        config = NodeConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        place, problem = first_problem(error)
        raise InputError(message("cohort.node_not_valid", path=path, place=place, problem=problem)) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(message("cohort.node_unreadable", path=path, reason=error)) from error
    if not config.enabled:
        raise InputError(message("cohort.node_off", path=path))
    return config
