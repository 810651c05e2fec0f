# SPDX-License-Identifier: Apache-2.0
"""``ichseg models``: list the installed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.terminal import Terminal

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
