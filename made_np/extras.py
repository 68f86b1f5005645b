"""What to install for the optional parts: the sentence that every message about a missing package ends with.

made_np is installed from the folder of its source, so a message names that folder and the extra.
"""

from __future__ import annotations

__all__ = ["install", "not_installed"]


def install(*extras: str) -> str:
    """Return the command that installs made_np with these extras, and where to run it.

    Examples
    --------
    >>> print(install("plot"))
    run pip install ".[plot]" in made_np's source folder
    """
    what = f".[{','.join(extras)}]" if extras else "."
    return f"""run pip install "{what}" in made_np's source folder"""


def not_installed(who: str, package: str, *extras: str, instead: str = "") -> ImportError:
    """Return the error that `who` raises where `package` cannot be imported.

    Parameters
    ----------
    who : str
        Who needs it, as the subject of a sentence: "the demo needs".
    package : str
        As the registry of Python packages spells it.
    extras : str
        Those of made_np that bring it.
    instead : str
        What to do without it.

    Examples
    --------
    >>> print(not_installed("pictures need", "matplotlib", "plot"))
    pictures need matplotlib, which is not installed: run pip install ".[plot]" in made_np's source folder
    """
    way_out = install(*extras) + (f", or {instead}" if instead else "")
    return ImportError(f"{who} {package}, which is not installed: {way_out}")
