"""made_np's wheel, written from the source without any tool: for Pyodide, where nothing builds one.

It is pure Python: a wheel is an archive of its files, with three that describe it.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def write_wheel(folder: Path, root: Path = ROOT) -> Path:
    """Write the wheel of the source into `folder`, and return its path; the same source, the same bytes."""
    about = configparser.ConfigParser()
    about.read(root / "setup.cfg")
    version: dict[str, str] = {}
    exec((root / "made_np" / "_version.py").read_text(encoding="utf-8"), version)
    name = f"made_np-{version['__version__']}"
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / "made_np").rglob("*"))
        if path.is_file() and path.parent.name != "__pycache__"
    }
    files[f"{name}.dist-info/licenses/LICENSE"] = (root / "LICENSE").read_bytes()
    files[f"{name}.dist-info/METADATA"] = _metadata(about, version["__version__"]).encode()
    files[f"{name}.dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: made_np\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = f"{name}.dist-info/RECORD"
    files[record] = "".join([*(_line(*each) for each in files.items()), f"{record},,\n"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in files.items():
            entry = zipfile.ZipInfo(each)  # its time is 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return path


def _metadata(about: configparser.ConfigParser, version: str) -> str:
    """Return what installers ask for; the extras are left out, of which none exists for Pyodide."""
    needs = about["options"]["install_requires"].split()
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {about['metadata']['name']}",
        f"Version: {version}",
        f"Summary: {about['metadata']['description']}",
        f"License: {about['metadata']['license']}",
        f"Requires-Python: {about['options']['python_requires']}",
        *(f"Requires-Dist: {each}" for each in needs),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, content: bytes) -> str:
    """Return what RECORD says of a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"
