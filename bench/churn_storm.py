"""Does it hold whatever happens when? Random changes, each disturbed at a random moment."""
import random
import time

import churn_nodes

CHANGE_SECONDS = 150
ACTIVE_MIN, ACTIVE_MAX = 4, 6


class Storm:
    """Changes one after the other; at most one node is out at a time besides one that is replaced,
    so every request can be done."""

    def __init__(self, cluster, load, seed):
        self.cluster, self.load = cluster, load
        self.random = random.Random(seed)
        self.next_name = 1 + max(int(name[1:]) for name in cluster.nodes)
        self.notes = []

    def round(self, number):
        names = self.members()
        choices = [self.reweigh, self.replace]
        if len(names) < ACTIVE_MAX:
            choices.append(self.join)
        if len(names) > ACTIVE_MIN:
            choices.append(self.leave)
        change = self.random.choice(choices)
        self.load.phase(f"storm {number}: {change.__name__}")
        staged = change(names)
        done = self.carry_out(staged)
        self.end_those_gone()
        self.load.shared.places = [(name, self.cluster.nodes[name].http)
                                   for name in self.members()]
        self.notes.append(f"storm {number}: {staged}; {done}")

    def members(self):
        """Names of those that own data, as the cluster says."""
        status = {}

        def answered():
            status.update(self.cluster.status() or {})
            return status

        churn_nodes.wait_until(answered, 30, "a member answers")
        return [member["name"] for member in status["members"]
                if member["status"] == "active" and not member["lost"]]

    def join(self, _):
        return f"join {self.add()}"

    def add(self):
        name = f"n{self.next_name}"
        self.next_name += 1
        self.cluster.add(name)
        return name

    def leave(self, names):
        name = self.random.choice(names)
        self.cluster.ouro("leave", name)
        self.cluster.nodes[name].may_end = True
        return f"leave {name}"

    def reweigh(self, names):
        staged = {member["name"]: member["weight"] for member in self.cluster.status()["members"]}
        name = self.random.choice(names)
        weight = self.random.choice([each for each in (1, 2, 3) if each != staged[name]])
        self.cluster.ouro("weight", name, str(weight))
        return f"weight {name} {weight}"

    def replace(self, names):
        """Of a node that is there, or of one whose disk was lost."""
        name = self.random.choice(names)
        if self.random.random() < 0.5:
            newcomer = self.add()
            self.cluster.ouro("replace", name, "--with", newcomer)
            self.cluster.nodes[name].may_end = True
            return f"replace {name} by {newcomer}"
        self.cluster.nodes[name].kill()
        self.cluster.nodes[name].wipe()
        newcomer = self.add()
        self.cluster.ouro("replace", name, "--with", newcomer)
        self.cluster.ouro("lost", name)
        return f"replace lost {name} by {newcomer}"

    def carry_out(self, staged):
        begin, plan = time.monotonic(), self.cluster.commit()
        time.sleep(self.random.random() * 1.5)
        disturbed = self.disturb(staged) if self.random.random() < 0.8 else "undisturbed"
        if self.random.random() < 0.25 and "lost" not in staged:
            disturbed += self.abort()
        self.cluster.wait_for_change(CHANGE_SECONDS)
        return (f"{plan['replicas']} replicas, {disturbed}, "
                f"{time.monotonic() - begin:.1f} s")

    def disturb(self, staged):
        """Takes one node out for a moment."""
        nodes = [node for node in self.cluster.running() if not node.may_end]
        node = self.random.choice(nodes)
        if self.random.random() < 0.4:
            node = self.cluster.leader()
        if node.may_end:
            return f"{node.name} leads and leaves"
        how = self.random.choice(["killed", "stopped", "paused"])
        seconds = 0.2 + 4 * self.random.random()
        if how == "paused":
            node.pause()
            time.sleep(seconds)
            node.go_on()
            return f"{node.name} paused {seconds:.1f} s"
        node.kill() if how == "killed" else node.stop()
        time.sleep(seconds)
        node.start_and_wait()
        return f"{node.name} {how} {seconds:.1f} s"

    def abort(self):
        status = self.cluster.status()
        if not status or not status["change"] or status["change"]["aborting"]:
            return ""
        try:
            self.cluster.ouro("abort")
        except churn_nodes.Stuck as refused:
            if "no change" in str(refused):
                return ""
            raise
        for node in self.cluster.nodes.values():
            if node.runs():
                node.may_end = True
        return ", aborted"

    def end_those_gone(self):
        """Removed nodes end themselves; what an abort left staged is taken away."""
        members = {member["name"]: member["status"]
                   for member in (self.cluster.status() or {"members": []})["members"]}
        for name, node in self.cluster.nodes.items():
            if node.runs() and name not in members:
                churn_nodes.wait_until(lambda n=node: not n.runs(), 40, f"{name} was removed, "
                                       "and ends", 0.1)
            elif node.runs():
                node.may_end = False
        for action in (self.cluster.status() or {"staged": []})["staged"]:
            self.cluster.nodes[action["node"]].may_end = True
            self.cluster.ouro("unstage", action["node"])
