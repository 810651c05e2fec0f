# SPDX-License-Identifier: Apache-2.0
"""Nothing is sent unless the user wrote which archive, and a wrong file is named with what is wrong."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.sending import load_node, node_path

GOOD = 'enabled = true\nhost = "pacs.example"\nport = 104\ncalled_ae_title = "ARCHIVE"\n'


@pytest.fixture(autouse=True)
def a_settings_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path))


def test_sending_is_off_without_a_file():
    with pytest.raises(InputError, match=r"Sending is off: .*pacs\.toml does not exist"):
        load_node()


@pytest.mark.parametrize("first", ["", "enabled = false\n"])
def test_sending_is_off_unless_enabled(first):
    node_path().write_text(GOOD.replace("enabled = true\n", first), encoding="utf-8")
    with pytest.raises(InputError, match=r"Sending is off: write enabled = true into .*pacs\.toml"):
        load_node()


def test_an_archive_is_read_with_its_defaults():
    node_path().write_text(GOOD, encoding="utf-8")
    node = load_node()
    assert str(node) == "ARCHIVE at pacs.example:104"
    assert (node.calling_ae_title, node.timeout_s) == ("ICHSEG", 30)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port = 104", "port = 70000", "port: Input should be less than or equal to 65535"),
        ("port = 104", "", "port: Field required"),
        ('"ARCHIVE"', '"A_NAME_THAT_IS_TOO_LONG"', "called_ae_title: String should match pattern"),
        ('"ARCHIVE"', '"A\\\\B"', "called_ae_title: String should match pattern"),
        ("host", "hosts", "hosts?: "),
        ("port = 104", "port: 104", "cannot be read: "),
    ],
)
def test_what_is_wrong_is_said(old, new, said):
    node_path().write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=rf"pacs\.toml:? {said}"):
        load_node()
