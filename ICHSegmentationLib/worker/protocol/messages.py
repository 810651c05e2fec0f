# SPDX-License-Identifier: Apache-2.0
"""What host and worker say to each other: one JSON object per line, told apart by its ``type``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.models import Device, ModelEntry, RuntimeInfo
from ICHSegmentationLib.segmentation.boxes.segmentation import BoxEdit
from ICHSegmentationLib.worker.protocol.failures import FailureKind

PROTOCOL = 6
"""Raised when a message changes so that the other side would not understand it."""


class Message(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_line(self) -> bytes:
        """Return the message as UTF-8 with its line end."""
        return self.model_dump_json().encode() + b"\n"


class SegmentRequest(Message):
    """Segment the volume that lies in ``folder``; options as :func:`ICHSegmentationLib.segment` takes them.

    Answered by any number of `ProgressMessage`, then `ResultMessage` or `ErrorMessage`.
    """

    type: Literal["segment"] = "segment"
    id: int
    folder: Path
    model: str = "default"
    device: str = "auto"
    runtime: str = "auto"
    threads: int | None = Field(default=None, ge=1)
    force: bool = False


class ModelsRequest(Message):
    """List the installed models; answered by `ModelsMessage` or `ErrorMessage` when it is its turn."""

    type: Literal["models"] = "models"
    id: int


class DevicesRequest(Message):
    """List what models can run on; answered by `DevicesMessage` or `ErrorMessage` when it is its turn.

    It may take seconds: where there is a graphics card, torch is imported to see whether it can use it.
    """

    type: Literal["devices"] = "devices"
    id: int


class ExportRequest(Message):
    """Write files of the volume and labels that lie in ``folder``.

    Answered by any number of `ProgressMessage`, then `ExportedMessage` or `ErrorMessage`. The files come all together
    at the end, or not at all. It looks up for a cancel at each file.
    """

    type: Literal["export"] = "export"
    id: int
    folder: Path
    job: ExportJob


class LesionRequest(Message):
    """Segment one lesion of the volume and labels that lie in ``folder`` again, after its box was changed.

    The other options are those of :func:`ICHSegmentationLib.resegment_lesion`. Answered by `LesionMessage` or
    `ErrorMessage`; there is no progress, for it takes a fraction of a second.
    """

    type: Literal["lesion"] = "lesion"
    id: int
    folder: Path
    edit: BoxEdit
    model: str = "default"
    device: str = "auto"
    runtime: str = "auto"
    threads: int | None = Field(default=None, ge=1)


class ProposeRequest(Message):
    """Measure the volume and labels that lie in ``folder`` for the scores.

    Answered by `ProposedMessage` or `ErrorMessage`.
    """

    type: Literal["propose"] = "propose"
    id: int
    folder: Path


class CompareRequest(Message):
    """Compare the two cases that lie in ``folder``, as the subfolders ``baseline`` and ``followup``.

    Answered by any number of `ProgressMessage`, then `ComparedMessage` or `ErrorMessage`. It looks up for a cancel
    between the steps of the registration.

    Attributes
    ----------
    baseline, followup : ScanFiles
        Where the scans came from: their headers say whether they are of one patient.
    warnings : tuple of str
        Of reading them.
    """

    type: Literal["compare"] = "compare"
    id: int
    folder: Path
    baseline: ScanFiles
    followup: ScanFiles
    warnings: tuple[str, ...] = ()


class PingRequest(Message):
    """Show that you live; answered at once by `PongMessage`, also during work."""

    type: Literal["ping"] = "ping"
    id: int


class CancelRequest(Message):
    """Stop a request, running or waiting; it is then answered by an `ErrorMessage` of kind "cancelled".

    Itself not answered; one that comes too late does nothing.
    """

    type: Literal["cancel"] = "cancel"
    request: int


class ShutdownRequest(Message):
    """Stop what runs and end. The end of the standard input, as when the host dies, means the same."""

    type: Literal["shutdown"] = "shutdown"


class HelloMessage(Message):
    """The worker's first line. The host refuses a worker of another protocol or version."""

    # So that one of a later protocol can be named.
    model_config = ConfigDict(extra="ignore")

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    version: str = __version__
    pid: int


class ProgressMessage(Message):
    """How far a segmentation is; ``fraction`` is of the whole, 0 to 1, and never falls."""

    type: Literal["progress"] = "progress"
    id: int
    stage: str
    fraction: float = Field(ge=0, le=1)


class ResultMessage(Message):
    """A segmentation.

    Attributes
    ----------
    labels : Path
        (slices, rows, columns) uint8 as ``.npy`` in the request's folder.
    model, further_models, runtime, warnings, timings_s
        See :class:`ICHSegmentationLib.segmentation.result.SegmentationResult`.
    subtypes : tuple of str
        What :func:`ICHSegmentationLib.models.output_subtypes` gives where the model is installed: a line does not tell
        the folder of its entry.
    measurements : Measurements
        Of the labels.
    boxes : tuple of LesionBox
        Around its lesions.
    """

    type: Literal["result"] = "result"
    id: int
    labels: Path
    model: ModelEntry
    further_models: tuple[ModelEntry, ...]
    subtypes: tuple[str, ...]
    runtime: RuntimeInfo
    measurements: Measurements
    warnings: tuple[str, ...]
    timings_s: dict[str, float]
    boxes: tuple[LesionBox, ...] = ()


class ModelsMessage(Message):
    """The installed models and which is taken when none is chosen."""

    type: Literal["models"] = "models"
    id: int
    default: str
    models: tuple[ModelEntry, ...]


class DevicesMessage(Message):
    """What models can run on, the processor first, and what cannot be used for which reason."""

    type: Literal["devices"] = "devices"
    id: int
    devices: tuple[Device, ...]


class ExportedMessage(Message):
    """The files that were written."""

    type: Literal["exported"] = "exported"
    id: int
    files: tuple[Path, ...]


class LesionMessage(Message):
    """The labels with one lesion segmented again; ``labels`` as in `ResultMessage`."""

    type: Literal["lesion"] = "lesion"
    id: int
    labels: Path
    seconds: float


class ProposedMessage(Message):
    """What the labels propose for the scores."""

    type: Literal["proposed"] = "proposed"
    id: int
    proposals: Proposals


class ComparedMessage(Message):
    """A comparison; ``picture`` is a PNG in the request's folder."""

    type: Literal["compared"] = "compared"
    id: int
    comparison: Comparison
    picture: Path


class PongMessage(Message):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    id: int


class ErrorMessage(Message):
    """A request that came to nothing: the kind of failure and one sentence for the user.

    ``id`` is None where the request could not be read so far.
    """

    type: Literal["error"] = "error"
    id: int | None
    kind: FailureKind
    message: str


Request = (
    SegmentRequest
    | ModelsRequest
    | DevicesRequest
    | ExportRequest
    | LesionRequest
    | ProposeRequest
    | CompareRequest
    | PingRequest
    | CancelRequest
    | ShutdownRequest
)
Response = (
    HelloMessage
    | ProgressMessage
    | ResultMessage
    | ModelsMessage
    | DevicesMessage
    | ExportedMessage
    | LesionMessage
    | ProposedMessage
    | ComparedMessage
    | PongMessage
    | ErrorMessage
)

_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
_RESPONSE: TypeAdapter[Response] = TypeAdapter(Annotated[Response, Field(discriminator="type")])


def parse_request(line: bytes) -> Request:
    """Read a line of the host.

    Raises
    ------
    pydantic.ValidationError
        If it is not a request.
    """
    return _REQUEST.validate_json(line)


def parse_response(line: bytes) -> Response:
    """Read a line of the worker.

    Raises
    ------
    pydantic.ValidationError
        If it is not a response.
    """
    return _RESPONSE.validate_json(line)
