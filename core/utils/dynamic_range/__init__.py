"""Measurements of how model and chip scale against each other.

`boundary` finds the range of the membranes, `threshold` the model units of an LSB of a
trace, `weight_scaling` the weight LSB of a weight of the model. They run on the
emulated chip and leave the connection as they find it.
"""

from core.utils.dynamic_range import boundary, helper, threshold, weight_scaling

__all__ = ["boundary", "helper", "threshold", "weight_scaling"]
