import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.AppInfoParser;

/** Java's client as a driver: one role, one history. See drivers.ts for the command line. */
public final class Driver {
    static final String TITLE = "Java " + AppInfoParser.getVersion();
    /** After a signal and this long it ends, whatever its client does. Milliseconds. */
    private static final long LAST_MS = 29_000;
    static final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();
    static volatile boolean isStopped;
    static volatile boolean isHurried;
    static History history;
    private static final Map<String, String> given = new HashMap<>();
    private static long deadline = Long.MAX_VALUE;

    private Driver() {}

    public static void main(String[] args) throws Exception {
        try {
            parse(args);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            System.exit(2);
        }
        history = new History(option("history", ""), number("first-op", 0));
        if (number("seconds", 0) > 0) deadline = System.nanoTime() + number("seconds", 0) * 1_000_000_000L;
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            isHurried = true;
            isStopped = true;
            try {
                main.join(LAST_MS);
                String who = option("who", "");
                history.moment(new History.Author(who, who), "crash", History.map("text", "not over " + LAST_MS + " ms after the signal"));
            } catch (InterruptedException ignored) {
                Thread.currentThread().interrupt();
            }
            history.close();
        }));
        int code = 0;
        try {
            switch (args[0]) {
                case "produce" -> Produce.run();
                case "consume" -> Consume.run();
                case "copy" -> Copy.run();
                default -> Consume.churn();
            }
        } catch (Throwable error) {
            code = 1;
            history.moment(new History.Author(option("who", ""), option("who", "")), "crash", History.map("text", error.toString()));
            error.printStackTrace();
        }
        history.close();
        Map<String, Object> summary = History.map("client", TITLE, "role", args[0], "exit", code);
        summary.putAll(counts);
        StringBuilder line = new StringBuilder();
        History.json(summary, line);
        System.out.println(line);
        System.out.flush();
        // Within a shutdown by signal the exit code is the runtime's 143 otherwise.
        Runtime.getRuntime().halt(code);
    }

    private static void parse(String[] args) {
        Set<String> roles = Set.of("produce", "consume", "copy", "churn");
        if (args.length == 0 || !roles.contains(args[0])) throw new IllegalArgumentException("the role must be one of produce, consume, copy, churn");
        for (int at = 1; at < args.length; at++) {
            if (!args[at].startsWith("--")) throw new IllegalArgumentException("unknown argument " + args[at]);
            boolean isSwitch = at + 1 == args.length || args[at + 1].startsWith("--");
            given.put(args[at].substring(2), isSwitch ? "true" : args[++at]);
        }
        boolean isConsume = args[0].equals("consume") && !flag("assign") && !flag("drain");
        List<String> needed = new ArrayList<>(List.of("bootstrap-servers", "run", "who", "history"));
        needed.addAll(args[0].equals("copy") ? List.of("from", "to", "group", "transactional-id") : List.of("topics"));
        if (isConsume || args[0].equals("churn")) needed.add("group");
        for (String name : needed) {
            if (!given.containsKey(name)) throw new IllegalArgumentException(args[0] + " needs --" + name);
        }
    }

    static String option(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    static long number(String name, long otherwise) {
        return Long.parseLong(option(name, String.valueOf(otherwise)));
    }

    static boolean flag(String name) {
        return option(name, "false").equals("true");
    }

    static List<TopicPartition> partitions(String name) {
        List<TopicPartition> found = new ArrayList<>();
        for (String topic : option(name, "").split(",")) {
            String[] parts = topic.split(":");
            for (int index = 0; index < Integer.parseInt(parts[1]); index++) found.add(new TopicPartition(parts[0], index));
        }
        return found;
    }

    static boolean isOver() {
        return isStopped || System.nanoTime() > deadline || (given.containsKey("stop-on") && Files.exists(Path.of(option("stop-on", ""))));
    }

    static void count(String what, long times) {
        counts.computeIfAbsent(what, name -> new AtomicLong()).addAndGet(times);
    }

    /** Waits, but not much longer than until it is asked to stop. */
    static void pause(long ms) throws InterruptedException {
        long end = System.nanoTime() + ms * 1_000_000;
        while (!isOver() && System.nanoTime() < end) Thread.sleep(Math.min(50, Math.max(1, (end - System.nanoTime()) / 1_000_000)));
    }

    static Properties common() {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", option("bootstrap-servers", ""));
        settings.put("client.id", option("who", ""));
        settings.put("request.timeout.ms", option("request-timeout-ms", "30000"));
        return settings;
    }

    /** Kafka's name of an error; the exception's where it has none. */
    static String codeOf(Throwable error) {
        Errors known = Errors.forException(error);
        boolean isKnown = known != Errors.UNKNOWN_SERVER_ERROR || error.getClass().getSimpleName().equals("UnknownServerException");
        return isKnown ? known.name() : error.getClass().getSimpleName();
    }
}
