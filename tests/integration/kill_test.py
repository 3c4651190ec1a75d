#!/usr/bin/env python3
"""The engine on the real disk, killed (SIGKILL) at random moments: each write that was acknowledged
as kept by the operating system or the disk is there, and what is there is a prefix of what was
submitted. OURO_TORTURE=1 plays 60 rounds instead of 5, OURO_TORTURE_SEED others."""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

WRITER = os.environ.get("OURO_ENGINE_WRITER", "build/tests/integration/engine_writer")
SEED = int(os.environ.get("OURO_TORTURE_SEED", "0"))
ROUNDS = 60 if "OURO_TORTURE" in os.environ else 5
LONGEST = 1.2  # seconds a writer lives


class Kill(unittest.TestCase):
    def setUp(self):
        # Beside the build, as /tmp may be no real disk.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ouro-kill-", dir=os.getcwd()))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.random = random.Random(SEED)

    def start(self, word):
        return subprocess.Popen([WRITER, word, str(self.directory / "db"), str(SEED + 1)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def write_and_kill(self):
        """What was acknowledged as surviving the end of the process: the largest number."""
        process = self.start("write")
        killer = threading.Timer(self.random.uniform(0.005, LONGEST), process.kill)
        killer.start()
        # Reads all the time: the writer would stand still at a full pipe.
        out, errors = process.communicate(timeout=60)
        killer.cancel()
        self.assertEqual((process.returncode, errors), (-signal.SIGKILL, ""))
        lines = [line for line in out.splitlines(keepends=True) if line.endswith("\n")]
        kept = [int(line.split()[0]) for line in lines if line.endswith((" os\n", " disk\n"))]
        return max(kept, default=0)

    def kill_recovery(self):
        process = self.start("check")
        time.sleep(self.random.uniform(0.0, 0.05))
        process.kill()
        process.communicate()

    def check(self):
        """The number of the last batch that is there."""
        out, errors = self.start("check").communicate(timeout=120)
        self.assertEqual(errors, "")
        return int(out)

    def test_a_kill_at_any_moment_loses_nothing_acknowledged(self):
        last = 0
        for number in range(ROUNDS):
            with self.subTest(round=number, seed=SEED):
                kept = self.write_and_kill()
                if self.random.random() < 0.5:
                    self.kill_recovery()
                found = self.check()
                self.assertGreaterEqual(found, max(kept, last))
                last = found
        self.assertGreater(last, 100, "hardly anything was written")


if __name__ == "__main__":
    unittest.main()
