#!/usr/bin/env python3
"""The `ouro` command: its words, its exit codes, and what it refuses to run."""
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

import cluster
from cluster import ClusterTest, run_ouro

FAILED, USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE = 1, 2, 3, 4, 5


class Words(ClusterTest):
    def ouro(self, *arguments, **more):
        nodes = ",".join(f"127.0.0.1:{node.port}" for node in self.cluster.nodes)
        return run_ouro(*arguments, OURO_NODE=nodes, **more)

    def test_a_value_goes_in_and_comes_out(self):
        value = bytes(range(256))
        put = self.ouro("put", "b", "k/1", "-", stdin=value)
        self.assertEqual((put.returncode, put.stdout), (0, b""), put.stderr)
        got = self.ouro("get", "b", "k/1")
        self.assertEqual((got.returncode, got.stdout), (0, value), got.stderr)
        self.assertEqual(self.ouro("del", "b", "k/1").returncode, 0)
        self.assertEqual(self.ouro("get", "b", "k/1").returncode, NOT_FOUND)

    def test_a_value_comes_from_a_file_and_keeps_its_type(self):
        path = pathlib.Path(self.temporary) / "value"
        path.write_bytes(b"from a file")
        put = self.ouro("put", "b", "file", f"@{path}", "--content-type", "a/b")
        self.assertEqual(put.returncode, 0, put.stderr)
        found = self.cluster.nodes[2].get("file", bucket="b")
        self.assertEqual((found.body, found.headers["content-type"]), (b"from a file", "a/b"))

    def test_siblings_are_a_conflict(self):
        node = self.cluster.nodes[0]
        seen = node.put("s", b"0").headers["ouro-context"]
        for value in ("1", "2"):
            done = self.ouro("put", "test", "s", value, "--context", seen)
            self.assertEqual(done.returncode, 0, done.stderr)
        got = self.ouro("get", "test", "s")
        self.assertEqual((got.returncode, got.stdout), (CONFLICT, b""))
        shown = self.ouro("get", "test", "s", "--siblings")
        self.assertEqual(shown.returncode, CONFLICT)
        self.assertEqual(len(json.loads(shown.stdout)["values"]), 2)

    def test_curl_does_what_the_command_would(self):
        line = self.ouro("put", "b", "it's", "a b", "--curl").stdout.decode()
        done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.ouro("get", "b", "it's").stdout, b"a b")

    def test_the_ring_is_shown(self):
        shown = self.ouro("ring", "show")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn(b"256 arcs", shown.stdout)
        self.assertEqual(len(json.loads(self.ouro("ring", "show", "--json").stdout)["owners"]), 256)
        place = self.ouro("ring", "locate", "cities", "lisbon")
        self.assertIn(b"primary", place.stdout)
        self.assertIn("primary", json.loads(
            self.ouro("ring", "locate", "cities", "lisbon", "--json").stdout))

    def test_another_node_is_asked_when_one_is_not_there(self):
        port = cluster.free_ports(1)
        nodes = f"127.0.0.1:{port},127.0.0.1:{self.cluster.nodes[1].port}"
        self.assertEqual(run_ouro("put", "b", "other", "x", "--node", nodes).returncode, 0)
        gone = run_ouro("get", "b", "other", "--node", f"127.0.0.1:{port}")
        self.assertEqual(gone.returncode, UNAVAILABLE)
        self.assertTrue(gone.stderr.startswith(b"error: "), gone.stderr)

    def test_mistakes_are_explained(self):
        self.assertEqual(self.ouro("put", "b").returncode, USAGE)
        typo = self.ouro("gett", "b", "k")
        self.assertEqual(typo.returncode, USAGE)
        self.assertIn(b'did you mean "get"', typo.stderr)
        self.assertEqual(self.ouro("get", "b", "k", "-r", "9").returncode, FAILED)
        self.assertEqual(run_ouro("get", "b", "k", "--node", "h:x").returncode, USAGE)

    def test_the_demo_kills_and_starts_nodes(self):
        directory = self.cluster.directory
        before = self.cluster.pid("n2")
        killed = run_ouro("demo", "kill", "n2", "--dir", directory)
        self.assertEqual(killed.returncode, 0, killed.stderr)
        self.assertFalse(pathlib.Path(f"/proc/{before}").exists())
        again = run_ouro("demo", "kill", "n2", "--dir", directory)
        self.assertEqual(again.returncode, FAILED)
        self.assertIn(b"does not run", again.stderr)
        started = run_ouro("demo", "start", "n2", "--dir", directory)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertNotEqual(self.cluster.pid("n2"), before)
        self.assertEqual(self.cluster.node("n2").ask("GET", "/readyz").status, 200)
        self.assertEqual(run_ouro("demo", "start", "n2", "--dir", directory).returncode, FAILED)
        self.assertIn(b"no node n9", run_ouro("demo", "kill", "n9", "--dir", directory).stderr)
        self.assertIn(b"ready", run_ouro("demo", "status", "--dir", directory).stdout)

    def test_a_second_demo_in_the_same_directory_is_refused(self):
        second = run_ouro("demo", "--dir", self.cluster.directory)
        self.assertEqual(second.returncode, FAILED)
        self.assertIn(b"runs in", second.stderr)

    def test_all_that_is_written_is_private(self):
        for path in [self.cluster.directory, *self.cluster.directory.rglob("*")]:
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:  # files come and go
                continue
            self.assertEqual(stat.S_IMODE(mode) & 0o077, 0, path)


class Refused(unittest.TestCase):
    """What `ouro serve` refuses to run."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ouro-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        port = cluster.free_ports(2)
        self.flags = ["--http-port", port, "--peer-port", port + 1]
        self.node = cluster.Node("n1", "127.0.0.1", port)
        self.addCleanup(self.node.disconnect)

    def serve(self, *flags, directory="data"):
        process = subprocess.Popen(
            [cluster.OURO, "serve", "--data-dir", self.directory / directory,
             *map(str, [*self.flags, *flags])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (self.node.disconnect(), process.kill(), process.communicate()))
        cluster.wait_until(self.is_ready, 30, "the node serves")
        return process

    def is_ready(self):
        try:
            return self.node.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def refused(self, *arguments):
        done = run_ouro("serve", *arguments, timeout=30)
        self.assertEqual(done.returncode, FAILED, done)
        self.assertTrue(done.stderr.splitlines()[-1].startswith(b"error: "), done.stderr)
        return done.stderr.decode()

    def test_one_node_alone_stores_serves_and_ends_in_order(self):
        process = self.serve()
        self.assertEqual(self.node.put("k", b"v").status, 201)
        self.assertEqual(self.node.get("k").body, b"v")
        self.node.disconnect()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        self.serve()
        self.assertEqual(self.node.get("k").body, b"v")

    def test_a_data_directory_that_others_can_read_is_refused(self):
        (self.directory / "open").mkdir(mode=0o755)
        os.chmod(self.directory / "open", 0o755)
        text = self.refused("--data-dir", self.directory / "open", *self.flags)
        self.assertIn(str(self.directory / "open"), text)

    def test_a_data_file_that_others_can_read_is_refused(self):
        process = self.serve()
        process.kill()
        process.wait(10)
        os.chmod(next(path for path in (self.directory / "data").rglob("*") if path.is_file()),
                 0o644)
        self.refused("--data-dir", self.directory / "data", *self.flags)

    def test_two_nodes_on_one_directory_are_refused(self):
        self.serve()
        port = cluster.free_ports(2)
        text = self.refused("--data-dir", self.directory / "data", "--http-port", port,
                            "--peer-port", port + 1)
        self.assertIn("lock", text.lower())

    def test_a_port_in_use_is_named(self):
        self.serve()
        text = self.refused("--data-dir", self.directory / "other", *self.flags)
        self.assertIn(str(self.flags[1] if str(self.flags[1]) in text else self.flags[3]), text)

    def test_an_address_that_others_can_reach_is_refused(self):
        text = self.refused("--data-dir", self.directory / "data", "--bind", "0.0.0.0",
                            *self.flags)
        self.assertIn("--insecure", text)
        self.assertFalse((self.directory / "data").exists())
        self.serve("--bind", "0.0.0.0", "--advertise", "127.0.0.1", "--insecure")

    def test_a_configuration_with_a_typo_is_refused(self):
        config = self.directory / "ouro.toml"
        config.write_text('selff = "n1"\n')
        self.assertIn('did you mean "self"', self.refused("--config", config))
        self.refused("--config", self.directory / "missing.toml")


if __name__ == "__main__":
    cluster.main()
