"""`MADEDensity`: a density for tables, with scikit-learn's conventions.

density       the estimator: its parameters, learning
answers       what is asked of it
learning      from a lesson, over a plan, to a fitted part
lesson        the table of a fit, read
plan          which model is built, how it is trained
rules         what each "auto" stands for that needs no trial
trials        what is tried where a parameter is "auto"
remembering   trials in a file, so that none is done twice
encoding      the rows of a model, from a table
fitted        what a fit leaves: it answers
stored        an estimator in a file
params        parameters to JSON, from JSON
wrapping      what estimators with a density in them share
outliers      the estimator that says which rows are improbable
imputer       the estimator that fills gaps
containers    rows in the container that they came in, or that was asked for
dressing      numbers, given back in the container that a person had
checks        parameters that cannot be meant, found before any work
conventions   what scikit-learn asks of an estimator
routing       who asks for the weights of rows
"""

from __future__ import annotations

from made_np.estimator.density import MADEDensity
from made_np.estimator.imputer import MADEImputer
from made_np.estimator.outliers import MADEOutlierDetector

__all__ = ["MADEDensity", "MADEImputer", "MADEOutlierDetector"]
