"""A node joins and another one leaves while clients write and read, from the outside."""
import json
import pathlib
import signal
import subprocess
import threading
import time

import cluster

CHANGE_SECONDS = 120
JOIN_SECONDS = 30


class Load:
    """Writers with keys of their own, and a reader that knows what was acknowledged."""

    def __init__(self, nodes, threads=2):
        self.nodes, self.ending = nodes, threading.Event()
        # By key, the newest value that a reader must see, and the newest that it may.
        self.acknowledged, self.written = {}, {}
        self.writes = self.reads = 0
        self.refused, self.wrong = [], []
        self.lock = threading.Lock()
        self.workers = [threading.Thread(target=self._write, args=(i,)) for i in range(threads)]
        self.workers.append(threading.Thread(target=self._read))

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for worker in self.workers:
            worker.join()

    def _write(self, index):
        nodes, contexts, counter = [node.clone() for node in self.nodes], {}, 0
        while not self.ending.is_set():
            key, node = f"w{index}-{counter % 40}", nodes[counter % len(nodes)]
            counter += 1
            with self.lock:
                self.written[key] = counter
            seen = {"Ouro-Context": contexts[key]} if key in contexts else {}
            answer = self._ask(node, lambda node: node.put(key, str(counter).encode(), **seen))
            if answer is None:
                continue
            contexts[key] = answer.headers["ouro-context"]
            with self.lock:
                self.writes += 1
                self.acknowledged[key] = counter
            time.sleep(0.002)
        disconnect(nodes)

    def _read(self):
        nodes, turn = [node.clone() for node in self.nodes], 0
        while not self.ending.is_set():
            with self.lock:
                keys = list(self.acknowledged)
            for key in keys:
                turn += 1
                self._check(nodes[turn % len(nodes)], key)
                if self.ending.is_set():
                    break
            time.sleep(0.01)
        disconnect(nodes)

    def _check(self, node, key):
        with self.lock:
            least = self.acknowledged[key]
        answer = self._ask(node, lambda node: node.get(key))
        if answer is None:
            return
        with self.lock:
            self.reads += 1
            most = self.written[key]
        values = values_of(answer)
        if not values or not least <= max(values) <= most:
            self.wrong.append(f"{key} at {node.name}: {values}, not {least}..{most}: {answer!r}")

    def _ask(self, node, question):
        """The answer, or nothing if the node did not do it: then it is noted."""
        try:
            answer = question(node)
        except OSError as error:
            self.refused.append(f"{node.name}: {error!r}")
            return None
        if answer.status in (200, 201, 204, 300):
            return answer
        self.refused.append(f"{node.name}: {answer!r}")
        return None

    def check_all(self, nodes):
        """What every key holds in the end, asked of each node."""
        for node in nodes:
            for key in sorted(self.acknowledged):
                self._check(node, key)


def disconnect(nodes):
    for node in nodes:
        node.disconnect()


def values_of(answer):
    """All values of a key; several where a write was not answered and another one followed."""
    if answer.status == 404:
        return []
    if answer.status == 300:
        return [int(value["value"]) for value in answer.json()["values"]]
    return [int(answer.body)]


class Joiner:
    """`ouro serve --join` in a process of its own."""

    def __init__(self, directory, members):
        self.directory = pathlib.Path(directory)
        port = cluster.free_ports(2)
        self.node = cluster.Node("n4", "127.0.0.1", port)
        self.log = self.directory.parent / "n4.log"
        self.arguments = ["serve", "--name", "n4", "--data-dir", str(self.directory),
                          "--http-port", str(port), "--peer-port", str(port + 1), "--loops", "1"]
        self.join = ["--join", members]
        self.process = None

    def start(self, *more):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([cluster.OURO, *self.arguments, *more], stdout=log,
                                            stderr=log)
        try:
            cluster.wait_until(self.is_ready, JOIN_SECONDS, "n4 serves")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None

    def text(self):
        return self.log.read_text()[-3000:]

    def is_ready(self):
        try:
            return self.node.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def stop(self):
        if self.process is None:
            return None
        self.node.disconnect()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(10)
        self.process = None
        return code


class TopologyTest(cluster.ClusterTest):
    def setUp(self):
        self.first = self.cluster.nodes[0]
        self.url = f"{self.first.host}:{self.first.port}"

    def ouro(self, *arguments):
        done = cluster.run_ouro("cluster", *arguments, "--node", self.url)
        self.assertEqual(done.returncode, 0, (arguments, done.stdout, done.stderr))
        return done.stdout.decode()

    def status(self):
        return json.loads(self.ouro("status", "--json"))

    def members(self):
        return {member["name"]: member["status"] for member in self.status()["members"]}

    def commit_what_is_staged(self):
        plan = json.loads(self.ouro("plan", "--json"))
        self.assertGreater(plan["replicas"], 0, plan)
        self.assertIn("was committed", self.ouro("commit", "--yes", "--plan", plan["hash"]))
        end = time.monotonic() + CHANGE_SECONDS
        while (status := self.status())["change"] is not None:
            if time.monotonic() > end:
                transfers = [node.ask("GET", "/v1/transfers").body for node in self.cluster.nodes]
                self.fail(f"the change does not end: {status['change']}\n{transfers}\n"
                          f"{self.cluster.logs()}")
            time.sleep(0.1)
        return plan

    def assert_nothing_lost(self, load, nodes):
        load.check_all(nodes)
        self.assertEqual(load.wrong, [], f"{len(load.wrong)} wrong answers")
        self.assertEqual(load.refused, [], f"{len(load.refused)} requests were not answered")
        self.assertGreater(load.writes, 50)
        self.assertGreater(load.reads, 50)

    def test_a_node_joins_and_another_leaves_while_clients_write(self):
        joiner = Joiner(pathlib.Path(self.temporary) / "n4",
                        self.cluster.state()["members"][1]["peer"])
        self.addCleanup(joiner.stop)
        with Load(self.cluster.nodes) as load:
            joiner.start(*joiner.join)
            self.assertEqual(self.members()["n4"], "staged")
            self.assertIn("n4", self.ouro("join"))
            plan = self.commit_what_is_staged()
            self.assertEqual([(each["action"], each["node"]) for each in plan["actions"]],
                             [("join", "n4")])
        self.assertEqual(self.members(), dict.fromkeys(["n1", "n2", "n3", "n4"], "active"))
        nodes = [*self.cluster.nodes, joiner.node]
        self.assert_nothing_lost(load, nodes)
        ring = joiner.node.ask("GET", "/v1/ring").json()
        self.assertGreater(ring["owners"].count("n4"), ring["arcs"] // 5, ring["nodes"])

        self.assertIn("n2", self.ouro("leave", "n2"))
        stayers = [node for node in nodes if node.name != "n2"]
        with Load(stayers) as load:
            self.commit_what_is_staged()
        self.assert_nothing_lost(load, stayers)
        self.assertEqual(self.members(), dict.fromkeys(["n1", "n3", "n4"], "active"))
        cluster.wait_until(lambda: self.cluster.pid("n2") == 0, 30, "n2 ends once it was removed")
        self.assertIn("was removed", self.cluster.logs())

        self.assertEqual(joiner.stop(), 0, joiner.text())
        joiner.start()  # as what its directory says
        self.assertEqual(joiner.node.ask("GET", "/v1/cluster").json()["self"], "n4")
        load.check_all([joiner.node])
        self.assertEqual(load.wrong, [])


class RefusalTest(cluster.ClusterTest):
    def post(self, path, body):
        return self.cluster.nodes[0].ask("POST", "/v1/cluster/" + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})

    def test_what_makes_no_sense_is_refused_and_says_why(self):
        self.assert_problem(self.post("stage", {"action": "leave", "node": "n9"}), 404,
                            "unknown_node")
        self.assert_problem(self.post("stage", {"action": "go", "node": "n1"}), 400, "bad_body")
        self.assert_problem(self.post("plan", {}), 422, "refused")
        self.assert_problem(self.post("abort", {}), 409, "no_change")
        self.assertEqual(self.post("stage", {"action": "weight", "node": "n1", "weight": 3}).status,
                         200)
        self.assert_problem(self.post("commit", {"plan": "0" * 16}), 409, "stale")
        self.assertEqual(self.post("stage", {"action": "unstage", "node": "n1"}).status, 200)
        self.assert_problem(self.post("plan", {}), 422, "refused")

    def test_an_empty_directory_without_a_reachable_member_waits_and_ends_when_asked(self):
        nobody = f"127.0.0.1:{cluster.free_ports(1)}"
        directory = pathlib.Path(self.temporary) / "lonely"
        process = subprocess.Popen(
            [cluster.OURO, "serve", "--join", nobody, "--data-dir", str(directory), "--http-port",
             str(cluster.free_ports(1)), "--peer-port", str(cluster.free_ports(1))],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        text = b""
        while b"nobody let this node in yet" not in text:
            text += process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0, process.stdout.read())


if __name__ == "__main__":
    cluster.main()
