"""One thread on one core, for all libraries alike.

Numerical libraries read how many threads they may start when they are imported, and
jax asks the system how many cores there are. So the command starts itself again, with
the variables set and bound to one core.
"""

import os
import sys

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def restart(module: str) -> None:
    """Start ``python -m module`` again on one core, unless that was done already.

    :param module: name of the module, the arguments are those of this process
    """
    if all(os.environ.get(name) == value for name, value in ONE_THREAD.items()):
        return
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    command = [sys.executable, "-m", module, *sys.argv[1:]]
    os.execve(sys.executable, command, os.environ | ONE_THREAD)
