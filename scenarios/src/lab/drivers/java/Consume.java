import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads: as a member of a group, on its own, or everything up to the ends. */
final class Consume {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long DRAIN_PATIENCE_NS = 60_000_000_000L;

    private Consume() {}

    static Properties settings() {
        Properties settings = Driver.common();
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", String.valueOf(Driver.option("commit", "manual").equals("auto")));
        settings.put("isolation.level", isolation());
        settings.put("session.timeout.ms", Driver.option("session-timeout-ms", "6000"));
        settings.put("heartbeat.interval.ms", String.valueOf(Math.min(3000, Driver.number("session-timeout-ms", 6000) / 3)));
        settings.put("max.poll.records", Driver.option("max-poll-records", "500"));
        if (Driver.option("group", "").isEmpty()) settings.put("enable.auto.commit", "false");
        else settings.put("group.id", Driver.option("group", ""));
        return settings;
    }

    static KafkaConsumer<byte[], byte[]> open(Properties settings) {
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static String isolation() {
        return Driver.option("isolation", "read_committed");
    }

    static void run() throws InterruptedException {
        if (Driver.flag("drain") || Driver.flag("assign")) alone(Driver.flag("drain"));
        else new Member(Driver.option("who", "")).live(Long.MAX_VALUE, false);
    }

    static void churn() throws InterruptedException {
        List<Thread> lives = new ArrayList<>();
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int index = 0; index < Driver.number("members", 5); index++) {
            String who = Driver.option("who", "") + "-" + index;
            Thread life = new Thread(() -> {
                Random random = new Random();
                try {
                    int stay = (int) Driver.number("stay-ms", 200), most = (int) Driver.number("stay-most-ms", 5000);
                    int deathOneIn = (int) Driver.number("death-one-in", 3);
                    Driver.pause(random.nextInt(most));
                    while (!Driver.isOver()) {
                        boolean isToDie = deathOneIn > 0 && random.nextInt(deathOneIn) == 0;
                        new Member(who).live(stay + random.nextInt(most - stay + 1), isToDie);
                        Driver.count("members", 1);
                    }
                } catch (Throwable error) {
                    failures.add(error);
                }
            });
            life.start();
            lives.add(life);
        }
        for (Thread life : lives) life.join();
        if (!failures.isEmpty()) throw new IllegalStateException(failures.get(0));
    }

    private static void alone(boolean isDrain) throws InterruptedException {
        KafkaConsumer<byte[], byte[]> consumer = open(settings());
        List<TopicPartition> partitions = Driver.partitions("topics");
        History.Author author = Driver.history.open(Driver.option("who", ""), Driver.TITLE);
        Map<TopicPartition, Long> ends = isDrain ? askEnds(consumer, author, partitions) : Map.of();
        Driver.history.moment(author, "assign", History.map("tps", names(partitions)));
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Polls polls = new Polls(author, null);
        for (TopicPartition tp : partitions) polls.next.put(tp, 0L);
        long progress = System.nanoTime();
        boolean isWhole = false;
        while (!Driver.isOver() && !isWhole) {
            ConsumerRecords<byte[], byte[]> records = polls.poll(consumer, null, isDrain);
            if (!records.nextOffsets().isEmpty()) progress = System.nanoTime();
            if (isDrain) isWhole = partitions.stream().allMatch(tp -> position(consumer, tp) >= ends.get(tp));
            if (isDrain && System.nanoTime() - progress > DRAIN_PATIENCE_NS) break;
        }
        if (isWhole) Driver.history.moment(author, "drain", History.map("iso", isolation(), "offs", byName(ends)));
        close(consumer, author, CloseOptions.timeout(Duration.ofSeconds(15)));
        if (isDrain && !isWhole) throw new IllegalStateException("the drain did not come to " + ends);
    }

    private static long position(KafkaConsumer<byte[], byte[]> consumer, TopicPartition tp) {
        try {
            return consumer.position(tp, Duration.ofSeconds(5));
        } catch (RuntimeException error) {
            return -1;
        }
    }

    private static Map<TopicPartition, Long> askEnds(KafkaConsumer<byte[], byte[]> consumer, History.Author author, List<TopicPartition> partitions) throws InterruptedException {
        while (true) {
            History.Call call = Driver.history.begin(author, "ends", History.map("iso", isolation()));
            try {
                Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
                Driver.history.end(call, History.map("r", "ok", "offs", byName(ends)));
                return ends;
            } catch (RuntimeException error) {
                Driver.history.end(call, History.map("r", "fail", "offs", Map.of(), "code", Driver.codeOf(error)));
                if (Driver.isOver()) throw error;
                Driver.pause(500);
            }
        }
    }

    static void close(KafkaConsumer<byte[], byte[]> consumer, History.Author author, CloseOptions options) {
        History.Call close = Driver.history.begin(author, "close", Map.of());
        try {
            consumer.close(options);
        } catch (RuntimeException error) {
            Driver.history.moment(author, "note", History.map("text", error.toString()));
        }
        Driver.history.end(close, Map.of());
    }

    static List<String> names(Collection<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::toString).collect(Collectors.toList());
    }

    static Map<String, Long> byName(Map<TopicPartition, Long> offsets) {
        Map<String, Long> named = new LinkedHashMap<>();
        offsets.forEach((tp, offset) -> named.put(tp.toString(), offset));
        return named;
    }

    /** The polls of one incarnation, with their lines. */
    static final class Polls {
        final Map<TopicPartition, Long> next = new HashMap<>();
        private final History.Author author;
        private final String group;

        Polls(History.Author author, String group) {
            this.author = author;
            this.group = group;
        }

        ConsumerRecords<byte[], byte[]> poll(KafkaConsumer<byte[], byte[]> consumer, String txn, boolean isDrain) throws InterruptedException {
            History.Call call = Driver.history.begin(author, "poll",
                History.map("iso", isolation(), "group", group, "txn", txn, "drain", isDrain ? Boolean.TRUE : null));
            ConsumerRecords<byte[], byte[]> records = ConsumerRecords.empty();
            RuntimeException failure = null;
            try {
                records = consumer.poll(POLL);
            } catch (RuntimeException error) {
                failure = error;
            }
            Map<String, Object> found = new LinkedHashMap<>(), positions = new LinkedHashMap<>();
            for (TopicPartition tp : records.partitions()) {
                List<Long> flat = new ArrayList<>();
                for (ConsumerRecord<byte[], byte[]> record : records.records(tp)) {
                    long[] read = History.readRecordText(record.value());
                    flat.addAll(List.of(record.offset(), read[0], read[1]));
                }
                found.put(tp.toString(), flat);
            }
            for (Map.Entry<TopicPartition, OffsetAndMetadata> entry : records.nextOffsets().entrySet()) {
                TopicPartition tp = entry.getKey();
                List<ConsumerRecord<byte[], byte[]>> list = records.records(tp);
                // A client does not tell where it begins; the first record of an assignment shows it.
                Long before = next.containsKey(tp) ? next.get(tp) : list.isEmpty() ? null : (Long) list.get(0).offset();
                next.put(tp, entry.getValue().offset());
                if (before != null) positions.put(tp.toString(), List.of(before, entry.getValue().offset()));
            }
            Driver.count("read", records.count());
            Driver.history.end(call, History.map("recs", found, "pos", positions, "code", failure == null ? null : Driver.codeOf(failure)));
            if (failure != null) Driver.pause(200);
            return records;
        }
    }
}
