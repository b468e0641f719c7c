#!/usr/bin/env bash
# A topic that was deleted and made anew inside a transaction begins with the marker of that transaction.
#
# Expected: a transaction that wrote to a topic which is gone cannot be committed, or its marker is dropped with the topic:
# they have different ids.
# Seen with Apache Kafka 4.3.1: the commit succeeds, although its record is gone, and the marker is written to the topic of
# the same name. That ends at 1 and holds no record: a reader that waits for the record before the end waits for ever, and
# the offset of its first record is not 0.
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

cat >Recreated.java <<'JAVA'
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Recreated {
    static final TopicPartition PARTITION = new TopicPartition("orders", 0);

    public static void main(String[] args) throws Exception {
        String servers = "127.0.0.1:" + args[0];
        Map<String, Object> settings = Map.of("bootstrap.servers", servers, "transactional.id", "shop");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers));
                var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            create(admin);
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(PARTITION.topic(), 0, null, "order")).get();
            admin.deleteTopics(List.of(PARTITION.topic())).all().get();
            while (admin.listTopics().names().get().contains(PARTITION.topic())) Thread.sleep(100);
            create(admin);
            System.out.println("the topic that was made anew ends at " + end(admin));
            producer.commitTransaction();
            System.out.println("commitTransaction returned");
            for (int n = 0; n < 100 && end(admin) == 0; n++) Thread.sleep(100);
            System.out.println("it ends at " + end(admin) + ", and nobody has sent it anything");
        }
    }

    static void create(Admin admin) throws Exception {
        admin.createTopics(List.of(new NewTopic(PARTITION.topic(), 1, (short) 1))).all().get();
        Thread.sleep(1_000);
    }

    static long end(Admin admin) throws Exception {
        return admin.listOffsets(Map.of(PARTITION, OffsetSpec.latest())).all().get().get(PARTITION).offset();
    }
}
JAVA
java -XX:TieredStopAtLevel=1 -cp 'libs/*' Recreated.java "$broker" 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
the topic that was made anew ends at 0
commitTransaction returned
it ends at 1, and nobody has sent it anything
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
