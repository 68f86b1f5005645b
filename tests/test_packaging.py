"""What people meet where the package is published: a description whose pictures and links work anywhere."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

import made_np
from made_np.draw import mask_text

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def description() -> str:
    """The text that `setup.cfg` names."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    kind, _, path = config["metadata"]["long_description"].partition(":")
    assert kind == "file"
    return (ROOT / path.strip()).read_text(encoding="utf-8")


def test_no_link_of_the_description_needs_the_source_folder(description: str) -> None:
    links = re.findall(r"\]\(([^)]*)\)|(?:src|href)=[\"']([^\"']*)", description)
    assert links
    assert all((a or b).startswith("https://") for a, b in links)


def test_the_pictures_of_the_description_are_masks_of_the_package(description: str) -> None:
    first, second = made_np.MADE(5, hidden=(8,)).mask_sets[0].masks
    for mask in (first, second):
        for line in mask_text(mask).splitlines():
            assert line in description


NEWEST_ONLY = ("dev", "docs", "dask", "spark", "torch", "onnx", "safetensors", "jax")


def test_what_is_promised_is_what_is_tested() -> None:
    """The lower bounds of setup.cfg are the versions that `.ci/run` installs as the oldest.

    Those of Dask need a later pandas than the rest of made_np, Spark has no wheels, torch is large, and
    ONNX, safetensors, JAX run beside it: their tests run on the newest. So is the site built.
    """
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = {name: text for name, text in config["options.extras_require"].items() if name not in NEWEST_ONLY}
    wanted = "\n".join([config["options"]["install_requires"], *extras.values()]).split()
    promised = {one for one in wanted if not one.startswith("made_np")}
    lines = (ROOT / ".ci" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    assert promised == {line.replace("==", ">=") for line in lines if "#" not in line}


def test_the_description_names_every_extra(description: str) -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = set(config["options.extras_require"]) - {"test", "cuda-test", "docs", "dev"}
    assert all(f"`{extra}`" in description for extra in extras)
