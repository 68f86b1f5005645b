"""Data sets: each with its splits, its citation.

The digits come with scikit-learn and need nothing else. The other sets are not part of the
package: their files are looked for in a given folder, else in the folder that the environment
variable ``MADE_NP_DATA`` names.

Binary sets are stored one file each, ``NAME.npz``, with the integer ``n_features`` and the arrays
``train``, ``valid``, ``test``: uint8, each row packed with ``numpy.packbits(rows, axis=1)``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.messages import not_installed
from made_np.values import as_choice, as_count, as_flag, as_path, show

FOLDER_VARIABLE = "MADE_NP_DATA"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of one table or of images, split, with where they come from.

    Attributes
    ----------
    name : str
    train, valid, test : ndarray of uint8, shape (n, D)
    description : str
        What a row and its features are.
    citation : str
        Whom to cite.
    source : str
        Where the rows and their split come from.
    image_shape : (height, width) or None
        Where a row is an image: ``row.reshape(image_shape)`` stands upright.
    """

    name: str
    train: NDArray[np.uint8]
    valid: NDArray[np.uint8]
    test: NDArray[np.uint8]
    description: str
    citation: str
    source: str
    image_shape: tuple[int, int] | None = None

    @property
    def n_features(self) -> int:
        """D, the number of columns."""
        return int(self.train.shape[1])

    def __str__(self) -> str:
        rows = f"{len(self.train)} training, {len(self.valid)} validation and {len(self.test)} test rows"
        return f"{self.name}: {rows} of {self.n_features} features\n{self.description}\nsource: {self.source}"

    __repr__ = __str__


@dataclass(frozen=True)
class _Facts:
    """What is known of a binary set besides its rows."""

    description: str
    citation: str
    source: str
    image_shape: tuple[int, int] | None = None


_DEBD = "github.com/arranger1044/DEBD"
_DCSN = "github.com/nicoladimauro/dcsn, data/generative"
_MADE = "github.com/mgermain/MADE, datasets folder (split of the MADE paper)"

BINARY_SETS: dict[str, _Facts] = {
    "adult": _Facts(
        "census income, 123 one-hot columns",
        "Kohavi 1996 (UCI Adult); Platt 1999; LIBSVM a5a",
        f"train, valid: {_DEBD}; test: the rows of LIBSVM a9a that are not in a5a",
    ),
    "connect4": _Facts(
        "Connect-4 positions at ply 8: 42 cells times (x, blank, o), one-hot",
        "Tromp 1995 (UCI Connect-4)",
        f"train, valid: {_DEBD}; test: the other rows of connect-4 in EpistasisLab/pmlb",
    ),
    "dna": _Facts("splice junctions, 180 binary columns", "UCI Splice-junction; LIBSVM dna", _MADE),
    "mushrooms": _Facts("mushroom attributes, 112 one-hot columns", "Schlimmer 1987 (UCI Mushroom)", _MADE),
    "nips": _Facts("papers of NIPS 0-12: which of 500 words occur", "Roweis, NIPS 0-12", _MADE),
    "ocr_letters": _Facts(
        "handwritten letters",
        "Kassel 1995; Taskar, Guestrin & Koller 2003",
        f"valid, test: {_DEBD}; train: the other letters of shogun-data ocr/ocr_taskar.mat",
        (16, 8),
    ),
    "binarized_mnist": _Facts(
        "handwritten digits, the fixed binary sample of the NADE and MADE papers",
        "LeCun et al. 1998; Salakhutdinov & Murray 2008; Larochelle & Murray 2011",
        "github.com/y0ast/VIMCO, data/mnist_salakhutdinov.pkl.gz (or binarized_mnist_*.amat)",
        (28, 28),
    ),
    "web_resplit": _Facts(
        "web pages, 300 binary columns; a random split, so not comparable row by row with the Web set of the papers",
        "Platt 1999; LIBSVM w8a",
        "LIBSVM w8a in the order of numpy.random.default_rng(20150215).permutation",
    ),
    "nltcs": _Facts("long-term care survey, 16 answers", "Lowd & Davis 2010", _DEBD),
    "baudio": _Facts("Audioscrobbler: which of 100 artists", "Lowd & Davis 2010", _DEBD),
    "pumsb_star": _Facts("census, 163 binary columns (FIMI)", "Van Haaren & Davis 2012", _DEBD),
    "msnbc": _Facts("visitors of msnbc.com: which of 17 kinds of pages", "Lowd & Davis 2010", _DCSN),
    "kdd": _Facts("KDD Cup 2000: 64 facts of a visit to a shop", "Lowd & Davis 2010", _DCSN),
    "plants": _Facts("plants: in which of 69 regions they grow", "Lowd & Davis 2010", _DEBD),
    "jester": _Facts("which of 100 jokes a reader likes", "Lowd & Davis 2010", _DEBD),
    "bnetflix": _Facts("which of 100 films a viewer likes", "Lowd & Davis 2010", _DEBD),
    "accidents": _Facts("traffic accidents, 111 binary columns (FIMI)", "Van Haaren & Davis 2012", _DEBD),
    "tretail": _Facts("baskets of a shop: which of 135 goods (FIMI)", "Van Haaren & Davis 2012", _DCSN),
    "dna_debd": _Facts(
        "splice junctions, 180 binary columns, training and validation rows divided otherwise than in dna",
        "UCI Splice-junction; Van Haaren & Davis 2012",
        "github.com/UCLA-StarAI/Density-Estimation-Datasets",
    ),
    "kosarek": _Facts("clicks on a news portal: which of 190 pages (FIMI)", "Van Haaren & Davis 2012", _DCSN),
    "msweb": _Facts("visitors of microsoft.com: which of 294 areas", "Lowd & Davis 2010", _DCSN),
    "book": _Facts("which of 500 books a reader rated", "Lowd & Davis 2010", _DCSN),
    "tmovie": _Facts("which of 500 films a viewer rated (EachMovie)", "Lowd & Davis 2010", _DCSN),
    "cwebkb": _Facts("university pages: which of 839 stems occur (WebKB)", "Lowd & Davis 2010", _DCSN),
    "cr52": _Facts("news: which of 889 stems occur (Reuters-52)", "Lowd & Davis 2010", _DCSN),
    "c20ng": _Facts("20 newsgroups: which of 910 stems occur", "Lowd & Davis 2010", _DCSN),
    "bbc": _Facts("news of the BBC: which of 1058 words occur", "Van Haaren & Davis 2012", _DEBD),
    "ad": _Facts("pictures of pages, advertisements or not: 1556 columns", "Van Haaren & Davis 2012", _DCSN),
}


def load_digits(binary: bool | None = None, *, levels: int | None = None, seed: int = 0) -> Dataset:
    """Return the 8 x 8 digits of scikit-learn: 1797 images, split 1197 / 300 / 300.

    Parameters
    ----------
    binary : bool, optional
        True (as when nothing is given) is short for ``levels=2``, False for ``levels=17``.
    levels : int, 2..17, optional
        The original grey values 0..16 become ``value * levels // 17``: 17 keeps them, 2 asks
        whether there is more ink than half.
    seed : int
        Of the permutation that deals the rows out.

    Returns
    -------
    Dataset
        Values 0..levels-1.

    Raises
    ------
    ImportError
        scikit-learn is missing.
    ValueError
        Both `binary` and `levels` are given, or `levels` is outside 2..17.

    Examples
    --------
    >>> load_digits(levels=17).train.shape
    (1197, 64)
    """
    if binary is not None and levels is not None:
        raise ValueError(f"binary={show(binary)} and levels={show(levels)}: give one of the two")
    if levels is None:
        levels = 2 if binary is None or as_flag(binary, "binary") else 17
    levels = as_count(levels, "levels", 2, 17)
    seed = as_count(seed, "seed", 0)
    values = np.asarray(_sklearn_datasets("load_digits").load_digits().data)
    rows = (values.astype(np.int64) * levels // 17).astype(np.uint8)
    rows = rows[np.random.default_rng(seed).permutation(len(rows))]
    return Dataset(
        "digits",
        *(rows[:1197], rows[1197:1497], rows[1497:]),
        description=f"handwritten digits, {levels} grey levels",
        citation="Alpaydin & Kaynak 1998 (UCI Optical Recognition of Handwritten Digits)",
        source=f"sklearn.datasets.load_digits, split by default_rng({seed}).permutation",
        image_shape=(8, 8),
    )


def load_olivetti(path: str | os.PathLike[str] | None = None, *, n_valid: int = 0, n_test: int = 50) -> Dataset:
    """Return the Olivetti faces: 40 people, 10 photographs each, 64 x 64 greys 0..242 of 255.

    Row i shows person ``i // 10``. The last `n_test` rows are the test set, the `n_valid` before
    them the validation set: multiples of 10 keep people apart.

    Parameters
    ----------
    path : path, optional
        A .npz with ``images``, uint8 of shape (400, 64, 64). Without it the folder in
        ``MADE_NP_DATA`` is looked into for ``olivetti.npz``, and without that scikit-learn
        fetches the faces from the internet (or finds them where it fetched them before).
    n_valid, n_test : int
        350 / 50 rows (the defaults) is the split of Poon & Domingos (2011).

    Returns
    -------
    Dataset
        Arrays of shape (n, 4096).

    Raises
    ------
    FileNotFoundError
        There is no file at `path`.
    ValueError
        The file holds something else, or nothing is left to train on.
    ImportError
        There is no file, and scikit-learn is missing.
    """
    n_valid = as_count(n_valid, "n_valid", 0)
    n_test = as_count(n_test, "n_test", 0)
    images, source = _olivetti_images(None if path is None else as_path(path))
    n_train = len(images) - n_valid - n_test
    if n_train < 1:
        raise ValueError(
            f"n_valid={n_valid} and n_test={n_test} of {len(images)} faces leave {n_train} to "
            "train on: give numbers with a smaller sum"
        )
    rows = images.reshape(len(images), -1)
    return Dataset(
        "olivetti",
        *(rows[:n_train], rows[n_train : n_train + n_valid], rows[n_train + n_valid :]),
        description="photographs of 40 people, 10 each, grey values 0..242 of 255",
        citation="Samaria & Harter 1994 (AT&T Laboratories Cambridge); non-commercial research",
        source=source,
        image_shape=(64, 64),
    )


def load_binary(name: str, folder: str | os.PathLike[str] | None = None) -> Dataset:
    """Return a binary data set of the density estimation literature, values 0 and 1.

    Parameters
    ----------
    name : str
        One of `BINARY_SETS`.
    folder : path, optional
        Where ``NAME.npz`` lies; by default what ``MADE_NP_DATA`` says.

    Raises
    ------
    ValueError
        An unknown name, or a file with other contents than the module's docstring describes.
    FileNotFoundError
        There is no such file; the message says where the rows can be had.
    """
    facts = BINARY_SETS[as_choice(name, "name", sorted(BINARY_SETS))]
    place = as_path(folder, "folder") if folder is not None else os.environ.get(FOLDER_VARIABLE)
    if place is None or not Path(place, f"{name}.npz").is_file():
        where = f"no folder= was given and {FOLDER_VARIABLE} is not set" if place is None else place
        raise FileNotFoundError(
            f"{name}.npz not found ({where}): give its folder as folder= or in {FOLDER_VARIABLE}; "
            f"the rows come from {facts.source}"
        )
    path = Path(place, f"{name}.npz")
    stored = _read_npz(path, ("train", "valid", "test", "n_features"))
    width = _width(stored.pop("n_features"), path)
    for key, packed in stored.items():
        if packed.dtype != np.uint8 or packed.ndim != 2 or packed.shape[1] != -(-width // 8):
            raise ValueError(
                f"{path}: {key} is {packed.dtype} of shape {packed.shape}, but {width} packed "
                f"columns are uint8 of shape (n, {-(-width // 8)})"
            )
    train, valid, test = (np.unpackbits(rows, axis=1, count=width) for rows in stored.values())
    return Dataset(name, train, valid, test, **vars(facts))


def _width(n_features: NDArray[Any], path: Path) -> int:
    """The number of columns that a file tells."""
    if n_features.shape != () or n_features.dtype.kind not in "iu" or n_features < 1:
        raise ValueError(f"{path}: n_features is {show(n_features)}: it has to be one integer of at least 1")
    return int(n_features)


def _olivetti_images(path: str | None) -> tuple[NDArray[np.uint8], str]:
    """The faces, (400, 64, 64), and where they were found."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if path is None and folder is not None and Path(folder, "olivetti.npz").is_file():
        path = os.path.join(folder, "olivetti.npz")
    if path is None:
        faces = _sklearn_datasets("fetch_olivetti_faces").fetch_olivetti_faces()
        # it divides by the brightest value of all, which is 242; rounding finds the greys again
        return np.rint(faces.images * 242.0).astype(np.uint8), "sklearn.datasets"
    if not Path(path).is_file():
        raise FileNotFoundError(f"no file at path={path!r}: leave it out to have scikit-learn fetch the faces")
    images = _read_npz(Path(path), ("images",))["images"]
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (64, 64):
        raise ValueError(
            f"path={path}: images is {images.dtype} of shape {images.shape}; the faces are uint8 of (400, 64, 64)"
        )
    return images, path


def _sklearn_datasets(needed: str) -> Any:
    """scikit-learn's module of data sets, imported only when one of them is asked for."""
    try:
        import sklearn.datasets
    except ImportError as error:
        raise not_installed(f"{needed} comes with", "scikit-learn", "sklearn") from error
    return sklearn.datasets


def _read_npz(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The arrays of that name, or a `ValueError` that says what is wrong with the file."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            missing = [name for name in names if name not in stored.files]
            if not missing:
                return {name: stored[name] for name in names}
    except MemoryError:
        raise
    except Exception as error:  # a broken archive speaks through a dozen types
        raise ValueError(f"{path} is no readable .npz file: {error}") from error
    raise ValueError(f"{path} lacks {missing}: it must hold {list(names)}")
