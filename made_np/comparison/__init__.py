"""Whether drawn rows can be told from the rows that they imitate.

reading    both tables as columns of numbers or of levels
marginals  each column alone
pairs      each two columns together
twosample  a classifier that is shown rows of both
copies     rows that are too close to rows of training
comparing  all of it in one report

Nothing here asks a model: any two tables of the same columns can be compared.
"""

from __future__ import annotations

from made_np.comparison.comparing import Comparison, compare

__all__ = ["Comparison", "compare"]
