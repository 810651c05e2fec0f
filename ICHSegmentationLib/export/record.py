# SPDX-License-Identifier: Apache-2.0
"""Content of ``measurements.json``: input, model, runtime and measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.review import Review
from ICHSegmentationLib.measurement import CaseDecision, IchScore, Lesion, Measurements, MidlineShift, ModifiedGraeb
from ICHSegmentationLib.measurement.correction import Agreement
from ICHSegmentationLib.segmentation.run_outcome import RunOutcome

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry
    from ICHSegmentationLib.segmentation.result import SegmentationResult

UNKNOWN = "unknown"


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, json_schema_serialization_defaults_required=True
    )


class InputRecord(_Part):
    """What was read, without patient data; ``warnings`` are those of reading and of segmenting."""

    kind: str
    slices: int
    warnings: tuple[str, ...]


class GeometryRecord(_Part):
    """The slice grid in the project's words: steps between positions, distances along the normal, in mm."""

    tilt_deg: float
    step_mm: tuple[float, ...]
    slice_distance_mm: tuple[float, ...]
    spacing_mm: tuple[float, float]


class ModelRecord(_Part):
    """Which weights were used."""

    name: str
    system: str
    preset: str
    sha256: str
    licence: str

    @classmethod
    def of(cls, entry: ModelEntry) -> Self:
        """Return the record of an entry of the list of models."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


_MODELS = TypeAdapter(tuple[ModelRecord, ...])


class RuntimeRecord(_Part):
    """What they ran on."""

    device: str
    backend: str
    threads: int


class RunRecord(_Part):
    """Run that made some labels; ``further_models`` is None if unknown, ``assessed`` as in `MeasurementRecord`."""

    model: ModelRecord
    further_models: tuple[ModelRecord, ...] | None = None
    runtime: RuntimeRecord
    warnings: tuple[str, ...] = ()
    assessed: bool = True
    timings_s: dict[str, float] = {}

    @classmethod
    def of_attributes(cls, attributes: Mapping[str, str]) -> Self:
        """Return the run recorded in the attributes of a scene node; missing values are "unknown"."""

        def known(names: Iterable[str], words: Mapping[str, str]) -> dict[str, str]:
            return {name: attributes.get(words.get(name, name)) or UNKNOWN for name in names}

        threads = attributes.get("threads", "")
        outcome = _outcome_of(attributes.get("outcome", ""))
        return cls(
            model=ModelRecord(**known(ModelRecord.model_fields, {"name": "model"})),
            further_models=_models_of(attributes.get("further_models", "")),
            runtime=RuntimeRecord(
                **known(("device", "backend"), {}), threads=int(threads) if threads.isdecimal() else 0
            ),
            warnings=outcome.warnings,
            assessed=outcome.assessed,
        )


class AlignmentRecord(_Part):
    """How the head lay before it was set upright for the network; see `MidsagittalPlane` for the signs."""

    turn_deg: float
    lean_deg: float


class LargestLesion(_Part):
    """The largest connected region of one subtype; ``centroid_slice`` counts from 0."""

    subtype: str
    volume_ml: float
    centroid_slice: int


class MeasurementRecord(_Part):
    """The file, schema 1.

    ``further_models`` are the companion models of the model: the detector of two stages, or a verifier, also if it
    agreed; null if unknown. ``abc2_ml`` is null for subtypes without the estimate. ``corrected`` names the segments
    edited since the model made them; null if unknown. ``case_decision`` is present if the model decides whether a scan
    has hemorrhage, ``alignment`` if it was given the upright head, ``ich_score`` if any of its items was given,
    ``growth`` if an earlier scan was compared, ``agreement`` if the labels of the model were given to compare the
    corrected ones with, ``review`` if the verdict of a radiologist was given. ``assessed`` is false if the head lies in
    the slices in a way that the model was not made for (see the warnings): blood that is not in the labels may be
    there. Items that the radiologist gave instead of a proposal are named in ``ich_score.edited`` and stored in
    ``modified_graeb.items[].edited_points``.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    input: InputRecord
    geometry: GeometryRecord
    model: ModelRecord
    further_models: tuple[ModelRecord, ...] | None = None
    runtime: RuntimeRecord
    volumes_ml: dict[str, float]
    present: dict[str, bool]
    abc2_ml: dict[str, float | None]
    largest_lesion: LargestLesion | None
    lesions: tuple[Lesion, ...]
    midline_shift: MidlineShift | None = None
    modified_graeb: ModifiedGraeb | None = None
    iph_30_ml_or_more: bool = False
    assessed: bool = True
    corrected: tuple[str, ...] | None = None
    case_decision: CaseDecision | None = None
    alignment: AlignmentRecord | None = None
    ich_score: IchScore | None = None
    growth: Comparison | None = None
    agreement: Agreement | None = None
    review: Review | None = None
    timings_s: dict[str, float]

    def remeasured(self, measurements: Measurements) -> MeasurementRecord:
        """Return the record of the same run with other measurements, as after corrections by hand.

        Values that depend on the old labels (corrections, decision, score, growth, agreement, review) are
        removed.
        """
        return self.model_copy(
            update={
                "volumes_ml": measurements.volumes_ml,
                "present": measurements.present,
                "abc2_ml": measurements.abc2_ml,
                "largest_lesion": _largest(measurements),
                "lesions": measurements.lesions,
                "midline_shift": measurements.midline_shift,
                "modified_graeb": measurements.modified_graeb,
                "iph_30_ml_or_more": measurements.iph_30_ml_or_more,
                "corrected": None,
                "case_decision": None,
                "ich_score": None,
                "growth": None,
                "agreement": None,
                "review": None,
            }
        )

    def with_warnings(self, added: Iterable[str]) -> MeasurementRecord:
        """Return the record with further warnings, each once."""
        warnings = tuple(dict.fromkeys((*self.input.warnings, *added)))
        return self.model_copy(update={"input": self.input.model_copy(update={"warnings": warnings})})

    def with_seconds(self, **seconds: float) -> MeasurementRecord:
        """Return the record with the times of the last stages, in s, and the total of all."""
        timings_s = self.timings_s | {name: round(value, 3) for name, value in seconds.items()}
        return self.model_copy(update={"timings_s": timings_s | {"total": round(sum(timings_s.values()), 3)}})

    def to_json(self) -> str:
        """Return the text of the file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def read_record(path: Path) -> MeasurementRecord | None:
    """Return the content of a ``measurements.json``, or None if there is no readable one."""
    try:
        return MeasurementRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def was_assessed(labels: Path) -> bool:
    """Return whether the scan of some labels was assessed by the record in their folder; True without one."""
    record = read_record(labels.with_name("measurements.json"))
    return record is None or record.assessed


def warn_not_assessed(labels: Path) -> tuple[str, ...]:
    """Return a warning if the record in the folder of some labels says that their scan was not assessed."""
    return () if was_assessed(labels) else (message("export.labels_not_assessed", path=labels),)


def models_text(entries: Iterable[ModelEntry]) -> str:
    """Return models as text for the attribute ``further_models``; see `RunRecord.of_attributes`."""
    return _MODELS.dump_json(tuple(ModelRecord.of(entry) for entry in entries)).decode()


def _models_of(text: str) -> tuple[ModelRecord, ...] | None:
    try:
        return _MODELS.validate_json(text)
    except ValidationError:
        return None


def _outcome_of(text: str) -> RunOutcome:
    try:
        return RunOutcome.model_validate_json(text)
    except ValidationError:
        return RunOutcome()


def make_record(result: SegmentationResult, measurements: Measurements) -> MeasurementRecord:
    """Return the record of a segmentation with the measurements of its label map."""
    run = RunRecord(
        model=ModelRecord.of(result.model),
        further_models=tuple(ModelRecord.of(entry) for entry in result.further_models),
        runtime=RuntimeRecord(**{name: getattr(result.runtime, name) for name in RuntimeRecord.model_fields}),
        warnings=result.warnings,
        assessed=result.assessed,
        timings_s=result.timings_s,
    )
    minimum_ml, plane = result.model.case_minimum_ml, result.plane
    return record_of(result.volume, measurements, run).model_copy(
        update={
            "corrected": (),
            "case_decision": CaseDecision.of(measurements, minimum_ml)
            if result.assessed and minimum_ml is not None
            else None,
            "alignment": None
            if plane is None
            else AlignmentRecord(turn_deg=round(plane.turn_deg, 1), lean_deg=round(plane.lean_deg, 1)),
        }
    )


def record_of(volume: CTVolume, measurements: Measurements, run: RunRecord) -> MeasurementRecord:
    """Return the record of labels of any origin; ``corrected`` is left unknown.

    Parameters
    ----------
    volume : CTVolume
        The scan.
    measurements : Measurements
        Measurements of the labels.
    run : RunRecord
        Run that made them.
    """
    grid, source = volume.grid, volume.source
    return MeasurementRecord(
        input=InputRecord(
            kind=source.kind,
            slices=grid.shape[0],
            warnings=tuple(dict.fromkeys((*volume.warnings, *run.warnings))),
        ),
        geometry=GeometryRecord(
            # Adding zero turns -0.0 into 0.0.
            tilt_deg=round(grid.tilt_deg, 2) + 0.0,
            step_mm=tuple(grid.distinct_steps()),
            slice_distance_mm=tuple(grid.distinct_slice_distances()),
            spacing_mm=(round(grid.spacing_mm[0], 4), round(grid.spacing_mm[1], 4)),
        ),
        model=run.model,
        further_models=run.further_models,
        runtime=run.runtime,
        volumes_ml=measurements.volumes_ml,
        present=measurements.present,
        abc2_ml=measurements.abc2_ml,
        largest_lesion=_largest(measurements),
        lesions=measurements.lesions,
        midline_shift=measurements.midline_shift,
        modified_graeb=measurements.modified_graeb,
        iph_30_ml_or_more=measurements.iph_30_ml_or_more,
        assessed=run.assessed and measurements.assessed,
        timings_s={name: round(seconds, 3) for name, seconds in run.timings_s.items()},
    )


def _largest(measurements: Measurements) -> LargestLesion | None:
    lesion = measurements.largest_lesion
    if lesion is None:
        return None
    return LargestLesion(subtype=lesion.subtype, volume_ml=lesion.volume_ml, centroid_slice=lesion.centroid_slice)
