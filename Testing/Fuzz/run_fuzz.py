# SPDX-License-Identifier: Apache-2.0
"""Read mutated scans, each in a process of its own with limits of time and memory, and count the verdicts.

    python Testing/Fuzz/run_fuzz.py --count 2000 [--seed 0] [--workers 2]
    python Testing/Fuzz/run_fuzz.py --case 1234

A case is made from seed and number alone: a find is repeated by --case. Exit code 1 where a case was wrong, crashed or
did not end. Runs on Linux and macOS.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

from fuzz_case import Outcome, Verdict, run_case

BAD = (Verdict.WRONG, Verdict.CRASH, Verdict.HANG)
_LIMIT_S = 60
_POLL_MAX_S = 1.0
_LIMIT_BYTES = 4 << 30
_CASES_PER_SEED = 1_000_000


def run_apart(number: int, limit_s: float = _LIMIT_S) -> Outcome:
    """Run a case in a child process with limits.

    Parameters
    ----------
    number : int
        The case.
    limit_s : float
        Time after which the child is ended. A time in which this process was stopped too is not counted.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(number, writer)
    os.close(writer)
    spent_s, before = 0.0, time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        now = time.monotonic()
        spent_s, before = spent_s + min(now - before, _POLL_MAX_S), now
        if spent_s > limit_s:
            os.kill(child, 9)
            os.waitpid(child, 0)
            os.close(reader)
            return Outcome(Verdict.HANG, (), f"more than {limit_s:g} s")
        time.sleep(0.005)
    with os.fdopen(reader) as pipe:
        lines = pipe.read().split("\n")
    if status or len(lines) != 3:
        return Outcome(Verdict.CRASH, (), f"status {status}")
    return Outcome(Verdict(lines[0]), tuple(lines[1].split(", ")), lines[2])


def _answer(number: int, writer: int) -> None:
    """Write the outcome to a pipe and end this process."""
    status = 1
    try:
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of the address space
            resource.setrlimit(resource.RLIMIT_AS, (_LIMIT_BYTES, _LIMIT_BYTES))
        outcome = run_case(number)
        text = f"{outcome.verdict}\n{', '.join(outcome.mutations)}\n{' '.join(outcome.detail.split())}"
        os.write(writer, text.encode())
        status = 0
    finally:
        os._exit(status)


def run_many(numbers: list[int], workers: int) -> list[tuple[int, Outcome]]:
    """Run cases, a share of them in each of some processes."""
    children = []
    for share in range(workers):
        path = Path(tempfile.mkstemp(prefix="ichseg-fuzz-", suffix=".txt")[1])
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with path.open("w") as file:
                    for number in numbers[share::workers]:
                        outcome = run_apart(number)
                        row = (str(number), outcome.verdict, ", ".join(outcome.mutations), outcome.detail)
                        file.write("\t".join(row) + "\n")
                status = 0
            finally:
                os._exit(status)
        children.append((child, path))
    found = []
    for child, path in children:
        _, status = os.waitpid(child, 0)
        for line in path.read_text().splitlines():
            number, verdict, mutations, detail = line.split("\t")
            found.append((int(number), Outcome(Verdict(verdict), tuple(mutations.split(", ")), detail)))
        path.unlink()
        if status:
            detail = f"a process of the fuzz suite ended with status {status}"
            raise RuntimeError(detail)
    return sorted(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--case", type=int, help="run this case alone, in this process")
    options = parser.parse_args()
    if options.case is not None:
        print(*run_case(options.case), sep="\n")
        return 0
    first = options.seed * _CASES_PER_SEED
    outcomes = run_many(list(range(first, first + options.count)), options.workers)
    verdicts = Counter(outcome.verdict for _, outcome in outcomes)
    print("  ".join(f"{verdict} {verdicts[verdict]}" for verdict in Verdict))
    for verdict in (Verdict.REFUSED, Verdict.WARNED):
        print(f"\n{verdict} by")
        for code, number in Counter(one.detail for _, one in outcomes if one.verdict is verdict).most_common():
            print(f"  {number:5d}  {code}")
    bad = [(number, outcome) for number, outcome in outcomes if outcome.verdict in BAD]
    for number, outcome in bad:
        print(f"\ncase {number}: {outcome.verdict}: {', '.join(outcome.mutations)}: {outcome.detail}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
