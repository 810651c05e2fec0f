# SPDX-License-Identifier: Apache-2.0
"""Messages between client and worker: one JSON object per line, distinguished by ``type``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
from ICHSegmentationLib.core.messages import Message as CatalogueMessage
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import ModelRecord
from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.models import Device, ModelEntry, RuntimeInfo
from ICHSegmentationLib.worker.protocol.failures import FailureKind, make_error

PROTOCOL = 9
"""Increased when a change of the messages is incompatible."""


class Message(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_line(self) -> bytes:
        """Return the message as UTF-8 with a line end."""
        return self.model_dump_json().encode() + b"\n"


class OpenRequest(Message):
    """Read the scan in ``folder`` and keep it under a key; answered by `OpenedMessage` or `ErrorMessage`.

    The worker keeps the two scans used last. A request for another scan is answered by an error of kind
    "unknown_scan"; the client then opens the scan again.

    Attributes
    ----------
    scan : str
        Key, see :func:`ICHSegmentationLib.worker.protocol.exchange.scan_key`.
    """

    type: Literal["open"] = "open"
    id: int
    scan: str
    folder: Path


class SegmentRequest(Message):
    """Segment an open scan; the labels are written into ``folder``.

    Answered by any number of `ProgressMessage`, then `ResultMessage` or `ErrorMessage`. With ``boxes``, blood is
    segmented inside these only.
    """

    type: Literal["segment"] = "segment"
    id: int
    scan: str
    folder: Path
    options: SegmentOptions = SegmentOptions()
    boxes: tuple[LesionBox, ...] | None = None


class ModelsRequest(Message):
    """List the installed models; answered in turn by `ModelsMessage` or `ErrorMessage`."""

    type: Literal["models"] = "models"
    id: int


class DevicesRequest(Message):
    """List the devices; answered in turn by `DevicesMessage` or `ErrorMessage`.

    Takes seconds if there is a graphics card: torch is imported to check whether it can use the card.
    """

    type: Literal["devices"] = "devices"
    id: int


class ExportRequest(Message):
    """Write files of an open scan with the labels in ``folder``.

    Answered by any number of `ProgressMessage`, then `ExportedMessage` or `ErrorMessage`. Either all files are
    written or none. A cancel takes effect at the next file.
    """

    type: Literal["export"] = "export"
    id: int
    scan: str
    folder: Path
    job: ExportJob


class LesionRequest(Message):
    """Segment one lesion of an open scan again after its box was changed; ``folder`` contains the labels.

    Answered by `LesionMessage` or `ErrorMessage`, without progress: it takes a fraction of a second. The options are
    those of :func:`ICHSegmentationLib.resegment_lesion`; ``force`` has no effect.
    """

    type: Literal["lesion"] = "lesion"
    id: int
    scan: str
    folder: Path
    edit: BoxEdit
    options: SegmentOptions = SegmentOptions()


class ProposeRequest(Message):
    """Measure the labels in ``folder`` on an open scan for the scores.

    Answered by `ProposedMessage` or `ErrorMessage`.
    """

    type: Literal["propose"] = "propose"
    id: int
    scan: str
    folder: Path


class CompareRequest(Message):
    """Compare two open scans with the labels in ``folder``.

    Answered by any number of `ProgressMessage`, then `ComparedMessage` or `ErrorMessage`. A cancel takes effect between
    the steps of the registration.

    Attributes
    ----------
    baseline_scan, followup_scan : str
        Keys of the scans.
    baseline, followup : ScanFiles
        Files of the scans, whose headers show whether both are of one patient.
    assessed : tuple of bool
        Whether the scans were assessed.
    warnings : tuple of str
        Warnings of reading them.
    """

    type: Literal["compare"] = "compare"
    id: int
    baseline_scan: str
    followup_scan: str
    folder: Path
    baseline: ScanFiles
    followup: ScanFiles
    assessed: tuple[bool, bool] = (True, True)
    warnings: tuple[str, ...] = ()


class CaseRequest(Message):
    """Read a scan from its files, segment and measure it, and write all files of a run into ``folder``.

    Answered by any number of `ProgressMessage`, then `CaseMessage` or `ErrorMessage`. The scan is not kept.

    Attributes
    ----------
    paths : tuple of Path
        One folder or file, or the files of a DICOM series.
    series : str or None
        As for :func:`ICHSegmentationLib.read_ct`.
    folder : Path
        Folder of the results, created if necessary.
    review : bool
        Write the review page too.
    keys : Path or None
        Keys of a de-identification: the scan without identity and face is written into ``folder`` too, and all files
        are made from it. None writes the files of the scan as it is.
    """

    type: Literal["case"] = "case"
    id: int
    paths: tuple[Path, ...] = Field(min_length=1)
    series: str | None = None
    folder: Path
    review: bool = False
    keys: Path | None = None
    options: SegmentOptions = SegmentOptions()


class PairRequest(Message):
    """Read two segmented scans from their files, and write ``comparison.json`` and ``comparison.png``.

    Answered by any number of `ProgressMessage`, then `PairMessage` or `ErrorMessage`.

    Attributes
    ----------
    baseline, followup : CaseRequest
        Earlier and later scan; ``folder`` is that of their results, and the options have no effect.
    folder : Path
        Folder of the comparison, created if necessary.
    """

    type: Literal["pair"] = "pair"
    id: int
    baseline: CaseRequest
    followup: CaseRequest
    folder: Path


class PingRequest(Message):
    """Check that the worker runs; answered at once by `PongMessage`, also during work."""

    type: Literal["ping"] = "ping"
    id: int


class CancelRequest(Message):
    """Cancel a running or waiting request, which is then answered by an `ErrorMessage` of kind "cancelled".

    The cancel itself is not answered; it has no effect if it comes too late.
    """

    type: Literal["cancel"] = "cancel"
    request: int


class ShutdownRequest(Message):
    """Stop the work and end. The end of standard input, for example when the client dies, has the same effect."""

    type: Literal["shutdown"] = "shutdown"


class HelloMessage(Message):
    """First message of the worker. The client rejects a worker with another protocol or version."""

    # Also accepts messages of later protocols, to report their version.
    model_config = ConfigDict(extra="ignore")

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    version: str = __version__
    pid: int


class OpenedMessage(Message):
    """The scan is open; its folder is no longer needed."""

    type: Literal["opened"] = "opened"
    id: int


class ProgressMessage(Message):
    """Progress of a request; ``fraction`` is the overall progress, 0 to 1, and never decreases."""

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
    model, further_models, runtime, warnings, timings_s, assessed
        See :class:`ICHSegmentationLib.segmentation.result.SegmentationResult`.
    subtypes : tuple of str
        Subtypes that the model can output, see :func:`ICHSegmentationLib.models.output_subtypes`; the client has no
        access to the models.
    measurements : Measurements
        Measurements of the labels.
    boxes : tuple of LesionBox
        Boxes around the lesions.
    brain_frame : tuple of float or None
        Numbers of the :class:`ICHSegmentationLib.anatomy.brain_frame.BrainFrame`; None if the atlas does not fit.
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
    assessed: bool = True
    brain_frame: tuple[float, ...] | None = None


class ModelsMessage(Message):
    """The installed models and the name of the default one."""

    type: Literal["models"] = "models"
    id: int
    default: str
    models: tuple[ModelEntry, ...]


class DevicesMessage(Message):
    """All devices, the processor first, each with the reason if it cannot be used."""

    type: Literal["devices"] = "devices"
    id: int
    devices: tuple[Device, ...]


class ExportedMessage(Message):
    """The written files."""

    type: Literal["exported"] = "exported"
    id: int
    files: tuple[Path, ...]


class LesionMessage(Message):
    """Labels after one lesion was segmented again; ``labels`` as in `ResultMessage`."""

    type: Literal["lesion"] = "lesion"
    id: int
    labels: Path
    seconds: float


class ProposedMessage(Message):
    """Score items proposed from the labels."""

    type: Literal["proposed"] = "proposed"
    id: int
    proposals: Proposals


class ComparedMessage(Message):
    """A comparison; ``picture`` is a PNG in the request's folder."""

    type: Literal["compared"] = "compared"
    id: int
    comparison: Comparison
    picture: Path


class CaseMessage(Message):
    """The files of a run are written; model, warnings and timings as in ``measurements.json``."""

    type: Literal["case_done"] = "case_done"
    id: int
    model: ModelRecord
    warnings: tuple[str, ...]
    timings_s: dict[str, float]


class PairMessage(Message):
    """The files of a comparison are written."""

    type: Literal["pair_done"] = "pair_done"
    id: int
    warnings: tuple[str, ...]


class PongMessage(Message):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    id: int


class ErrorMessage(Message):
    """Failure of a request.

    Attributes
    ----------
    id : int or None
        None if the ID of the request could not be read.
    kind : FailureKind
        Kind of failure, from which an application chooses the next step.
    message : str
        One sentence for the user.
    code : str
        Code of the message in the catalogue; empty for other texts.
    parameters : dict
        Parameters of the message; values without a JSON type are given as text.
    """

    type: Literal["error"] = "error"
    id: int | None
    kind: FailureKind
    message: str
    code: str = ""
    parameters: dict[str, str | int | float | bool | None] = Field(default_factory=dict)

    @classmethod
    def of(cls, number: int | None, kind: FailureKind, sentence: str) -> Self:
        """Return the message for a text of the catalogue or any other text."""
        plain = (str, int, float, bool, type(None))
        parameters = {
            name: value if isinstance(value, plain) else str(value)
            for name, value in getattr(sentence, "parameters", {}).items()
        }
        return cls(
            id=number, kind=kind, message=str(sentence), code=getattr(sentence, "code", ""), parameters=parameters
        )

    def error(self) -> ICHSegmentationError:
        """Return the exception that the library would have raised."""
        return make_error(self.kind, CatalogueMessage(self.message, self.code, self.parameters))


NumberedRequest = (
    OpenRequest
    | SegmentRequest
    | ModelsRequest
    | DevicesRequest
    | ExportRequest
    | LesionRequest
    | ProposeRequest
    | CompareRequest
    | CaseRequest
    | PairRequest
    | PingRequest
)
"""Requests with an answer."""
Request = NumberedRequest | CancelRequest | ShutdownRequest
NumberedResponse = (
    OpenedMessage
    | ProgressMessage
    | ResultMessage
    | ModelsMessage
    | DevicesMessage
    | ExportedMessage
    | LesionMessage
    | ProposedMessage
    | ComparedMessage
    | CaseMessage
    | PairMessage
    | PongMessage
    | ErrorMessage
)
Response = HelloMessage | NumberedResponse

_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
_RESPONSE: TypeAdapter[Response] = TypeAdapter(Annotated[Response, Field(discriminator="type")])


def parse_request(line: bytes) -> Request:
    """Parse a line of the client.

    Raises
    ------
    pydantic.ValidationError
        If it is not a request.
    """
    return _REQUEST.validate_json(line)


def parse_response(line: bytes) -> Response:
    """Parse a line of the worker.

    Raises
    ------
    pydantic.ValidationError
        If it is not a response.
    """
    return _RESPONSE.validate_json(line)
