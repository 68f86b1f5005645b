"""Loaders: splits, shapes, published figures; the sets that are not shipped where they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.datasets import BINARY_SETS, Dataset, load_binary, load_digits, load_olivetti

Array = NDArray[Any]

# name: (columns, rows of train / valid / test, mean test log-likelihood of a Chow-Liu tree in
# nats). Sizes are those of the MADE and DEBD papers; the figures are of the tree fitted on train
# with one pseudo-count per cell, worked out when the sets were gathered.
KNOWN = {
    "adult": (123, 5000, 1414, 26147, -18.53),
    "connect4": (126, 16000, 4000, 47557, -20.58),
    "dna": (180, 1400, 600, 1186, -87.80),
    "mushrooms": (112, 2000, 500, 5624, -21.02),
    "nips": (500, 400, 100, 1240, -280.90),
    "ocr_letters": (128, 32152, 10000, 10000, -48.87),
    "binarized_mnist": (784, 50000, 10000, 10000, -134.99),
    "web_resplit": (300, 14000, 3188, 32561, -33.85),
    "nltcs": (16, 16181, 2157, 3236, -6.76),
    "baudio": (100, 15000, 2000, 3000, -44.37),
    "pumsb_star": (163, 12262, 1635, 2452, -30.81),
    "msnbc": (17, 291326, 38843, 58265, -6.5401),
    "kdd": (64, 180092, 19907, 34955, -2.2949),
    "plants": (69, 17412, 2321, 3482, -16.5240),
    "jester": (100, 9000, 1000, 4116, -58.2265),
    "bnetflix": (100, 15000, 2000, 3000, -60.2503),
    "accidents": (111, 12758, 1700, 2551, -33.1881),
    "tretail": (135, 22041, 2938, 4408, -10.9465),
    "dna_debd": (180, 1600, 400, 1186, -87.7348),
    "kosarek": (190, 33375, 4450, 6675, -11.4901),
    "msweb": (294, 29441, 3270, 5000, -10.1925),
    "book": (500, 8700, 1159, 1739, -37.8315),
    "tmovie": (500, 4524, 1002, 591, -64.7831),
    "cwebkb": (839, 2803, 558, 838, -163.4712),
    "cr52": (889, 6532, 1028, 1540, -94.4346),
    "c20ng": (910, 11293, 3764, 3764, -164.1167),
    "bbc": (1058, 1670, 225, 330, -261.8563),
    "ad": (1556, 2461, 327, 491, -16.8886),
}


def pair_probabilities(x: Array) -> Array:
    """p[a, b, i, j] = P(x_i = a, x_j = b) with one pseudo-count for each of the four cells."""
    ones = x.astype("float32")  # counts below 2**24 are exact
    both = (ones.T @ ones).astype("float64")
    single = ones.sum(axis=0, dtype="float64")
    n11, n10, n01 = both, single[:, None] - both, single[None, :] - both
    n00 = len(x) - n11 - n10 - n01
    return (np.array([[n00, n01], [n10, n11]]) + 1.0) / (len(x) + 4.0)


def maximum_spanning_tree(weight: Array) -> list[int]:
    """Parent of each node, -1 for node 0 (Prim)."""
    parent, best = [-1] * len(weight), weight[0].copy()
    nearest = np.zeros(len(weight), dtype=int)
    outside = np.ones(len(weight), dtype=bool)
    outside[0] = False
    while outside.any():
        new = int(np.where(outside, best, -np.inf).argmax())
        parent[new], outside[new] = int(nearest[new]), False
        closer = weight[new] > best
        best[closer], nearest[closer] = weight[new][closer], new
    return parent


def chow_liu(train: Array, test: Array) -> float:
    """Mean log-likelihood (nats) of `test` under the Chow-Liu tree of `train`."""
    p = pair_probabilities(train)
    rows, columns = p.sum(axis=1), p.sum(axis=0)  # P(x_i = a) and P(x_j = b), each (2, D, D)
    information = (p * np.log(p / (rows[:, None] * columns[None]))).sum(axis=(0, 1))
    total = np.zeros(len(test))
    for i, j in enumerate(maximum_spanning_tree(information)):
        if j < 0:
            total += np.log((np.bincount(train[:, i], minlength=2) + 1.0) / (len(train) + 2.0))[test[:, i]]
        else:
            total += np.log(p[:, :, i, j] / columns[:, i, j])[test[:, i], test[:, j]]
    return float(total.mean())


def test_chow_liu_is_exact_where_a_tree_holds_everything() -> None:
    first = np.repeat([0, 1], [300, 700]).astype("uint8")
    x = np.stack([first, 1 - first, first], axis=1)
    entropy = -0.3 * np.log(0.3) - 0.7 * np.log(0.7)
    assert chow_liu(x, x) == pytest.approx(-entropy, abs=0.02)


def assert_sound(data: Dataset) -> None:
    """Equal widths, bytes, and facts that are not empty."""
    for part in (data.train, data.valid, data.test):
        assert part.dtype == np.uint8
        assert part.shape[1:] == (data.n_features,)
    assert all((data.name, data.description, data.citation, data.source))
    if data.image_shape is not None:
        assert np.prod(data.image_shape) == data.n_features


class TestDigits:
    @pytest.fixture(autouse=True)
    def needs_sklearn(self) -> None:
        pytest.importorskip("sklearn")

    def test_splits_deal_out_every_image_once(self) -> None:
        from sklearn.datasets import load_digits as original

        data = load_digits(levels=17)
        assert_sound(data)
        assert [len(data.train), len(data.valid), len(data.test)] == [1197, 300, 300]
        dealt = np.concatenate([data.train, data.valid, data.test])
        assert sorted(map(bytes, dealt)) == sorted(map(bytes, original().data.astype("uint8")))

    def test_levels(self) -> None:
        grey, ink = load_digits(levels=17), load_digits()
        assert set(np.unique(grey.train)) == set(range(17))
        np.testing.assert_array_equal(ink.test, grey.test > 8)
        np.testing.assert_array_equal(load_digits(binary=True).train, ink.train)
        np.testing.assert_array_equal(load_digits(binary=False).train, grey.train)
        assert set(np.unique(load_digits(levels=4).valid)) == set(range(4))

    def test_the_seed_decides_the_split(self) -> None:
        np.testing.assert_array_equal(load_digits(seed=3).test, load_digits(seed=3).test)
        assert (load_digits(seed=3).test != load_digits(seed=4).test).any()

    def test_images_stand_upright(self) -> None:
        from sklearn.datasets import load_digits as original

        data = load_digits(levels=17)
        assert data.image_shape == (8, 8)
        first = original().images[np.random.default_rng(0).permutation(1797)[0]]
        np.testing.assert_array_equal(data.train[0].reshape(8, 8), first)

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="give one of the two"):
            load_digits(binary=True, levels=17)
        with pytest.raises(ValueError, match=r"levels=18: give an integer in 2\.\.17"):
            load_digits(levels=18)
        with pytest.raises(ValueError, match="levels=1: "):
            load_digits(levels=1)
        for wrong in ({"binary": "yes"}, {"levels": 2.5}, {"seed": -1}, {"seed": None}):
            with pytest.raises((TypeError, ValueError), match=f"^{next(iter(wrong))}="):
                load_digits(**wrong)  # type: ignore[arg-type]


def faces() -> Array:
    """Pixels that tell their row, (400, 64, 64)."""
    return np.random.default_rng(0).integers(0, 243, (400, 64, 64)).astype("uint8")


class TestOlivetti:
    def test_splits_keep_the_order(self, tmp_path: Path) -> None:
        images = faces()
        np.savez(tmp_path / "o.npz", images=images)
        data = load_olivetti(tmp_path / "o.npz")
        assert_sound(data)
        assert [len(data.train), len(data.valid), len(data.test)] == [350, 0, 50]
        np.testing.assert_array_equal(data.test[0].reshape(64, 64), images[350])
        cut = load_olivetti(tmp_path / "o.npz", n_valid=40, n_test=20)
        assert [len(cut.train), len(cut.valid), len(cut.test)] == [340, 40, 20]
        dealt = np.concatenate([cut.train, cut.valid, cut.test])
        np.testing.assert_array_equal(dealt, images.reshape(400, -1))

    def test_finds_the_folder_of_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        np.savez(tmp_path / "olivetti.npz", images=faces())
        monkeypatch.setenv("MADE_NP_DATA", str(tmp_path))
        assert load_olivetti().source == str(tmp_path / "olivetti.npz")

    def test_finds_what_scikit_learn_fetched(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("sklearn")
        import joblib

        images = faces()
        images[0, 0, :2] = 0, 242  # the range of the real faces, which scikit-learn scales by
        # as it stores the original file: a row per face, columns first
        cache = tmp_path / "olivetti_py3.pkz"
        joblib.dump(images.transpose(0, 2, 1).reshape(400, -1), cache, compress=6)
        monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
        monkeypatch.delenv("MADE_NP_DATA", raising=False)
        np.testing.assert_array_equal(load_olivetti(n_test=0).train, images.reshape(400, -1))

    def test_errors(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
            load_olivetti(tmp_path / "nowhere.npz")
        np.savez(tmp_path / "other.npz", faces=faces())
        with pytest.raises(ValueError, match=r"lacks \['images'\]"):
            load_olivetti(tmp_path / "other.npz")
        np.savez(tmp_path / "float.npz", images=faces() / 242.0)
        with pytest.raises(ValueError, match=r"images is float64 of shape \(400, 64, 64\)"):
            load_olivetti(tmp_path / "float.npz")
        np.savez(tmp_path / "o.npz", images=faces())
        with pytest.raises(ValueError, match="n_valid=200 and n_test=200 of 400 faces leave 0"):
            load_olivetti(tmp_path / "o.npz", n_valid=200, n_test=200)
        with pytest.raises(ValueError, match="n_valid=-1"):
            load_olivetti(tmp_path / "o.npz", n_valid=-1)

    def test_the_real_faces(self, data_dir: Path) -> None:
        path = data_dir / "olivetti.npz"
        if not path.is_file():
            pytest.skip(f"no {path}")
        data = load_olivetti(path)
        assert_sound(data)
        assert max(data.train.max(), data.test.max()) == 242
        # 1-nearest-neighbour completion of the bottom half: 1794 (Poon & Domingos 2011), which
        # fixes the split, the orientation and the scale
        half = 64 * 32
        train, test = data.train.astype("float64"), data.test.astype("float64")
        distance = ((test[:, None, :half] - train[None, :, :half]) ** 2).sum(axis=-1)
        error = ((test - train[distance.argmin(axis=1)])[:, half:] ** 2).mean()
        assert error == pytest.approx(1794, abs=1)


def store(path: Path, n_features: int = 11, **changes: Any) -> dict[str, Array]:
    """Write a small packed set and return its rows; `changes` spoil the file."""
    rng = np.random.default_rng(0)
    rows = {
        part: rng.integers(0, 2, (n, n_features)) for part, n in zip(("train", "valid", "test"), (9, 4, 5), strict=True)
    }
    packed: dict[str, Any] = {k: np.packbits(v.astype(bool), axis=1) for k, v in rows.items()}
    packed["n_features"] = n_features
    packed.update(changes)
    np.savez(path, **{k: v for k, v in packed.items() if v is not None})
    return rows


class TestBinary:
    def test_unpacks_what_was_packed(self, tmp_path: Path) -> None:
        rows = store(tmp_path / "nltcs.npz")
        data = load_binary("nltcs", tmp_path)
        assert_sound(data)
        assert data.n_features == 11
        for part, want in rows.items():
            np.testing.assert_array_equal(getattr(data, part), want)

    def test_finds_the_folder_of_the_environment_but_a_given_one_leads(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a").mkdir()
        store(tmp_path / "nltcs.npz", 11)
        store(tmp_path / "a" / "nltcs.npz", 16)
        monkeypatch.setenv("MADE_NP_DATA", str(tmp_path))
        assert load_binary("nltcs").n_features == 11
        assert load_binary("nltcs", tmp_path / "a").n_features == 16

    def test_a_missing_file_says_where_to_get_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MADE_NP_DATA", raising=False)
        with pytest.raises(FileNotFoundError, match=r"(?s)nltcs\.npz.*MADE_NP_DATA.*DEBD"):
            load_binary("nltcs")
        with pytest.raises(FileNotFoundError, match=r"dna\.npz.*mgermain/MADE"):
            load_binary("dna", tmp_path)

    def test_an_unknown_name_lists_the_known(self) -> None:
        with pytest.raises(ValueError, match=r"'mnist' is unknown: use one of \('accidents'"):
            load_binary("mnist")

    def test_damaged_files_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "nltcs.npz"
        store(path, test=None)
        with pytest.raises(ValueError, match=r"lacks \['test'\]"):
            load_binary("nltcs", tmp_path)
        store(path, valid=np.zeros((4, 11), "uint8"))
        with pytest.raises(ValueError, match=r"valid is uint8 of shape \(4, 11\), but 11 packed"):
            load_binary("nltcs", tmp_path)
        store(path, train=np.zeros((4, 2)))
        with pytest.raises(ValueError, match="train is float64"):
            load_binary("nltcs", tmp_path)
        store(path)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(ValueError, match=r"nltcs\.npz is no readable \.npz"):
            load_binary("nltcs", tmp_path)
        for wrong in (np.zeros(2, int), np.array(11.0), np.array(0), np.array("11")):
            np.savez(path, **{**store(path), "n_features": wrong})
            with pytest.raises(ValueError, match=r"nltcs\.npz: n_features is an array of shape"):
                load_binary("nltcs", tmp_path)
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
        with pytest.raises(ValueError, match=r"nltcs\.npz is no readable \.npz"):
            load_binary("nltcs", tmp_path)
        path.write_bytes(b"")
        with pytest.raises(ValueError, match="no readable"):
            load_binary("nltcs", tmp_path)

    def test_every_set_is_known_here(self) -> None:
        assert set(KNOWN) == set(BINARY_SETS)

    @pytest.mark.parametrize("name", KNOWN)
    def test_a_chow_liu_tree_reaches_its_known_figure(self, name: str, data_dir: Path) -> None:
        if not os.path.isfile(data_dir / f"{name}.npz"):
            pytest.skip(f"no {data_dir / name}.npz")
        data = load_binary(name, data_dir)
        assert_sound(data)
        sizes = (data.n_features, len(data.train), len(data.valid), len(data.test))
        assert sizes == KNOWN[name][:4]
        assert chow_liu(data.train, data.test) == pytest.approx(KNOWN[name][4], abs=0.006)
