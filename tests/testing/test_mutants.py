"""It must catch: every planted fault by the checks that should, and no correct network by any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from made_np.testing import Adapter, checks, suite
from made_np.testing.__main__ import main
from made_np.testing.mutants import all_mutants, detect, detection_table, false_alarms, faults_public
from made_np.testing.mutants.detection import Detection
from made_np.testing.mutants.mutant import Mutant, standard
from made_np.testing.mutants.others import other_checkers
from made_np.testing.networks import linear_backward
from made_np.testing.power import CORRUPTIONS, detection_rates, own_checkers, rates_table
from made_np.testing.suite import FAILED

MUTANTS = all_mutants()
by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)

HINTS = {
    "forgot_the_mean": "batch size: was the mean over the batch (1/B) forgotten?",
    "bias_by_mean": "A mean where a sum belongs",
    "first_gradient_unmasked": "in W0 only: all on masked cells",
    "output_gradient_unmasked": "in W2 only: all on masked cells",
    "passed_down_unmasked": "look at dx",
    "sign_flipped": "in b1 only: constant ratio got / want = -1: sign flipped?",
    "accumulated": "accumulate",
    "direct_forgotten": "in W_direct only: got is 0",
    "decay_in_the_gradient_only": "weight decay",
    "transposed_gradient": "in W1: transposed?",
    "norm_taken_for_a_constant": "all errors are in W0, W1, W2",
    "permuted_once_more": "look at dx, which is passed down",
    "not_a_number": "in b2 only: the gradient holds NaN",
    "mean_over_features": "= 0.2 = 1/5",
    "stale_weight_cache": "a stale copy of the parameters (a cache)",
    "stale_activations": "what the last call of f left behind",
    "mask_not_applied": "not applied in the forward pass",
    "output_not_strict": "outputs see their own input",
    "order_for_position": "order used for position",
    "two_cycle": "no order permits this circle",
    "missing_degree": "a degree that no hidden unit has",
    "skip_leaks": "identity skip",
    "direct_not_strict": "direct",
    "context_misses_the_first": "degree 0",
    "blocked_read_as_interleaved": "two conventions are mixed",
    "in_bits": "in bits",
    "mean_over_features_in_log_prob": "mean over features",
    "wrong_sign": "sign flipped",
    "averaged_logits": "averaged logits",
    "sampled_in_natural_order": "another order than the model: 0, 1, 2, ...",
    "sampled_by_position": "position used for order",
    "opposite_draws": "u > p",
    "drawn_at_once": "drawn at once",
    "rows_mixed_up": "row before it",
    "dropout_left_on": "dropout left on?",
    "shared_buffer": "work buffer",
    "writes_to_x": "writes to its input",
    "global_seed": "numpy Generator",
    "drawn_anew": "draws anew at each call",
    "floor": "below a floor",
    "rounded": "rounded",
    "upper_end_left_out": "holds both",
    "ends_sorted": "ends are exchanged",
    "weights_too_large": "weights are not divided by their sum",
    "left_out_is_zero": "left-out columns are set to 0",
    "likeliest_completion": "the largest term",
    "condition_ignored": "the condition is ignored",
    "joint_for_conditional": "divide by that of the condition",
    "another_order_conditions": "different networks, orders",
}


def test_there_are_enough_of_them_each_with_a_name_of_its_own() -> None:
    assert len(MUTANTS) >= 60
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({mutant.fault for mutant in MUTANTS}) == len(MUTANTS)
    covered = {name for mutant in MUTANTS for name in mutant.caught_by}
    named = {check.name for check in checks(standard(np.random.default_rng(0)).adapter())}
    assert covered == named - {"gradient_directions"}


@cache
def detected(mutant: Mutant) -> Detection:
    """What all checks find in a mutant."""
    return detect(mutant)


@by_name
def test_every_planted_fault_is_caught_by_the_checks_that_should(mutant: Mutant) -> None:
    found = detected(mutant)
    assert set(mutant.caught_by) <= set(found.caught), found


@by_name
@pytest.mark.parametrize("seed", [1, 2])
def test_they_catch_it_wherever_it_is_planted(mutant: Mutant, seed: int) -> None:
    found = suite(mutant.build(np.random.default_rng(seed)), only=mutant.caught_by, rng=seed)
    assert {result.name for result in found.results if result.status == FAILED} == set(mutant.caught_by), found


@pytest.mark.parametrize("name", HINTS)
def test_the_hint_names_the_mistake(name: str) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    hints = detected(mutant).hints
    assert any(HINTS[name] in hint for hint in hints.values()), hints


def test_the_network_that_faults_are_planted_in_is_right() -> None:
    kinds = ({}, {"direct": True}, {"skips": True}, {"n_context": 2}, {"n_params": 2}, {"with_relu": True})
    for seed in range(3):
        for kind in kinds:
            net = standard(np.random.default_rng(seed), **kind)  # type: ignore[arg-type]
            assert suite(net.adapter()).ok


@pytest.mark.parametrize("build", [faults_public.with_short_rows, faults_public.with_sorted_units])
def test_without_the_fault_of_the_gradient_nothing_is_wrong(build: Callable[..., Adapter]) -> None:
    for seed in range(3):
        assert suite(build(np.random.default_rng(seed), is_right=True)).ok


@pytest.mark.parametrize("name", ["smallest_dropped", "errors_that_cancel"])
def test_what_the_fast_check_of_torch_lets_pass_is_caught(name: str) -> None:
    pytest.importorskip("torch", reason="its own gradcheck is asked")
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    for seed in range(3):
        found = detect(mutant, seed=seed, others=other_checkers())
        assert "gradient" in found.caught
        assert "torch_fast" in found.ran
        assert "torch_fast" not in found.caught


def test_the_fast_check_of_torch_looks_along_one_direction_only() -> None:
    torch = pytest.importorskip("torch", reason="its own gradcheck is asked")
    net = standard(np.random.default_rng(0))
    along = torch.rand(net.theta.size, generator=torch.Generator()).numpy().astype(np.float64)  # as it does itself
    entries = np.flatnonzero(~net.frozen())[:2]
    error = np.zeros_like(along)
    error[entries] = [along[entries[1]], -along[entries[0]]]  # far larger than the gradient, and not seen at all
    wrong = net.adapter(grad=lambda theta: net.grad(theta) + 10 * error)
    assert other_checkers()["torch_fast"](wrong) is True
    assert suite(wrong)["gradient"].status == "FAILED"


def test_no_false_alarm_in_100_correct_networks() -> None:
    assert list(false_alarms(100)) == []


@pytest.mark.slow
def test_no_false_alarm_in_1000_correct_networks() -> None:
    assert list(false_alarms(1000, seed=10_000)) == []


def test_a_false_alarm_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    net = standard(np.random.default_rng(0))
    wrong = replace(net, parts=replace(net.parts, linear_backward=lambda *a: tuple(-d for d in linear_backward(*a))))
    monkeypatch.setattr("made_np.testing.mutants.detection.random_network", lambda rng: wrong)
    assert [seed for seed, _ in false_alarms(2, seed=5)] == [5, 6]


def test_the_table_shows_who_catches_what() -> None:
    chosen = [mutant for mutant in MUTANTS if mutant.name in ("output_not_strict", "sign_flipped", "stale_mask_cache")]
    lines = detection_table([detect(mutant) for mutant in chosen]).splitlines()
    assert lines[0].split()[:4] == ["planted", "fault", "masks", "autoregressive"]
    assert lines[1].split() == ["output_not_strict", "x", "x", "x", "x", ".", ".", ".", "."]
    assert lines[4].split()[:5] == ["caught", "/", "run", "1/3", "2/3"]
    assert lines[-1] == "3 of 3 planted faults are caught by the suite"


@pytest.mark.parametrize("name", ["torch_full", "torch_fast", "scipy", "jax"])
def test_other_checkers_run_where_their_library_is_installed(name: str) -> None:
    pytest.importorskip(name.split("_")[0])
    check = other_checkers()[name]
    net = standard(np.random.default_rng(0), hidden=(7,))
    assert check(net.adapter()) is True
    assert check(net.adapter(grad=lambda theta: -net.grad(theta))) is False
    assert check(net.adapter(theta=None)) is None


def test_rates_of_detection_are_one_for_a_full_sweep() -> None:
    rates = detection_rates(own_checkers(), trials=3)
    assert rates["central"] == {"x 1.01": 1, "x 1.1": 1, "sign flip": 1, "set to 0": 1, "none": 0}
    assert rates["directions"]["none"] == 0
    assert rates["directions"]["sign flip"] > 0.9
    assert rates_table(rates).splitlines()[0].split()[-1] == "none"
    assert list(rates["central"]) == list(CORRUPTIONS)


def test_the_command_prints_both_tables(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.testing.mutants.all_mutants", lambda: MUTANTS[:2])
    monkeypatch.setattr("made_np.testing.mutants.others.other_checkers", dict)
    assert main(["--mutants", "--networks", "2", "--trials", "1"]) == 0
    out = capsys.readouterr().out
    assert "2 of 2 planted faults are caught" in out
    assert "0 false alarms in 2 correct random networks" in out
    assert "share caught, one entry" in out
