"""Weighted sums over few spikes: rows of weights are added instead of multiplied out.

``y[r] = Σ x[r, s] w[s]`` over the sources that spike, shape (row, target), where a row
is one step of one batch entry; and its gradient by the weights, ``Σ x[r, s] g[r]`` over
the rows.
"""

from typing import Any, Final

import numpy as np
from numba import float32

from core.kernels.compile import careful

#: Rows whose spikes are sorted by source before they are added to the gradient.
_SORTED: Final = 64


@careful
def project(x: Any, weight: Any, y: Any, first: int, last: int) -> None:
    """Set rows ``first`` … ``last`` − 1 of ``y``.

    :param x: shape (row, source), mostly 0
    :param weight: shape (source, target)
    :param y: shape (row, target)
    """
    sources, targets = weight.shape
    index = np.empty(sources + 1, np.int32)
    for r in range(first, last):
        x_r, y_r = x[r], y[r]
        many = 0
        for s in range(sources):
            index[many] = s
            many += int(x_r[s] != float32(0))
        for k in range(targets):
            y_r[k] = float32(0)
        e = 0
        while e + 8 <= many:  # eight at once: the sums are read and written less often
            a, b, c, d = index[e], index[e + 1], index[e + 2], index[e + 3]
            h, i, j, m = index[e + 4], index[e + 5], index[e + 6], index[e + 7]
            w_a, w_b, w_c, w_d = weight[a], weight[b], weight[c], weight[d]
            w_h, w_i, w_j, w_m = weight[h], weight[i], weight[j], weight[m]
            x_a, x_b, x_c, x_d = x_r[a], x_r[b], x_r[c], x_r[d]
            x_h, x_i, x_j, x_m = x_r[h], x_r[i], x_r[j], x_r[m]
            for k in range(targets):
                low = (x_a * w_a[k] + x_b * w_b[k]) + (x_c * w_c[k] + x_d * w_d[k])
                high = (x_h * w_h[k] + x_i * w_i[k]) + (x_j * w_j[k] + x_m * w_m[k])
                y_r[k] += low + high
            e += 8
        while e + 2 <= many:
            a, b = index[e], index[e + 1]
            w_a, w_b, x_a, x_b = weight[a], weight[b], x_r[a], x_r[b]
            for k in range(targets):
                y_r[k] += x_a * w_a[k] + x_b * w_b[k]
            e += 2
        if e < many:
            w_a, x_a = weight[index[e]], x_r[index[e]]
            for k in range(targets):
                y_r[k] += x_a * w_a[k]


@careful
def weight_gradient(x: Any, g: Any, g_weight: Any, first: int, last: int) -> None:
    """Set columns ``first`` … ``last`` − 1 of the gradient of the weights.

    :param x: shape (row, source), mostly 0
    :param g: gradient of the sums, shape (row, target)
    :param g_weight: shape (source, target)
    """
    rows, sources = x.shape
    n = last - first
    zero = float32(0)
    row_of = np.empty(_SORTED * sources + 1, np.int32)
    source_of = np.empty(_SORTED * sources + 1, np.int32)
    index = np.empty(_SORTED * sources + 1, np.int32)
    begin = np.empty(sources + 1, np.int32)
    for s in range(sources):
        for k in range(first, last):
            g_weight[s, k] = zero
    for low in range(0, rows, _SORTED):
        for s in range(sources + 1):
            begin[s] = 0
        many = 0
        for r in range(low, min(low + _SORTED, rows)):
            x_r = x[r]
            for s in range(sources):
                row_of[many] = r
                source_of[many] = s
                many += int(x_r[s] != zero)
        for e in range(many):
            begin[source_of[e] + 1] += 1
        for s in range(sources):
            begin[s + 1] += begin[s]
        for e in range(many):
            s = source_of[e]
            index[begin[s]] = row_of[e]
            begin[s] += 1
        e = 0
        for s in range(sources):
            total = g_weight[s, first:last]
            while e + 4 <= begin[s]:
                a, b, c, d = index[e], index[e + 1], index[e + 2], index[e + 3]
                g_a, g_b = g[a, first:last], g[b, first:last]
                g_c, g_d = g[c, first:last], g[d, first:last]
                x_a, x_b, x_c, x_d = x[a, s], x[b, s], x[c, s], x[d, s]
                for k in range(n):
                    left = x_a * g_a[k] + x_b * g_b[k]
                    total[k] += left + (x_c * g_c[k] + x_d * g_d[k])
                e += 4
            while e < begin[s]:
                g_a, x_a = g[index[e], first:last], x[index[e], s]
                for k in range(n):
                    total[k] += x_a * g_a[k]
                e += 1
