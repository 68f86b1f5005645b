"""The reference backend: layers and distributions, composed."""

from __future__ import annotations

from made_np.backends._numpy.network import loss_and_grad, nll, params, row_nll, sample, train_step

__all__ = ["loss_and_grad", "nll", "params", "row_nll", "sample", "train_step"]
