# SPDX-License-Identifier: Apache-2.0
"""One HTML file from a template, a style sheet and scripts, under a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ICHSegmentationLib.core.resources import resource_path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[\w.]+";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function |class |const )", re.MULTILINE)
_FIELD = re.compile(r"\{\{(\w+)\}\}")


def joined_modules(folder: str, names: Sequence[str]) -> str:
    """Return ES modules of one folder as one script, without the lines that import and export.

    A page that is opened from the disk cannot import files.

    Parameters
    ----------
    folder : str
        Folder below ``Viewer``.
    names : sequence of str
        Modules, each after those that it imports. Their top level shares one scope, so no name may occur twice.
    """
    texts = (resource_path("Viewer", *folder.split("/"), name).read_text(encoding="utf-8") for name in names)
    return "".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def data_text(content: Any) -> str:
    """Return JSON that can stand in a script element: it holds no character that HTML or a script could read."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def fill_page(
    template: str,
    style: str,
    script: str,
    content: Any,
    *,
    binary: Mapping[str, str] = MappingProxyType({}),
    title: str,
    further_hashes: Sequence[str] = (),
    connect: str = "'none'",
) -> str:
    """Return a page with its style, script and content inside.

    Parameters
    ----------
    template, style : str
        Files below ``Viewer``. The template has the fields ``{{title}}``, ``{{policy}}``, ``{{style}}``, ``{{data}}``
        and ``{{script}}``.
    script : str
        Script, see :func:`joined_modules`.
    content : object
        What the script finds as JSON in the element "content".
    binary : mapping of str to str
        Base64 that the script finds in elements of these names.
    title : str
        Title of the page; it is escaped.
    further_hashes : sequence of str
        Hashes of scripts that the script adds, see :func:`source_hash`.
    connect : str
        What the script may fetch.
    """
    styles = resource_path("Viewer", *style.split("/")).read_text(encoding="utf-8")
    scripts = " ".join((source_hash(script.encode()), *further_hashes))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {source_hash(styles.encode())}; img-src data: blob:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )
    blocks = [f'<script type="application/json" id="content">{data_text(content)}</script>']
    blocks += [f'<script type="text/plain" id="{name}">{text}</script>' for name, text in binary.items()]
    fields = {
        "title": html.escape(title),
        "policy": html.escape(policy),
        "style": styles,
        "data": "\n".join(blocks),
        "script": script,
    }
    page = resource_path("Viewer", *template.split("/")).read_text(encoding="utf-8")
    # In one pass, so that braces in the content are not taken for fields.
    return _FIELD.sub(lambda field: fields[field[1]], page)


def source_hash(script: bytes) -> str:
    """Return the source expression of a script or style for a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
