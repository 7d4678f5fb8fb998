"""What neurons of a layer do to each other: sums over spikes, and their adjoint.

Both work on a block of whole batch entries, side by side.
"""

from typing import Any

from numba import float32

from core.kernels.compile import kernel


@kernel
def add_spikes(fed: Any, x: Any, index: Any, many: Any, weight: Any) -> None:
    """Set ``fed`` to the input and what the last spikes add.

    :param fed: shape (entries · neurons,), like ``x``
    :param index: neurons that spiked, ``many[entry]`` of them, shape (entries, neurons)
    :param weight: shape (source, target)
    """
    neurons = weight.shape[0]
    for r in range(many.shape[0]):
        at = r * neurons
        total, own = fed[at : at + neurons], index[r]
        for k in range(neurons):
            total[k] = x[at + k]
        e = 0
        while e + 4 <= many[r]:
            w_a, w_b = weight[own[e]], weight[own[e + 1]]
            w_c, w_d = weight[own[e + 2]], weight[own[e + 3]]
            for k in range(neurons):
                total[k] += (w_a[k] + w_b[k]) + (w_c[k] + w_d[k])
            e += 4
        while e < many[r]:
            w_a = weight[own[e]]
            for k in range(neurons):
                total[k] += w_a[k]
            e += 1


@kernel
def list_spikes(z: Any, index: Any, many: Any, neurons: int) -> None:
    """List the neurons that spike, see `add_spikes`; ``z`` is 0 or 1."""
    for r in range(many.shape[0]):
        own, count = index[r], 0
        for k in range(neurons):
            own[count] = k
            count += int(z[r * neurons + k] > float32(0))
        many[r] = count


@kernel
def feed_back(g_z: Any, g_x: Any, weight: Any, entries: int) -> None:
    """Set the gradient of the spikes, from that of the input one step later.

    :param g_z: shape (entries · neurons,), like ``g_x``
    :param weight: shape (target, source)
    """
    neurons = weight.shape[0]
    zero = float32(0)
    r = 0
    while r + 4 <= entries:  # four entries share what is read of the weights
        at = r * neurons
        y_a, y_b = g_z[at : at + neurons], g_z[at + neurons : at + 2 * neurons]
        at += 2 * neurons
        y_c, y_d = g_z[at : at + neurons], g_z[at + neurons : at + 2 * neurons]
        for k in range(neurons):
            y_a[k] = zero
            y_b[k] = zero
            y_c[k] = zero
            y_d[k] = zero
        at = r * neurons
        x_a, x_b = g_x[at : at + neurons], g_x[at + neurons : at + 2 * neurons]
        at += 2 * neurons
        x_c, x_d = g_x[at : at + neurons], g_x[at + neurons : at + 2 * neurons]
        s = 0
        while s + 4 <= neurons:  # four sources share what is written
            w, w1, w2, w3 = weight[s], weight[s + 1], weight[s + 2], weight[s + 3]
            a, a1, a2, a3 = x_a[s], x_a[s + 1], x_a[s + 2], x_a[s + 3]
            b, b1, b2, b3 = x_b[s], x_b[s + 1], x_b[s + 2], x_b[s + 3]
            c, c1, c2, c3 = x_c[s], x_c[s + 1], x_c[s + 2], x_c[s + 3]
            d, d1, d2, d3 = x_d[s], x_d[s + 1], x_d[s + 2], x_d[s + 3]
            for k in range(neurons):
                u, u1, u2, u3 = w[k], w1[k], w2[k], w3[k]
                y_a[k] += (a * u + a1 * u1) + (a2 * u2 + a3 * u3)
                y_b[k] += (b * u + b1 * u1) + (b2 * u2 + b3 * u3)
                y_c[k] += (c * u + c1 * u1) + (c2 * u2 + c3 * u3)
                y_d[k] += (d * u + d1 * u1) + (d2 * u2 + d3 * u3)
            s += 4
        while s < neurons:
            w = weight[s]
            a, b, c, d = x_a[s], x_b[s], x_c[s], x_d[s]
            for k in range(neurons):
                y_a[k] += a * w[k]
                y_b[k] += b * w[k]
                y_c[k] += c * w[k]
                y_d[k] += d * w[k]
            s += 1
        r += 4
    while r < entries:
        at = r * neurons
        y_a = g_z[at : at + neurons]
        for k in range(neurons):
            y_a[k] = zero
        for s in range(neurons):
            w, a = weight[s], g_x[at + s]
            for k in range(neurons):
                y_a[k] += a * w[k]
        r += 1
