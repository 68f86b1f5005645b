"""What a rank does on a machine of its own: see `test_namespaces`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rank_problems import assert_same_result, draw

from made_np.ranks.sockets import connect


def main(rank: int, size: int, host: str, port: int) -> None:
    """Train with the others; all have one theta, which is that of one process."""
    problem = draw(0, "numpy")
    with connect(rank, size, (host, port), b"a secret of this test") as comm:
        found = problem.share(comm, *problem.cuts(size, np.random.default_rng(0)))
        assert len(set(comm.gather(found.theta.tobytes()))) == 1
    assert_same_result(found, problem.one())
    print("done")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
