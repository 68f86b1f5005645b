"""Write what a release is checked by: checksums, with a bill of materials, of files that the same sources always give.

python .ci/evidence.py DIST SECONDS

DIST holds one source distribution with one wheel, as `python -m build` has written them. The wheel is left as it is:
with SOURCE_DATE_EPOCH its bytes follow from the sources. The source distribution is packed anew, with SECONDS since
1970 as the time of all that is in it, since setuptools writes the time of day. Then `SHA256SUMS` (for
`sha256sum --check`) and a bill of materials in CycloneDX's JSON are written to the same folder.
"""

from __future__ import annotations

import email.parser
import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
import uuid
import zipfile
from pathlib import Path
from typing import Any

BILL = "sbom.cdx.json"
SUMS = "SHA256SUMS"


def repack(path: Path, seconds: int) -> None:
    """Write a source distribution anew: sorted, of one time, of nobody."""
    with tarfile.open(path) as archive:
        held = [(member, archive.extractfile(member)) for member in archive.getmembers() if not member.issym()]
        files = [(member, b"" if file is None else file.read()) for member, file in held]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, data in sorted(files, key=lambda one: one[0].name):
            plain = tarfile.TarInfo(member.name)
            plain.type = member.type
            plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            plain.mtime = seconds
            plain.size = len(data)
            archive.addfile(plain, io.BytesIO(data))
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=seconds) as zipped:
        zipped.write(packed.getvalue())


def bill_of(wheel: Path) -> dict[str, Any]:
    """Return the bill of materials of a wheel: what it is, and what it requires."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        about = email.parser.BytesParser().parsebytes(archive.read(name))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    own = f"pkg:pypi/{about['Name'].lower().replace('_', '-')}@{about['Version']}"
    required = [_component(text) for text in about.get_all("Requires-Dist", []) if "extra ==" not in text]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": about["Name"],
                "version": about["Version"],
                "description": about["Summary"],
                "licenses": [{"license": {"id": about["License-Expression"] or about["License"]}}],
                "purl": own,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        },
        "components": required,
        "dependencies": [
            {"ref": own, "dependsOn": [each["bom-ref"] for each in required]},
            *({"ref": each["bom-ref"]} for each in required),
        ],
    }


def _component(requirement: str) -> dict[str, Any]:
    """Return what a bill says of one requirement, whose version whoever installs it decides."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", requirement).groups()  # type: ignore[union-attr]
    ref = f"pkg:pypi/{name.lower()}"
    bounded = [{"name": "made_np:requires", "value": bounds}] if bounds else []
    return {"type": "library", "bom-ref": ref, "name": name, "scope": "required", "purl": ref, "properties": bounded}


def main(folder: str, seconds: str) -> None:
    """Write the checksums and the bill, and print them."""
    place = Path(folder)
    (wheel,) = place.glob("*.whl")
    (source,) = place.glob("*.tar.gz")
    repack(source, int(seconds))
    (place / BILL).write_text(json.dumps(bill_of(wheel), indent=1) + "\n", encoding="utf-8")
    files = sorted([wheel, source, place / BILL])
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (place / SUMS).write_text("".join(lines), encoding="utf-8")
    print("".join(lines), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
