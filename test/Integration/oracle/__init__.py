"""What each formula means, written from the definitions and not from the compiler: in f64, or wider (wide.py) as the
numbers of the row are.

An oracle takes a `Row` and the formula's further operands, each a number (uniform) or an array with one number per
element of `row.x` (varying), all of them of the row's kind or integers. It returns an array for weights and a number for a
statistic of the row, and a tuple where the formula has several results.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Row:
    """One row with its excluded elements dropped; in a formula without a reduction nothing is."""

    x: np.ndarray  # The included scores.
    at: np.ndarray  # Their positions in the row.
    length: int  # weir.length: unmasked positions, those with a score of -inf included.
    extent: int  # Positions in all.
    index: int = 0  # weir.row.
    f64: bool = False  # What is checked are computations in f64, not in f32.

    @staticmethod
    def of(x):
        """A row of which everything is included."""
        x = np.asarray(x, np.float64)
        return Row(x, np.arange(len(x)), len(x), len(x))


from .activations import *  # noqa: E402, F401, F403
from .gates import *  # noqa: E402, F401, F403
from .losses import *  # noqa: E402, F401, F403
from .norms import *  # noqa: E402, F401, F403
from .odd import *  # noqa: E402, F401, F403
from .sparse import *  # noqa: E402, F401, F403
from .weights import *  # noqa: E402, F401, F403
