#!/usr/bin/env bash
# commitTransaction succeeds for a transaction that an operator has aborted, and nothing is kept.
#
# Expected: `kafka-transactions abort` refuses a transaction that is under way and not hanging, or the producer's commit
# fails, so that it knows.
# Seen with Apache Kafka 4.3.1 (tool, broker and Java client): the tool says 0, the commit returns without an error, and a
# read_committed reader gets none of the records. The producer's next transaction works as if nothing had been.
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

cat >Abort.java <<'JAVA'
import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Abort {
    static final TopicPartition PARTITION = new TopicPartition("orders", 0);
    static String servers;

    public static void main(String[] args) throws Exception {
        servers = "127.0.0.1:" + args[0];
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.createTopics(List.of(new NewTopic(PARTITION.topic(), 1, (short) 1))).all().get();
        }
        Map<String, Object> settings = Map.of("bootstrap.servers", servers, "transactional.id", "shop");
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int n = 0; n < 3; n++) producer.send(new ProducerRecord<>(PARTITION.topic(), 0, null, "order " + n)).get();
            System.out.println("kafka-transactions abort ended with " + abort());
            producer.commitTransaction();
            System.out.println("commitTransaction returned");
            System.out.println("records that a read_committed reader gets: " + read());
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(PARTITION.topic(), 0, null, "another order")).get();
            producer.commitTransaction();
            System.out.println("and of the producer's next transaction: " + read());
        }
    }

    /** Kafka's own tool, for a transaction that is under way and not hanging. */
    static int abort() throws Exception {
        String[] command = {"java", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
            "org.apache.kafka.tools.TransactionsCommand", "--bootstrap-server", servers,
            "abort", "--topic", PARTITION.topic(), "--partition", "0", "--start-offset", "0"};
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(new File("tool.log")).start().waitFor();
    }

    static int read() {
        Map<String, Object> settings = Map.of("bootstrap.servers", servers, "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long end = consumer.endOffsets(List.of(PARTITION)).get(PARTITION);
            int count = 0;
            while (consumer.position(PARTITION) < end) count += consumer.poll(Duration.ofMillis(200)).count();
            return count;
        }
    }
}
JAVA
java -XX:TieredStopAtLevel=1 -cp 'libs/*' Abort.java "$broker" 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
kafka-transactions abort ended with 0
commitTransaction returned
records that a read_committed reader gets: 0
and of the producer's next transaction: 1
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
