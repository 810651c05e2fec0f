# SPDX-License-Identifier: Apache-2.0
"""The training configuration, checked before any data is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, Subtype
from ICHSegmentationLib.networks.box_decoding import NMS_OVERLAP, SCORE_THRESHOLD
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.systems import get_system, system_names


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSection(_Section):
    """Where the data lies, how the patients are split, and how much is simulated.

    Attributes
    ----------
    folder : pathlib.Path
        Prepared volumes; all that training needs once they are made.
    nnunet : tuple of pathlib.Path
        Data sets in nnU-Net's folder layout, as `ichseg prepare` writes them.
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
        Folder of label files ``CASE.nii.gz`` that replace a case's own labels, outlined by hand.
    detector : pathlib.Path or None
        Folder of models with ``about.detector``, which is added to those of a second stage.
    anatomy : pathlib.Path or None
        The brain atlas of blast-ct; without it the generated atlas is used.
    held_out, validation : tuple of str
        Cases kept for the final figures, and for choosing when to stop.
    excluded : dict of str to str
        Cases left out altogether, each with the reason.
    painted_per_case, painted_per_validation_case : int
        Copies of each training and validation case with simulated lesions.
    look_alikes_per_case : int
        Copies of each training case with calcifications, dense dura and artefacts, and no simulated lesion.
    procedural_heads : int
        Generated heads, for training; every third holds what looks like blood, and no blood.
    look_alike_share : float
        Share of the painted copies that get what looks like blood too.
    real_series : bool
        Whether the training cases are trained on as they are; their painted copies are in any case.
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
                    message = f"case {min(cases & others)} is both in {other} and in {name}"
                    raise ValueError(message)
        return self


class OptimisationSection(_Section):
    """How the network is fitted.

    Attributes
    ----------
    batch, accumulate : int
        Slices or patches of a batch on each device, and batches whose gradients make one step.
    crop_px : int
        Rows and columns of the random crops of slices.
    steps : int
        Most steps.
    epoch_steps : int
        After so many steps the monitored figure is taken, shown and logged.
    loss : str
        Dice plus cross-entropy, or plus focal loss with ``focal_gamma``. A detector has its own.
    loss_shares : tuple of float
        What Dice and cross-entropy are multiplied with in ``dice_ce``.
    class_weights : tuple of float or None
        Weight of each class in the second part of the loss, background first.
    optimiser : str
        With ``learning_rate`` and ``weight_decay``; ``momentum`` is of SGD (Nesterov's) alone.
    schedule : str
        Of the learning rate. ``cosine`` and ``polynomial`` fall to 0 at ``steps``; ``exponential`` multiplies it by
        ``epoch_factor`` each epoch, ``plateau`` by ``plateau_factor`` when the monitored figure has not improved for
        ``plateau_patience`` epochs.
    warm_up : float
        Share of the steps in which the learning rate rises linearly.
    monitor : str
        ``validation_dice``, ``train_loss``, or ``auto``: the first where there are validation cases.
    patience : int or None
        Epochs without improvement after which training stops; None goes on to ``steps``.
    keep : str
        ``last`` weights, or the ``best`` by the monitored figure.
    precision : str
        ``auto`` is bfloat16 on a graphics card that has it, float16 on others, float32 on the processor.
    ema_decay : float
        Of the exponential moving average of the weights.
    bleed_share : float
        Share of the slices that show blood, all subtypes alike; for patches see `PatchSection`.
    slice_fraction : float
        Fraction of the samples that show a slice of ``data.slices``, each slice alike.
    workers : int
        Processes that prepare batches; 0 does it between the steps.
    checkpoint_minutes : float
        How often the state is written.
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
            message = "the plateau schedule knows no warm-up; set warm_up to 0"
            raise ValueError(message)
        return self


class AugmentationSection(_Section):
    """How samples are varied.

    Attributes
    ----------
    flip : float
        Fraction of the samples that are mirrored left to right.
    affine : float
        Fraction that is rotated, scaled, sheared and shifted, each by up to the values below in either direction.
    rotate_rad, scale, shear, translate_px : float
        In the slice.
    intensities : bool
        Whether beam hardening, sharpness, noise, gain and offset are varied.
    noise_hu : float
        Maximum standard deviation of the noise in half of the samples, HU on the pixels of the network; it is spatially
        correlated in half of these.
    single : float
        Fraction of the samples in which the slice takes the place of its neighbours, as where a scan has one slice.
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
    """How the boxes of lesions are varied, where a system works with boxes.

    Attributes
    ----------
    jitter : float
        Each edge moves by up to this share of the box's side, either way.
    margin : float
        Before that the box is enlarged by this share of its side at each edge.
    whole_slices : bool
        Whether a second stage is shown whole slices and all their blood in place of lesions: a single stage, to compare
        with two.
    """

    jitter: float = Field(default=0.0, ge=0, lt=0.5)
    margin: float = Field(default=0.0, ge=0)
    whole_slices: bool = False


class PatchSection(_Section):
    """How patches of volumes are drawn and varied, where ``input.patches`` is set (Abramova et al. 2021, 2.2.1).

    Attributes
    ----------
    lesion_share : float
        Share of the patches that are centred on blood of a class.
    negatives : str
        Where the centres of the others lie: in the ``brain``, or ``anywhere`` in the volume.
    hard_share : float
        Share of the others that are centred at the border of a lesion, or in blood that is background: of the
        ventricles, or elsewhere; each of these kinds that the volume has alike.
    turns : bool
        Whether patches are flipped and turned by right angles in the slice.
    intensities : bool
        Whether blur, noise, contrast and brightness are varied.
    """

    lesion_share: float = Field(default=0.5, ge=0, le=1)
    negatives: Literal["brain", "anywhere"] = "brain"
    hard_share: float = Field(default=0.3, ge=0, le=1)
    turns: bool = False
    intensities: bool = False


class EvaluationSection(_Section):
    """What the model is measured on; the patients are ``data.held_out``.

    Attributes
    ----------
    simulated_per_subtype : int
        Copies of each held-out patient with one simulated bleed of each subtype.
    look_alikes : int
        Generated heads without blood but with what looks like it.
    negatives : tuple of pathlib.Path
        Scans without any blood.
    set_aside : dict of str to str
        Held-out patients with real extra-axial blood, each with what was seen; the figure of false extra-axial blood
        leaves them out.
    """

    simulated_per_subtype: int = Field(default=1, ge=0)
    look_alikes: int = Field(default=40, ge=0)
    negatives: tuple[Path, ...] = ()
    set_aside: dict[str, str] = Field(default_factory=dict)


class AboutSection(_Section):
    """What the list of models says beside the input; ``name`` is system-preset where none is given.

    ``detector`` is the name of the model that finds the boxes for a second stage and ``joining`` how it looks into
    them, ``score_threshold``, ``nms_overlap`` and ``lone_threshold`` are a detector's own; see
    :class:`ICHSegmentationLib.models.ModelEntry`.
    ``case_minimum_ml`` is the volume from which on a scan counts as one with a bleed, without it none is decided on.
    ``least_certainty`` are the limits of the cleaning by subtype (`PostProcessing.least_certainty`), in place of the
    usual ones; ``second_reader`` is the name of the model that is asked about ventricular blood.
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
    """Everything that decides a training run, seed included.

    Attributes
    ----------
    network : dict
        Constructor arguments that differ from the preset's.
    classes : tuple of str
        Output channels: ``background`` first, then names of subtypes; ``ICH`` stands for all blood that no other class
        names. Blood of a subtype that has no class is background, blood of an unknown subtype is left out of the loss.
    start_from : str
        Name of an installed model; the network begins with its weights of the same name and shape.
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
        """Name of the model that is trained."""
        return self.about.name or f"{self.system}-{self.preset}"

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.system not in system_names() or self.preset not in get_system(self.system).presets:
            known = ", ".join(f"{name}/{preset}" for name in system_names() for preset in get_system(name).presets)
            message = f"there is no network {self.system}/{self.preset}; known are {known}"
            raise ValueError(message)
        names = {"ICH", *(subtype.name for subtype in Subtype)}
        blood = self.classes[1:]
        if self.classes[:1] != ("background",) or not blood or set(blood) - names or len(set(blood)) < len(blood):
            message = f"classes must be background and then some of {', '.join(sorted(names))}, each once"
            raise ValueError(message)
        weights = self.optimisation.class_weights
        if weights is not None and len(weights) != len(self.classes):
            message = f"optimisation.class_weights has {len(weights)} numbers for {len(self.classes)} classes"
            raise ValueError(message)
        shown = get_system(self.system).input
        if shown == "crops" and self.classes != ("background", ANY_BLOOD):
            message = (
                f"classes must be background and {ANY_BLOOD} for the system {self.system}: the boxes name the subtype"
            )
            raise ValueError(message)
        if self.about.second_reader and not {"IPH", "IVH"} <= set(self.classes):
            message = "about.second_reader needs the classes IPH and IVH"
            raise ValueError(message)
        if (shown == "patches") != (self.input.patches is not None):
            patchwise = ", ".join(name for name in system_names() if get_system(name).input == "patches")
            message = f"input.patches must be given for the system {patchwise} and for no other, here {self.system}"
            raise ValueError(message)
        if self.input.patches is None and self.optimisation.crop_px > self.input.size_px:
            message = f"optimisation.crop_px is larger than input.size_px, {self.input.size_px}"
            raise ValueError(message)
        if self.data.slices and self.input.patches is not None:
            message = "data.slices cannot train a network of patches, which need neighbouring slices"
            raise ValueError(message)
        if bool(self.data.slices) != (self.optimisation.slice_fraction > 0):
            message = "data.slices and optimisation.slice_fraction need each other"
            raise ValueError(message)
        no_validation = not self.data.validation and self.data.fold is None and self.data.slice_fold is None
        if self.optimisation.monitor == "validation_dice" and no_validation:
            message = (
                "optimisation.monitor validation_dice needs cases in data.validation, a data.fold or a data.slice_fold"
            )
            raise ValueError(message)
        return self


def read_config(path: Path) -> TrainingConfig:
    """Read a YAML configuration.

    ``extends: OTHER.yaml``, beside the file, takes everything from another one but what the file itself says.

    Raises
    ------
    InputError
        If the file cannot be read or a value is missing, unknown or out of range; names the first such value.
    """
    content = _read_yaml(path, seen=())
    try:
        return TrainingConfig.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{path.name}: {where or 'the file'}: {first['msg'].removeprefix('Value error, ')}."
        raise InputError(message) from error


def _read_yaml(path: Path, seen: tuple[Path, ...]) -> Any:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"The configuration {path} cannot be read: {error}."
        raise InputError(message) from error
    if not isinstance(content, dict) or "extends" not in content:
        return content
    if path in seen:
        message = f"{path.name}: extends: the files extend each other in a circle."
        raise InputError(message)
    base = _read_yaml(path.parent / str(content.pop("extends")), (*seen, path))
    return _merged(base, content) if isinstance(base, dict) else content


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the base with single values replaced, section by section."""
    merged = dict(base)
    for name, value in changes.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
