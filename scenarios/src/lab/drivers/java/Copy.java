import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * One incarnation of a copier: reads as a member of a group and writes what it read in transactions, in which the
 * offsets go too. After what its client cannot mend it is over, and the next one's `init` cleans up.
 */
final class Copy implements ConsumerRebalanceListener {
    private static long nextValue = Driver.number("first-value", 0);
    private final List<TopicPartition> targets = Driver.partitions("to");
    private final String tid = Driver.option("transactional-id", "");
    private final String group = Driver.option("group", "");
    private final History.Author author = Driver.history.open(Driver.option("who", ""), Driver.TITLE);
    private final Consume.Polls polls = new Consume.Polls(author, group);
    private final KafkaProducer<String, String> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Produce.Sends sends;
    private long transactions;

    private Copy() {
        Properties settings = Produce.settings();
        settings.put("transactional.id", tid);
        producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        settings = Consume.settings();
        settings.put("enable.auto.commit", "false");
        settings.put("max.poll.records", Driver.option("batch", "100"));
        consumer = Consume.open(settings);
        sends = new Produce.Sends(producer, author);
    }

    static void run() throws InterruptedException {
        while (!Driver.isOver()) {
            Copy copy = new Copy();
            try {
                copy.live();
            } catch (RuntimeException error) {
                Driver.history.moment(copy.author, "note", History.map("text", error.toString()));
            }
            History.Call close = Driver.history.begin(copy.author, "close", Map.of());
            try {
                copy.consumer.close(CloseOptions.timeout(Duration.ofSeconds(10)));
                copy.producer.close(Duration.ofSeconds(10));
            } catch (RuntimeException error) {
                Driver.history.moment(copy.author, "note", History.map("text", error.toString()));
            }
            copy.sends.giveUp();
            Driver.history.end(close, Map.of());
            Driver.pause(1000);
        }
    }

    private void live() throws InterruptedException {
        step("init", "", Map.of(), producer::initTransactions);
        consumer.subscribe(Driver.partitions("from").stream().map(TopicPartition::topic).distinct().toList(), this);
        while (!Driver.isOver()) {
            String txn = author.inc() + "/" + transactions++;
            step("begin", txn, Map.of(), producer::beginTransaction);
            ConsumerRecords<byte[], byte[]> records = ConsumerRecords.empty();
            while (!Driver.isOver() && records.isEmpty()) records = polls.poll(consumer, txn, false);
            transaction(txn, records);
        }
    }

    private void transaction(String txn, ConsumerRecords<byte[], byte[]> records) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        Map<TopicPartition, Long> first = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            TopicPartition tp = new TopicPartition(record.topic(), record.partition());
            first.putIfAbsent(tp, record.offset());
            offsets.put(tp, new OffsetAndMetadata(record.offset() + 1));
            sends.prepare(targets.get(record.partition() % targets.size()), nextValue++, txn, tp + "@" + record.offset());
        }
        int failed = sends.failed.get();
        sends.sendPrepared();
        boolean isGood = !records.isEmpty();
        try {
            producer.flush();
            isGood &= sends.failed.get() == failed && transactions % Math.max(1, Driver.number("abort-one-in", 32)) != 0;
            if (isGood) {
                Map<String, Long> offs = new LinkedHashMap<>();
                offsets.forEach((tp, offset) -> offs.put(tp.toString(), offset.offset()));
                step("offsets", txn, History.map("offs", offs, "group", group),
                    () -> producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata()));
            }
        } catch (RuntimeException error) {
            Driver.history.moment(author, "note", History.map("text", error.toString()));
            isGood = false;
        }
        if (isGood) {
            step("commit", txn, Map.of(), producer::commitTransaction);
            Driver.count("committed", 1);
            return;
        }
        step("abort", txn, Map.of(), producer::abortTransaction);
        if (records.isEmpty()) return;
        Driver.count("aborted", 1);
        first.keySet().retainAll(consumer.assignment());
        Driver.history.moment(author, "seek", History.map("offs", Consume.byName(first)));
        first.forEach((tp, offset) -> {
            polls.next.put(tp, offset);
            consumer.seek(tp, offset);
        });
    }

    private void step(String step, String txn, Map<String, ?> more, Runnable call) {
        Map<String, Object> named = History.map("step", step, "tid", tid, "txn", txn);
        Map<String, Object> begun = new LinkedHashMap<>(named);
        begun.putAll(more);
        History.Call line = Driver.history.begin(author, "txn", begun);
        try {
            call.run();
            named.put("r", "ok");
        } catch (RuntimeException error) {
            named.put("r", "unk");
            named.put("code", Driver.codeOf(error));
            throw error;
        } finally {
            Driver.history.end(line, named);
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        for (TopicPartition tp : partitions) polls.next.remove(tp);
        rebalance("assigned", partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        rebalance("revoked", partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        rebalance("lost", partitions);
    }

    private void rebalance(String kind, Collection<TopicPartition> partitions) {
        Map<String, Object> event = History.map("kind", kind, "group", group, "tps", Consume.names(partitions), "gen", Member.generation(consumer));
        Driver.history.end(Driver.history.begin(author, "reb", event), event);
    }
}
