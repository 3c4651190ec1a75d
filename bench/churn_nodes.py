"""Which processes make up the cluster: nodes started, killed, wiped and asked by `ouro cluster`."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

OURO = os.environ.get("OURO_BINARY", "build/ouro")
HOST = "127.0.0.1"
READY_SECONDS = 60
ASK_SECONDS = 15


class Stuck(Exception):
    """Something that must happen did not, or a process ended that must not."""


def free_ports(count):
    """Ports that nobody uses, below those that the system gives to clients."""
    ports, sockets = [], []
    while len(ports) < count:
        port = random.randrange(10000, 32000)
        try:
            sockets.append(socket.create_server((HOST, port)))
        except OSError:
            continue
        ports.append(port)
    for each in sockets:
        each.close()
    return ports


def wait_until(holds, seconds, what, pause=0.05):
    """Waits until `holds()`; says `what` if that takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Stuck(f"not within {seconds} s: {what}")
        time.sleep(pause)


class Node:
    """One `ouro serve`, with a directory and ports that it keeps when it is started again."""

    def __init__(self, name, root, loops):
        self.name, self.root, self.loops = name, pathlib.Path(root), loops
        self.http, self.peer = free_ports(2)
        self.data, self.log = self.root / name, self.root / f"{name}.log"
        self.arguments, self.process, self.may_end = [], None, True

    def founds_with(self, founders):
        """Makes it one of the first members, by a configuration file."""
        tables = "".join(
            f'\n[[node]]\nid = {i + 1}\nname = "{node.name}"\nhost = "{HOST}"\n'
            f"http_port = {node.http}\npeer_port = {node.peer}\n"
            for i, node in enumerate(founders))
        config = self.root / f"{self.name}.toml"
        config.write_text(f'self = "{self.name}"\ndata_dir = "{self.data}"\nloops = {self.loops}\n'
                          f'[cluster]\nid = "c0ffee"\nseed = "5eed"\narcs = 256\n{tables}')
        self.arguments = ["--config", str(config)]

    def joins(self, member):
        self.arguments = ["--name", self.name, "--data-dir", str(self.data), "--http-port",
                          str(self.http), "--peer-port", str(self.peer), "--loops", str(self.loops),
                          "--join", f"{HOST}:{member.peer}"]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([OURO, "serve", *self.arguments], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        self.may_end = False

    def start_and_wait(self):
        self.start()
        wait_until(self.is_ready, READY_SECONDS, f"{self.name} is ready\n{self.tail()}")

    def is_ready(self):
        self.check()
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, method, path):
        connection = http.client.HTTPConnection(HOST, self.http, timeout=ASK_SECONDS)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        if not self.may_end and not self.runs():
            raise Stuck(f"{self.name} ended with {self.process.returncode}\n{self.tail()}")

    def kill(self):
        """kill -9."""
        self.may_end = True
        self.process.kill()
        self.process.wait(10)

    def stop(self):
        """SIGTERM; how long it took to end, in seconds."""
        begin, self.may_end = time.monotonic(), True
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise Stuck(f"{self.name} does not end when asked to\n{self.tail()}") from None
        if code != 0:
            raise Stuck(f"{self.name} ended with {code} when asked to\n{self.tail()}")
        return time.monotonic() - begin

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def wipe(self):
        shutil.rmtree(self.data)

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""


class Cluster:
    """The nodes, by name, and the operator's verbs over those that run."""

    def __init__(self, root, loops):
        self.root, self.loops, self.nodes = pathlib.Path(root), loops, {}

    def found(self, names):
        founders = [Node(name, self.root, self.loops) for name in names]
        for node in founders:
            node.founds_with(founders)
            self.nodes[node.name] = node
            node.start()
        for node in founders:
            wait_until(node.is_ready, READY_SECONDS, f"{node.name} is ready")

    def add(self, name):
        """Starts a node that joins by one member's address; it waits, staged."""
        node = Node(name, self.root, self.loops)
        node.joins(self.any())
        self.nodes[name] = node
        node.start_and_wait()
        return node

    def running(self):
        return [node for node in self.nodes.values() if node.runs()]

    def any(self):
        return random.choice(self.running())

    def check(self):
        for node in self.nodes.values():
            node.check()

    def ouro(self, *arguments):
        """`ouro cluster ARGUMENTS --json`, asked of whoever runs; its JSON."""
        done = subprocess.run(
            [OURO, "cluster", *arguments, "--json", "--node", f"{HOST}:{self.any().http}"],
            capture_output=True, timeout=90, check=False)
        if done.returncode != 0:
            raise Stuck(f"ouro cluster {' '.join(arguments)}: exit code {done.returncode}: "
                        f"{done.stdout.decode()}{done.stderr.decode()}")
        return json.loads(done.stdout)

    def status(self):
        """What some member says of the cluster, or nothing while none answers."""
        try:
            status, body = self.any().ask("GET", "/v1/cluster")
            return json.loads(body) if status == 200 else None
        except (OSError, http.client.HTTPException):
            return None

    def leader(self, seconds=30):
        """The node that leads the metadata group, as it says itself."""
        found = []

        def leads(node):
            try:
                return json.loads(node.ask("GET", "/v1/cluster")[1])["metadata"]["role"] == "leader"
            except (OSError, http.client.HTTPException):
                return False

        def look():
            found[:] = [node for node in self.running() if leads(node)]
            return found

        wait_until(look, seconds, "the metadata group has a leader")
        return found[0]

    def commit(self):
        """Begins what is staged; the plan."""
        plan = self.ouro("plan")
        self.ouro("commit", "--yes", "--plan", plan["hash"])
        return plan

    def wait_for_change(self, seconds):
        """Until every running node has seen the end of the change."""
        def over():
            self.check()
            status = self.status()
            return status is not None and status["change"] is None

        try:
            wait_until(over, seconds, "the change ends", 0.1)
        except Stuck as stuck:
            raise Stuck(f"{stuck}\n{self.picture()}") from None

    def picture(self):
        """What is known when something hangs."""
        status = self.status() or {}
        parts = [json.dumps({key: status.get(key) for key in ("epoch", "members", "metadata",
                                                              "staged", "change")})]
        for node in self.running():
            try:
                parts.append(f"{node.name}: {node.ask('GET', '/v1/transfers')[1].decode()}")
            except (OSError, http.client.HTTPException) as error:
                parts.append(f"{node.name}: {error!r}")
            parts.append(node.tail())
        return "\n".join(parts)

    def end(self):
        for node in self.running():
            node.may_end = True
            node.process.terminate()
        for node in self.nodes.values():
            try:
                node.process.wait(20)
            except subprocess.TimeoutExpired:
                node.process.kill()
                node.process.wait(10)
