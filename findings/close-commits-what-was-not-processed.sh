#!/usr/bin/env bash
# Leaving the loop at a record and closing the consumer commits that record, with some clients the ones behind it too.
#
# Expected: a consumer that is closed in the middle of what it was given commits what lies before the record in hand, so
# that nothing is passed over by the next one.
# Seen on Apache Kafka 4.3.1 with five records, auto commit at its default, and a loop that is left at record 2: Java's
# client 4.3.1 commits 5 (records 3 and 4 are never processed by anybody, and the same consumer's next poll skips them
# too), with max.poll.records=1 it commits 3; kafka-python 3.0.12 commits 3 in a `for` loop and 5 after `poll`;
# confluent-kafka 2.16.1 commits 3. In all of them record 2, whose handler failed, is taken as processed.
[ -n "${BOUNDED:-}" ] || BOUNDED=1 exec timeout -k 10 300 "$0" "$@"
set -euo pipefail
home=$(mktemp -d)
pids=()
finish() {
  for pid in ${pids[@]+"${pids[@]}"}; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$home"
}
trap finish EXIT
trap 'exit 1' TERM INT
cd "$home"

# Apache Kafka 4.3.1 from Maven, one node on loopback.
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.3.1</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>4.3.1</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.24.3</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs >mvn.log 2>&1 || { cat mvn.log; exit 1; }
port() {
  local found
  while found=$((RANDOM % 20000 + 10000)) && (exec 3<>"/dev/tcp/127.0.0.1/$found") 2>/dev/null; do :; done
  echo "$found"
}
broker=$(port)
controller=$(port)
cat >node.properties <<NODE
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$broker,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$broker
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$home/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
NODE
java -XX:TieredStopAtLevel=1 -cp 'libs/*' kafka.tools.StorageTool format -t c2Ftc2EtZmluZGluZ3MtMQ -c node.properties >format.log
java -Xmx512m -cp 'libs/*' kafka.Kafka node.properties >kafka.log 2>&1 &
pids+=($!)
disown
for _ in {1..120}; do
  (exec 3<>"/dev/tcp/127.0.0.1/$broker") 2>/dev/null && break
  sleep 0.5
done

python3 -m venv venv
venv/bin/pip -q install kafka-python==3.0.12 confluent-kafka==2.16.1 >pip.log 2>&1 || { cat pip.log; exit 1; }
cat >Hand.java <<'JAVA'
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Hand {
    static String servers;

    public static void main(String[] args) throws Exception {
        servers = "127.0.0.1:" + args[0];
        Map<String, Object> common = Map.of("bootstrap.servers", servers);
        try (Admin admin = Admin.create(common);
                var producer = new KafkaProducer<>(common, new StringSerializer(), new StringSerializer())) {
            admin.createTopics(List.of(new NewTopic("orders", 1, (short) 1))).all().get();
            for (int n = 0; n < 5; n++) producer.send(new ProducerRecord<>("orders", 0, null, "order " + n)).get();
            for (int most : new int[] {500, 1}) {
                String group = "java-" + most;
                consume(group, most);
                var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
                System.out.printf("java, max.poll.records %d: committed %d%n", most, offsets.values().iterator().next().offset());
            }
        }
        System.exit(0);
    }

    static void consume(String group, int most) {
        Map<String, Object> settings = Map.of("bootstrap.servers", servers, "group.id", group,
            "auto.offset.reset", "earliest", "max.poll.records", most);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("orders"));
            while (true)
                for (var record : consumer.poll(Duration.ofMillis(200))) if (record.offset() == 2) return;
        }
    }
}
JAVA
cat >hand.py <<'PYTHON'
import sys

import confluent_kafka
from kafka import KafkaConsumer, TopicPartition

servers = "127.0.0.1:" + sys.argv[1]


def told(what, group):
    reader = KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    print("%s: committed %s" % (what, reader.committed(TopicPartition("orders", 0))), flush=True)
    reader.close()


def opened(group):
    return KafkaConsumer("orders", bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest")


consumer = opened("kafka-python-for")
for message in consumer:
    if message.offset == 2:
        break
consumer.close()
told("kafka-python, for", "kafka-python-for")

consumer = opened("kafka-python-poll")
while not consumer.poll(timeout_ms=500):
    pass
# Left at its third record.
consumer.close()
told("kafka-python, poll", "kafka-python-poll")

settings = {"bootstrap.servers": servers, "group.id": "confluent", "auto.offset.reset": "earliest"}
consumer = confluent_kafka.Consumer(settings)
consumer.subscribe(["orders"])
while True:
    message = consumer.poll(0.5)
    if message and not message.error() and message.offset() == 2:
        break
consumer.close()
told("confluent-kafka", "confluent")
PYTHON
{
  java -XX:TieredStopAtLevel=1 -cp 'libs/*' Hand.java "$broker"
  venv/bin/python hand.py "$broker"
} 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
java, max.poll.records 500: committed 5
java, max.poll.records 1: committed 3
kafka-python, for: committed 3
kafka-python, poll: committed 5
confluent-kafka: committed 3
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
