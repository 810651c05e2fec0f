# SPDX-License-Identifier: Apache-2.0
"""The viewer library that ships with the review page is the published one."""

from __future__ import annotations

import gzip
import hashlib
import json

from ICHSegmentationLib.core.resources import resource_path

FOLDER = resource_path("Viewer", "niivue")
ORIGIN = json.loads((FOLDER / "origin.json").read_text(encoding="utf-8"))


def test_the_bundle_is_the_published_file_with_its_licence():
    packed = (FOLDER / ORIGIN["file"]).read_bytes()
    assert hashlib.sha256(packed).hexdigest() == ORIGIN["file_sha256"]
    published = gzip.decompress(packed)
    assert hashlib.sha256(published).hexdigest() == ORIGIN["sha256"]
    assert ORIGIN["version"] == "0.69.0"
    assert b"0.69.0" in published
    assert (
        (FOLDER / "LICENSE")
        .read_text(encoding="utf-8")
        .startswith("BSD 2-Clause License\n\nCopyright (c) 2021, Niivue")
    )


def test_the_bundle_makes_no_code_from_text():
    """The page's policy forbids it, so a version that needs it would fail in the browser only."""
    published = gzip.decompress((FOLDER / ORIGIN["file"]).read_bytes())
    assert b"new Function" not in published
    assert b"eval(" not in published
