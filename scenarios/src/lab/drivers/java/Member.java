import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** One member of the group for as long as its client lives: writes down what it is told, and processes what it reads. */
final class Member implements ConsumerRebalanceListener {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final History.Author author;
    private final Consume.Polls polls;
    private final String group = Driver.option("group", "");
    private final boolean isManual = Driver.option("commit", "manual").equals("manual");
    /** Offsets behind what was processed and is not committed. */
    private final Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
    private boolean isDead;

    Member(String who) {
        author = Driver.history.open(who, Driver.TITLE);
        consumer = Consume.open(Consume.settings());
        polls = new Consume.Polls(author, group);
    }

    void live(long ms, boolean isToDie) throws InterruptedException {
        consumer.subscribe(Driver.partitions("topics").stream().map(TopicPartition::topic).distinct().toList(), this);
        long end = ms == Long.MAX_VALUE ? Long.MAX_VALUE : System.nanoTime() + ms * 1_000_000;
        boolean isLate = Driver.flag("ignore-revocations");
        ConsumerRecords<byte[], byte[]> held = ConsumerRecords.empty();
        while (!Driver.isOver() && System.nanoTime() < end) {
            ConsumerRecords<byte[], byte[]> records = polls.poll(consumer, null, false);
            // The positive control handles what was read one poll later, whatever was revoked meanwhile.
            handle(isLate ? held : records, end);
            held = records;
            if (isManual) commit(Map.copyOf(done));
        }
        if (isToDie && !Driver.isOver()) {
            // Gone without a word: the group keeps its place until the session is over.
            Driver.history.moment(author, "crash", History.map("text", "on purpose"));
            isDead = true;
            consumer.close(CloseOptions.timeout(Duration.ZERO).withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP));
        } else {
            Consume.close(consumer, author, CloseOptions.timeout(Duration.ofSeconds(15)));
        }
    }

    private void handle(ConsumerRecords<byte[], byte[]> records, long end) throws InterruptedException {
        boolean isHanded = Driver.flag("handed");
        long least = Driver.number("handle-ms", 0), most = Math.max(least, Driver.number("handle-most-ms", 0));
        boolean isEach = Driver.option("commit", "manual").equals("each");
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (Driver.isStopped || System.nanoTime() > end) return;
            TopicPartition tp = new TopicPartition(record.topic(), record.partition());
            History.Call call = isHanded ? Driver.history.begin(author, "handed", History.map("tp", tp.toString(), "off", record.offset())) : null;
            if (most > 0) Thread.sleep(ThreadLocalRandom.current().nextLong(least, most + 1));
            if (call != null) Driver.history.end(call, Map.of());
            done.put(tp, new OffsetAndMetadata(record.offset() + 1));
            if (isEach) commit(Map.copyOf(done));
        }
    }

    private void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
        if (offsets.isEmpty()) return;
        done.keySet().removeAll(offsets.keySet());
        Map<String, Long> offs = new HashMap<>();
        offsets.forEach((tp, offset) -> offs.put(tp.toString(), offset.offset()));
        History.Call call = Driver.history.begin(author, "commit", History.map("group", group, "offs", offs));
        try {
            consumer.commitSync(offsets);
            Driver.count("commits", 1);
            Driver.history.end(call, History.map("r", "ok"));
        } catch (RuntimeException error) {
            // What earlier attempts of the call did is not told.
            Driver.history.end(call, History.map("r", "unk", "code", Driver.codeOf(error)));
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        for (TopicPartition tp : partitions) {
            polls.next.remove(tp);
            done.remove(tp);
        }
        rebalance("assigned", partitions, () -> {});
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> last = new HashMap<>(done);
        last.keySet().retainAll(partitions);
        rebalance("revoked", partitions, () -> {
            if (isManual) commit(last);
        });
        done.keySet().removeAll(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        rebalance("lost", partitions, () -> {});
        done.keySet().removeAll(partitions);
    }

    private void rebalance(String kind, Collection<TopicPartition> partitions, Runnable work) {
        if (isDead) return;
        List<String> tps = Consume.names(partitions);
        Map<String, Object> event = History.map("kind", kind, "group", group, "tps", tps, "gen", generation(consumer));
        Driver.count(kind, 1);
        History.Call call = Driver.history.begin(author, "reb", event);
        work.run();
        Driver.history.end(call, event);
    }

    /** -1 when it is in none. */
    static int generation(KafkaConsumer<byte[], byte[]> consumer) {
        try {
            return consumer.groupMetadata().generationId();
        } catch (RuntimeException error) {
            return -1;
        }
    }
}
