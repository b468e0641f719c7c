#!/usr/bin/env bash
# A leader that names a nearer replica sends no records with it.
#
# Expected: Fetch's preferredReadReplica (KIP-392) is a hint that comes beside the records, so that a client may take it
# or leave it; and a follower serves only those whom the leader sent.
# Seen with Apache Kafka 4.3.1 and its RackAwareReplicaSelector: the answer that names a replica is empty, every time. A
# client that sends its rack (rackId) and does not follow the hint never reads a record. The follower serves anybody, with
# its rack, with another or without, and names nobody (-1), which takes back nothing.
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

# Apache Kafka 4.3.1 from Maven, two nodes on loopback in the racks a and b.
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.3.1</version></dependency>
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
controller=$(port)
brokers=()
for node in 1 2; do
  brokers+=("$(port)")
  listener=PLAINTEXT://127.0.0.1:${brokers[-1]}
  cat >"node-$node.properties" <<NODE
process.roles=broker$([ "$node" = 1 ] && echo ,controller)
node.id=$node
broker.rack=$([ "$node" = 1 ] && echo a || echo b)
replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector
controller.quorum.voters=1@127.0.0.1:$controller
listeners=$listener$([ "$node" = 1 ] && echo ",CONTROLLER://127.0.0.1:$controller")
advertised.listeners=$listener
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$home/data-$node
log.cleaner.dedupe.buffer.size=4194304
NODE
  java -XX:TieredStopAtLevel=1 -cp 'libs/*' kafka.tools.StorageTool format -t c2Ftc2EtZmluZGluZ3MtMQ -c "node-$node.properties" >format.log
  java -Xmx512m -cp 'libs/*' kafka.Kafka "node-$node.properties" >"kafka-$node.log" 2>&1 &
  pids+=($!)
  disown
done
for broker in "${brokers[@]}"; do
  for _ in {1..120}; do
    (exec 3<>"/dev/tcp/127.0.0.1/$broker") 2>/dev/null && break
    sleep 0.5
  done
done

cat >Near.java <<'JAVA'
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.*;
import org.apache.kafka.common.serialization.StringSerializer;

/** Single fetches, in the classes of Kafka's own client. */
public final class Near {
    static final TopicPartition PARTITION = new TopicPartition("orders", 0);

    public static void main(String[] args) throws Exception {
        String servers = "127.0.0.1:" + args[0];
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            while (admin.describeCluster().nodes().get().size() < 2) Thread.sleep(200);
            // Node 1 leads, node 2 follows.
            admin.createTopics(List.of(new NewTopic(PARTITION.topic(), Map.of(0, List.of(1, 2))))).all().get();
        }
        Map<String, Object> settings = Map.of("bootstrap.servers", servers, "acks", "all");
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (int n = 0; n < 3; n++) producer.send(new ProducerRecord<>(PARTITION.topic(), 0, null, "order " + n)).get();
        }
        // The follower hears of the high watermark with its next fetch.
        Thread.sleep(2_000);
        fetch("the leader, no rack", args[0], "", 0);
        fetch("the leader, rack of the follower", args[0], "b", 0);
        fetch("the leader once more", args[0], "b", 0);
        fetch("the follower, rack of the follower", args[1], "b", 0);
        fetch("the follower, no rack", args[1], "", 0);
        fetch("the follower, rack of the leader", args[1], "a", 0);
        fetch("the leader, beyond the end", args[0], "b", 3);
    }

    static void fetch(String what, String port, String rack, long offset) throws Exception {
        var data = new FetchRequest.PartitionData(Uuid.ZERO_UUID, offset, -1, 1 << 20, Optional.empty());
        var request = FetchRequest.Builder.forConsumer((short) 12, 500, 1, new LinkedHashMap<>(Map.of(PARTITION, data))).rackId(rack).build((short) 12);
        try (Socket socket = new Socket("127.0.0.1", Integer.parseInt(port))) {
            RequestHeader header = new RequestHeader(request.apiKey(), request.version(), "finding", 1);
            ByteBuffer bytes = request.serializeWithHeader(header);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(bytes.remaining());
            out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[in.readInt()];
            in.readFully(answer);
            var told = ((FetchResponse) AbstractResponse.parseResponse(ByteBuffer.wrap(answer), header)).data().responses().get(0).partitions().get(0);
            int count = 0;
            for (var ignored : FetchResponse.recordsOrFail(told).records()) count++;
            System.out.printf("%s, from %d: %s, %d records, preferred replica %d, high watermark %d%n", what, offset,
                Errors.forCode(told.errorCode()), count, told.preferredReadReplica(), told.highWatermark());
        }
    }
}
JAVA
java -XX:TieredStopAtLevel=1 -cp 'libs/*' Near.java "${brokers[0]}" "${brokers[1]}" 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
the leader, no rack, from 0: NONE, 3 records, preferred replica -1, high watermark 3
the leader, rack of the follower, from 0: NONE, 0 records, preferred replica 2, high watermark 3
the leader once more, from 0: NONE, 0 records, preferred replica 2, high watermark 3
the follower, rack of the follower, from 0: NONE, 3 records, preferred replica -1, high watermark 3
the follower, no rack, from 0: NONE, 3 records, preferred replica -1, high watermark 3
the follower, rack of the leader, from 0: NONE, 3 records, preferred replica -1, high watermark 3
the leader, beyond the end, from 3: NONE, 0 records, preferred replica 2, high watermark 3
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
