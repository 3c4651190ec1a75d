#!/usr/bin/env python3
"""Nodes are killed with kill -9: one at a time, and all at once."""
import http.client
import random
import threading
import time

import cluster
from cluster import ClusterTest

KEYS = 500
ROUNDS = 3
WRITERS = 6


class OneNodeDown(ClusterTest):
    def put_all(self, nodes, value):
        for i in range(KEYS):
            answer = nodes[i % len(nodes)].put(f"key-{i}", f"{value}-{i}".encode())
            self.assertIn(answer.status, (201, 204), f"key-{i}: {answer}")

    def check_all(self, nodes, value, query=""):
        for i in range(KEYS):
            answer = nodes[i % len(nodes)].get(f"key-{i}", query=query)
            self.assertEqual((answer.status, answer.body), (200, f"{value}-{i}".encode()),
                             f"key-{i}: {answer}")

    def test_every_key_is_read_and_written_while_any_one_node_is_down(self):
        self.put_all(self.cluster.nodes, "start")
        for name in ("n1", "n2", "n3"):
            with self.subTest(down=name):
                self.cluster.kill(name)
                others = self.cluster.others(name)
                self.check_all(others, "start" if name == "n1" else previous)
                self.put_all(others, f"without-{name}")
                self.check_all(others[::-1], f"without-{name}")
                self.cluster.start_node(name)
                previous = f"without-{name}"
        self.check_all(self.cluster.nodes, previous)


class Return(ClusterTest):
    def test_a_node_that_returns_serves_what_it_had_and_learns_what_it_missed(self):
        keys = [f"k{i}" for i in range(100)]
        for key in keys:
            self.assertEqual(self.cluster.nodes[0].put(key, b"old", query="?w=3").status, 201)
        self.cluster.kill("n2")
        first, third = self.cluster.others("n2")
        for key in keys[:50]:
            self.assertEqual(first.put(key, b"new").status, 204)
        self.cluster.start_node("n2")
        second = self.cluster.node("n2")

        for key in keys[50:]:
            self.assertEqual(second.get(key, query="?r=1").body, b"old")
        for key in keys[:50]:
            self.assertEqual(second.get(key, query="?r=3").body, b"new")
        self.cluster.kill("n1")
        self.cluster.kill("n3")
        for key in keys[:50]:  # repaired by the reads: n2 is alone now
            cluster.wait_until(lambda k=key: second.get(k, query="?r=1").body == b"new", 10,
                               f"{key} was repaired on n2")

    def test_what_needs_more_nodes_than_there_are_is_refused_honestly(self):
        node = self.cluster.node("n2")
        for name in ("n1", "n3"):
            if self.cluster.pid(name) != 0:
                self.cluster.kill(name)
        problem = self.assert_problem(node.get("k99", query="?timeout=1000"), 503,
                                      "quorum_not_met")
        self.assertTrue(problem["retryable"])
        self.assertEqual(problem["needed"], 2)
        answer = node.put("k99", b"alone", query="?timeout=1000")
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(node.ask("GET", "/livez").status, 200)
        for name in ("n1", "n3"):
            self.cluster.start_node(name)
        self.assertEqual(node.get("k99").status, 200)


class Writer(threading.Thread):
    """Writes its own keys, over and over, until it is told to stop or its node is gone."""

    def __init__(self, number, nodes, seed):
        super().__init__(daemon=True)
        self.number, self.random = number, random.Random(seed)
        self.nodes = [node.clone() for node in nodes]
        self.acknowledged = {}  # key -> the last value that was acknowledged
        self.attempted = {}     # key -> values after that one, whose outcome is not known
        self.stopping = False

    def run(self):
        try:
            self.write()
        finally:
            for node in self.nodes:
                node.disconnect()

    def write(self):
        count = 0
        while not self.stopping:
            count += 1
            key = f"w{self.number}-{self.random.randrange(40)}"
            value = f"{key}:{count}:" + "x" * self.random.randrange(2000)
            self.attempted.setdefault(key, []).append(value)
            try:
                answer = self.random.choice(self.nodes).put(key, value.encode())
            except (OSError, http.client.HTTPException):
                continue
            if answer.status in (201, 204):
                self.acknowledged[key] = value
                self.attempted[key] = []


class AllAtOnce(ClusterTest):
    def test_what_was_acknowledged_survives_the_death_of_all_nodes(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        total = 0
        for round_number in range(ROUNDS):
            writers = [Writer(f"{round_number}-{i}", self.cluster.nodes, chance.random())
                       for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(1 + chance.random())
            self.cluster.kill_all()
            for writer in writers:
                writer.stopping = True
            for writer in writers:
                writer.join(60)
                self.assertFalse(writer.is_alive())
            self.cluster.start()
            total += sum(self.check(writer) for writer in writers)
        print(f"{total} keys checked")
        self.assertGreater(total, ROUNDS * WRITERS)

    def check(self, writer):
        for key, value in writer.acknowledged.items():
            answer = self.cluster.nodes[0].get(key)
            self.assertIn(answer.status, (200, 300), f"{key}: {answer}")
            found = ([answer.body.decode()] if answer.status == 200
                     else [each["value"] for each in answer.json()["values"]])
            allowed = {value, *writer.attempted[key]}
            self.assertTrue(allowed & set(found), f"{key}: lost {value[:40]}, found {found}")
        return len(writer.acknowledged)


if __name__ == "__main__":
    cluster.main()
