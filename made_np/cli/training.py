"""The options of the command train, as they describe an estimator."""

from __future__ import annotations

import math
from argparse import Namespace
from typing import Any

from made_np.cli import options
from made_np.cli.kinds import add_kinds
from made_np.estimator import MADEDensity
from made_np.layers import ACTIVATIONS

__all__ = ["add_options", "described"]

DEFAULTS = MADEDensity().get_params()

ORDER = (
    "the sequence of generation: natural, reverse, random, found (in DATA), columns such as 2,0,1, or auto, whichever "
    "does best in trials on held-out rows (%(default)s)"
)
MASKS = (
    "mask sets that share the parameters; endless: fresh ones at every step, of random orders; auto: one, or by trials "
    "(%(default)s)"
)
PATIENCE = "epochs without a better validation loss that end the training"
MEMBERS = "so many networks learn the table apart, and their mixture is the density: better, for as many times the time"
DECAY = "L2 coefficient of the weights; auto: by trials"
SCHEDULE = (
    "how the learning rate falls: not, evenly, along a cosine, or where the validation loss does not fall (%(default)s)"
)
ANSWERS = (
    "any: gaps and conditions in any columns; order: those only of which what is known leads in the order, at a "
    "slightly better likelihood for bits; auto: any, but order for a table of bits (%(default)s)"
)


def add_options(train: Any) -> None:
    """Add what can be said of the model and of learning."""
    model = train.add_argument_group("the model")
    add_kinds(model)
    model.add_argument("--binarize", type=options.number(-math.inf), metavar="T", help="values > T become 1, others 0")
    hidden = "widths of the hidden layers, or none, or auto: one layer that suits the number of rows (%(default)s)"
    model.add_argument("--hidden", type=options.widths, default="auto", metavar="500,500", help=hidden)
    model.add_argument("--activation", choices=tuple(ACTIVATIONS), default="relu")
    model.add_argument("--order", type=options.order, default=DEFAULTS["order"], metavar="ORDER", help=ORDER)
    model.add_argument("--answers", choices=("auto", "any", "order"), default=DEFAULTS["answers"], help=ANSWERS)
    model.add_argument("--n-masks", type=options.n_masks, default=DEFAULTS["n_masks"], metavar="N", help=MASKS)
    wires = "wires from input to output: yes, no, or auto: most codes want them only for a narrow layer (%(default)s)"
    model.add_argument("--direct", type=options.direct, default="auto", metavar="WHEN", help=wires)
    model.add_argument("--residual", action="store_true", help="hidden layers add the layer below them")
    model.add_argument("--mask-weights", action="store_true", help="further weights that tell the network its masks")
    model.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    learning = train.add_argument_group("learning")
    learning.add_argument(
        "--valid", metavar="DATA", help="rows for early stopping; some of DATA are held out otherwise"
    )
    held_out = "share of DATA that is held out (%(default)s); 0: none, and no early stopping"
    learning.add_argument("--validation-fraction", type=options.number(0, 0.9), default=0.1, metavar="F", help=held_out)
    _add_numbers(learning)
    learning.add_argument("--optimizer", choices=("adam", "adamw", "adagrad", "adadelta", "sgd"), default="adam")
    schedules = ("constant", "linear", "cosine", "plateau")
    learning.add_argument("--schedule", choices=schedules, default=DEFAULTS["schedule"], help=SCHEDULE)
    options.add_backend(learning, "also of the model that is written", default=DEFAULTS["backend"])
    learning.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_numbers(learning: Any) -> None:
    """Add the options of train that are numbers."""
    share = options.number(0, 0.99)
    seconds = "training ends after about so many seconds, trials included"
    learning.add_argument("--max-seconds", type=options.number(0), metavar="S", help=seconds)
    for name, parameter, kind, what in (
        ("--epochs", "max_epochs", options.or_auto(options.count(1)), "at most so many passes over the rows"),
        ("--patience", "n_iter_no_change", options.or_auto(options.count(1)), PATIENCE),
        ("--batch-size", "batch_size", options.count(1), "rows per step"),
        ("--learning-rate", "learning_rate", options.or_auto(options.number(0)), "size of a step"),
        ("--weight-decay", "weight_decay", options.or_auto(options.number(0)), DECAY),
        ("--dropout", "dropout", options.or_auto(share), "share of hidden units switched off at each step"),
        ("--input-dropout", "input_dropout", share, "share of columns hidden from the network at each step"),
        ("--averaging", "averaging", options.number(0, 1), "factor of an average over the steps; 0: none"),
        ("--members", "n_members", options.count(1), MEMBERS),
    ):
        default = DEFAULTS[parameter]
        learning.add_argument(name, type=kind, default=default, metavar="X", help=f"{what} (%(default)s)")


def described(args: Namespace) -> MADEDensity:
    """Return the estimator that the options of train describe."""
    return MADEDensity(
        args.hidden,
        columns=args.columns,
        context=args.context,
        missing=args.missing,
        handle_unknown=args.handle_unknown,
        min_frequency=args.min_frequency,
        answers=args.answers,
        activation=args.activation,
        order=args.order,
        n_masks=args.n_masks,
        direct=args.direct,
        residual=args.residual,
        mask_weights=args.mask_weights,
        optimizer=args.optimizer,
        learning_rate=args.learning_rate,
        batch_size=args.batch_size,
        max_epochs=args.epochs,
        early_stopping=args.validation_fraction > 0,
        validation_fraction=args.validation_fraction or 0.1,
        n_iter_no_change=args.patience,
        weight_decay=args.weight_decay,
        dropout=args.dropout,
        input_dropout=args.input_dropout,
        averaging=args.averaging,
        n_members=args.members,
        schedule=args.schedule,
        random_state=args.seed,
        verbose=0 if args.quiet else 1,
        dtype=args.dtype,
        backend=args.backend,
        binarize=args.binarize,
    )
