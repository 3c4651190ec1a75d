#!/usr/bin/env python3
"""`ouro engine`: the files of a node that is stopped, looked at, checked and repaired."""
import base64
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import cluster
from cluster import run_ouro

FAILED, USAGE, NOT_FOUND = 1, 2, 3


class Engine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A node writes, is killed, and its directory is kept as it was left."""
        cls.temporary = pathlib.Path(tempfile.mkdtemp(prefix="ouro-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.temporary, ignore_errors=True)
        port = cluster.free_ports(2)
        cls.flags = ["--http-port", port, "--peer-port", port + 1]
        cls.left = cls.temporary / "left"
        node, process = cls.serve(cls.left)
        for i in range(40):
            assert node.put(f"key{i}", b"value %d" % i).status == 201
        node.disconnect()
        # A start that follows a kill makes table files of the log.
        for _ in range(2):
            process.kill()
            process.communicate()
            node, process = cls.serve(cls.left)
            assert node.put("late", b"only in the log").status in (201, 204)
            node.disconnect()
        process.kill()
        process.communicate()

    @classmethod
    def serve(cls, directory):
        process = subprocess.Popen(
            [cluster.OURO, "serve", "--data-dir", str(directory), *map(str, cls.flags)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        node = cluster.Node("n1", "127.0.0.1", cls.flags[1])

        def is_ready():
            try:
                return node.ask("GET", "/readyz").status == 200
            except OSError:
                return False
        cluster.wait_until(is_ready, 30, "the node serves")
        return node, process

    def setUp(self):
        self.node_directory = pathlib.Path(tempfile.mkdtemp(dir=self.temporary)) / "node"
        shutil.copytree(self.left, self.node_directory)
        self.data = self.node_directory / "data"

    def files(self, pattern):
        return sorted(self.data.glob(pattern))

    def engine(self, word, *arguments, code=0, directory=None):
        done = run_ouro("engine", word, directory or self.data, *arguments)
        self.assertEqual(done.returncode, code, done)
        if code != 0:
            self.assertTrue(any(line.startswith(b"error: ") for line in done.stderr.splitlines()),
                            done)
        return done

    def json(self, word, *arguments, code=0):
        return json.loads(self.engine(word, "--json", *arguments, code=code).stdout)

    def check_serves(self):
        node, process = self.serve(self.node_directory)
        try:
            for i in range(40):
                self.assertEqual(node.get(f"key{i}").body, b"value %d" % i)
            self.assertEqual(node.get("late").body, b"only in the log")
        finally:
            node.disconnect()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

    def test_a_whole_database_verifies_and_is_not_repaired(self):
        self.assertIn(b"every byte is what was written", self.engine("verify").stdout)
        report = self.json("verify")
        self.assertEqual((report["damaged"], report["damage"]), (False, []))
        self.assertGreater(report["entries"], 40)
        self.assertIn(b"nothing to repair", self.engine("repair").stdout)
        self.assertFalse((self.data / "lost").exists())

    def test_stats_tell_tables_and_log(self):
        stats = self.json("stats")
        self.assertEqual([table["name"] for table in stats["tables"]],
                         ["data", "clocks", "changes"])
        self.assertGreater(stats["log_changes"], 0)
        self.assertIn(b"LOG SEGMENT", self.engine("stats").stdout)

    def test_a_dump_shows_keys_and_values(self):
        lines = self.engine("dump", "--table", "data").stdout.splitlines()
        self.assertEqual(len(lines), 41)
        self.assertTrue(any(b"key7\t" in line and line.endswith(b"value 7") for line in lines))
        entries = [json.loads(line) for line in
                   self.engine("dump", "--table", "data", "--json").stdout.splitlines()]
        self.assertEqual(len(entries), 41)
        value = base64.b64decode(entries[0]["value_base64"])
        self.assertEqual(len(value), entries[0]["value_bytes"])

    def test_a_dump_goes_on_from_a_key_that_it_printed(self):
        keys = self.engine("dump", "--table", "data", "--keys-only").stdout.decode().splitlines()
        rest = self.engine("dump", "--table", "data", "--keys-only", "--from", keys[10],
                           "--limit", 5).stdout.decode().splitlines()
        self.assertEqual(rest, keys[10:15])
        self.assertEqual(self.engine("dump", "--from", "\\x", code=USAGE).stdout, b"")

    def test_a_table_that_is_not_there_is_told_which_are(self):
        done = self.engine("dump", "--table", "dataa", code=NOT_FOUND)
        self.assertIn(b"data, clocks, changes", done.stderr)

    def test_a_nodes_directory_is_told_its_two_databases(self):
        for word in ("dump", "verify", "stats", "repair"):
            done = self.engine(word, directory=self.node_directory, code=USAGE)
            self.assertIn(str(self.data).encode(), done.stderr)
            self.assertIn(str(self.node_directory / "meta").encode(), done.stderr)
        self.engine("verify", directory=self.node_directory / "meta")
        self.engine("verify", directory=self.node_directory / "nowhere", code=NOT_FOUND)

    def test_a_running_node_is_not_disturbed(self):
        node, process = self.serve(self.node_directory)
        try:
            for word in ("dump", "verify", "stats", "repair"):
                done = self.engine(word, code=FAILED)
                self.assertIn(b"stop the node", done.stderr)
            self.assertEqual(node.get("key1").body, b"value 1")
        finally:
            node.disconnect()
            process.kill()
            process.communicate()

    def test_damage_is_found_and_named(self):
        table = max(self.files("*.sst"), key=lambda path: path.stat().st_size)
        content = bytearray(table.read_bytes())
        content[100] ^= 1
        table.write_bytes(content)
        done = self.engine("verify", code=FAILED)
        self.assertIn(table.name.encode() + b" at ", done.stdout)
        self.assertIn(b"repair", done.stderr)
        self.assertTrue(self.json("verify", code=FAILED)["damaged"])

    def test_a_lost_manifest_is_repaired_and_the_node_serves_everything(self):
        manifest = self.files("manifest-*")[-1]
        manifest.unlink()
        self.engine("stats", code=FAILED)
        plan = self.engine("repair", "--dry-run").stdout
        self.assertIn(b"may come back", plan)
        self.assertFalse((self.data / "lost").exists())
        refused = self.engine("repair", code=USAGE)
        self.assertIn(b"--yes", refused.stderr)
        report = self.json("repair", "--yes")
        self.assertEqual((report["method"], report["done"]), ("rebuild", True))
        for name in report["moved"]:
            self.assertTrue((self.data / "lost" / name).exists(), name)
        self.engine("verify")
        self.check_serves()

    def test_a_damaged_current_is_repaired(self):
        (self.data / "CURRENT").write_bytes(b"manifest-\0\0\0")
        self.engine("repair", "--yes")
        self.check_serves()

    def test_a_torn_table_file_is_repaired_and_kept_in_lost(self):
        table = max(self.files("*.sst"), key=lambda path: path.stat().st_size)
        half = table.read_bytes()[:200]
        table.write_bytes(half)
        self.engine("repair", "--yes")
        self.assertEqual((self.data / "lost" / table.name).read_bytes(), half)
        self.engine("verify")
        node, process = self.serve(self.node_directory)
        node.disconnect()
        process.kill()
        process.communicate()


if __name__ == "__main__":
    cluster.main()
