"""GridMADE: one small network that answers at every place of a grid, from a window of the places before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from made_np.grid.scan import Scan, as_shape
from made_np.grid.windows import Windows, n_told
from made_np.lazy import lazy
from made_np.model.made import MADE
from made_np.typing import Array, Ints
from made_np.validation import as_integers, as_rows, as_uniforms
from made_np.values import as_a, as_count, as_flag, as_generator, show

AT_ONCE = 1 << 24
"""So many numbers are told together."""


@dataclass(frozen=True)
class GridMADE:
    """A MADE of images whose wires all pixels share: ``p(x) = prod_i p(x_i | window of the pixels before i)``.

    What a pixel is told of its window (`made_np.grid.windows`) is the context of a small `MADE` of a single feature.
    Its theta serves all pixels, so an image has as many training rows as pixels; gradients, kernels, distributions are
    those of `MADE`. Where the scan reads the other way the window is turned along, so that one theta serves scans from
    all sides. (PixelCNN, van den Oord et al. 2016, shares wires in this way in every layer.)

    Parameters
    ----------
    shape : (height, width)
        Pixel ``row * width + column`` is feature d of rows (n, D).
    hidden, output, activation, dtype, backend
        As in `MADE`; one distribution for all pixels, seen through one number.
    radius : int
        How far a window reaches up, left and right.
    guided : bool
        Whether each image comes with another one, known beforehand, that is seen on all sides: such as its mean given a
        half that is known. A guide that is computed from pixels of the image may guide only those after them: else
        it tells a pixel of itself, and what comes out is no density.

    Examples
    --------
    >>> grid = GridMADE((2, 2), hidden=(8,), radius=1, dtype="float64")
    >>> theta = grid.init(rng=0)
    >>> x = (np.arange(16)[:, None] >> np.arange(4)) & 1  # all images of four bits
    >>> float(np.exp(grid.log_prob(theta, x)).sum().round(12))
    1.0
    """

    shape: tuple[int, int]
    hidden: tuple[int, ...] = (64, 64)
    output: Any = "bernoulli"
    radius: int = field(default=4, kw_only=True)
    guided: bool = field(default=False, kw_only=True)
    activation: str = field(default="relu", kw_only=True)
    dtype: Any = field(default="float32", kw_only=True)
    backend: str = field(default="auto", kw_only=True)

    def __post_init__(self) -> None:
        settle = partial(object.__setattr__, self)
        settle("shape", as_shape(self.shape))
        settle("radius", as_count(self.radius, "radius"))
        settle("guided", as_flag(self.guided, "guided"))
        settle("hidden", self.made.hidden)
        settle("output", self.made.output)
        settle("dtype", self.made.dtype)
        if self.made.network.outputs.n_inputs != 1:
            raise ValueError(f"output={show(self.output)} is seen through several numbers: windows hold one per pixel")

    @lazy
    def made(self) -> MADE:
        """The network of one pixel: a `MADE` of one feature, whose context is what the pixel is told."""
        return MADE(
            1,
            self.hidden,
            self.output,
            activation=self.activation,
            direct=True,
            n_context=n_told(self.radius, self.guided),
            dtype=self.dtype,
            backend=self.backend,
        )

    @lazy
    def _raster(self) -> Windows:
        """The windows of a scan row by row."""
        return Windows(Scan.raster(self.shape), self.radius)

    @property
    def n_features(self) -> int:
        """D, the number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def n_params(self) -> int:
        """P, the number of parameters."""
        return self.made.n_params

    def init(self, rng: int | np.random.Generator = 0, x: Any = None) -> Array:
        """Return a new theta (P,), given images `x` (n, D) that of pixels which are independent, and all alike."""
        return self.made.init(rng, None if x is None else self._images(x, "x").reshape(-1, 1))

    def _windows(self, scan: Scan | None) -> Windows:
        """Return the windows of all pixels under a scan, by default row by row, or raise."""
        if scan is None:
            return self._raster
        if as_a(scan, "scan", Scan, "give a made_np.grid.Scan, or None").shape != self.shape:
            raise ValueError(f"scan is of a grid {scan.shape}: this model's is {self.shape}")
        return Windows(scan, self.radius)

    def examples(
        self, x: Any, *, scan: Scan | None = None, places: Any = None, guide: Any = None
    ) -> tuple[Array, Array]:
        """Return pixels (n * p, 1) with what each is told (n * p, C): ``fit(grid.made, pixels, context=told)`` learns.

        Parameters
        ----------
        x : array (n, D)
            Images.
        scan : Scan, optional
            By default row by row.
        places : array of int (p,), optional
            Which pixels; all by default.
        guide : array (n, D), optional
            For a model with ``guided=True``, in the units of x.
        """
        images = self._images(x, "x")
        chosen = np.arange(self.n_features) if places is None else as_integers(places, "places")
        if ((chosen < 0) | (chosen >= self.n_features)).any():
            raise ValueError(f"places={show(chosen.tolist())}: give pixels 0..{self.n_features - 1}")
        told = self._told(images, self._windows(scan), chosen, self._guide(guide, len(images)))
        return images[:, chosen].reshape(-1, 1), told

    def pixel_log_prob(self, theta: Array, x: Any, *, scan: Scan | None = None, guide: Any = None) -> Array:
        """Return log p(x_i | pixels before i) of each pixel, in nats, (n, D)."""
        images = self._images(x, "x")
        seen = self._guide(guide, len(images))
        windows = self._windows(scan)
        theta = self.made.hold(theta)
        everywhere = np.arange(self.n_features)
        log_prob = np.empty(images.shape, dtype=self.dtype)
        step = max(1, AT_ONCE // (self.n_features * self.made.n_context))
        for first in range(0, len(images), step):
            some = slice(first, first + step)
            told = self._told(images[some], windows, everywhere, None if seen is None else seen[some])
            each = self.made.log_prob(theta, images[some].reshape(-1, 1), context=told)
            log_prob[some] = each.reshape(images[some].shape)
        return log_prob

    def log_prob(self, theta: Array, x: Any, *, scan: Scan | None = None, guide: Any = None) -> Array:
        """Return log p(x) of each image, in nats, (n,), under one scan."""
        return np.asarray(self.pixel_log_prob(theta, x, scan=scan, guide=guide).sum(axis=1, dtype=np.float64))

    def loss_and_grad(
        self, theta: Array, x: Any, *, scan: Scan | None = None, guide: Any = None
    ) -> tuple[float, Array]:
        """Return the mean over images of -log p(x), in nats, and its gradient (P,): the sum of those of all pixels."""
        pixels, told = self.examples(x, scan=scan, guide=guide)
        loss, grad = self.made.loss_and_grad(theta, pixels, context=told)
        return loss * self.n_features, grad * grad.dtype.type(self.n_features)

    def sample(
        self,
        theta: Array,
        n: int,
        *,
        rng: int | np.random.Generator | None = None,
        given: Any = None,
        scan: Scan | None = None,
        guide: Any = None,
        uniforms: Any = None,
    ) -> Array:
        """Draw n images (n, D), pixel after pixel.

        Parameters
        ----------
        given : array (n, D), optional
            Known pixels, NaN where to draw. What is known has to lead in the scan: each draw is then from
            p(rest | given).
        uniforms : array (n, D), optional
            The uniform in [0, 1) that decides pixel i; drawn from `rng` by default.
        """
        n = as_count(n, "n", 0)
        generator = as_generator(rng)
        u = None if uniforms is None else as_uniforms(uniforms, n, self.n_features)
        windows = self._windows(scan)
        seen = self._guide(guide, n, "n is")
        images = self._given(given, n, windows.scan)
        units = self._units(images)
        theta = self.made.hold(theta)
        u = generator.random((n, self.n_features)) if u is None else u
        is_drawn = np.isnan(images)
        for place in windows.scan.order[is_drawn[:, windows.scan.order].any(axis=0), None]:
            rows = np.flatnonzero(is_drawn[:, place[0]])
            told = windows.told(units[rows], place, None if seen is None else seen[rows])[:, 0]
            drawn = self.made.sample(theta, len(rows), context=told, uniforms=u[rows][:, place])
            images[rows, place[0]] = drawn[:, 0]
            units[rows, place[0]] = self._units(drawn)[:, 0]
        return images

    def _images(self, x: Any, name: str, *, gaps: bool = False) -> Array:
        """Return images (n, D) of legal values, or raise."""
        images = as_rows(x, self.n_features, self.dtype, name, gaps=gaps)
        self.made.outputs.check_support(images.reshape(-1, 1), name)
        return images

    def _units(self, images: Array) -> Array:
        """Return values as the network sees them."""
        return self.made.outputs.feature_outputs[0].encode(images)[..., 0]

    def _told(self, images: Array, windows: Windows, places: Ints, guide: Array | None) -> Array:
        """Return what pixels are told, (n * p, C)."""
        told = windows.told(self._units(images), places, guide)
        return told.reshape(len(images) * len(places), self.made.n_context)

    def _guide(self, guide: Any, n: int, of: str = "x has") -> Array | None:
        """Return the guide (n, D) as the network sees it, None for a model without, or raise; `of` says what has n."""
        if not self.guided:
            if guide is not None:
                raise ValueError("guide is given, but the model has guided=False: leave it out")
            return None
        if guide is None:
            raise ValueError("guide is missing: the model has guided=True, pass images (n, D)")
        images = as_rows(guide, self.n_features, self.dtype, "guide")
        if len(images) != n:
            raise ValueError(f"guide has {len(images)} rows, {of} {n}: give one for each image")
        return self._units(images)

    def _given(self, given: Any, n: int, scan: Scan) -> Array:
        """Return a copy of images (n, D) with NaN where to draw, or raise if what is known does not lead."""
        if given is None:
            return np.full((n, self.n_features), np.nan, dtype=self.dtype)
        images = self._images(given, "given", gaps=True).copy()
        if len(images) != n:
            raise ValueError(f"given has {len(images)} rows, but n={n}: give n rows")
        is_known = ~np.isnan(images[:, scan.order])
        late = is_known[:, 1:] & ~is_known[:, :-1]
        if late.any():
            row, place = (int(k) for k in np.argwhere(late)[0])
            raise ValueError(
                f"given[{row}]: pixel {scan.order[place + 1]} is known, pixel {scan.order[place]} before it is not; "
                "give a scan that begins with what is known"
            )
        return images
