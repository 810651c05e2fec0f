# SPDX-License-Identifier: Apache-2.0
"""Description of a model as others publish it: metadata of a MONAI bundle and a Hugging Face model card.

Both are generated from the manifest alone.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.models.output_subtypes import output_subtypes

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry

SCHEMA = "https://project-monai.github.io/schema/meta_schema_20240725.json"
AUTHORS = "The ICHSegmentation developers"
_TASK = "Segmentation of intracranial hemorrhage on head CT"
_RESEARCH = "Research use only; not a medical device."
_LICENCES = {
    "apache-2.0",
    "mit",
    "bsd-3-clause",
    "cc0-1.0",
    "cc-by-4.0",
    "cc-by-sa-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
}
"""Those that Hugging Face knows by the names that are used here, in small letters."""
_OLDEST_MONAI = "1.4.0"
"""The oldest version that the extra ``train`` allows, where MONAI is not installed."""


def make_bundle_metadata(entry: ModelEntry) -> str:
    """Return the text of a MONAI bundle's ``configs/metadata.json``.

    Raises
    ------
    InputError
        If the model has no network.
    """
    spec = _network(entry).input_spec
    shape = _spatial_shape(entry)
    is_patch = entry.patches is not None or entry.crop_px > 0
    low, high = spec.range_hu
    image = {
        "type": "image",
        "format": "hounsfield",
        "modality": "CT",
        "num_channels": spec.channels,
        "spatial_shape": shape,
        "dtype": "float32",
        # Standardized values have no fixed range.
        "value_range": [] if spec.z_score is not None else [0, 1],
        "is_patch_data": is_patch,
        "channel_def": _input_channels(entry),
    }
    prediction = {
        "type": "probabilities",
        "format": "segmentation",
        "num_channels": len(entry.classes),
        "spatial_shape": shape,
        "dtype": "float32",
        "value_range": [0, 1],
        "is_patch_data": is_patch,
        "channel_def": {str(index): name for index, name in enumerate(entry.classes)},
    }
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "changelog": {__version__: f"weights with SHA-256 {entry.sha256}"},
        "monai_version": _installed("monai", _OLDEST_MONAI),
        "pytorch_version": _installed("torch"),
        "numpy_version": _installed("numpy"),
        "required_packages_version": {"ichsegmentation": __version__, "safetensors": _installed("safetensors")},
        "name": entry.name,
        "task": _TASK,
        "description": (
            f"{entry.system}, {entry.preset}, {entry.parameters} parameters. Input: {low:g} to {high:g} HU as 0 to 1, "
            f"pixels of {entry.pixel_mm:g} mm. {_RESEARCH}"
        ),
        "authors": AUTHORS,
        "copyright": f"Licence of the weights: {entry.licence}",
        "data_source": entry.training_data,
        "data_type": "dicom, nibabel",
        "image_classes": "CT in the window of the input",
        "pred_classes": ", ".join(entry.classes),
        "eval_metrics": dict(entry.quality),
        "intended_use": _RESEARCH,
        "network_data_format": {"inputs": {"image": image}, "outputs": {"pred": prediction}},
    }
    return json.dumps(content, indent=2) + "\n"


def make_hugging_face_card(entry: ModelEntry) -> str:
    """Return the text of a ``README.md`` with front matter in YAML.

    Raises
    ------
    InputError
        If the model has no network.
    """
    subtypes = output_subtypes(_network(entry))
    licence = (entry.licence.split() or [""])[0].lower()
    # Each value in JSON, which YAML includes.
    front = {
        "license": licence if licence in _LICENCES else "other",
        "library_name": "ichsegmentation",
        "pipeline_tag": "image-segmentation",
        "tags": ["medical", "ct", "intracranial-hemorrhage", "segmentation", "research-use-only", entry.system],
    }
    rows = [f"| {name.replace('_', ' ')} | {value} |" for name, value in entry.quality.items()]
    table = ["| metric | value |", "|---|---|", *rows] if rows else ["Not measured."]
    use = "No commercial use." if entry.non_commercial else "Commercial use is allowed by the licence of the weights."
    lines = [
        "---",
        *(f"{key}: {json.dumps(value)}" for key, value in front.items()),
        "---",
        "",
        f"# {entry.name}",
        "",
        f"{_TASK}: {', '.join(subtypes)}. **{_RESEARCH}**",
        "",
        f"- Network: {entry.system}, {entry.preset}, {entry.parameters} parameters",
        f"- Weights: `{entry.file}`, {entry.size_bytes} bytes, SHA-256 `{entry.sha256}`",
        f"- Licence: {entry.licence}. {use}",
        f"- Training data: {entry.training_data}",
        f"- Time: {entry.reference_seconds:g} s per head CT of 40 slices on two cores",
        *([f"- Detector: {entry.detector}"] if entry.detector else []),
        *([f"- Verifier: {entry.verifier}"] if entry.verifier else []),
        "",
        "## Use",
        "",
        "```",
        f"ichseg segment CT --model {entry.name} --output out",
        "```",
        "",
        "## Evaluation",
        "",
        *table,
        "",
        f"Generated by ICHSegmentation {__version__} from its list of models.",
    ]
    return "\n".join(lines) + "\n"


def _network(entry: ModelEntry) -> ModelEntry:
    if not entry.has_weights:
        raise InputError(message("models.no_card", name=entry.name))
    return entry


def _spatial_shape(entry: ModelEntry) -> list[int | str]:
    """Return the sides in MONAI's notation, in which ``64*n`` is any multiple of 64."""
    if entry.patches is not None:
        return list(entry.patches.size)
    return [entry.crop_px] * 2 if entry.crop_px else ["64*n", "64*n"]


def _input_channels(entry: ModelEntry) -> dict[str, str]:
    if entry.patches is not None:
        names = ["CT", "CT mirrored at the midline"][: entry.input_spec.channels]
    else:
        offsets = range(-entry.neighbours, entry.neighbours + 1)
        names = [f"CT at {offset * entry.neighbour_distance_mm:+g} mm" if offset else "CT" for offset in offsets]
    return {str(index): name for index, name in enumerate(names)}


def _installed(package: str, otherwise: str = "unknown") -> str:
    """Return the version of a package without a local part such as ``+cpu``."""
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        return otherwise
