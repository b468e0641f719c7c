"""kafka-python as a driver."""

import logging
import sys
import time

import kafka
from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import BrokerResponseError, KafkaError
from kafka.structs import OffsetAndMetadata

import driver

TITLE = "kafka-python " + kafka.__version__
ERRORS = (KafkaError, AssertionError, ValueError)
# Of those whose names differ from Kafka's.
CODES = {
    6: "NOT_LEADER_OR_FOLLOWER",
    10: "MESSAGE_TOO_LARGE",
    17: "INVALID_TOPIC_EXCEPTION",
    18: "RECORD_LIST_TOO_LARGE",
    21: "INVALID_REQUIRED_ACKS",
    32: "INVALID_TIMESTAMP",
    43: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    76: "UNSUPPORTED_COMPRESSION_TYPE",
    87: "INVALID_RECORD",
}

logging.disable(logging.CRITICAL)


def code_of(error):
    if isinstance(error, BrokerResponseError):
        return CODES.get(error.errno) or getattr(error, "message", None) or type(error).__name__
    return type(error).__name__


def common(options):
    return {
        "bootstrap_servers": options.bootstrap_servers.split(","),
        "client_id": options.who,
        "request_timeout_ms": options.request_timeout_ms,
    }


class Producer:
    def __init__(self, options, transactional_id=None):
        settings = {
            **common(options),
            "acks": options.acks if options.acks == "all" else int(options.acks),
            "enable_idempotence": options.idempotence and options.acks == "all",
            "max_in_flight_requests_per_connection": options.in_flight,
            "delivery_timeout_ms": options.delivery_timeout_ms,
            "linger_ms": options.linger_ms,
            "compression_type": None if options.compression == "none" else options.compression,
        }
        if transactional_id:
            settings["transactional_id"] = transactional_id
        self._producer = KafkaProducer(**settings)

    def send(self, topic, partition, key, value, settle):
        try:
            future = self._producer.send(topic, value=value, key=key, partition=partition)
        except ERRORS as error:
            # What `send` itself refuses was never queued.
            return settle(code=code_of(error), is_unsent=True)
        future.add_callback(lambda metadata: settle(off=metadata.offset if metadata.offset >= 0 else None))
        future.add_errback(lambda error: settle(code=code_of(error)))

    def tend(self, seconds):
        time.sleep(seconds)

    def flush(self, seconds):
        self._producer.flush(seconds)

    def close(self, seconds):
        self._producer.close(seconds)

    def init(self):
        self._producer.init_transactions()

    def begin(self):
        self._producer.begin_transaction()

    def send_offsets(self, offsets, consumer):
        self._producer.send_offsets_to_transaction(partitions(offsets), consumer.metadata())

    def commit(self):
        self._producer.commit_transaction()

    def abort(self):
        self._producer.abort_transaction()


def partitions(offsets):
    return {TopicPartition(*tp): OffsetAndMetadata(off, "", -1) for tp, off in offsets.items()}


class Listener(ConsumerRebalanceListener):
    """It is called on the loop that must not be held up, so nothing is committed from here."""

    def __init__(self, listener):
        self._listener = listener

    def on_partitions_assigned(self, assigned):
        self._listener.assigned([tuple(tp) for tp in assigned])

    def on_partitions_revoked(self, revoked):
        self._listener.revoked([tuple(tp) for tp in revoked], may_commit=False)

    def on_partitions_lost(self, lost):
        self._listener.lost([tuple(tp) for tp in lost])


class Consumer:
    def __init__(self, options, group, listener, may_auto_commit=True):
        self._listener = listener
        settings = {"session_timeout_ms": options.session_timeout_ms}
        settings["heartbeat_interval_ms"] = min(3000, options.session_timeout_ms // 3)
        # Members that die are hung, and are to be put out soon.
        if options.role == "churn" and options.death_one_in:
            settings["max_poll_interval_ms"] = max(options.session_timeout_ms, 6000)
        self._consumer = KafkaConsumer(
            **common(options),
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=bool(group) and may_auto_commit and options.commit == "auto",
            isolation_level=options.isolation,
            **(settings if group else {}),
        )

    def subscribe(self, topics):
        self._consumer.subscribe(topics, listener=Listener(self._listener))

    def assign(self, tps):
        self._consumer.assign([TopicPartition(*tp) for tp in tps])
        for tp in tps:
            self._consumer.seek(TopicPartition(*tp), 0)

    def poll(self, seconds, most):
        answer = self._consumer.poll(timeout_ms=int(seconds * 1000), max_records=most)
        return [((tp.topic, tp.partition), each.offset, each.value) for tp, list_ in answer.items() for each in list_]

    def positions(self, tps):
        return {tp: self._consumer.position(TopicPartition(*tp)) for tp in tps}

    def ends(self, tps):
        ends = self._consumer.end_offsets([TopicPartition(*tp) for tp in tps])
        return {(tp.topic, tp.partition): off for tp, off in ends.items()}

    def commit(self, offsets):
        self._consumer.commit(partitions(offsets))

    def seek(self, offsets):
        for tp, off in offsets.items():
            self._consumer.seek(TopicPartition(*tp), off)

    def metadata(self):
        return self._consumer.group_metadata()

    def generation(self):
        try:
            return self.metadata().generation_id
        except Exception:
            return -1

    def close(self):
        self._consumer.close(timeout_ms=15_000)


driver.main(sys.modules[__name__])
