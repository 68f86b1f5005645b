"""What is missing is named with the extra and the folder of the source: made_np is on no registry."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

from made_np.messages import install, not_installed

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [
    *sorted((ROOT / "made_np").rglob("*.py")),
    *sorted((ROOT / "scripts").rglob("*.py")),
    *(path for path in sorted(ROOT.rglob("*.md")) if ".git" not in path.parts and path.name != "CHANGELOG.md"),
]
FROM_A_REGISTRY = r"made_np\[|pip install (--upgrade |-U )?['\"]?made[_-]np"


def declared() -> dict[str, str]:
    """What each extra of setup.cfg brings."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return dict(config["options.extras_require"])


def test_nobody_is_sent_to_a_registry() -> None:
    assert not [path for path in TEXTS if re.search(FROM_A_REGISTRY, path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    "advice", ['pip install "made_np[plot]"', "pip install --upgrade made_np", "pip install made-np"]
)
def test_the_search_finds_what_it_is_for(advice: str) -> None:
    assert re.search(FROM_A_REGISTRY, advice)


def test_the_sentence_names_who_what_and_where() -> None:
    error = not_installed("the demo needs", "scikit-learn", "plot", "sklearn", instead="go without")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "the demo needs scikit-learn, which is not installed: "
        'run pip install ".[plot,sklearn]" in made_np\'s source folder, or go without'
    )
    assert install() == 'run pip install "." in made_np\'s source folder'


def test_every_extra_that_is_named_exists() -> None:
    extras = set(declared())
    for path in TEXTS:
        for names in re.findall(r'pip install (?:-e )?"\.\[([a-z,]+)\]"', path.read_text(encoding="utf-8")):
            assert set(names.split(",")) <= extras, (path, names)


def test_the_extras_of_a_message_bring_what_is_missing() -> None:
    asked = []
    for path in (path for path in TEXTS if path.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "not_installed":
                _, package, *extras = node.args
                brought = " ".join(declared()[ast.literal_eval(extra)] for extra in extras)
                asked.append(brought)
                if isinstance(package, ast.Constant):
                    assert re.search(rf"^{package.value}\b", brought, re.M), (path, package.value)
    assert len(asked) > 5
