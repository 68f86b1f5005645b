"""Write every file that the made_np at hand can write, with what it answers: `python -m kept.writer FOLDER`."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import made_np
from kept.answers import answers_of
from kept.recipes import RECIPES

ANSWERS = "answers.json"


def file_of(name: str, folder: Path) -> Path:
    """Return where the file of a recipe lies."""
    return folder / f"{name}{'.safetensors' if name.startswith('tensors') else '.npz'}"


def write(folder: Path) -> None:
    """Write the files with their answers, and say in a line each why one could not be written."""
    said = {}
    for name, recipe in RECIPES.items():
        path = file_of(name, folder)
        try:
            how = recipe()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                how.write(path)
            said[name] = answers_of(path, how.rows())
        except Exception as error:  # an older made_np has no such model, for any reason
            path.unlink(missing_ok=True)
            print(f"  no {name}: {type(error).__name__} {str(error)[:80]}")
    (folder / ANSWERS).write_text(json.dumps({"made_np": made_np.__version__, "answers": said}), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
