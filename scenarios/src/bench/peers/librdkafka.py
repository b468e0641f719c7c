"""librdkafka, through confluent-kafka, as a peer of the bench: does one order, and prints what it cost."""

import json
import platform
import sys
import time

import confluent_kafka


def main():
    order = json.loads(sys.argv[1])
    run = consume if order["workload"].startswith("consume") else produce
    cpu, wall = run(order)
    print(
        json.dumps(
            {
                "cpuNs": cpu,
                "wallNs": wall,
                "client": "confluent-kafka %s (librdkafka %s)"
                % (confluent_kafka.__version__, confluent_kafka.libversion()[0]),
                "runtime": "Python " + platform.python_version(),
            }
        )
    )


def clock():
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    return lambda: (time.process_time_ns() - cpu, time.perf_counter_ns() - wall)


def produce(order):
    size = order["valueSize"]
    with open(order["valuesFile"], "rb") as file:
        everything = file.read()
    values = [everything[at : at + size] for at in range(0, len(everything), size)]
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": order["bootstrapServers"],
            "acks": "all",
            "enable.idempotence": order["idempotence"],
            "linger.ms": order["lingerMs"],
            "batch.size": order["batchSize"],
            "compression.type": "none",
            "max.in.flight": 5,
        }
    )
    delivered = 0
    failures = []

    def on_delivery(error, _message):
        nonlocal delivered
        delivered += 1
        if error is not None:
            failures.append(error)

    def send(count):
        """Without a window as fast as the queue takes them, else so many at a time."""
        nonlocal delivered
        delivered = 0
        window = order["window"] if order["workload"] == "produce-awaited" else count
        for index in range(count):
            while index - delivered >= window:
                producer.poll(0.1)
            while True:
                try:
                    producer.produce(order["topic"], values[index % len(values)], on_delivery=on_delivery)
                    break
                except BufferError:
                    producer.poll(0.1)
            if index % 1000 == 0:
                producer.poll(0)
        producer.flush()
        if failures or delivered != count:
            raise SystemExit("%d of %d were delivered, %s" % (delivered, count, failures[:1]))

    send(order["warmMessages"])
    spent = clock()
    send(order["messages"])
    return spent()


def consume(order):
    read(order, order["warmTopic"], order["warmMessages"]).close()
    spent = clock()
    consumer = read(order, order["topic"], order["messages"])
    cost = spent()
    consumer.close()
    return cost


def read(order, topic, count):
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": order["bootstrapServers"],
            "group.id": order["group"] + "-" + topic,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "check.crcs": True,
            "fetch.min.bytes": order["fetchMinBytes"],
            "fetch.wait.max.ms": order["fetchMaxWaitMs"],
            "fetch.max.bytes": order["fetchMaxBytes"],
            "max.partition.fetch.bytes": order["partitionBytes"],
        }
    )
    consumer.subscribe([topic])
    seen = 0
    while seen < count:
        for message in consumer.consume(1000, 1.0):
            if message.error():
                raise SystemExit(str(message.error()))
            if len(message.value()) != order["valueSize"]:
                raise SystemExit("a value has %d bytes" % len(message.value()))
            seen += 1
    if seen != count:
        raise SystemExit("%d records were read, not %d" % (seen, count))
    return consumer


main()
