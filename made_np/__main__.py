"""``python -m made_np``: the same as the command ``made-np``."""

from __future__ import annotations

import sys

from made_np.cli import main

if __name__ == "__main__":
    sys.exit(main())
