#!/usr/bin/env bash
# A partition takes any first sequence of a producer, and an old epoch where it has not seen the new one.
#
# Expected: an idempotent producer's batches begin with sequence 0, and a broker refuses a first batch that does not; once
# a producer has a new epoch, its old one is refused.
# Seen with Apache Kafka 4.3.1: where a partition knows nothing of a producer, the first batch sets the sequence, whatever
# it is, in an empty log and under a raised epoch too. So when the first of two batches under way is refused for a moment,
# the second is stored, and the first then gets OUT_OF_ORDER_SEQUENCE_NUMBER for ever: until one batch of a partition is
# acknowledged, only one may be under way. And epochs are kept by each partition for itself: the old one is refused only
# where the new one has been.
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

cat >Sequences.java <<'JAVA'
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.*;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Single requests to the broker, in the classes of Kafka's own client. */
public final class Sequences {
    static final String TOPIC = "sequences";
    static DataInputStream in;
    static DataOutputStream out;
    static int number;

    static AbstractResponse ask(AbstractRequest request) throws Exception {
        RequestHeader header = new RequestHeader(request.apiKey(), request.version(), "finding", ++number);
        ByteBuffer bytes = request.serializeWithHeader(header);
        out.writeInt(bytes.remaining());
        out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        byte[] answer = new byte[in.readInt()];
        in.readFully(answer);
        return AbstractResponse.parseResponse(ByteBuffer.wrap(answer), header);
    }

    static long producerId() throws Exception {
        while (true) {
            var data = new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(60_000);
            var answer = (InitProducerIdResponse) ask(new InitProducerIdRequest.Builder(data).build((short) 5));
            if (answer.error() == Errors.NONE) return answer.data().producerId();
            Thread.sleep(100);
        }
    }

    static void produce(int partition, long producer, int epoch, int sequence, String value) throws Exception {
        var record = new SimpleRecord(System.currentTimeMillis(), null, value.getBytes());
        var records = MemoryRecords.withIdempotentRecords(Compression.NONE, producer, (short) epoch, sequence, record);
        var data = new ProduceRequestData.PartitionProduceData().setIndex(partition).setRecords(records);
        var topic = new ProduceRequestData.TopicProduceData().setName(TOPIC).setPartitionData(List.of(data));
        var topics = new ProduceRequestData.TopicProduceDataCollection(List.of(topic).iterator());
        var all = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(5_000).setTopicData(topics);
        var answer = (ProduceResponse) ask(ProduceRequest.builder(all).build((short) 12));
        var told = answer.data().responses().iterator().next().partitionResponses().get(0);
        System.out.printf("partition %d, epoch %d, sequence %d: %s, offset %d%n",
            partition, epoch, sequence, Errors.forCode(told.errorCode()), told.baseOffset());
    }

    public static void main(String[] args) throws Exception {
        Map<String, Object> common = Map.of("bootstrap.servers", "127.0.0.1:" + args[0]);
        try (Admin admin = Admin.create(common)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 3, (short) 1))).all().get();
        }
        try (Socket socket = new Socket("127.0.0.1", Integer.parseInt(args[0]))) {
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
            long producer = producerId();
            // The second of two batches comes first.
            produce(0, producer, 0, 1, "second");
            produce(0, producer, 0, 0, "first");
            produce(0, producer, 0, 2, "third");
            // A new epoch is held to 0 where the producer is known, and to nothing where it is not.
            produce(0, producer, 1, 1, "gap");
            produce(1, producer, 1, 7, "elsewhere");
            // Of the new epoch only the partitions know that have seen it.
            produce(2, producer, 0, 5, "old epoch, another partition");
            produce(1, producer, 0, 8, "old epoch, the same partition");
        }
    }
}
JAVA
java -XX:TieredStopAtLevel=1 -cp 'libs/*' Sequences.java "$broker" 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
partition 0, epoch 0, sequence 1: NONE, offset 0
partition 0, epoch 0, sequence 0: OUT_OF_ORDER_SEQUENCE_NUMBER, offset -1
partition 0, epoch 0, sequence 2: NONE, offset 1
partition 0, epoch 1, sequence 1: OUT_OF_ORDER_SEQUENCE_NUMBER, offset -1
partition 1, epoch 1, sequence 7: NONE, offset 0
partition 2, epoch 0, sequence 5: NONE, offset 0
partition 1, epoch 0, sequence 8: INVALID_PRODUCER_EPOCH, offset -1
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
