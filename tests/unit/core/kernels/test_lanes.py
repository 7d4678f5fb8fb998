"""Lanes over threads, and the memory of results."""

import os
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from core.kernels.lanes import empty, run_lanes, threads


@pytest.mark.parametrize("lanes", [0, 1, 15, 16, 17, 1000, 1025])
@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("align", [4, 16])
def test_ranges_cover_each_lane_once(lanes: int, threads: int, align: int) -> None:
    seen = np.zeros(lanes, int)
    ranges = []

    def kernel(first: int, last: int) -> None:
        seen[first:last] += 1
        ranges.append((first, last))

    run_lanes(kernel, (), 100_000, lanes, threads, align)
    assert (seen == 1).all()
    assert len(ranges) <= threads
    assert all(first % align == 0 for first, _ in ranges)


def test_small_work_stays_in_one_thread() -> None:
    ranges: list[Any] = []
    run_lanes(lambda *part: ranges.append(part), (), 10, 1000, 8)
    assert ranges == [(0, 1000)]


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    def kernel(first: int, last: int) -> None:
        if first:
            raise ValueError("in a thread")

    with pytest.raises(ValueError, match="in a thread"):
        run_lanes(kernel, (), 100_000, 1000, 4)


def test_memory_is_used_again_only_when_nothing_refers_to_it() -> None:
    shape = (100, 1007)  # of a size that nothing else has
    first = empty(shape)
    place = first.ctypes.data
    assert place % 64 == 0, "results begin with a cache line"
    part = first[3:5]
    del first
    assert empty(shape).ctypes.data != place, "a view is still alive"
    del part
    assert empty(shape).ctypes.data == place


def test_memory_of_old_lengths_makes_room() -> None:
    """A sweep over lengths must not take the place of what is used now."""
    size = 1 << 22  # 16 MB, a thirty-second of what is kept
    for extra in range(40):
        empty((size + 16 * extra,))
    shape = (size // 4, 5)
    place = empty(shape).ctypes.data
    assert empty(shape).ctypes.data == place


def test_a_thread_works_on_after_the_main_thread_has_ended() -> None:
    code = """
        import threading, time
        from core.kernels.lanes import run_lanes

        def work():
            parts = []
            for _ in range(5):
                run_lanes(lambda *part: parts.append(part), (), 100_000, 64, 2)
                time.sleep(0.05)
            print(len(parts))

        threading.Thread(target=work).start()
        """
    assert run(code) == "10"


def run(code: str) -> str:
    """Return what a new process prints."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


INTEGRATE = """
    import torch, core
    torch.set_num_threads(2)
    def integrate():
        exp = core.Experiment(mock=True)
        x = torch.rand(200, 4, 256, generator=torch.Generator().manual_seed(1))
        out = core.LIF(256, exp, leak=0, reset=0, threshold=1)(
            core.SynapseHandle(graded_spikes=x / 4))
        core.run(exp, None)
        return int(out.spikes.sum()), float(out.membrane_cadc.sum())
"""


def test_many_threads_may_call_at_once() -> None:
    code = """
    from concurrent.futures import ThreadPoolExecutor
    expected = integrate()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: integrate(), range(24)))
    print(expected[0] > 0, set(found) == {expected})
    """
    assert run(INTEGRATE + code) == "True True"


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    # torch's own threads do not survive a fork, so this asks for ours alone.
    code = """
    import multiprocessing
    import numpy as np
    from core.kernels.forward import forward
    from core.kernels.lanes import NOTHING, empty, run_lanes
    from core.kernels.neuron import PARAMETERS, Terms
    def integrate():
        x = np.full((200, 1024), 0.1, np.float32)
        parameters = np.full((PARAMETERS, 1), 0.1, np.float32)
        results = [empty(x.shape) for _ in range(3)]
        kernel = forward(Terms())
        measured = [NOTHING] * 3
        results.insert(2, NOTHING)
        arguments = x, NOTHING, parameters, *measured, *results
        run_lanes(kernel, arguments, *x.shape, threads=2)
        return float(results[0].sum())
    expected = integrate()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = [pool.apply_async(integrate).get(60) for _ in range(4)]
    print(set(found) == {expected})
    """
    assert run(code) == "True"


def test_a_long_trial_takes_little_more_memory_than_its_results() -> None:
    code = """
    import resource, torch, core
    torch.set_num_threads(1)
    exp = core.Experiment(mock=True)
    def trial(steps):
        synapse = core.Synapse(16, 512, exp)
        neurons = core.LIF(512, exp, leak=0, reset=0, threshold=1)
        spikes = torch.zeros(steps, 1, 16)
        spikes[::40] = 1
        with torch.no_grad():
            graded = synapse(core.LIFObservables(spikes=spikes))
            out = neurons(graded)
            core.run(exp, None)
        exp.clear()
        kept = graded.graded_spikes, out.spikes, out.membrane_cadc, out.current
        return kept, sum(t.nbytes for t in kept)
    trial(100)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    kept, recorded = trial(10_000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print((peak - before) / recorded)
    """
    assert float(run(code)) <= 1.5


@pytest.mark.parametrize(
    ("wanted", "found"), [("1", 1), ("1000", None), ("", None), ("0", None), ("a", 0)]
)
def test_no_more_threads_than_cores_or_than_asked_for(
    monkeypatch: pytest.MonkeyPatch, wanted: str, found: int | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    assert threads() == (found or cores or os.cpu_count())
