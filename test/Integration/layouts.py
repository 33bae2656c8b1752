"""Where rows lie in the tensors of a test: along the last dimension, or along another one with neighbours beside it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layout:
    """Arrays of one number per element, [rows, n], per row, [rows] or [rows, 1], or per position, [n], as tensors of
    some shape."""

    along: int | None
    full: str
    per_row: str
    per_position: str
    once: str

    def __str__(self):
        return "last" if self.along is None else f"along {self.along}"

    def attributes(self):
        return [] if self.along is None else [f"along = {self.along}"]

    def lay(self, array):
        if self.along is None:
            return array
        if self.along == 0:
            return np.ascontiguousarray(array.T)
        return np.ascontiguousarray(self.split(array).transpose(0, 2, 1))

    def lay_per_row(self, array):
        return array if self.along != 1 else self.split(array)

    def lay_per_position(self, array):
        return array if self.along is None else array[:, None].copy()

    @staticmethod
    def split(array):
        """Rows as two blocks, for a dimension on either side of the row's."""
        return array.reshape(2, len(array) // 2, *array.shape[1:])

    def gather(self, tensor, shape):
        """The array that was laid out as `tensor`."""
        if self.along == 1 and len(shape) == 2:
            tensor = tensor.transpose(0, 2, 1)
        elif self.along == 0 and len(shape) == 2:
            tensor = tensor.T
        return tensor.reshape(shape)


LAST = Layout(None, "?x?", "?", "?", "?x1")
FIRST = Layout(0, "?x?", "?", "?x1", "1x?")
MIDDLE = Layout(1, "?x?x?", "?x?", "?x1", "?x1x?")
