# SPDX-License-Identifier: Apache-2.0
"""The listening node under load: what DCMTK's storescu sends at 8 associations arrives once in Orthanc.

    python Testing/Benchmarks/bench_node.py --studies 200 --kills 2

Each study has four small images; every tenth is sent twice, every twentieth lacks the end of an image. The node is
killed (signal 9) while it receives, and started again; a sender repeats a study until the node has acknowledged all its
images. The segmentation is a stand-in that ends at once, so that the numbers are those of receiving, queueing and
sending; bench_cohort.py has those of segmenting. Needs DCMTK and Orthanc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

import numpy as np
import yaml
from builders.archives import free_port, orthanc, stored_in_orthanc
from builders.cohorts import fake_environment
from builders.dicom import write_series
from builders.grids import make_grid

from ICHSegmentationLib.cohort.ledger import LEDGER_NAME, Ledger

_IMAGES = 4
_PATIENCE_S = 900.0


class Listener:
    """The command ``ichseg listen`` with stand-ins for its cases."""

    def __init__(self, work: Path, archive_port: int) -> None:
        self.port, self.health_port = free_port(), free_port()
        self.folder = work / "node"
        settings = {
            "enabled": True,
            "port": self.port,
            "folder": str(self.folder),
            "senders": [{"ae_title": "SCANNER", "address": "127.0.0.1"}],
            "quiet_s": 10.0,
            "free_mib": 100.0,
            "health_port": self.health_port,
            "archive": {"enabled": True, "host": "127.0.0.1", "port": archive_port, "called_ae_title": "ORTHANC"},
            "options": {"model": "em", "threads": 1},
        }
        self._config = work / "node.yaml"
        self._config.write_text(yaml.safe_dump(settings))
        self._environment = {**os.environ, **fake_environment(work / "fakes")}

    def start(self) -> None:
        """Start, and wait until it listens."""
        command = [sys.executable, "-m", "ICHSegmentationLib.cli", "listen", str(self._config)]
        self.process = subprocess.Popen(command, env=self._environment, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        assert "listening" in self.process.stderr.readline()

    def kill(self) -> None:
        """End it by signal 9."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def end(self) -> int:
        """End it by SIGTERM; return the exit code."""
        self.process.terminate()
        self.process.communicate()
        return self.process.returncode

    def health(self) -> dict:
        """Return the health page."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/", timeout=10) as answer:
                return json.loads(answer.read())
        except (urllib.error.URLError, OSError):
            return {}


def make_studies(folder: Path, count: int) -> list[list[Path]]:
    """Write the images of each study."""
    grid = make_grid(rows=16, columns=16, steps_mm=[5.0] * (_IMAGES - 1))
    studies = []
    for number in range(count):

        def edit(dataset, index, number=number):
            dataset.StudyInstanceUID = f"1.2.{number}"
            if number % 20 == 0 and index == 0:
                dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 2]

        hu = np.full(grid.shape, number % 100, dtype=np.int16)
        studies.append(write_series(folder / str(number), hu, grid, series_uid=f"1.2.{number}.1", edit=edit))
    return studies


def send(port: int, paths: list[Path]) -> int:
    """Send a study until every image is acknowledged; return the number of attempts."""
    command = ["/usr/bin/storescu", "-aet", "SCANNER", "-aec", "ICHSEG", "127.0.0.1", str(port), *map(str, paths)]
    give_up_at = time.monotonic() + _PATIENCE_S
    attempts = 0
    while time.monotonic() < give_up_at:
        attempts += 1
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return attempts
        time.sleep(0.5)
    sentence = f"not sent: {paths[0].parent.name}"
    raise TimeoutError(sentence)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--kills", type=int, default=2)
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="bench-node-"))
    generator = random.Random(0)
    try:
        studies = make_studies(work / "studies", arguments.studies)
        again = [paths for number, paths in enumerate(studies) if number % 10 == 0]
        with orthanc(work) as (archive_port, http):
            listener = Listener(work, archive_port)
            listener.start()
            started = time.perf_counter()
            with ThreadPoolExecutor(8) as senders:
                sent = [senders.submit(send, listener.port, paths) for paths in (*studies, *again)]
                for kill in range(arguments.kills):
                    while sum(one.done() for one in sent) < len(sent) * (kill + 1) / (arguments.kills + 1):
                        time.sleep(generator.uniform(0.0, 0.1))
                    listener.kill()
                    listener.start()
                attempts = [one.result() for one in sent]
            received_s = time.perf_counter() - started
            give_up_at = time.monotonic() + _PATIENCE_S
            while time.monotonic() < give_up_at:
                health = listener.health()
                counts = health.get("counts", {})
                if counts.get("done", 0) >= arguments.studies and health.get("unsent") == 0:
                    break
                time.sleep(0.5)
            all_s = time.perf_counter() - started
            code = listener.end()
            archived = len(stored_in_orthanc(http))
        with Ledger(listener.folder / "results" / LEDGER_NAME) as ledger:
            entries = list(ledger.entries())
        per_study = Counter(entry.case.id.split("-")[1] for entry in entries)
        report = {
            "load_average": os.getloadavg(),
            "studies": arguments.studies,
            "kills": arguments.kills,
            "attempts_of_senders": sum(attempts),
            "images_per_s": _IMAGES * (len(studies) + len(again)) / received_s,
            "received_s": received_s,
            "all_s": all_s,
            "states": Counter(entry.outcome.state.value for entry in entries),
            "studies_in_ledger": len(per_study),
            "revisions": len(entries),
            "archived": archived,
            "exit_code": code,
        }
        print(json.dumps(report, indent=2))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
