"""A MADE whose wires are shared by all places of a grid, such as the pixels of an image.

scan      an order of the places, with the frame in which each sees its neighbours
windows   what a place is told of those before it
shared    `GridMADE`: one small network that answers at every place
"""

from made_np.grid.scan import Scan
from made_np.grid.shared import GridMADE

__all__ = ["GridMADE", "Scan"]
