"""Whatever is given to whatever is public: it works, or says in an error which argument is wrong, before any work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.calls import fault
from fuzz.examples import EXAMPLES
from fuzz.frameworks_examples import NEEDS
from fuzz.hostile import HOSTILE
from fuzz.models import write_files
from fuzz.public import arguments_of, public
from made_np import layers

PUBLIC = public()


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of its own to run in: hostile paths are names in it, and nothing is fetched from elsewhere."""
    folder, home = tmp_path_factory.mktemp("fuzz"), Path.cwd()
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MADE_NP_DATA", str(folder))
        os.chdir(folder)
        yield folder
        os.chdir(home)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Nothing stays registered."""
    yield
    for name in set(layers.ACTIVATIONS) - layers.BUILT_IN:
        layers.unregister_activation(name)


def test_everything_public_has_an_example() -> None:
    assert set(EXAMPLES) == set(PUBLIC)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_works_and_names_every_argument(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"the example is a model in {NEEDS[name]}")
    good = EXAMPLES[name]()
    assert set(good.arguments) >= set(arguments_of(PUBLIC[name]))
    assert fault(good, {}) is None


@st.composite
def hostile_calls(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """The name of something public, and which of its arguments is what hostile value."""
    name = draw(st.sampled_from(sorted(EXAMPLES)))
    good = EXAMPLES[name]()
    replaced = draw(st.lists(st.sampled_from(sorted(good.arguments)), min_size=1, max_size=2, unique=True))
    values = st.sampled_from(sorted(HOSTILE))
    kinds = {k: draw(values.filter(lambda kind, k=k: kind not in good.unlike.get(k, ()))) for k in replaced}
    return name, kinds


def _holds(hostile: tuple[str, dict[str, str]]) -> None:
    name, kinds = hostile
    wrong = fault(EXAMPLES[name](), {argument: HOSTILE[kind]() for argument, kind in kinds.items()})
    assert wrong is None, f"{name} with {kinds} {wrong}"


UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(UNHURRIED, max_examples=500)
@given(hostile_calls())
def test_hostile_arguments_are_taken_or_named(hostile: tuple[str, dict[str, str]]) -> None:
    _holds(hostile)


@pytest.mark.slow
@settings(UNHURRIED, max_examples=20_000)
@given(hostile_calls())
def test_many_more_hostile_arguments_are_taken_or_named(hostile: tuple[str, dict[str, str]]) -> None:
    _holds(hostile)
