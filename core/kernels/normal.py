"""Standard normal numbers from random bits, in single precision and without branches.

The inverse of the distribution is that of the error function in the polynomials of
Giles (2010)::

    x = √2 erf⁻¹(u),  u = 2 (k + ½) / 2²⁴,  −2²³ ≤ k < 2²³
"""

from typing import Any

import numpy as np
from numba import float32, int32

from core.kernels.compile import inlined


@inlined
def normal(bits: Any) -> Any:
    """Return a standard normal number from 32 random bits .

    The upper 24 bits choose the middle of one of 2²⁴ equal intervals. It is exact in
    single precision and never ±1, so numbers are symmetric and end at ±5.42.
    """
    u = (float32(int32(bits) >> int32(8)) + float32(0.5)) * float32(2.0**-23)
    w = -fast_log((float32(1.0) - u) * (float32(1.0) + u))
    a = w - float32(2.5)
    p = float32(2.81022636e-08)
    p = float32(3.43273939e-07) + p * a
    p = float32(-3.5233877e-06) + p * a
    p = float32(-4.39150654e-06) + p * a
    p = float32(0.00021858087) + p * a
    p = float32(-0.00125372503) + p * a
    p = float32(-0.00417768164) + p * a
    p = float32(0.246640727) + p * a
    p = float32(1.50140941) + p * a
    c = np.sqrt(max(w, float32(0.0))) - float32(3.0)
    q = float32(-0.000200214257)
    q = float32(0.000100950558) + q * c
    q = float32(0.00134934322) + q * c
    q = float32(-0.00367342844) + q * c
    q = float32(0.00573950773) + q * c
    q = float32(-0.0076224613) + q * c
    q = float32(0.00943887047) + q * c
    q = float32(1.00167406) + q * c
    q = float32(2.83297682) + q * c
    return float32(1.41421356) * u * (p if w < float32(5.0) else q)


@inlined
def fast_log(x: Any) -> Any:
    """Return the logarithm of a positive float32 without a branch."""
    b = np.float32(x).view(np.int32)
    e = (b >> int32(23)) - int32(127)
    m = np.int32((b & int32(0x7FFFFF)) | int32(0x3F800000)).view(np.float32)
    big = m > float32(1.41421356)
    m = m * float32(0.5) if big else m
    f = float32(e) + (float32(1.0) if big else float32(0.0))
    r = m - float32(1.0)
    p = float32(7.0376836292e-2)
    p = p * r + float32(-1.1514610310e-1)
    p = p * r + float32(1.1676998740e-1)
    p = p * r + float32(-1.2420140846e-1)
    p = p * r + float32(1.4249322787e-1)
    p = p * r + float32(-1.6668057665e-1)
    p = p * r + float32(2.0000714765e-1)
    p = p * r + float32(-2.4999993993e-1)
    p = p * r + float32(3.3333331174e-1)
    z = r * r
    return r * z * p - float32(0.5) * z + r + f * float32(0.6931471805)


@inlined
def fast_rsqrt(x: Any) -> Any:
    """Return 1 / √x of a positive float32 to 5e-6, without a division or a root."""
    half = float32(0.5) * x
    i = int32(0x5F375A86) - (np.float32(x).view(np.int32) >> int32(1))
    y = np.int32(i).view(np.float32)
    y = y * (float32(1.5) - half * y * y)
    return y * (float32(1.5) - half * y * y)


@inlined
def fast_exp(x: Any) -> Any:
    """Return the exponential of a float32, from −87 to 88, without a branch."""
    x = min(max(x, float32(-87.0)), float32(88.0))
    magic = float32(12582912.0)  # adding it rounds to a whole number
    n = (x * float32(1.44269504) + magic) - magic
    r = x - n * float32(0.693359375)
    r = r - n * float32(-2.12194440e-4)
    p = float32(1.9875691500e-4)
    p = p * r + float32(1.3981999507e-3)
    p = p * r + float32(8.3334519073e-3)
    p = p * r + float32(4.1665795894e-2)
    p = p * r + float32(1.6666665459e-1)
    p = p * r + float32(5.0000001201e-1)
    y = p * r * r + r + float32(1.0)
    e = np.int32((int32(n) + int32(127)) << int32(23))
    return y * np.int32(e).view(np.float32)
