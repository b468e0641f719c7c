#!/usr/bin/env bash
# A commit is taken while the group rebalances, and refused just when the rebalance is nearly over.
#
# Expected: a member whose heartbeat says REBALANCE_IN_PROGRESS can commit no more; and a member that has joined the new
# generation can.
# Seen with Apache Kafka 4.3.1, classic groups: while members are asked to join again, the commit of one that has not is
# taken (NONE), though its heartbeat says REBALANCE_IN_PROGRESS. When all have joined and the leader has not yet shared
# out, heartbeats say NONE, and a commit in the new generation gets REBALANCE_IN_PROGRESS. So a consumer does its last
# commits before it joins, not after.
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

cat >Rebalance.java <<'JAVA'
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.*;

/** A member of a classic group, request by request, in the classes of Kafka's own client. */
public final class Rebalance {
    static final String GROUP = "orders";
    final DataInputStream in;
    final DataOutputStream out;
    String member = "";
    int generation;

    Rebalance(int port) throws Exception {
        Socket socket = new Socket("127.0.0.1", port);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    AbstractResponse ask(AbstractRequest request) throws Exception {
        tell(request);
        return hear(request);
    }

    void tell(AbstractRequest request) throws Exception {
        ByteBuffer bytes = request.serializeWithHeader(header(request));
        out.writeInt(bytes.remaining());
        out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    }

    AbstractResponse hear(AbstractRequest request) throws Exception {
        byte[] answer = new byte[in.readInt()];
        in.readFully(answer);
        return AbstractResponse.parseResponse(ByteBuffer.wrap(answer), header(request));
    }

    static RequestHeader header(AbstractRequest request) {
        return new RequestHeader(request.apiKey(), request.version(), "finding", 1);
    }

    AbstractRequest join() {
        var protocols = new JoinGroupRequestData.JoinGroupRequestProtocolCollection();
        protocols.add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("range").setMetadata(new byte[] {0, 0, 0, 0, 0, 0, -1, -1, -1, -1}));
        var data = new JoinGroupRequestData().setGroupId(GROUP).setMemberId(member).setProtocolType("consumer")
            .setProtocols(protocols).setSessionTimeoutMs(30_000).setRebalanceTimeoutMs(30_000);
        return new JoinGroupRequest.Builder(data).build((short) 9);
    }

    /** Until the coordinator is there and has given a name. */
    void name() throws Exception {
        while (member.isEmpty()) {
            member = ((JoinGroupResponse) ask(join())).data().memberId();
            Thread.sleep(100);
        }
    }

    void joined(AbstractResponse answer) {
        generation = ((JoinGroupResponse) answer).data().generationId();
    }

    void sync() throws Exception {
        var data = new SyncGroupRequestData().setGroupId(GROUP).setMemberId(member).setGenerationId(generation)
            .setProtocolType("consumer").setProtocolName("range");
        ask(new SyncGroupRequest.Builder(data).build((short) 5));
    }

    String heartbeat() throws Exception {
        var data = new HeartbeatRequestData().setGroupId(GROUP).setMemberId(member).setGenerationId(generation);
        return ((HeartbeatResponse) ask(new HeartbeatRequest.Builder(data).build((short) 4))).error().name();
    }

    String commit() throws Exception {
        var partition = new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(1);
        var topic = new OffsetCommitRequestData.OffsetCommitRequestTopic().setName("orders").setPartitions(List.of(partition));
        var data = new OffsetCommitRequestData().setGroupId(GROUP).setMemberId(member).setGenerationIdOrMemberEpoch(generation)
            .setTopics(List.of(topic));
        var answer = (OffsetCommitResponse) ask(OffsetCommitRequest.Builder.forTopicNames(data).build((short) 8));
        return Errors.forCode(answer.data().topics().get(0).partitions().get(0).errorCode()).name();
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + port))) {
            admin.createTopics(List.of(new NewTopic("orders", 1, (short) 1))).all().get();
            // Asking for the coordinator makes the topic that it keeps offsets in.
            admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata().get();
        }
        Rebalance first = new Rebalance(port), second = new Rebalance(port);
        first.name();
        first.joined(first.ask(first.join()));
        System.out.println("has joined, has not synced: heartbeat " + first.heartbeat() + ", commit " + first.commit());
        first.sync();
        System.out.println("has synced: heartbeat " + first.heartbeat() + ", commit " + first.commit());
        second.name();
        AbstractRequest joining = second.join();
        second.tell(joining);
        Thread.sleep(1_000);
        System.out.println("another one joins: heartbeat " + first.heartbeat() + ", commit " + first.commit());
        int old = first.generation;
        first.joined(first.ask(first.join()));
        second.joined(second.hear(joining));
        System.out.println("both have joined, nobody has synced: heartbeat " + first.heartbeat() + ", commit " + first.commit());
        first.generation = old;
        System.out.println("the same with the generation before: heartbeat " + first.heartbeat() + ", commit " + first.commit());
        System.exit(0);
    }
}
JAVA
java -XX:TieredStopAtLevel=1 -cp 'libs/*' Rebalance.java "$broker" 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
has joined, has not synced: heartbeat NONE, commit REBALANCE_IN_PROGRESS
has synced: heartbeat NONE, commit NONE
another one joins: heartbeat REBALANCE_IN_PROGRESS, commit NONE
both have joined, nobody has synced: heartbeat NONE, commit REBALANCE_IN_PROGRESS
the same with the generation before: heartbeat ILLEGAL_GENERATION, commit ILLEGAL_GENERATION
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
