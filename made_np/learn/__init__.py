"""Twelve steps from a nudge to a MADE, each checked by name of the mistake; three more for whoever wants them.

    tasks      what a step is: a function to write, problems, the right results, known ways to go wrong
    steps      the steps, a file for each
    attempts   what somebody's function returns, or how it fails
    outcomes   what is said of that
    folder     the learner's files, with what was passed
    grading    many folders, each in a process of its own
    micromade  a whole MADE on one page, in Python alone

The answers are no secret: they are `made_np.layers`, `made_np.masks` and the samplers. That is the textbook.
"""

from __future__ import annotations
