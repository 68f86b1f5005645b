"""What a release is checked by: the same bytes from the same sources, sums, a bill of materials."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
METADATA = """Metadata-Version: 2.4
Name: made-np
Version: 9.8.7
Summary: a density
License-Expression: BSD-3-Clause
Requires-Dist: numpy>=1.24.0
Requires-Dist: numba>=0.57.0; extra == "fast"

A long description: with a colon.
"""


@pytest.fixture(scope="module")
def evidence() -> ModuleType:
    spec = importlib.util.spec_from_file_location("evidence", ROOT / ".ci" / "evidence.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FILES = {"made_np-9.8.7/b.py": b"b", "made_np-9.8.7/a.sh": b"a" * 1000}


def write_source(path: Path, *, backwards: bool = False, time: int = 1, owner: str = "me") -> None:
    """A source distribution as somebody's machine packs it."""
    with tarfile.open(path, "w:gz") as archive:
        for name in sorted(FILES, reverse=backwards):
            member = tarfile.TarInfo(name)
            member.size = len(FILES[name])
            member.mtime = time
            member.uname = owner
            member.mode = (0o755 if name.endswith(".sh") else 0o644) & (0o777 if owner == "me" else 0o700)
            archive.addfile(member, io.BytesIO(FILES[name]))


def write_wheel(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("made_np-9.8.7.dist-info/METADATA"), METADATA)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    write_source(tmp_path / "made_np-9.8.7.tar.gz")
    write_wheel(tmp_path / "made_np-9.8.7-py3-none-any.whl")
    return tmp_path


@pytest.mark.parametrize("other", [{"time": 99}, {"backwards": True}, {"owner": "you"}], ids=str)
def test_the_same_sources_give_the_same_bytes(other: dict[str, Any], tmp_path: Path, evidence: ModuleType) -> None:
    mine = tmp_path / "mine.tar.gz"
    yours = tmp_path / "yours.tar.gz"
    write_source(mine)
    write_source(yours, **other)
    assert mine.read_bytes() != yours.read_bytes()
    for path in (mine, yours):
        evidence.repack(path, 1_700_000_000)
    assert mine.read_bytes() == yours.read_bytes()
    evidence.repack(yours, 1_700_000_001)
    assert mine.read_bytes() != yours.read_bytes()


def test_what_is_packed_anew_is_the_same(tmp_path: Path, evidence: ModuleType) -> None:
    path = tmp_path / "made_np-9.8.7.tar.gz"
    write_source(path)
    evidence.repack(path, 5)
    with tarfile.open(path) as archive:
        assert {member.name: archive.extractfile(member).read() for member in archive} == FILES  # type: ignore[union-attr]
        assert {member.name[-4:]: member.mode for member in archive} == {"b.py": 0o644, "a.sh": 0o755}
        assert {(member.mtime, member.uname, member.uid) for member in archive} == {(5, "", 0)}


def test_the_bill_says_what_is_required_and_of_which_bytes_it_speaks(dist: Path, evidence: ModuleType) -> None:
    wheel = dist / "made_np-9.8.7-py3-none-any.whl"
    bill = evidence.bill_of(wheel)
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    own = bill["metadata"]["component"]
    assert own["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    assert (own["name"], own["version"], own["purl"]) == ("made-np", "9.8.7", "pkg:pypi/made-np@9.8.7")
    assert own["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert [(each["name"], each["properties"][0]["value"]) for each in bill["components"]] == [("numpy", ">=1.24.0")]
    assert bill["dependencies"][0] == {"ref": own["bom-ref"], "dependsOn": ["pkg:pypi/numpy"]}
    refs = {own["bom-ref"], *(each["bom-ref"] for each in bill["components"])}
    assert {each["ref"] for each in bill["dependencies"]} == refs


def test_sums_are_of_all_files(dist: Path, evidence: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    evidence.main(str(dist), "5")
    text = (dist / "SHA256SUMS").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text
    sums = dict(reversed(line.split("  ")) for line in text.splitlines())
    assert set(sums) == {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    assert all(hashlib.sha256((dist / name).read_bytes()).hexdigest() == told for name, told in sums.items())
    assert json.loads((dist / "sbom.cdx.json").read_text(encoding="utf-8")) == evidence.bill_of(
        dist / "made_np-9.8.7-py3-none-any.whl"
    )


def test_ci_builds_twice() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'diff "$work/dist/SHA256SUMS" "$work/again/SHA256SUMS"' in text
    assert "SOURCE_DATE_EPOCH=$built" in text
