"""Clusters of real processes for the integration tests: `ouro demo` with verbs of the domain."""
import http.client
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

OURO = os.environ.get("OURO_BINARY", "build/ouro")
START_SECONDS = 60
REQUEST_SECONDS = 15
BUCKET = "test"


class Answer:
    """What a node answered: status, header fields with lower-case names, body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Node:
    """One member, asked over HTTP. A connection is kept and made again when it broke."""

    def __init__(self, name, host, port):
        self.name, self.host, self.port = name, host, port
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        for last_try in (False, True):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPConnection(
                    self.host, self.port, timeout=REQUEST_SECONDS)
            try:
                self.connection.request(method, path, body=body, headers=headers)
                answer = Answer(self.connection.getresponse())
                if answer.headers.get("connection") == "close":
                    self.disconnect()
                return answer
            except (OSError, http.client.HTTPException):
                self.disconnect()
                if fresh or last_try:
                    raise

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def put(self, key, value, content_type="text/plain", bucket=BUCKET, query="", **headers):
        fields = {"Content-Type": content_type}
        fields.update({name.replace("_", "-"): text for name, text in headers.items()})
        return self.ask("PUT", f"/v1/kv/{bucket}/{key}{query}", value, fields)

    def get(self, key, bucket=BUCKET, query=""):
        return self.ask("GET", f"/v1/kv/{bucket}/{key}{query}")

    def head(self, key, bucket=BUCKET):
        return self.ask("HEAD", f"/v1/kv/{bucket}/{key}")

    def delete(self, key, bucket=BUCKET, query=""):
        return self.ask("DELETE", f"/v1/kv/{bucket}/{key}{query}")

    def raw(self, data):
        """Sends bytes on a connection of its own; all that came back until the node closed it."""
        with socket.create_connection((self.host, self.port), timeout=REQUEST_SECONDS) as wire:
            wire.sendall(data)
            received = b""
            while part := wire.recv(65536):
                received += part
            return received

    def clone(self):
        """The same node on another connection, for another thread."""
        return Node(self.name, self.host, self.port)


def free_ports(count):
    """The first of `count` neighbouring ports that nobody uses, below those that the system gives
    to clients."""
    for _ in range(200):
        first = random.randrange(10000, 32000 - count)
        try:
            sockets = []
            for port in range(first, first + count):
                sockets.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise RuntimeError("no free ports")


def run_ouro(*arguments, stdin=b"", timeout=60, **environment):
    """The finished process of `ouro ARGUMENTS`."""
    return subprocess.run([OURO, *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=timeout, env={**os.environ, **environment}, check=False)


def wait_until(holds, seconds, what):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Cluster:
    """A demo that runs in `directory`, which is kept when it is started again."""

    def __init__(self, directory, nodes=3):
        self.directory, self.size = pathlib.Path(directory), nodes
        http_port = free_ports(2 * nodes)
        self.ports = ["--http-port", str(http_port), "--peer-port", str(http_port + nodes)]
        self.process = None
        self.nodes = []

    def start(self):
        errors = open(self.directory.parent / "demo.err", "ab")
        self.process = subprocess.Popen(
            [OURO, "demo", "--nodes", str(self.size), "--dir", str(self.directory), "--json",
             *self.ports], stdout=subprocess.PIPE, stderr=errors)
        errors.close()
        self.nodes = [Node(line["name"], "127.0.0.1", int(line["http"].rsplit(":", 1)[1]))
                      for line in self._lines_until_ready()]
        return self

    def _lines_until_ready(self):
        end, text = time.monotonic() + START_SECONDS, b""
        while b'{"ready":true}\n' not in text:
            readable, _, _ = select.select([self.process.stdout], [], [],
                                           max(0, end - time.monotonic()))
            part = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not part:
                self.stop()
                raise AssertionError(f"the demo did not start: {text!r}\n{self.logs()}")
            text += part
        return [json.loads(line) for line in text.splitlines() if b'"name"' in line]

    def logs(self):
        parts = [self.directory.parent / "demo.err", *sorted(self.directory.glob("n*/log"))]
        return "\n".join(f"--- {path}\n{path.read_text()[-2000:]}" for path in parts
                         if path.exists())

    def state(self):
        return json.loads((self.directory / "state.json").read_text())

    def pid(self, name):
        return next(each["pid"] for each in self.state()["members"] if each["name"] == name)

    def node(self, name):
        return next(node for node in self.nodes if node.name == name)

    def others(self, name):
        return [node for node in self.nodes if node.name != name]

    def kill(self, name):
        """kill -9 of the process itself."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.pid(name) == 0, 10, f"the demo notices that {name} ended")
        self.node(name).disconnect()
        return pid

    def start_node(self, name):
        done = run_ouro("demo", "start", name, "--dir", self.directory)
        assert done.returncode == 0, done.stderr

    def kill_all(self):
        """kill -9 of all nodes at once, and of the demo."""
        members = [member["pid"] for member in self.state()["members"]]
        for pid in [*members, self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()
        self.process = None
        for node in self.nodes:
            node.disconnect()

    def stop(self):
        """Ends it as Ctrl-C does; its exit code."""
        if self.process is None:
            return None
        for node in self.nodes:
            node.disconnect()
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(10)
        self.process.stdout.close()
        self.process = None
        return code


class ClusterTest(unittest.TestCase):
    """Each class has a cluster of its own."""

    size = 3

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.mkdtemp(prefix="ouro-test-")
        cls.addClassCleanup(shutil.rmtree, cls.temporary, ignore_errors=True)
        cls.cluster = Cluster(pathlib.Path(cls.temporary) / "demo", cls.size)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()

    def alone(self, node):
        """The node on a connection for this test only."""
        clone = node.clone()
        self.addCleanup(clone.disconnect)
        return clone

    def assert_problem(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        problem = answer.json()
        self.assertEqual(problem["code"], code, problem)
        self.assertEqual(problem["status"], status)
        self.assertGreater(len(problem["detail"]), 10)
        for member in ("type", "title", "retryable", "indeterminate", "request_id"):
            self.assertIn(member, problem)
        return problem


def main():
    if not pathlib.Path(OURO).exists():
        sys.exit(f"{OURO} is missing: build it, or name it in OURO_BINARY")
    unittest.main(verbosity=2)
