# SPDX-License-Identifier: Apache-2.0
"""``ichseg models``: list the installed models, or describe one for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_error, write_text

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry

FIELDS = (
    "name",
    "system",
    "preset",
    "parameters",
    "classes",
    "licence",
    "non_commercial",
    "sha256",
    "window_hu",
    "quality",
    "reference_seconds",
)
# Metrics in the text, or the first ones of a model that has none of these; --json has all.
_HEADLINES = {
    "iph_found_share": "fraction of real IPH found",
    "iph_any_found_share": "fraction of real lesions found under any subtype",
    "iph_dice_median": "median Dice of IPH",
    "any_dice_median": "median Dice of any blood",
    "look_alike_share": "fraction of mimics in which more than 0.5 mL is found",
}
_OWN = 3


def run(*, as_json: bool) -> None:
    """Show the manifest's models; see ``ichseg models --help``."""
    from ICHSegmentationLib.models.manifest import load_manifest
    from ICHSegmentationLib.systems import available_models

    manifest = load_manifest()
    default, available = manifest.get().name, available_models(manifest)
    entries = [entry.model_dump(mode="json", include=set(FIELDS)) for entry in available]
    content = [{field: entry[field] for field in FIELDS} | {"default": entry["name"] == default} for entry in entries]
    text = "\n\n".join(_describe(entry, default=entry.name == default) for entry in available)
    Terminal(as_json=as_json).show(content, text)


def write_card(name: str, output: Path | None, *, overwrite: bool, as_json: bool) -> None:
    """Write the MONAI metadata and the Hugging Face card of a model; see ``ichseg models --help``."""
    from ICHSegmentationLib.models.cards import make_bundle_metadata, make_hugging_face_card
    from ICHSegmentationLib.models.manifest import load_manifest
    from ICHSegmentationLib.systems import available_models

    manifest = load_manifest()
    entry = manifest.get(name)
    if entry not in available_models(manifest):
        raise InputError(message("models.no_card_of_detector", name=entry.name))
    folder = Path(entry.name) if output is None else output
    texts = {
        folder / "configs" / "metadata.json": make_bundle_metadata(entry),
        folder / "README.md": make_hugging_face_card(entry),
    }
    for path in texts:
        if path.exists() and not overwrite:
            raise InputError(message("cli.file_exists", path=path))
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path, error) from error
        write_text(path, text)
    names = [str(path) for path in texts]
    Terminal(as_json=as_json).show({"model": entry.name, "files": names}, f"Wrote {' and '.join(names)}")


def _describe(entry: ModelEntry, *, default: bool) -> str:
    from ICHSegmentationLib.models.output_subtypes import output_subtypes

    subtypes = ", ".join(output_subtypes(entry))
    own = {name: name.replace("_", " ") for name in list(entry.quality)[:_OWN]}
    shown = {name: text for name, text in _HEADLINES.items() if name in entry.quality} or own
    quality = [f"{text} {entry.quality[name]}" for name, text in shown.items()]
    card = f"; more in {entry.card}" if entry.card else ""
    size = f"{entry.parameters / 1e6:.2f} M parameters" if entry.has_weights else "no network, no weights"
    return "\n".join(
        (
            f"{entry.name}{' (default)' if default else ''}",
            f"  {entry.system}, {entry.preset}, {size}; {subtypes}",
            f"  licence: {entry.licence}{' (no commercial use)' if entry.non_commercial else ''}",
            f"  quality: {', '.join(quality) or 'not measured'}{card}",
            f"  {entry.reference_seconds:g} s per head CT on two cores",
        )
    )
