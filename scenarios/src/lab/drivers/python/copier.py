"""Reads as a member of a group and writes what it read in transactions, in which the offsets go too."""

from member import Polls


def copy(world, sends_class):
    values = {"next": world.options.first_value}
    while not world.is_over():
        copier = Copier(world, sends_class, values)
        try:
            copier.live()
        except world.client.ERRORS as error:
            world.history.moment(copier.author, "note", text=repr(error))
        copier.close()
        world.pause(1)


class Copier:
    """One incarnation. After what its client cannot mend it is over, and the next one's `init` cleans up."""

    def __init__(self, world, sends_class, values):
        options = world.options
        self.author = world.history.open(options.who, world.client.TITLE)
        self._world = world
        self._options = options
        self._values = values
        self._transactions = 0
        self._owned = set()
        self._polls = Polls(world, self.author, options.group)
        self._producer = world.client.Producer(options, options.transactional_id)
        self._consumer = world.client.Consumer(options, options.group, self, may_auto_commit=False)
        self._sends = sends_class(world, self.author, self._producer)

    def live(self):
        world, options = self._world, self._options
        self._step("init", "", self._producer.init)
        self._consumer.subscribe(sorted({topic for topic, _ in options.from_}))
        while not world.is_over():
            txn = "%s/%d" % (self.author.inc, self._transactions)
            self._transactions += 1
            self._step("begin", txn, self._producer.begin)
            records = []
            while not world.is_over() and not records:
                records = self._polls.poll(self._consumer, options.batch, txn=txn)
            self._transaction(txn, records)

    def _transaction(self, txn, records):
        world, options = self._world, self._options
        first, offsets = {}, {}
        for tp, off, _ in records:
            first.setdefault(tp, off)
            offsets[tp] = off + 1
            target = options.to[tp[1] % len(options.to)]
            self._sends.prepare(target, self._values["next"], txn, "%s-%d@%d" % (*tp, off))
            self._values["next"] += 1
        failed = self._sends.failed
        self._sends.send_prepared()
        is_good = bool(records)
        try:
            self._producer.flush(options.delivery_timeout_ms / 1000)
            is_good = is_good and not self._sends.open and self._sends.failed == failed
            is_good = is_good and self._transactions % max(1, options.abort_one_in) != 0
            if is_good:
                offs = {"%s-%d" % tp: off for tp, off in offsets.items()}
                self._step(
                    "offsets",
                    txn,
                    lambda: self._producer.send_offsets(offsets, self._consumer),
                    offs=offs,
                    group=options.group,
                )
        except world.client.ERRORS as error:
            world.history.moment(self.author, "note", text=repr(error))
            is_good = False
        if is_good:
            self._step("commit", txn, self._producer.commit)
            world.count("committed")
            return
        self._step("abort", txn, self._producer.abort)
        if not records:
            return
        world.count("aborted")
        back = {tp: off for tp, off in first.items() if tp in self._owned}
        world.history.moment(self.author, "seek", offs={"%s-%d" % tp: off for tp, off in back.items()})
        self._polls.next.update(back)
        self._consumer.seek(back)

    def _step(self, step, txn, call, **more):
        named = {"step": step, "tid": self._options.transactional_id, "txn": txn}
        end = self._world.history.begin(self.author, "txn", **named, **more)
        try:
            call()
            end(**named, r="ok")
        except BaseException as error:
            end(**named, r="unk", code=self._world.client.code_of(error))
            raise

    def close(self):
        end = self._world.history.begin(self.author, "close")
        for each in (lambda: self._consumer.close(), lambda: self._producer.close(10)):
            try:
                each()
            except self._world.client.ERRORS as error:
                self._world.history.moment(self.author, "note", text=repr(error))
        self._sends.give_up()
        end()

    def assigned(self, tps):
        for tp in tps:
            self._owned.add(tp)
            self._polls.next.pop(tp, None)
        self._rebalance("assigned", tps)

    def revoked(self, tps, may_commit=True):
        self._owned.difference_update(tps)
        self._rebalance("revoked", tps)

    def lost(self, tps):
        self._owned.difference_update(tps)
        self._rebalance("lost", tps)

    def _rebalance(self, kind, tps):
        names = ["%s-%d" % tp for tp in tps]
        event = {"kind": kind, "group": self._options.group, "tps": names, "gen": self._consumer.generation()}
        self._world.history.begin(self.author, "reb", **event)(**event)
