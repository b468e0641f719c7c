"""A Python client as a driver: one role, one history. See drivers.ts for the command line."""

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
import traceback

import copier
import member
from history import History, record_text

LAST_SECONDS = 29
SETTLE_GRACE_SECONDS = 15
TICK_SECONDS = 0.005

# Refusals that the same bytes get each time: earlier attempts, which are not told, cannot have stored them either.
CERTAIN = {
    "MESSAGE_TOO_LARGE",
    "RECORD_LIST_TOO_LARGE",
    "INVALID_RECORD",
    "INVALID_TIMESTAMP",
    "INVALID_REQUIRED_ACKS",
    "INVALID_TOPIC_EXCEPTION",
    "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    "UNSUPPORTED_COMPRESSION_TYPE",
}


class World:
    """What a role works with: its options, the history, the counts of its last line, and when it ends."""

    def __init__(self, client, options):
        self.client = client
        self.options = options
        self.history = History(options.history, options.first_op)
        self.counts = {}
        self.is_stopped = False
        self.is_hurried = False
        self._lock = threading.Lock()
        self._end = time.monotonic() + (options.seconds or 1e9)

    def is_over(self):
        stop_on = self.options.stop_on
        return self.is_stopped or time.monotonic() > self._end or bool(stop_on and os.path.exists(stop_on))

    def count(self, what, times=1):
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + times

    def pause(self, seconds):
        """Waits, but not much longer than until it is asked to stop."""
        end = time.monotonic() + seconds
        while not self.is_over() and time.monotonic() < end:
            time.sleep(max(0.001, min(0.05, end - time.monotonic())))


class Sends:
    """The sends of one incarnation."""

    def __init__(self, world, author, producer):
        self.world = world
        self.author = author
        self.producer = producer
        self.open = {}
        self.failed = 0
        self._sequences = {}
        self._prepared = []

    def prepare(self, tp, v, txn="", src=None):
        options = self.world.options
        topic, partition = tp
        name = "%s-%d" % tp
        seq = self._sequences.get(tp, 0)
        self._sequences[tp] = seq + 1
        self.open[v] = self.world.history.begin(self.author, "send", tp=name, v=v, txn=txn or None, src=src)
        value = record_text(options.run, self.author.inc, seq, txn, name, v, options.value_bytes)
        self._prepared.append((topic, partition, str(v).encode() if options.keys else None, value, v))

    def send_prepared(self):
        if not self._prepared:
            return
        # A record that is found in the log must have a begin, even when this process is killed in the next moment.
        self.world.history.flush()
        for topic, partition, key, value, v in self._prepared:
            self.producer.send(topic, partition, key, value, lambda v=v, **how: self._settle(v, **how))
        self._prepared.clear()

    def _settle(self, v, off=None, code=None, is_unsent=False):
        if code is None:
            ended = {"r": "ok", "off": off}
        elif is_unsent:
            ended = {"r": "fail", "attempts": ["NOT_SENT"]}
        elif code in CERTAIN:
            ended = {"r": "fail", "attempts": [code]}
        else:
            ended = {"r": "unk", "attempts": ["NOT_TOLD", code]}
        self.failed += code is not None
        self.world.count(ended["r"])
        end = self.open.pop(v, None)
        if end:
            end(**ended)
        else:
            self.world.history.moment(self.author, "note", text="%d was settled again" % v)

    def give_up(self):
        for v in list(self.open):
            end = self.open.pop(v, None)
            if end:
                end(r="unk", attempts=["GIVEN_UP"])


def produce(world):
    """By turns to every partition, at a rate and with a bounded number under way."""
    options = world.options
    producer = world.client.Producer(options)
    sends = Sends(world, world.history.open(options.who, world.client.TITLE), producer)
    begun = 0
    since = time.monotonic()
    while not world.is_over() and not (options.records and begun >= options.records):
        due = int((time.monotonic() - since) * options.rate) - begun if options.rate else options.window
        room = min(due, options.window - len(sends.open))
        if options.records:
            room = min(room, options.records - begun)
        for _ in range(room):
            sends.prepare(options.topics[begun % len(options.topics)], options.first_value + begun)
            begun += 1
        sends.send_prepared()
        producer.tend(TICK_SECONDS)
    from_ = time.monotonic()
    limit = options.delivery_timeout_ms / 1000 + SETTLE_GRACE_SECONDS
    while sends.open and time.monotonic() - from_ < (15 if world.is_hurried else limit):
        producer.tend(TICK_SECONDS)
    end = world.history.begin(sends.author, "close")
    try:
        producer.close(SETTLE_GRACE_SECONDS / 2)
    except world.client.ERRORS as error:
        world.history.moment(sends.author, "note", text=repr(error))
    if world.is_hurried:
        sends.give_up()
    end()


def consume(world):
    options = world.options
    if options.drain or options.assign:
        member.alone(world)
    else:
        member.Member(world, options.who).live(None, False)


def copy(world):
    copier.copy(world, Sends)


def churn(world):
    failures = []
    options = world.options

    def lives(index):
        try:
            world.pause(random.random() * options.stay_most_ms / 1000)
            while not world.is_over():
                stay = random.uniform(options.stay_ms, options.stay_most_ms) / 1000
                is_to_die = options.death_one_in > 0 and random.randrange(options.death_one_in) == 0
                member.Member(world, "%s-%d" % (options.who, index)).live(stay, is_to_die)
                world.count("members")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=lives, args=(index,), daemon=True) for index in range(world.options.members)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)
    if failures:
        raise failures[0]


def partitions(text):
    return [(name, index) for name, count in (each.split(":") for each in text.split(",")) for index in range(int(count))]


def truth(text):
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def parse(args):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("role", choices=["produce", "consume", "copy", "churn"])
    for name in ("bootstrap-servers", "run", "who", "history"):
        parser.add_argument("--" + name, required=True)
    numbers = {
        "first-op": 0,
        "first-value": 0,
        "records": 0,
        "value-bytes": 200,
        "in-flight": 5,
        "delivery-timeout-ms": 120_000,
        "request-timeout-ms": 30_000,
        "linger-ms": 5,
        "window": 200,
        "session-timeout-ms": 6000,
        "abort-one-in": 32,
        "batch": 100,
        "members": 5,
        "max-poll-records": 500,
        "death-one-in": 3,
    }
    for name, otherwise in numbers.items():
        parser.add_argument("--" + name, type=int, default=otherwise)
    for name, otherwise in {"seconds": 0, "rate": 0, "handle-ms": 0, "handle-most-ms": 0, "stay-ms": 200, "stay-most-ms": 5000}.items():
        parser.add_argument("--" + name, type=float, default=otherwise)
    for name in ("topics", "from", "to"):
        parser.add_argument("--" + name, type=partitions, default=[], dest=name + "_" if name == "from" else name)
    for name in ("stop-on", "group", "transactional-id"):
        parser.add_argument("--" + name, default="")
    parser.add_argument("--idempotence", type=truth, default=True)
    for name in ("keys", "assign", "handed", "ignore-revocations", "drain"):
        parser.add_argument("--" + name, type=truth, nargs="?", const=True, default=False)
    parser.add_argument("--acks", choices=["all", "1", "0"], default="all")
    parser.add_argument("--compression", choices=["none", "gzip", "snappy", "lz4", "zstd"], default="none")
    parser.add_argument("--isolation", choices=["read_committed", "read_uncommitted"], default="read_committed")
    parser.add_argument("--commit", choices=["auto", "manual", "each", "none"], default="manual")
    options = parser.parse_args(args)
    needs = ["from_", "to", "group", "transactional_id"] if options.role == "copy" else ["topics"]
    if options.role == "churn" or (options.role == "consume" and not options.assign and not options.drain):
        needs.append("group")
    for name in needs:
        if not getattr(options, name):
            parser.error("%s needs --%s" % (options.role, name.strip("_").replace("_", "-")))
    return options


def main(client):
    world = World(client, parse(sys.argv[1:]))

    def end(code):
        world.history.close()
        summary = {"client": client.TITLE, "role": world.options.role, "exit": code, **world.counts}
        print(json.dumps(summary), flush=True)
        # Some clients leave threads behind; the role is over.
        os._exit(code)

    def crash(text):
        who = world.options.who
        world.history.moment(member.Author(who, who), "crash", text=text)
        end(1)

    def on_signal(_number, _frame):
        world.is_stopped = world.is_hurried = True
        timer = threading.Timer(LAST_SECONDS, crash, ("not over %d s after the signal" % LAST_SECONDS,))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    roles = {"produce": produce, "consume": consume, "copy": copy, "churn": churn}
    try:
        roles[world.options.role](world)
    except BaseException as error:
        traceback.print_exc()
        crash(repr(error))
    end(0)
