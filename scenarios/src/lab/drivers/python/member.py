"""Reads: as a member of a group, on its own, or everything up to the ends."""

import random
import threading
import time

from history import Author, read_record_text

__all__ = ["Author", "Member", "alone", "Polls"]

POLL_SECONDS = 0.5
DRAIN_PATIENCE_SECONDS = 60


class Polls:
    """The polls of one incarnation, with their lines."""

    def __init__(self, world, author, group=None):
        self.next = {}
        self._world = world
        self._author = author
        self._group = group

    def poll(self, consumer, most, txn=None, drain=None):
        world = self._world
        end = world.history.begin(
            self._author, "poll", iso=world.options.isolation, group=self._group, txn=txn, drain=drain
        )
        records, failure = [], None
        try:
            records = consumer.poll(POLL_SECONDS, most)
        except world.client.ERRORS as error:
            failure = error
        recs, pos = {}, {}
        for tp, off, value in records:
            name = "%s-%d" % tp
            recs.setdefault(name, []).extend((off, *read_record_text(value)))
            # A client does not tell where it begins; the first record of an assignment shows it.
            before = pos[name][0] if name in pos else self.next.get(tp, off)
            pos[name] = [before, off + 1]
            self.next[tp] = off + 1
        world.count("read", len(records))
        end(recs=recs, pos=pos, code=None if failure is None else world.client.code_of(failure))
        if failure is not None:
            world.pause(0.2)
        return records


class Member:
    """One member of the group for as long as its client lives: writes down what it is told, and processes what it reads."""

    def __init__(self, world, who):
        self._world = world
        self._options = world.options
        self._author = world.history.open(who, world.client.TITLE)
        self._polls = Polls(world, self._author, world.options.group)
        self._owned = set()
        # Offsets behind what was processed and is not committed.
        self._done = {}
        self._lock = threading.RLock()
        self._is_dead = False
        self._consumer = world.client.Consumer(world.options, world.options.group, self)

    def live(self, seconds, is_to_die):
        options, world = self._options, self._world
        self._consumer.subscribe(sorted({topic for topic, _ in options.topics}))
        end = time.monotonic() + (seconds or 1e9)
        held = []
        while not world.is_over() and time.monotonic() < end:
            records = self._polls.poll(self._consumer, options.max_poll_records)
            # The positive control handles what was read one poll later, whatever was revoked meanwhile.
            self._handle(held if options.ignore_revocations else records, end)
            held = records
            if options.commit == "manual":
                with self._lock:
                    offsets = dict(self._done)
                self._commit(offsets)
        if is_to_die and not world.is_over():
            # It cannot be taken out of the world: it is hung instead, until the group gives it up.
            world.history.moment(self._author, "crash", text="on purpose: it asks for nothing any more")
            self._is_dead = True
            threading.Thread(target=self._bury, daemon=True).start()
            return
        done = world.history.begin(self._author, "close")
        try:
            self._consumer.close()
        except world.client.ERRORS as error:
            world.history.moment(self._author, "note", text=repr(error))
        done()

    def _bury(self):
        self._world.pause(self._options.session_timeout_ms / 1000 + 2)
        try:
            self._consumer.close()
        except Exception:
            pass

    def _handle(self, records, end):
        options = self._options
        for tp, off, _ in records:
            if self._world.is_stopped or time.monotonic() > end:
                return
            # A good handler looks whether the partition is still its own; the positive control does not.
            if tp not in self._owned and not options.ignore_revocations:
                continue
            done = None
            if options.handed:
                done = self._world.history.begin(self._author, "handed", tp="%s-%d" % tp, off=off)
            takes_ms = random.uniform(options.handle_ms, max(options.handle_ms, options.handle_most_ms))
            if takes_ms:
                time.sleep(takes_ms / 1000)
            if done:
                done()
            with self._lock:
                if tp in self._owned:
                    self._done[tp] = off + 1
                offsets = dict(self._done)
            if options.commit == "each":
                self._commit(offsets)

    def _commit(self, offsets):
        if not offsets:
            return
        with self._lock:
            for tp in offsets:
                self._done.pop(tp, None)
        offs = {"%s-%d" % tp: off for tp, off in offsets.items()}
        end = self._world.history.begin(self._author, "commit", group=self._options.group, offs=offs)
        try:
            self._consumer.commit(offsets)
            self._world.count("commits")
            end(r="ok")
        except self._world.client.ERRORS as error:
            # What earlier attempts of the call did is not told.
            end(r="unk", code=self._world.client.code_of(error))

    def assigned(self, tps):
        with self._lock:
            for tp in tps:
                self._owned.add(tp)
                self._polls.next.pop(tp, None)
                self._done.pop(tp, None)
        self._rebalance("assigned", tps)

    def revoked(self, tps, may_commit=True):
        with self._lock:
            last = {tp: off for tp, off in self._done.items() if tp in tps}
            self._owned.difference_update(tps)
        self._rebalance("revoked", tps, last if may_commit and self._options.commit == "manual" else None)
        self._forget(tps)

    def lost(self, tps):
        with self._lock:
            self._owned.difference_update(tps)
        self._rebalance("lost", tps)
        self._forget(tps)

    def _forget(self, tps):
        with self._lock:
            for tp in tps:
                self._done.pop(tp, None)

    def _rebalance(self, kind, tps, last=None):
        if self._is_dead:
            return
        self._world.count(kind)
        names = ["%s-%d" % tp for tp in tps]
        event = {"kind": kind, "group": self._options.group, "tps": names, "gen": self._consumer.generation()}
        end = self._world.history.begin(self._author, "reb", **event)
        if last:
            self._commit(last)
        end(**event)


def alone(world):
    options = world.options
    consumer = world.client.Consumer(options, None, None)
    author = world.history.open(options.who, world.client.TITLE)
    ends = ask_ends(world, consumer, author) if options.drain else {}
    world.history.moment(author, "assign", tps=["%s-%d" % tp for tp in options.topics])
    consumer.assign(options.topics)
    polls = Polls(world, author)
    polls.next.update((tp, 0) for tp in options.topics)
    positions, is_whole, progress = {}, False, time.monotonic()
    while not world.is_over() and not is_whole:
        polls.poll(consumer, 500, drain=options.drain or None)
        if not options.drain:
            continue
        now = consumer.positions(options.topics)
        if now != positions:
            positions, progress = now, time.monotonic()
        is_whole = all(positions.get(tp, -1) >= end for tp, end in ends.items())
        if time.monotonic() - progress > DRAIN_PATIENCE_SECONDS:
            break
    if is_whole:
        world.history.moment(author, "drain", iso=options.isolation, offs={"%s-%d" % tp: end for tp, end in ends.items()})
    done = world.history.begin(author, "close")
    consumer.close()
    done()
    if options.drain and not is_whole:
        raise RuntimeError("the drain stands at %s of %s" % (positions, ends))


def ask_ends(world, consumer, author):
    while True:
        end = world.history.begin(author, "ends", iso=world.options.isolation)
        try:
            ends = consumer.ends(world.options.topics)
            end(r="ok", offs={"%s-%d" % tp: off for tp, off in ends.items()})
            return ends
        except world.client.ERRORS as error:
            end(r="fail", offs={}, code=world.client.code_of(error))
            if world.is_over():
                raise
            world.pause(0.5)
