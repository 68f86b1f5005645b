"""Warnings that point to the line of the person who called: the first one outside made_np."""

from __future__ import annotations

import os
import sys
import warnings

__all__ = ["warn"]

FOLDER = os.path.dirname(__file__) + os.sep


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn from the first frame outside made_np, however deep in the package this is called.

    Parameters
    ----------
    message : str
    category : type of Warning
    """
    level = 2  # of who called this function
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(FOLDER):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
