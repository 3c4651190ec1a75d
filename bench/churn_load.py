"""Is every acknowledged write still there? Clients that read and write at a steady rate and know."""
import collections
import http.client
import json
import random
import select
import threading
import time

HOST = "127.0.0.1"
BUCKET = "churn"
TRY_SECONDS = 10
GIVE_UP_SECONDS = 15
AVOID_SECONDS = 1.0
PAUSE_SECONDS = 0.05
WRONG_SHOWN = 20


class Phase:
    """What happened while something was done to the cluster. One per client; merged in the end."""

    def __init__(self):
        self.reads, self.writes = [], []  # seconds from when it was due to when it was done
        self.first, self.final = collections.Counter(), collections.Counter()

    def merge(self, other):
        self.reads += other.reads
        self.writes += other.writes
        self.first += other.first
        self.final += other.final


class Record:
    """A key, and what a reader may find there."""

    __slots__ = ("acknowledged", "context", "maybe")

    def __init__(self):
        self.acknowledged, self.context = 0, None
        self.maybe = set()  # numbers of writes that may have happened, and may still

    def problem(self, found):
        """What is wrong with the numbers that a read found, or nothing."""
        later = any(number > self.acknowledged and number in self.maybe for number in found)
        if self.acknowledged and self.acknowledged not in found and not later:
            return "an acknowledged write is missing"
        if any(number != self.acknowledged and number not in self.maybe for number in found):
            return "a value that was overwritten is back"
        return None


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.context = response.getheader("Ouro-Context")
        self.closes = response.getheader("Connection") == "close"
        self.body = response.read()

    def label(self):
        try:
            return f"{self.status} {json.loads(self.body)['code']}"
        except (ValueError, KeyError, TypeError):
            return str(self.status)

    def numbers(self):
        if self.status == 404:
            return []
        if self.status == 300:
            return [int(each["value"].split()[0]) for each in json.loads(self.body)["values"]]
        return [int(self.body.split()[0])]


def was_closed(connection):
    """Did the node end this idle connection? It may at any time; so clients look before they ask."""
    return bool(select.select([connection.sock], [], [], 0)[0])


class Failed(Exception):
    """No node did it, although all were asked until the time was over."""


class Shared:
    """What all clients see: where the nodes are, the current phase, whether it is over."""

    def __init__(self, value_size):
        self.places = []  # (name, port); replaced as a whole
        self.phase, self.ending = "", False
        self.padding = " " + "x" * (value_size - 10)


class Client(threading.Thread):
    """Reads and writes keys of its own, through any node, and tries another when one fails."""

    def __init__(self, index, shared, keys):
        super().__init__(daemon=True)
        self.index, self.shared = index, shared
        self.random = random.Random(index)
        self.to_load, self.rate = keys, 0.0
        self.records, self.keys, self.number = {}, [], 0
        self.connections, self.avoided = {}, {}
        self.phases = collections.defaultdict(Phase)
        self.wrong = []
        self.loaded = threading.Event()
        self.crashed = None

    def run(self):
        try:
            for _ in range(self.to_load):
                self.write_new(time.monotonic())
            self.loaded.set()
            self.serve_load()
        except Exception as error:  # pylint: disable=broad-except
            self.crashed = error
            self.loaded.set()
            raise

    def serve_load(self):
        while self.rate == 0.0 and not self.shared.ending:
            time.sleep(0.01)
        due = time.monotonic() + self.random.random() / max(self.rate, 1)
        while not self.shared.ending:
            time.sleep(max(0.0, due - time.monotonic()))
            kind = self.random.random()
            if kind < 0.6:
                self.read(self.random.choice(self.keys), due)
            elif kind < 0.9:
                self.write(self.random.choice(self.keys), due)
            else:
                self.write_new(due)
            due += 1 / self.rate

    def check_all(self):
        for key in self.keys:
            self.read(key, time.monotonic())

    def write_new(self, due):
        key = f"{self.index}-{len(self.keys)}"
        self.keys.append(key)
        self.records[key] = Record()
        self.write(key, due)

    def write(self, key, due):
        phase, record = self.phases[self.shared.phase], self.records[key]
        self.number += 1
        fields = {"Content-Type": "text/plain"}
        if record.context is not None:
            fields["Ouro-Context"] = record.context
        body = str(self.number).encode() + self.shared.padding.encode()
        number = self.number
        try:
            answer = self.ask(phase, "write", "PUT", key, (200, 201, 204), body, fields,
                              lambda: record.maybe.add(number))
        except Failed:
            return
        phase.writes.append(time.monotonic() - due)
        record.acknowledged, record.context = number, answer.context

    def read(self, key, due):
        phase, record = self.phases[self.shared.phase], self.records[key]
        try:
            answer = self.ask(phase, "read", "GET", key, (200, 300, 404))
        except Failed:
            return
        phase.reads.append(time.monotonic() - due)
        numbers = answer.numbers()
        problem = record.problem(numbers)
        if problem is None:
            record.context = answer.context or record.context
            return
        phase.final["read wrong"] += 1
        if len(self.wrong) < WRONG_SHOWN:
            self.wrong.append(f"{self.shared.phase}: {key}: {problem}: found {numbers}, "
                              f"acknowledged {record.acknowledged}, maybe {record.maybe}")

    def ask(self, phase, what, method, key, wanted, body=None, fields=None, uncertain=None):
        """The first answer that is one of `wanted`; counts what went wrong before."""
        end, tries, label = time.monotonic() + GIVE_UP_SECONDS, 0, ""
        while tries == 0 or time.monotonic() < end:
            if tries > 1:
                time.sleep(PAUSE_SECONDS)
            name, port = self.pick()
            try:
                answer = self.ask_once(port, method, f"/v1/kv/{BUCKET}/{key}", body, fields)
                if answer.status in wanted:
                    return answer
                label = f"{what} {answer.label()}"
            except TimeoutError:
                label = f"{what} timeout"
                self.avoided[name] = time.monotonic() + AVOID_SECONDS
            except ConnectionRefusedError:
                label = f"{what} refused"
                self.avoided[name] = time.monotonic() + AVOID_SECONDS
            except (OSError, http.client.HTTPException):
                label = f"{what} cut"
                self.avoided[name] = time.monotonic() + AVOID_SECONDS
            if uncertain is not None:
                uncertain()
            tries += 1
            if tries == 1:
                phase.first[label] += 1
        phase.final[label] += 1
        raise Failed

    def pick(self):
        now, places = time.monotonic(), self.shared.places
        good = [place for place in places if self.avoided.get(place[0], 0) <= now]
        return self.random.choice(good or places)

    def ask_once(self, port, method, path, body, fields):
        connection = self.connections.get(port)
        if connection is not None and was_closed(connection):
            connection.close()
            connection = None
        if connection is None:
            connection = http.client.HTTPConnection(HOST, port, timeout=TRY_SECONDS)
            self.connections[port] = connection
        try:
            connection.request(method, path, body=body, headers=fields or {})
            answer = Answer(connection.getresponse())
        except (OSError, http.client.HTTPException):
            connection.close()
            self.connections.pop(port, None)
            raise
        if answer.closes:
            connection.close()
            del self.connections[port]
        return answer


class Load:
    """All clients together."""

    def __init__(self, clients, keys, value_size):
        self.shared = Shared(value_size)
        self.clients = [Client(i, self.shared, keys // clients) for i in range(clients)]
        self.spans = collections.defaultdict(float)  # seconds by phase
        self.order, self.begun = [], 0.0

    def preload(self):
        self.phase("preload")
        for client in self.clients:
            client.start()
        for client in self.clients:
            client.loaded.wait()

    def begin(self, rate):
        for client in self.clients:
            client.rate = rate / len(self.clients)

    def phase(self, name):
        """From now on, what happens is counted as `name`."""
        now = time.monotonic()
        if self.shared.phase:
            self.spans[self.shared.phase] += now - self.begun
        if name not in self.order:
            self.order.append(name)
        self.shared.phase, self.begun = name, now

    def end(self):
        """Stops the clients and lets each look at all its keys once more."""
        self.shared.ending = True
        for client in self.clients:
            client.join()
        self.phase("final check")
        checkers = [threading.Thread(target=client.check_all) for client in self.clients]
        for checker in checkers:
            checker.start()
        for checker in checkers:
            checker.join()
        self.phase("")
        self.order.remove("")

    def stop(self):
        self.shared.ending = True

    def of(self, name):
        """All clients' share of a phase."""
        merged = Phase()
        for client in self.clients:
            if name in client.phases:
                merged.merge(client.phases[name])
        return merged

    def wrong(self):
        return [line for client in self.clients for line in client.wrong]

    def crashes(self):
        return [repr(client.crashed) for client in self.clients if client.crashed]

    def keys(self):
        return sum(len(client.keys) for client in self.clients)
