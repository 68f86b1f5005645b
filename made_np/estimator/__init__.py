"""`MADEDensity`: a density for tables and images, with scikit-learn's conventions.

density       the estimator's parameters, fit and partial_fit
fitting       how they become a model, trials and a fit
trials        what is tried where a parameter is "auto"
fitted        what a fitted one does: score, sample, impute, save
conventions   get_params, set_params, tags: what scikit-learn asks of an estimator
checks        parameters that cannot be meant, found before any work
look          data frames that come out as they went in
online        one pass of training that keeps the optimizer's memory
marginals     log-probabilities of rows with gaps
params        parameters to JSON and back
"""

from __future__ import annotations

from made_np.estimator.density import MADEDensity

__all__ = ["MADEDensity"]
