import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends records by turns to every partition, at a rate and with a bounded number under way. */
final class Produce {
    /** Refusals that the same bytes get each time: earlier attempts, which are not told, cannot have stored them either. */
    private static final Set<String> CERTAIN = Set.of(
        "MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP", "INVALID_REQUIRED_ACKS",
        "INVALID_TOPIC_EXCEPTION", "UNSUPPORTED_FOR_MESSAGE_FORMAT", "UNSUPPORTED_COMPRESSION_TYPE");
    private static final long TICK_MS = 5;
    private static final long SETTLE_GRACE_MS = 15_000;

    private Produce() {}

    static Properties settings() {
        Properties settings = Driver.common();
        settings.put("acks", Driver.option("acks", "all"));
        settings.put("enable.idempotence", String.valueOf(Driver.option("idempotence", "true").equals("true") && Driver.option("acks", "all").equals("all")));
        settings.put("max.in.flight.requests.per.connection", Driver.option("in-flight", "5"));
        settings.put("delivery.timeout.ms", Driver.option("delivery-timeout-ms", "120000"));
        settings.put("linger.ms", Driver.option("linger-ms", "5"));
        settings.put("compression.type", Driver.option("compression", "none"));
        return settings;
    }

    static void run() throws InterruptedException {
        KafkaProducer<String, String> producer = new KafkaProducer<>(settings(), new StringSerializer(), new StringSerializer());
        Sends sends = new Sends(producer, Driver.history.open(Driver.option("who", ""), Driver.TITLE));
        List<TopicPartition> partitions = Driver.partitions("topics");
        long rate = Driver.number("rate", 0), window = Driver.number("window", 200), records = Driver.number("records", 0);
        long most = records > 0 ? records : Long.MAX_VALUE, since = System.nanoTime(), begun = 0;
        while (!Driver.isOver() && begun < most) {
            long due = rate > 0 ? (System.nanoTime() - since) * rate / 1_000_000_000L - begun : window;
            long room = Math.min(Math.min(due, window - sends.open.size()), most - begun);
            for (long index = 0; index < room; index++) {
                sends.prepare(partitions.get((int) (begun % partitions.size())), Driver.number("first-value", 0) + begun, "", null);
                begun++;
            }
            sends.sendPrepared();
            Thread.sleep(TICK_MS);
        }
        long limit = Driver.number("delivery-timeout-ms", 120_000) + SETTLE_GRACE_MS, from = System.nanoTime();
        while (!sends.open.isEmpty() && (System.nanoTime() - from) / 1_000_000 < (Driver.isHurried ? 15_000 : limit)) Thread.sleep(TICK_MS);
        History.Call close = Driver.history.begin(sends.author, "close", Map.of());
        producer.close(Duration.ofMillis(SETTLE_GRACE_MS / 2));
        if (Driver.isHurried) sends.giveUp();
        Driver.history.end(close, Map.of());
    }

    /** The sends of one incarnation. */
    static final class Sends {
        final History.Author author;
        final Map<Long, History.Call> open = new ConcurrentHashMap<>();
        final AtomicInteger failed = new AtomicInteger();
        private final KafkaProducer<String, String> producer;
        private final Map<TopicPartition, Long> sequences = new HashMap<>();
        private final Map<Long, ProducerRecord<String, String>> prepared = new java.util.LinkedHashMap<>();

        Sends(KafkaProducer<String, String> producer, History.Author author) {
            this.producer = producer;
            this.author = author;
        }

        void prepare(TopicPartition tp, long v, String txn, String src) {
            long seq = sequences.merge(tp, 1L, Long::sum) - 1;
            open.put(v, Driver.history.begin(author, "send",
                History.map("tp", tp.toString(), "v", v, "txn", txn.isEmpty() ? null : txn, "src", src)));
            String text = History.recordText(Driver.option("run", ""), author.inc(), seq, txn, tp.toString(), v, (int) Driver.number("value-bytes", 200));
            prepared.put(v, new ProducerRecord<>(tp.topic(), tp.partition(), Driver.flag("keys") ? String.valueOf(v) : null, text));
        }

        void sendPrepared() {
            if (prepared.isEmpty()) return;
            // A record that is found in the log must have a begin, even when this process is killed in the next moment.
            Driver.history.flush();
            for (Map.Entry<Long, ProducerRecord<String, String>> entry : prepared.entrySet()) send(entry.getKey(), entry.getValue());
            prepared.clear();
        }

        private void send(long v, ProducerRecord<String, String> record) {
            Thread caller = Thread.currentThread();
            try {
                // What is refused before it is queued is told within the call, on the caller's thread.
                producer.send(record, (metadata, error) -> settle(v, metadata, error, Thread.currentThread() == caller));
            } catch (RuntimeException error) {
                if (open.containsKey(v)) settle(v, null, error, true);
            }
        }

        private void settle(long v, RecordMetadata metadata, Exception error, boolean isUnsent) {
            History.Call call = open.remove(v);
            Map<String, Object> ended;
            if (error == null) ended = History.map("r", "ok", "off", metadata.hasOffset() ? metadata.offset() : null);
            else if (isUnsent) ended = History.map("r", "fail", "attempts", List.of("NOT_SENT"));
            else if (CERTAIN.contains(Driver.codeOf(error))) ended = History.map("r", "fail", "attempts", List.of(Driver.codeOf(error)));
            else ended = History.map("r", "unk", "attempts", List.of("NOT_TOLD", Driver.codeOf(error)));
            if (error != null) failed.incrementAndGet();
            Driver.count((String) ended.get("r"), 1);
            if (call != null) Driver.history.end(call, ended);
            else Driver.history.moment(author, "note", History.map("text", v + " was settled again"));
        }

        void giveUp() {
            for (Long v : List.copyOf(open.keySet())) {
                History.Call call = open.remove(v);
                if (call != null) Driver.history.end(call, History.map("r", "unk", "attempts", List.of("GIVEN_UP")));
            }
        }
    }
}
