"""What the library says of arguments, in the words of the command line: options in place of parameters.

The library speaks to whoever calls it from Python: ``n_masks=None``, ``columns={name: 'count'}``. Whoever calls a
command has ``--n-masks endless`` and ``--columns name=count``.
"""

from __future__ import annotations

import re

__all__ = ["in_options", "one_line"]

OPTIONS = {
    "hidden_layer_sizes": "--hidden",
    "max_epochs": "--epochs",
    "n_iter_no_change": "--patience",
    "random_state": "--seed",
    "sample_weight": "--weights",
    "n_samples": "-n",
    "n_draws": "--draws",
    "n_members": "--members",
    "X_val": "--valid",
    **{
        name: f"--{name.replace('_', '-')}"
        for name in (
            *("activation", "answers", "averaging", "backend", "batch_size", "binarize", "checkpoint", "columns"),
            "context",
            *("decimal", "direct", "dropout", "dtype", "encoding", "given", "handle_unknown", "header", "hidden"),
            *(
                "input_dropout",
                "learning_rate",
                "mask_set",
                "max_seconds",
                "mask_weights",
                "min_frequency",
                "missing",
                "n_masks",
            ),
            *("na", "optimizer", "order", "patience", "residual", "schedule", "sep", "statistic"),
            *("validation_fraction", "weight_decay"),
        )
    },
}
"""The option that sets a parameter."""

PHRASES = {
    "Take a model with n_masks=None (of this order, or another), or a MADEDensity with answers='any', which answers "
    "any gaps, or set order to one that begins with what is known": "Train with --answers any for a model that answers "
    "any gaps, or with an --order that begins with what is known",
    "or None where it is not known": "or leave it empty",
    "columns=[..., made_np.Categorical(n), ...]": "--columns name=categorical:n",
    " and degrees='spread' gives": " gives",
    "degrees='random', one order or list of degrees per mask set, or ": "or ",
    "Set binarize (x > binarize becomes 1), or another distribution in columns": "Set --binarize T (x > T becomes 1), "
    "or another kind in --columns",
    "columns={...}": "--columns name=KIND",
    "give one for each, or a dict by name": "give one for each, or name=KIND for some",
    ", a distribution, a list with one per column, or a dict of them by name of column": ", or name=KIND",
    "give a dict such as {'age': (30, 40)}": "write name=value, name=low..high or name=a|b",
    " (pandas.to_numeric, pandas.to_datetime)": "",
    " (pandas.to_numeric)": "",
    "on the command line: --na": "--na",
    "give NaN": "leave it empty",
    "leave it out of columns, or give 'drop'": "say nothing of it, or drop",
    "Fit on rows": "Train on rows",
    "fit with a kind": "train with a kind",
    "fit with missing": "train with missing",
}
"""Sentences that have other words here."""

VALUE = r"""'[^']*'|"[^"]*"|\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|[-+\w.]+"""
SAID = re.compile(rf"(?<![\w-])({'|'.join(OPTIONS)})=({VALUE})(?: \((--[^()]*)\))?")
"""A parameter with its value, and perhaps the option that the library itself names."""
COLUMN = re.compile(r"\bcolumn \d+ \((?:'([^']*)'|\"([^\"]*)\")\)")
"""A column with its place in an array and its name: whoever has a file has the name."""
TYPE = re.compile(r"(?: is|,) an? \w+: this column holds")
"""Of which type a cell is: words of a file are str."""
WORDS = {"None": "none", "True": "yes", "False": "no"}
ARGUMENT = re.compile(r"^(columns|context|given|where): ")
PAIR = re.compile(r"""(['"]?)([^'":]+)\1: '([^']*)'""")
"""A column and its kind in a dict."""


def one_line(message: str) -> str:
    """Return a message without line breaks, in the words of the command line."""
    return in_options(" ".join(message.split()))


def in_options(message: str) -> str:
    """Return a message with options in place of parameters.

    Examples
    --------
    >>> in_options("n_masks=4 makes no sense for order='natural'")
    '--n-masks 4 makes no sense for --order natural'
    >>> in_options("say header=True (--header yes)")
    'say --header yes'
    >>> in_options("column 3 ('age') holds words")
    'column age holds words'
    """
    for phrase, own in PHRASES.items():
        message = message.replace(phrase, own)
    message = SAID.sub(_option, message)
    message = COLUMN.sub(lambda found: f"column {found[1] or found[2]}", message)
    message = TYPE.sub(": this column holds", message)
    return ARGUMENT.sub(lambda found: "WHERE: " if found[1] == "where" else f"--{found[1]}: ", message)


def _option(found: re.Match[str]) -> str:
    """Return a parameter with its value as an option."""
    name, value, option = found.groups()
    if option is not None:
        return str(option)
    if name == "n_masks" and value == "None":
        return "--n-masks endless"
    if value.startswith("{"):
        value = ",".join(f"{column}={kind}" for _, column, kind in PAIR.findall(value[1:-1]))
    plain = value.strip("'\"[]()").replace(", ", ",")
    return f"{OPTIONS[name]} {WORDS.get(value, plain)}"
