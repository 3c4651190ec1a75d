#!/usr/bin/env python3
"""What do clients notice when the cluster changes? Real processes, steady load, and a checker that
knows every acknowledged write. Exit code 1 if a write was lost, a request failed for good, a change
hangs or a process crashed; never because of times."""
import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time

import churn_load
import churn_nodes
import churn_storm

CHANGE_SECONDS = 120


class Churn:
    """The story, phase by phase."""

    def __init__(self, options, root):
        self.options = options
        self.cluster = churn_nodes.Cluster(root, options.loops)
        self.load = churn_load.Load(options.clients, options.keys, options.value_size)
        self.moved = {}  # plans by phase
        self.notes = []
        self.quiet_seconds = options.seconds / 10

    def run(self):
        self.cluster.found(["n1", "n2", "n3"])
        self.clients_know("n1", "n2", "n3")
        self.load.preload()
        self.load.begin(self.options.rate)
        self.quiet("quiet, 3 nodes")
        self.two_join()
        self.quiet("quiet, 5 nodes")
        self.one_leaves()
        self.quiet("quiet, 4 nodes")
        self.one_loses_its_disk()
        self.leader_dies_in_a_change()
        self.rolling_restart()
        self.storm()
        self.quiet("quiet, 4 nodes" if self.options.storm == 0 else "quiet, after the storm")
        self.cluster.check()
        self.load.end()

    def clients_know(self, *names):
        self.load.shared.places = [(name, self.cluster.nodes[name].http) for name in names]

    def quiet(self, name):
        self.load.phase(name)
        end = time.monotonic() + self.quiet_seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            self.cluster.check()

    def carry_out(self, phase):
        """Commits what is staged and waits for its end."""
        self.moved[phase] = self.cluster.commit()
        begin = time.monotonic()
        self.cluster.wait_for_change(CHANGE_SECONDS)
        self.notes.append(f"{phase}: the change took {time.monotonic() - begin:.1f} s")

    def two_join(self):
        self.load.phase("join of n4 and n5")
        self.cluster.add("n4")
        self.cluster.add("n5")
        self.carry_out("join of n4 and n5")
        self.clients_know("n1", "n2", "n3", "n4", "n5")

    def one_leaves(self):
        self.load.phase("leave of n2")
        leaving = self.cluster.nodes["n2"]
        self.cluster.ouro("leave", "n2")
        leaving.may_end = True
        self.carry_out("leave of n2")
        churn_nodes.wait_until(lambda: not leaving.runs(), 30, "n2 ends once it was removed")
        self.clients_know("n1", "n3", "n4", "n5")

    def one_loses_its_disk(self):
        self.load.phase("n3 dead, disk lost")
        lost = self.cluster.nodes["n3"]
        lost.kill()
        lost.wipe()
        time.sleep(self.quiet_seconds / 2)
        self.refused_to_come_back(lost)
        self.load.phase("replace n3 by n6")
        self.cluster.add("n6")
        self.cluster.ouro("replace", "n3", "--with", "n6")
        self.cluster.ouro("lost", "n3")
        self.carry_out("replace n3 by n6")
        self.clients_know("n1", "n4", "n5", "n6")

    def refused_to_come_back(self, lost):
        """An old identity without its data must be turned away with a reason."""
        lost.start()
        lost.may_end = True
        churn_nodes.wait_until(lambda: not lost.runs(), 30, "the wiped n3 is refused")
        if lost.process.returncode == 0 or "--join" not in lost.tail():
            raise churn_nodes.Stuck(f"the wiped n3 was not refused:\n{lost.tail()}")

    def leader_dies_in_a_change(self):
        phase = "weight of n4, leader killed"
        self.load.phase(phase)
        self.cluster.ouro("weight", "n4", "2")
        leader = self.cluster.leader()
        self.moved[phase] = self.cluster.commit()
        begin = time.monotonic()
        churn_nodes.wait_until(self.is_under_way, 30, "the change moves an arc", 0.01)
        leader.kill()
        change = (self.cluster.status() or {})["change"]
        self.notes.append(f"{phase}: {leader.name} killed when the change was at "
                          f"{change and change['phases']}")
        time.sleep(2)
        leader.start_and_wait()
        self.cluster.wait_for_change(CHANGE_SECONDS)
        self.notes.append(f"{phase}: the change took {time.monotonic() - begin:.1f} s")

    def is_under_way(self):
        status = self.cluster.status()
        if status is None:
            return False
        if status["change"] is None:
            raise churn_nodes.Stuck("the change ended before its leader could be killed")
        return status["change"]["phases"]["after"] > 0

    def rolling_restart(self):
        self.load.phase("rolling restart")
        for node in self.cluster.running():
            took = node.stop()
            begin = time.monotonic()
            node.start_and_wait()
            self.notes.append(f"rolling restart: {node.name} ended in {took:.1f} s and was ready "
                              f"again {time.monotonic() - begin:.1f} s later")
            time.sleep(1)


    def storm(self):
        if self.options.storm == 0:
            return
        storm = churn_storm.Storm(self.cluster, self.load, self.options.seed)
        self.notes.append(f"storm: seed {self.options.seed}")
        storm.notes = self.notes
        for number in range(1, self.options.storm + 1):
            storm.round(number)


def percentile(times, part):
    """In milliseconds."""
    if not times:
        return None
    ordered = sorted(times)
    return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 2)


def row_of(churn, name):
    load, phase, plan = churn.load, churn.load.of(name), churn.moved.get(name, {})
    return {"phase": name, "seconds": round(load.spans[name], 1),
            "ops_per_second": round((len(phase.reads) + len(phase.writes)) / load.spans[name]),
            "read_ms": {"p50": percentile(phase.reads, 0.5), "p99": percentile(phase.reads, 0.99),
                        "max": percentile(phase.reads, 1)},
            "write_ms": {"p50": percentile(phase.writes, 0.5),
                         "p99": percentile(phase.writes, 0.99),
                         "max": percentile(phase.writes, 1)},
            "operations": len(phase.reads) + len(phase.writes),
            "first_try_errors": dict(phase.first), "after_retries": dict(phase.final),
            "arcs": plan.get("arcs"), "replicas": plan.get("replicas"),
            "bytes": plan.get("bytes")}


def result_of(churn, problem):
    rows = [row_of(churn, name) for name in churn.load.order if churn.load.spans[name] > 0]
    failed = sum(sum(row["after_retries"].values()) for row in rows)
    wrong, crashes = churn.load.wrong(), churn.load.crashes()
    good = problem is None and failed == 0 and not wrong and not crashes
    return {"good": good, "keys": churn.load.keys(), "phases": rows, "notes": churn.notes,
            "wrong": wrong, "crashes": crashes, "problem": problem}


def milliseconds(times):
    return " ".join(f"{'-' if times[part] is None else format(times[part], '.1f'):>7}"
                    for part in ("p50", "p99", "max"))


def print_table(result):
    print(f"{'phase':<28} {'s':>6} {'ops/s':>6} {'read ms p50':>11} {'p99':>4} {'max':>7} "
          f"{'write p50':>10} {'p99':>4} {'max':>7}  moved replicas, errors")
    for row in result["phases"]:
        moved = f"{row['replicas']} replicas of {row['arcs']} arcs; " if row["arcs"] else ""
        text = ", ".join(f"{count} {what}" for what, count in row["first_try_errors"].items())
        final = ", ".join(f"{count} {what}" for what, count in row["after_retries"].items())
        print(f"{row['phase']:<28} {row['seconds']:>6} {row['ops_per_second']:>6} "
              f"{milliseconds(row['read_ms'])} {milliseconds(row['write_ms'])}  {moved}"
              f"first try: {text or 'none'}; after retries: {final or 'none'}")
    for line in [*result["notes"], *result["wrong"], *result["crashes"]]:
        print(line)
    if result["problem"]:
        print(result["problem"])
    print(f"{result['keys']} keys, each looked at in the end: "
          f"{'nothing was lost' if result['good'] else 'NOT GOOD, see above'}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=100, help="a tenth of it is a quiet phase")
    parser.add_argument("--keys", type=int, default=15000, help="loaded before anything happens")
    parser.add_argument("--value-size", type=int, default=1024, help="bytes")
    parser.add_argument("--rate", type=float, default=300, help="operations a second, in all")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--loops", type=int, default=2, help="of each node")
    parser.add_argument("--storm", type=int, default=0, help="random changes, disturbed, at the end")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the storm")
    parser.add_argument("--quick", action="store_true", help="small enough for a test")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep logs and data")
    options = parser.parse_args(arguments)
    if options.quick:
        options.seconds, options.keys, options.rate = 20, 1500, 150
    return options


def run(arguments):
    """The result, as a value; all processes have ended."""
    options, root = parse(arguments), pathlib.Path(tempfile.mkdtemp(prefix="ouro-churn-"))
    churn, problem = Churn(options, root), None
    try:
        churn.run()
    except (churn_nodes.Stuck, KeyboardInterrupt) as error:
        problem = f"{type(error).__name__}: {error}"
        churn.load.phase("")
    finally:
        churn.load.stop()
        churn.cluster.end()
        if options.keep:
            print(f"logs and data: {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)
    return options, result_of(churn, problem)


def main():
    options, result = run(sys.argv[1:])
    if options.json:
        print(json.dumps(result))
    else:
        print_table(result)
    sys.exit(0 if result["good"] else 1)


if __name__ == "__main__":
    main()
