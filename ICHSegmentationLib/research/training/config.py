# SPDX-License-Identifier: Apache-2.0
"""Training configuration, checked before any data is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, Subtype
from ICHSegmentationLib.core.validation import first_problem
from ICHSegmentationLib.networks.box_decoding import NMS_OVERLAP, SCORE_THRESHOLD
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.systems import get_system, system_names
from ICHSegmentationLib.systems.registry import check_preset


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSection(_Section):
    """Location of the data, split of the patients, and amount of simulated data.

    Attributes
    ----------
    folder : pathlib.Path
        Prepared volumes; training needs nothing else once they exist.
    nnunet : tuple of pathlib.Path
        Data sets in nnU-Net's folder layout, as written by `ichseg prepare`.
    fold : int or None
        Fold of their ``splits_final.json`` whose ``val`` cases are added to ``validation``.
    slices : tuple of pathlib.Path
        Folders of single labelled slices, see `LabelledSlices`; ``optimisation.slice_fraction`` of the samples show
        one of them. No lesions are simulated in them.
    slice_fold : int or None
        Fold, of five by patient, whose slices validate; without it all slices are trained on.
    phe_sich : pathlib.Path or None
        PHE-SICH-CT-IDS, whose clots are derived from the edema ring.
    corrected : pathlib.Path or None
        Folder of manually corrected label files ``CASE.nii.gz``, which replace the labels of the cases.
    detector : pathlib.Path or None
        Folder of models that contains ``about.detector``, which is copied beside a second stage.
    anatomy : pathlib.Path or None
        Folder of the blast-ct brain atlas; without it the generated atlas is used.
    held_out, validation : tuple of str
        Cases for the final evaluation, and for monitoring the training.
    excluded : dict of str to str
        Cases that are not used, each with the reason.
    painted_per_case, painted_per_validation_case : int
        Copies of each training and validation case with simulated lesions.
    varied_per_case : int
        Copies of each training case with varied lesions (`simulation.varied`): collections of all ages, thin
        hemorrhage, trauma, heads after surgery.
    look_alikes_per_case : int
        Copies of each training case with calcifications, dense dura and artefacts, and no simulated lesion.
    procedural_heads : int
        Number of generated heads for training; every third contains mimics and no hemorrhage.
    look_alike_share : float
        Fraction of the copies with simulated lesions that contain mimics too.
    real_series : bool
        Whether the original series are used for training; their copies always are.
    """

    folder: Path
    nnunet: tuple[Path, ...] = ()
    fold: int | None = Field(default=None, ge=0)
    slices: tuple[Path, ...] = ()
    slice_fold: int | None = Field(default=None, ge=0, lt=5)
    phe_sich: Path | None = None
    corrected: Path | None = None
    detector: Path | None = None
    anatomy: Path | None = None
    held_out: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    painted_per_case: int = Field(default=0, ge=0)
    painted_per_validation_case: int = Field(default=1, ge=0)
    varied_per_case: int = Field(default=0, ge=0)
    look_alikes_per_case: int = Field(default=0, ge=0)
    procedural_heads: int = Field(default=0, ge=0)
    look_alike_share: float = Field(default=0.3, ge=0, le=1)
    real_series: bool = True

    @model_validator(mode="after")
    def _check_split(self) -> Self:
        roles = (("held_out", set(self.held_out)), ("validation", set(self.validation)), ("excluded", {*self.excluded}))
        for index, (name, cases) in enumerate(roles):
            for other, others in roles[:index]:
                if cases & others:
                    case = min(cases & others)
                    raise ValueError(message("research.case_in_two_roles", case=case, first=other, second=name))
        return self


class OptimisationSection(_Section):
    """Optimisation of the network.

    Attributes
    ----------
    batch, accumulate : int
        Slices or patches per batch on each device, and batches per step (gradient accumulation).
    crop_px : int
        Rows and columns of the random crops of slices.
    steps : int
        Maximum number of steps.
    epoch_steps : int
        Steps per epoch; at its end the monitored metric is computed, shown and logged.
    loss : str
        Dice plus cross-entropy, or Dice plus focal loss with ``focal_gamma``. A detector has its own loss.
    loss_shares : tuple of float
        Weights of Dice and cross-entropy in ``dice_ce``.
    class_weights : tuple of float or None
        Weight of each class in the cross-entropy or focal loss, background first.
    optimiser : str
        Optimiser with ``learning_rate`` and ``weight_decay``; ``momentum`` (Nesterov) applies to SGD only.
    schedule : str
        Schedule of the learning rate. ``cosine`` and ``polynomial`` decrease to 0 at ``steps``; ``exponential``
        multiplies it by ``epoch_factor`` each epoch, ``plateau`` by ``plateau_factor`` if the monitored metric has not
        improved for ``plateau_patience`` epochs.
    warm_up : float
        Fraction of the steps with a linear warm-up of the learning rate.
    monitor : str
        ``validation_dice``, ``train_loss``, or ``auto``: the former if there are validation cases.
    patience : int or None
        Epochs without improvement before early stopping; None disables it.
    keep : str
        ``last`` weights, or the ``best`` by the monitored metric.
    precision : str
        ``auto`` is bfloat16 on graphics cards that support it, float16 on others, and float32 on the processor.
    ema_decay : float
        Decay of the exponential moving average of the weights.
    bleed_share : float
        Fraction of the slices with hemorrhage, all subtypes equally often; for patches see `PatchSection`.
    slice_fraction : float
        Fraction of the samples that show a slice of ``data.slices``, each slice equally often.
    workers : int
        Processes that load batches; 0 loads them in the training process.
    checkpoint_minutes : float
        Minutes between checkpoints.
    """

    batch: int = Field(ge=1)
    accumulate: int = Field(default=1, ge=1)
    crop_px: int = Field(default=256, ge=64, multiple_of=64)
    steps: int = Field(ge=1)
    epoch_steps: int = Field(default=250, ge=1)
    loss: Literal["dice_ce", "dice_focal"] = "dice_ce"
    loss_shares: tuple[float, float] = (1.0, 1.0)
    focal_gamma: float = Field(default=2.0, ge=0)
    class_weights: tuple[float, ...] | None = None
    optimiser: Literal["adam", "adamw", "sgd", "rmsprop", "adadelta"] = "adamw"
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    schedule: Literal["constant", "cosine", "polynomial", "exponential", "plateau"] = "cosine"
    warm_up: float = Field(default=0.0, ge=0, lt=1)
    epoch_factor: float = Field(default=0.95, gt=0, le=1)
    polynomial_power: float = Field(default=0.9, gt=0)
    plateau_factor: float = Field(default=0.5, gt=0, lt=1)
    plateau_patience: int = Field(default=5, ge=0)
    clip_norm: float = Field(default=5.0, gt=0)
    monitor: Literal["auto", "validation_dice", "train_loss"] = "auto"
    patience: int | None = Field(default=None, ge=1)
    keep: Literal["last", "best"] = "last"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    ema_decay: float = Field(default=0.998, gt=0, lt=1)
    bleed_share: float = Field(default=0.65, ge=0, le=1)
    slice_fraction: float = Field(default=0.0, ge=0, le=1)
    workers: int = Field(default=1, ge=0)
    checkpoint_minutes: float = Field(default=5.0, gt=0)

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.schedule == "plateau" and self.warm_up > 0:
            raise ValueError(message("research.warm_up_with_plateau"))
        return self


class AugmentationSection(_Section):
    """Augmentation of samples.

    Attributes
    ----------
    flip : float
        Probability of a left-right flip.
    affine : float
        Probability of a random rotation, scaling, shear and translation within the ranges below.
    rotate_rad, scale, shear, translate_px : float
        Maximum of each in both directions, in plane.
    intensities : bool
        Whether beam hardening, sharpness, noise, gain and offset are varied.
    noise_hu : float
        Maximum standard deviation of the noise in half of the samples, HU on the pixels of the network; it is spatially
        correlated in half of these.
    single : float
        Fraction of the samples in which the slice replaces its neighbours, as in a scan of one slice.
    """

    flip: float = Field(default=0.5, ge=0, le=1)
    affine: float = Field(default=0.6, ge=0, le=1)
    rotate_rad: float = Field(default=0.35, ge=0)
    scale: float = Field(default=0.15, ge=0, lt=1)
    shear: float = Field(default=0.05, ge=0)
    translate_px: float = Field(default=12.0, ge=0)
    intensities: bool = True
    noise_hu: float = Field(default=4.8, ge=0)
    single: float = Field(default=0.0, ge=0, le=1)


class BoxSection(_Section):
    """Variation of lesion boxes, for systems that use boxes.

    Attributes
    ----------
    jitter : float
        Maximum shift of each edge in both directions, as a fraction of the side.
    margin : float
        Enlargement at each edge before the shift, as a fraction of the side.
    whole_slices : bool
        Whether a second stage is trained on whole slices with all their hemorrhage instead of lesions: a single stage,
        to compare with two.
    """

    jitter: float = Field(default=0.0, ge=0, lt=0.5)
    margin: float = Field(default=0.0, ge=0)
    whole_slices: bool = False


class PatchSection(_Section):
    """Sampling and augmentation of patches, if ``input.patches`` is set (Abramova et al. 2021, 2.2.1).

    Attributes
    ----------
    lesion_share : float
        Fraction of the patches that are centred on hemorrhage of a class.
    negatives : str
        Centres of the other patches: in the ``brain``, or ``anywhere`` in the volume.
    hard_share : float
        Fraction of the other patches that are centred on hard negatives: the border of a lesion, IVH that is
        background, or other hemorrhage that is background; each existing kind equally often.
    turns : bool
        Whether patches are flipped, and rotated by multiples of 90 degrees, in plane.
    intensities : bool
        Whether blur, noise, contrast and brightness are varied.
    """

    lesion_share: float = Field(default=0.5, ge=0, le=1)
    negatives: Literal["brain", "anywhere"] = "brain"
    hard_share: float = Field(default=0.3, ge=0, le=1)
    turns: bool = False
    intensities: bool = False


class EvaluationSection(_Section):
    """Cases of the evaluation beside the patients ``data.held_out``.

    Attributes
    ----------
    simulated_per_subtype : int
        Copies of each held-out patient with one simulated lesion of each subtype.
    varied_per_subtype : int
        Copies of each held-out patient with varied lesions of each subtype (`simulation.varied`).
    look_alikes : int
        Number of generated heads with mimics and without hemorrhage.
    negatives : tuple of pathlib.Path
        Scans without hemorrhage.
    set_aside : dict of str to str
        Held-out patients with real extra-axial hemorrhage, each with a description; they are left out of the metric of
        false extra-axial volume.
    """

    simulated_per_subtype: int = Field(default=1, ge=0)
    varied_per_subtype: int = Field(default=0, ge=0)
    look_alikes: int = Field(default=40, ge=0)
    negatives: tuple[Path, ...] = ()
    set_aside: dict[str, str] = Field(default_factory=dict)


class AboutSection(_Section):
    """Further fields of the manifest entry; ``name`` is SYSTEM-PRESET by default.

    For a second stage, ``detector`` is the name of the model that finds the boxes and ``joining`` how it segments in
    them; ``score_threshold``, ``nms_overlap`` and ``lone_threshold`` are thresholds of a detector. See
    :class:`ICHSegmentationLib.models.ModelEntry`.
    ``case_minimum_ml`` is the smallest total volume of a positive scan; without it the model makes no such decision.
    ``least_certainty`` holds the limits of the postprocessing by subtype (`PostProcessing.min_confidence`), in place of
    the defaults; ``second_reader`` is the name of the verifier.
    """

    name: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")
    training_data: str = "not described"
    licence: str = "not stated"
    non_commercial: bool = True
    reference_seconds: float = Field(default=0.0, ge=0)
    case_minimum_ml: float | None = Field(default=None, ge=0)
    least_certainty: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    card: str = ""
    second_reader: str = ""
    detector: str = ""
    joining: Literal["boxes", "union"] = "boxes"
    score_threshold: float = Field(default=SCORE_THRESHOLD, gt=0, lt=1)
    nms_overlap: float = Field(default=NMS_OVERLAP, gt=0, le=1)
    lone_threshold: float = Field(default=0.0, ge=0, lt=1)


class TrainingConfig(_Section):
    """Everything that determines a training run, including the seed.

    Attributes
    ----------
    network : dict
        Constructor arguments that differ from the preset's.
    classes : tuple of str
        Output channels: ``background`` first, then subtypes; ``ICH`` covers all hemorrhage without a class of its own.
        A subtype without a class is background; hemorrhage of unknown subtype is ignored by the loss.
    start_from : str
        Name of an installed model; its weights of the same name and shape initialise the network.
    """

    seed: int = Field(ge=0)
    system: str
    preset: str
    network: dict[str, Any] = Field(default_factory=dict)
    classes: tuple[str, ...] = ("background", *(subtype.name for subtype in Subtype))
    input: InputSpec
    data: DataSection
    optimisation: OptimisationSection
    augmentation: AugmentationSection = AugmentationSection()
    boxes: BoxSection = BoxSection()
    patches: PatchSection = PatchSection()
    start_from: str = ""
    evaluation: EvaluationSection = EvaluationSection()
    about: AboutSection = AboutSection()

    @property
    def name(self) -> str:
        """Name of the trained model."""
        return self.about.name or f"{self.system}-{self.preset}"

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        check_preset(self.system, self.preset)
        names = {"ICH", *(subtype.name for subtype in Subtype)}
        blood = self.classes[1:]
        if self.classes[:1] != ("background",) or not blood or set(blood) - names or len(set(blood)) < len(blood):
            raise ValueError(message("research.config_classes", known=", ".join(sorted(names))))
        weights = self.optimisation.class_weights
        if weights is not None and len(weights) != len(self.classes):
            raise ValueError(message("research.class_weights_count", weights=len(weights), classes=len(self.classes)))
        shown = get_system(self.system).input
        if shown == "crops" and self.classes != ("background", ANY_BLOOD):
            raise ValueError(message("research.classes_of_crops", any_blood=ANY_BLOOD, system=self.system))
        if self.about.second_reader and not {"IPH", "IVH"} <= set(self.classes):
            raise ValueError(message("research.verifier_classes"))
        if (shown == "patches") != (self.input.patches is not None):
            patchwise = ", ".join(name for name in system_names() if get_system(name).input == "patches")
            raise ValueError(message("research.patches_of_other_system", patchwise=patchwise, system=self.system))
        if self.input.patches is None and self.optimisation.crop_px > self.input.size_px:
            raise ValueError(message("research.crop_too_large", size_px=self.input.size_px))
        if self.data.slices and self.input.patches is not None:
            raise ValueError(message("research.slices_without_neighbours"))
        if bool(self.data.slices) != (self.optimisation.slice_fraction > 0):
            raise ValueError(message("research.slices_without_fraction"))
        no_validation = not self.data.validation and self.data.fold is None and self.data.slice_fold is None
        if self.optimisation.monitor == "validation_dice" and no_validation:
            raise ValueError(message("research.monitor_without_validation"))
        return self


def read_config(path: Path) -> TrainingConfig:
    """Read a YAML configuration.

    ``extends: OTHER.yaml`` takes all values that the file does not give from another file in the same folder.

    Raises
    ------
    InputError
        If the file cannot be read or a value is missing, unknown or out of range; the message names the first such
        value.
    """
    content = _read_yaml(path, seen=())
    try:
        return TrainingConfig.model_validate(content)
    except ValidationError as error:
        place, problem = first_problem(error)
        raise InputError(message("research.config_not_valid", path=path, place=place, problem=problem)) from error


def _read_yaml(path: Path, seen: tuple[Path, ...]) -> Any:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(message("research.config_unreadable", path=path, reason=error)) from error
    if not isinstance(content, dict) or "extends" not in content:
        return content
    if path in seen:
        raise InputError(message("research.config_circle", path=path))
    base = _read_yaml(path.parent / str(content.pop("extends")), (*seen, path))
    return _merged(base, content) if isinstance(base, dict) else content


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the base with the given values replaced, recursively."""
    merged = dict(base)
    for name, value in changes.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
