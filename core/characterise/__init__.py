"""What is usually measured of neurons: f-I curve, PSP, time constant, transfer curves.

Each measurement takes one population out of a document, alone on the model or on the
chip, as ``run.mode`` says ("both" is the chip), and returns plain arrays. In the model
they have closed forms, to which they can be compared::

    f-I       1 / f = t_ref + tau ln((v_inf - reset) / (v_inf - threshold))
              with v_inf = leak + I tau / C
    PSP       v = w / C (exp(-t / tau) - exp(-t / s)) tau s / (tau - s),  s = tau_syn
              v = w / C t exp(-t / tau) for s = tau
    decay     v = leak + (v - leak) exp(-t / tau)

Alone on a chip a population may lie on other circuits than in its network: what is
calibrated stays near, the rest of the fixed pattern is another sample.
"""

from core.characterise.bench import alone
from core.characterise.decays import Decay, fit_exponentials, membrane_decay
from core.characterise.potentials import PSP, psp
from core.characterise.rates import Curve, f_i_curve, interval_statistics, transfer

__all__ = [
    "PSP",
    "Curve",
    "Decay",
    "alone",
    "f_i_curve",
    "fit_exponentials",
    "interval_statistics",
    "membrane_decay",
    "psp",
    "transfer",
]
