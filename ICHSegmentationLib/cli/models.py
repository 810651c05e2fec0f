# SPDX-License-Identifier: Apache-2.0
"""``ichseg models``: what is installed."""

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


def run(*, as_json: bool) -> None:
    """Show the manifest's models; see ``ichseg models --help``."""
    from ICHSegmentationLib.models.manifest import load_manifest

    manifest = load_manifest()
    default = manifest.get().name
    entries = [entry.model_dump(mode="json", include=set(FIELDS)) for entry in manifest.available]
    content = [{field: entry[field] for field in FIELDS} | {"default": entry["name"] == default} for entry in entries]
    text = "\n\n".join(_describe(entry, default=entry.name == default) for entry in manifest.available)
    Terminal(as_json=as_json).show(content, text)


def _describe(entry: ModelEntry, *, default: bool) -> str:
    subtypes = ", ".join(name for name in entry.classes if name != "background")
    quality = ", ".join(f"{name} {value}" for name, value in entry.quality.items())
    size = f"{entry.parameters / 1e6:.2f} M parameters" if entry.has_weights else "no network, no weights"
    return "\n".join(
        (
            f"{entry.name}{' (default)' if default else ''}",
            f"  {entry.system}, {entry.preset}, {size}; {subtypes}",
            f"  licence: {entry.licence}{' (no commercial use)' if entry.non_commercial else ''}",
            f"  quality: {quality or 'not measured'}; {entry.reference_seconds:g} s per head CT on two cores",
        )
    )
