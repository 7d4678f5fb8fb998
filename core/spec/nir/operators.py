"""What the linear nodes of NIR do to spikes, and to the shape of what they carry.

An `Operator` maps arrays of shape (batch, *shape_in) to (batch, *shape_out). Sizes are
checked before anything is allocated: files come from strangers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError
from core.spec.json_data import MAX_ENTRIES

Floats = NDArray[np.float64]
Shape = tuple[int, ...]

#: Weights of one projection, as a document holds them, and of all together: as JSON,
#: which has 16 characters for three of them, 53 of the 64 MB of `json_io.MAX_TEXT`.
MAX_WEIGHTS = MAX_ENTRIES
MAX_ALL_WEIGHTS = 10_000_000
#: Multiplications to unroll one operator, some seconds.
MAX_WORK = 2**34
#: Numbers that are held at once while convolutions are unrolled.
_CHUNK = 2**22


@dataclass(frozen=True)
class Operator:
    """A linear node between two shapes.

    :param apply: (batch, *shape_in) -> (batch, *shape_out)
    :param work: multiplications for one entry of a batch
    :param bias: what is added at each step, ``shape_out``; None: nothing
    :param matrix: the weights (target, source) if the node is just that
    :param delay: how much later spikes leave it, file time
    """

    shape_in: Shape
    shape_out: Shape
    apply: Callable[[Floats], Floats]
    work: int = 0
    bias: Floats | None = None
    matrix: NDArray[Any] | None = None
    delay: float = 0.0


def array(data: Any, name: str, where: str) -> NDArray[Any]:
    """Return the finite numbers ``data``, which may be a tensor of torch.

    Floats of unusual width come in single or double precision.

    :raises ConversionError: if they are none
    """
    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    found = np.asarray(data)
    if found.dtype.kind not in "fiub":
        raise ConversionError(where, f"{name} holds no numbers.", "Write numbers.")
    if found.dtype.kind == "f" and found.dtype.itemsize not in (4, 8):
        with np.errstate(over="ignore"):
            found = found.astype(np.float32 if found.dtype.itemsize < 4 else float)
    if not np.isfinite(found).all():
        what = f"{name} holds numbers that are not finite."
        raise ConversionError(where, what, "Set them to numbers.")
    return found


def matrix_size(where: str, *sizes: int) -> int:
    """Return the product of ``sizes``.

    :raises ConversionError: if so many weights are too many
    """
    count = math.prod(sizes)
    if count > MAX_WEIGHTS:
        raise ConversionError(
            where,
            f"it would be {count:,} weights.",
            f"At most {MAX_WEIGHTS:,} fit: use fewer neurons.",
        )
    return count


def output_shape(node: Any) -> Shape | None:
    """Return the shape that ``node`` gives whatever comes in, if there is one."""
    shape = _weight_shape(node)
    dense = type(node).__name__ in ("Linear", "Affine") and len(shape) == 2
    return shape[:1] if dense else None


def input_shape(node: Any) -> Shape | None:
    """Return the shape that ``node`` asks for, if it names one."""
    try:
        return _asked(node)
    except (TypeError, ValueError, OverflowError):
        return None  # `operator` says what is wrong with its numbers


def _asked(node: Any) -> Shape | None:
    kind, weights = type(node).__name__, _weight_shape(node)
    if kind in ("Linear", "Affine") and len(weights) == 2:
        return weights[1:]
    if kind in ("Conv1d", "Conv2d") and node.input_shape is not None and weights:
        pixels = [int(n) for n in np.atleast_1d(node.input_shape)]
        return (weights[1] * int(node.groups), *pixels)
    if kind == "Flatten" and node.input_type.get("input") is not None:
        return tuple(int(n) for n in np.atleast_1d(node.input_type["input"]))
    return None


def _weight_shape(node: Any) -> Shape:
    return tuple(int(n) for n in getattr(getattr(node, "weight", ()), "shape", ()))


def operator(name: str, node: Any, shape: Shape) -> Operator:
    """Return what ``node`` does to values of ``shape``.

    :raises ConversionError: if it cannot take that shape, or holds no numbers
    """
    where, kind = f"node '{name}'", type(node).__name__
    if kind in ("Linear", "Affine"):
        return _dense(where, node, shape)
    if kind == "Scale":
        return _scale(where, node, shape)
    if kind == "Flatten":
        size = math.prod(shape)
        return Operator(shape, (size,), lambda x: x.reshape(len(x), size))
    if kind in ("Conv1d", "Conv2d"):
        return _convolution(where, node, shape)
    if kind in ("SumPool2d", "AvgPool2d"):
        return _pool(where, node, shape)
    delay = _delay(where, node) if kind == "Delay" else 0.0
    return Operator(shape, shape, lambda x: x, delay=delay)


def _delay(where: str, node: Any) -> float:
    delays = array(node.delay, "delay", where).reshape(-1).astype(float)
    if not len(delays) or delays.min() < 0:
        what = "it delays by nothing or by less."
        raise ConversionError(where, what, "Give times of 0 or more.")
    if not np.allclose(delays, delays[0], rtol=1e-6, atol=0):
        what = f"its delays differ ({delays.min():.4g} to {delays.max():.4g})."
        fix = "Use one for all channels, or a projection for each delay."
        raise ConversionError(where, what, fix)
    return decimal(delays[0])


def decimal(x: Any) -> float:
    """Return the short decimal number that ``x`` is meant to be.

    Single precision turns 1e-5 into 1.0000001e-5 after one division.
    """
    exact, short = float(x), float(f"{x:.6g}")
    with np.errstate(over="ignore"):  # beyond single precision it is infinite there
        near, nearby = float(np.float32(exact)), float(np.float32(short))
    single = near == exact or near == nearby < math.inf
    return short if single and math.isclose(exact, short, rel_tol=5e-7) else exact


def _dense(where: str, node: Any, shape: Shape) -> Operator:
    weight = array(node.weight, "weight", where)
    if weight.ndim != 2:
        what = f"the weights have shape {weight.shape}."
        raise ConversionError(where, what, "Give them the shape (target, source).")
    targets, sources = weight.shape
    if math.prod(shape) != sources:
        what = f"the weights have shape {tuple(weight.shape)}."
        fix = f"{math.prod(shape)} values {_shaped(shape)}come in: give as many columns"
        raise ConversionError(where, what, f"{fix} (target, source).")
    bias = None
    if type(node).__name__ == "Affine":
        bias = array(node.bias, "bias", where).astype(float)
        if bias.size != targets:
            what = f"the bias has shape {bias.shape}."
            raise ConversionError(where, what, f"Give it the shape ({targets},).")
        bias = bias.reshape(targets) if bias.any() else None

    def apply(x: Floats) -> Floats:
        y: Floats = x.reshape(len(x), sources) @ weight.T.astype(float)
        return y

    return Operator(shape, (targets,), apply, weight.size, bias, weight)


def _shaped(shape: Shape) -> str:
    return f"of shape {shape} " if len(shape) > 1 else ""


def _scale(where: str, node: Any, shape: Shape) -> Operator:
    scale = array(node.scale, "scale", where).astype(float)
    try:
        full = scale.reshape(shape) if scale.size == math.prod(shape) else scale
        factors = np.broadcast_to(full, shape)
    except ValueError:
        what = f"the scale has shape {scale.shape}, what comes in {shape}."
        raise ConversionError(where, what, "Give both the same shape.") from None
    return Operator(shape, shape, lambda x: x * factors, math.prod(shape))


@dataclass(frozen=True)
class _Window:
    """How a kernel moves over an image; all pairs are (rows, columns)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]

    def pixels(self, where: str, image: Shape) -> tuple[int, int]:
        """Return rows and columns of the output.

        :raises ConversionError: if the kernel does not fit into the image
        """
        rows = []
        for i in range(2):
            padded = image[i] + self.before[i] + self.after[i]
            free = padded - self.dilation[i] * (self.kernel[i] - 1) - 1
            if free < 0 or padded > MAX_WEIGHTS:
                what = f"its kernel {self.kernel} does not fit an image {image}."
                raise ConversionError(where, what, "Check shapes and padding.")
            rows.append(free // self.stride[i] + 1)
        return rows[0], rows[1]

    def windows(self, x: Floats) -> Floats:
        """Return a view of the pixels under the kernel at each place.

        :param x: shape (batch, channels, rows, columns)
        :returns: shape (batch, channels, rows out, columns out, kernel rows, columns)
        """
        sides = list(zip(self.before, self.after, strict=True))
        padded = np.pad(x, [(0, 0), (0, 0), *sides])
        spans = [
            d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True)
        ]
        view = np.lib.stride_tricks.sliding_window_view(padded, spans, axis=(2, 3))
        (sy, sx), (dy, dx) = self.stride, self.dilation
        return view[:, :, ::sy, ::sx, ::dy, ::dx]


def _convolution(where: str, node: Any, shape: Shape) -> Operator:
    weight = array(node.weight, "weight", where).astype(float)
    flat = type(node).__name__ == "Conv1d"
    if weight.ndim != (3 if flat else 4) or 0 in weight.shape:
        what = f"the weights have shape {weight.shape}."
        raise ConversionError(where, what, "Give (channels out, channels in, kernel).")
    image = _image(where, shape, 2 if flat else 3)
    weight = weight[:, :, None] if flat else weight  # an image of one row
    groups = _whole(where, "groups", node.groups)
    channels, per_group, *kernel = weight.shape
    if image[0] != per_group * groups or channels % groups:
        what = f"{image[0]} channels come in, it takes {per_group * groups}."
        raise ConversionError(where, what, "Check the shape of its input.")
    window = _conv_window(where, node, (kernel[0], kernel[1]), flat)
    rows, columns = window.pixels(where, image[1:])
    out = (channels, rows, columns)
    matrix_size(where, *out)
    bias = array(node.bias, "bias", where).astype(float).reshape(-1)
    if len(bias) not in (0, 1, channels):
        what = f"the bias has shape {bias.shape}."
        raise ConversionError(where, what, f"Give it the shape ({channels},).")

    def apply(x: Floats) -> Floats:
        views = window.windows(x.reshape(-1, *image))
        parts = [
            np.tensordot(v, w, axes=((1, 4, 5), (1, 2, 3)))
            for v, w in zip(
                np.split(views, groups, 1), np.split(weight, groups), strict=True
            )
        ]
        return np.concatenate(parts, axis=-1).transpose(0, 3, 1, 2)

    shape_out = (channels, columns) if flat else out
    full = np.broadcast_to(bias[:, None, None], out).reshape(shape_out)
    work = math.prod(out) * per_group * math.prod(kernel)
    return Operator(
        shape,
        shape_out,
        _reshaped(apply, shape_out),
        work,
        full if bias.any() else None,
    )


def _conv_window(where: str, node: Any, kernel: tuple[int, int], flat: bool) -> _Window:
    stride = _pair(where, "stride", node.stride, flat)
    dilation = _pair(where, "dilation", node.dilation, flat)
    padding = node.padding
    if isinstance(padding, bytes):
        padding = padding.decode()
    if isinstance(padding, str) and padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        before = (total[0] // 2, total[1] // 2)
        after = (total[0] - before[0], total[1] - before[1])
        return _Window(kernel, stride, dilation, before, after)
    if isinstance(padding, str) and padding == "valid":
        padding = 0
    pad = _pair(where, "padding", padding, flat, low=0)
    return _Window(kernel, stride, dilation, pad, pad)


def _pool(where: str, node: Any, shape: Shape) -> Operator:
    image = _image(where, shape, 3)
    kernel = _pair(where, "kernel_size", node.kernel_size)
    stride = _pair(where, "stride", node.stride)
    pad = _pair(where, "padding", node.padding, low=0)
    window = _Window(kernel, stride, (1, 1), pad, pad)
    out = (image[0], *window.pixels(where, image[1:]))
    share = 1.0 / math.prod(kernel) if type(node).__name__ == "AvgPool2d" else 1.0

    def apply(x: Floats) -> Floats:
        total: Floats = window.windows(x).sum(axis=(4, 5)) * share
        return total

    work = math.prod(out) * math.prod(kernel)
    return Operator(shape, out, _reshaped(apply, out), work)


def _image(where: str, shape: Shape, dimensions: int) -> tuple[int, int, int]:
    """Return channels, rows and columns of what comes in."""
    while len(shape) > dimensions and shape[0] == 1:
        shape = shape[1:]  # a batch axis
    if len(shape) != dimensions:
        rows = "" if dimensions == 2 else "rows, "
        what = f"values of shape {shape} come in."
        raise ConversionError(where, what, f"It takes (channels, {rows}columns).")
    return (shape[0], 1, shape[1]) if dimensions == 2 else shape  # type: ignore[return-value]


def _pair(
    where: str, name: str, value: Any, flat: bool = False, low: int = 1
) -> tuple[int, int]:
    """Return a setting for rows and columns; ``flat``: of an image of one row."""
    numbers = [_whole(where, name, v, low) for v in np.atleast_1d(value).reshape(-1)]
    if len(numbers) not in (1, 2) or (flat and len(numbers) == 2):
        what = f"{name} is {value}."
        raise ConversionError(where, what, "Give one number for each axis.")
    return (low, numbers[0]) if flat else (numbers[0], numbers[-1])


def _whole(where: str, name: str, value: Any, low: int = 1) -> int:
    number = np.asarray(value)
    if number.size != 1 or number.dtype.kind not in "iuf":
        raise ConversionError(where, f"{name} is {value}.", "Give a whole number.")
    whole = number.reshape(-1)[0]
    if not low <= whole <= MAX_WEIGHTS or whole != int(whole):
        fix = f"Give a whole number from {low}."
        raise ConversionError(where, f"{name} is {whole:g}.", fix)
    return int(whole)


def _reshaped(apply: Callable[[Floats], Floats], shape: Shape) -> Any:
    """Return ``apply`` in pieces that fit into memory."""

    def in_pieces(x: Floats) -> Floats:
        step = max(1, _CHUNK // max(1, math.prod(x.shape[1:]), math.prod(shape)))
        parts = [apply(x[i : i + step]) for i in range(0, len(x), step)]
        return np.concatenate(parts).reshape(len(x), *shape)

    return in_pieces
