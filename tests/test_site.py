"""What the site needs: each page is in its contents, each notebook has its parts, each public name has its place.

That it builds, and that its notebooks run, `python scripts/build_site.py` shows.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import made_np

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")])
}
NOTEBOOKS = [name for name in PAGES if re.match(r"notebooks/\d", name)]
EXECUTED = [name for name, text in PAGES.items() if text.startswith("---\n") and "kernelspec" in text.split("---")[1]]
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.M | re.S)
LEFT_OUT = {"package"}
"""The page of a package registry."""

BY_TESTS = {
    "index": "the six lines of the README: test_readme.py",
    "howto/model": "test_readme.py",
    "howto/interop": "interop/test_page.py",
    "howto/pyod": "test_other_libraries.py",
    "howto/sktime": "test_other_libraries.py",
    "howto/sdv": "test_other_libraries.py",
    "howto/peers": "test_other_libraries.py",
    "tutorials/first-table": "test_tutorials.py",
    "tutorials/gaps": "test_tutorials.py",
    "tutorials/questions": "test_tutorials.py",
    "tutorials/outliers": "test_tutorials.py",
    "tutorials/synthetic": "test_tutorials.py",
    "from_the_post": "test_from_the_post.py",
    "disclosure": "test_disclosure.py",
    "cluster": "ranks/test_page.py",
    "dask": "cluster/test_page.py",
    "gpu": "test_pages.py",
    "package": "test_pages.py",
}
"""Pages with plain blocks of Python, and what runs these."""


def load(path: Path, name: str) -> ModuleType:
    """A file of the source that is no part of a package, as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def contents(name: str) -> list[str]:
    """The pages that the toctrees of a page name, in order."""
    folder = (DOCS / name).parent
    lines = "\n".join(re.findall(r"^```\{toctree\}\n(.*?)^```", PAGES[name], re.M | re.S)).splitlines()
    return [(folder / line).relative_to(DOCS).as_posix() for line in lines if line and not line.startswith(":")]


def test_each_page_is_in_the_contents_once() -> None:
    listed = [each for name in PAGES for each in contents(name)]
    assert sorted(listed) == sorted(set(PAGES) - {"index"} - LEFT_OUT)


def test_pages_that_stand_elsewhere_are_there() -> None:
    found = [re.match(r"<!-- the page (\S+) -->\n$", text) for text in PAGES.values()]
    stubs = [each[1] for each in found if each]
    assert len(stubs) >= 8
    assert all((DOCS / "project" / stub).resolve().is_file() for stub in stubs)  # all folders are as deep


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_has_its_parts(name: str) -> None:
    text = PAGES[name]
    assert name in EXECUTED
    number = int(re.findall(r"notebooks/(\d+)", name)[0])
    assert re.findall(r"^# (.*)$", CELL.sub("", text), re.M)[0].startswith(f"{number}. ")
    opening = text.split("**You will be able to**\n\n")[1].split("\n## ")[0]
    assert len(re.findall(r"^- ", opening, re.M)) == 3
    assert re.search(r"^    alt: \"?\w.{10,}", text, re.M), "a picture needs words for those who do not see it"
    exercises = text.split("\n## Exercises\n")[1]
    steps = [int(step) for step in re.findall(r"^\d\. `made-np learn check (\d+)`", exercises, re.M)]
    assert len(steps) == 2
    assert set(steps) <= set(range(1, 16))
    assert "\n## " not in exercises


def test_the_index_of_notebooks_names_each() -> None:
    assert contents("notebooks/index") == NOTEBOOKS
    told = re.findall(r"^\| \[(\d+)\. .*?\]\((.*?)\.md\)", PAGES["notebooks/index"], re.M)
    assert [f"notebooks/{name}" for _, name in told] == NOTEBOOKS


@pytest.mark.parametrize("name", EXECUTED)
def test_a_picture_is_drawn_only_where_words_stand_for_it(name: str) -> None:
    for cell in CELL.findall(PAGES[name]):
        draws = re.search(r"plt\.subplots|draw\.(masks|network|image_grid|learning_curve)\(", cell)
        assert bool(draws) == ("alt:" in cell), cell


@pytest.mark.parametrize("name", EXECUTED)
def test_what_is_random_has_a_seed(name: str) -> None:
    code = "\n".join(CELL.findall(PAGES[name]))
    code = re.sub(r"^:\w+:.*$", "", re.sub(r"^---\n.*?\n---\n", "", code, flags=re.M | re.S), flags=re.M)
    compile(code, name, "exec")
    assert not re.search(r"default_rng\(\)|np\.random\.(rand|normal|seed)\b", code)


def test_each_plain_block_of_python_is_run_by_a_test() -> None:
    plain = {name for name, text in PAGES.items() if re.search(r"^ *```python$", CELL.sub("", text), re.M)}
    assert plain == set(BY_TESTS)


def test_each_public_name_is_in_the_reference() -> None:
    reference = "\n".join(text for name, text in PAGES.items() if name.startswith("reference/"))
    documented = set(re.findall(r"^\.\. auto(?:class|function|module):: (\S+)$", reference, re.M))
    modules = {name for name in made_np.__all__ if isinstance(getattr(made_np, name), ModuleType)}
    # what files are loaded and saved by stands in `made_np.storage`
    names = set(made_np.__all__) - modules - {"__version__", "load", "save"}
    assert {f"made_np.{name}" for name in names} <= documented
    assert {f"made_np.{name}" for name in modules} <= documented
    assert "made_np.storage" in documented


def test_the_citation_names_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", text, re.M) == [made_np.__version__]


def test_links_lead_on_from_where_a_page_has_moved() -> None:
    sources = load(DOCS / "_extensions" / "sources.py", "sources")
    pages = {ROOT / "CONTRIBUTING.md": "project/contributing"}

    def relinked(text: str) -> str:
        return sources.relink(text, ROOT / "docs", DOCS / "howto", pages)

    assert relinked("[a](../CONTRIBUTING.md#words)") == "[a](/project/contributing.md#words)"
    assert relinked("[a](../made_np/layers.py)") == "[a](../../made_np/layers.py)"
    assert relinked("see [the folder](../made_np/masks)") == "see `made_np/masks/`"
    assert relinked("![a](../scripts/pictures/masks.png)") == "![a](../../scripts/pictures/masks.png)"
    assert relinked("[a](https://arxiv.org)") == "[a](https://arxiv.org)"
    assert relinked("```python\nx[a](b)\n```\n") == "```python\nx[a](b)\n```\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"a.html": '<a href="c.html">'}, ["a.html: the link c.html leads nowhere"]),
        ({"a.html": '<a href="b.html#there">'}, ["a.html: the link b.html#there leads nowhere"]),
        ({"a.html": '<script src="https://x.org/a.js">'}, ["a.html loads https://x.org/a.js from another host"]),
        ({"a.html": '<img src="a.png">'}, ["a.html loads a.png, which is not there"]),
        ({"s.css": "a { background: url(//x.org/a.png) }"}, ["s.css loads //x.org/a.png from another host"]),
        ({"notebooks/1-one.html": "<p>"}, ["notebooks/1-one.html shows no picture that a cell has drawn"]),
        ({"searchindex.js": None}, ["there is no index to search in"]),
    ],
)
def test_what_is_wrong_with_built_pages_is_seen(tmp_path: Path, change: dict[str, str | None], said: list[str]) -> None:
    links = load(ROOT / "scripts" / "pages" / "links.py", "links_of_pages")
    files = {
        "a.html": '<a href="b.html#here"><a href="https://x.org"><link rel="stylesheet" href="s.css">',
        "b.html": '<p id="here">',
        "s.css": "a { color: red }",
        "searchindex.js": "",
        "notebooks/1-one.html": '<div class="cell_output"><img alt="x" src="../s.css"></div>',
        **change,
    }
    for name, text in files.items():
        if text is not None:
            (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "out" / name).write_text(text, encoding="utf-8")
    (tmp_path / "docs" / "notebooks").mkdir(parents=True)
    (tmp_path / "docs" / "notebooks" / "1-one.md").touch()
    assert links.complaints(tmp_path / "out", tmp_path / "docs") == said
