"""librdkafka, through confluent-kafka, as a driver."""

import struct
import sys

import confluent_kafka
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

import driver

TITLE = "confluent-kafka %s (librdkafka %s)" % (confluent_kafka.__version__, confluent_kafka.libversion()[0])
# A closed consumer says so by a RuntimeError, as it says that it is not assigned.
ERRORS = (KafkaException, RuntimeError)
# Names of librdkafka's that are not Kafka's.
NAMES = {
    "MSG_SIZE_TOO_LARGE": "MESSAGE_TOO_LARGE",
    "TOPIC_EXCEPTION": "INVALID_TOPIC_EXCEPTION",
    "NOT_LEADER_FOR_PARTITION": "NOT_LEADER_OR_FOLLOWER",
    "INVALID_MSG": "CORRUPT_MESSAGE",
    "UNKNOWN_TOPIC_OR_PART": "UNKNOWN_TOPIC_OR_PARTITION",
}


def code_of(error):
    if isinstance(error, KafkaException):
        error = error.args[0]
    if isinstance(error, KafkaError):
        return NAMES.get(error.name(), error.name())
    return type(error).__name__


def common(options):
    return {
        "bootstrap.servers": options.bootstrap_servers,
        "client.id": options.who,
        "socket.timeout.ms": max(10, options.request_timeout_ms),
        "log_level": 2,
    }


class Producer:
    def __init__(self, options, transactional_id=None):
        settings = {
            **common(options),
            "acks": options.acks,
            "enable.idempotence": options.idempotence and options.acks == "all",
            "max.in.flight": options.in_flight,
            "delivery.timeout.ms": options.delivery_timeout_ms,
            "request.timeout.ms": options.request_timeout_ms,
            "linger.ms": options.linger_ms,
            "compression.type": options.compression,
        }
        if transactional_id:
            settings["transactional.id"] = transactional_id
            settings["transaction.timeout.ms"] = min(60_000, options.delivery_timeout_ms)
            settings["delivery.timeout.ms"] = min(60_000, options.delivery_timeout_ms)
        self._producer = confluent_kafka.Producer(settings)

    def send(self, topic, partition, key, value, settle):
        def delivered(error, message):
            if error is None:
                off = message.offset()
                settle(off=off if off is not None and off >= 0 else None)
            else:
                settle(code=code_of(error))

        while True:
            try:
                self._producer.produce(topic, value, key, partition=partition, on_delivery=delivered)
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                # What `produce` itself refuses was never queued.
                return settle(code=code_of(error), is_unsent=True)

    def tend(self, seconds):
        self._producer.poll(seconds)

    def flush(self, seconds):
        self._producer.flush(seconds)

    def close(self, seconds):
        self._producer.flush(seconds)

    def init(self):
        self._producer.init_transactions(60)

    def begin(self):
        self._producer.begin_transaction()

    def send_offsets(self, offsets, consumer):
        self._producer.send_offsets_to_transaction(partitions(offsets), consumer.metadata(), 60)

    def commit(self):
        self._producer.commit_transaction(60)

    def abort(self):
        self._producer.abort_transaction(60)


def partitions(offsets):
    return [TopicPartition(*tp, off) for tp, off in offsets.items()]


class Consumer:
    def __init__(self, options, group, listener, may_auto_commit=True):
        self._options = options
        self._listener = listener
        self._positions = {}
        self._consumer = confluent_kafka.Consumer(
            {
                **common(options),
                "group.id": group or "none of %s" % options.who,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": bool(group) and may_auto_commit and options.commit == "auto",
                "isolation.level": options.isolation,
                "session.timeout.ms": options.session_timeout_ms,
                "heartbeat.interval.ms": min(3000, options.session_timeout_ms // 3),
                # Members that die are hung, and are to be put out soon.
                "max.poll.interval.ms": max(options.session_timeout_ms, 6000) if options.role == "churn" and options.death_one_in else 300_000,
                "enable.partition.eof": group is None,
                "check.crcs": True,
            }
        )

    def subscribe(self, topics):
        names = lambda tps: [(each.topic, each.partition) for each in tps]
        self._consumer.subscribe(
            topics,
            on_assign=lambda _, tps: self._listener.assigned(names(tps)),
            on_revoke=lambda _, tps: self._listener.revoked(names(tps)),
            on_lost=lambda _, tps: self._listener.lost(names(tps)),
        )

    def assign(self, tps):
        self._consumer.assign([TopicPartition(*tp, 0) for tp in tps])

    def poll(self, seconds, most):
        found = []
        failure = None
        # It waits for as many as are asked for: first for one, then for what is there already.
        messages = self._consumer.consume(1, seconds)
        if messages and most > 1:
            messages += self._consumer.consume(most - 1, 0)
        for message in messages:
            tp, error = (message.topic(), message.partition()), message.error()
            if error is None:
                found.append((tp, message.offset(), message.value()))
                self._positions[tp] = message.offset() + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                self._positions[tp] = message.offset()
            else:
                failure = KafkaException(error)
        # A failure is told when there is nothing else, so that no record is lost over it.
        if failure and not found:
            raise failure
        return found

    def positions(self, _tps):
        return dict(self._positions)

    def ends(self, tps):
        admin = AdminClient(common(self._options))
        level = IsolationLevel.READ_COMMITTED
        if self._options.isolation == "read_uncommitted":
            level = IsolationLevel.READ_UNCOMMITTED
        wanted = {TopicPartition(*tp): OffsetSpec.latest() for tp in tps}
        futures = admin.list_offsets(wanted, isolation_level=level, request_timeout=30)
        return {(tp.topic, tp.partition): future.result().offset for tp, future in futures.items()}

    def commit(self, offsets):
        for each in self._consumer.commit(offsets=partitions(offsets), asynchronous=False):
            if each.error:
                raise KafkaException(each.error)

    def seek(self, offsets):
        for each in partitions(offsets):
            self._consumer.seek(each)

    def metadata(self):
        return self._consumer.consumer_group_metadata()

    def generation(self):
        """The second field of what librdkafka makes of its membership; -1 when there is none."""
        try:
            text = self.metadata()
        except Exception:
            return -1
        if not isinstance(text, bytes) or not text.startswith(b"CGMDv2:"):
            return -1
        return struct.unpack_from("=i", text, 7)[0]

    def close(self):
        self._consumer.close()


driver.main(sys.modules[__name__])
