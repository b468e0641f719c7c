import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/** Writes the history as JSON lines, in the order of time, and knows how a record names itself. */
final class History {
    private static final int FLUSH_MS = 200;
    private static final int FLUSH_SIZE = 1 << 16;
    private final FileOutputStream file;
    private final StringBuilder waiting = new StringBuilder();
    private long nextOp;
    private boolean isOpen = true;

    /** Who did something, and as which of its clients. */
    record Author(String who, String inc) {}

    /** A call that has begun. */
    record Call(long op, Author author, String f) {}

    History(String path, long firstOp) throws IOException {
        file = new FileOutputStream(path, true);
        nextOp = firstOp;
        Thread flusher = new Thread(() -> {
            while (true) {
                try {
                    Thread.sleep(FLUSH_MS);
                } catch (InterruptedException interrupted) {
                    return;
                }
                flush();
            }
        }, "history");
        flusher.setDaemon(true);
        flusher.start();
    }

    synchronized Author open(String who, String text) {
        Author author = new Author(who, who + "#" + nextOp);
        write('b', nextOp++, author, "open", map("text", text));
        return author;
    }

    synchronized void moment(Author author, String f, Map<String, ?> more) {
        write('b', nextOp++, author, f, more);
    }

    synchronized Call begin(Author author, String f, Map<String, ?> more) {
        Call call = new Call(nextOp++, author, f);
        write('b', call.op, author, f, more);
        return call;
    }

    synchronized void end(Call call, Map<String, ?> more) {
        write('e', call.op, call.author, call.f, more);
    }

    synchronized void flush() {
        if (!isOpen || waiting.length() == 0) return;
        try {
            file.write(waiting.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new IllegalStateException("the history cannot be written", error);
        }
        waiting.setLength(0);
    }

    synchronized void close() {
        flush();
        isOpen = false;
    }

    private void write(char ph, long op, Author author, String f, Map<String, ?> more) {
        if (!isOpen) return;
        waiting.append("{\"t\":").append(System.nanoTime()).append(",\"op\":").append(op);
        waiting.append(",\"ph\":\"").append(ph).append("\",\"who\":");
        json(author.who, waiting);
        waiting.append(",\"inc\":");
        json(author.inc, waiting);
        waiting.append(",\"f\":");
        json(f, waiting);
        more.forEach((key, value) -> {
            waiting.append(',');
            json(key, waiting);
            waiting.append(':');
            json(value, waiting);
        });
        waiting.append("}\n");
        if (waiting.length() > FLUSH_SIZE) flush();
    }

    /** Keys and values by turns; a key whose value is null is left out. */
    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> made = new LinkedHashMap<>();
        for (int at = 0; at < pairs.length; at += 2) {
            if (pairs[at + 1] != null) made.put((String) pairs[at], pairs[at + 1]);
        }
        return made;
    }

    static void json(Object value, StringBuilder out) {
        if (value instanceof Map<?, ?> object) {
            String before = "{";
            for (Map.Entry<?, ?> entry : object.entrySet()) {
                out.append(before);
                json(entry.getKey(), out);
                out.append(':');
                json(entry.getValue(), out);
                before = ",";
            }
            out.append(object.isEmpty() ? "{}" : "}");
        } else if (value instanceof Iterable<?> list) {
            String before = "[";
            boolean isEmpty = true;
            for (Object each : list) {
                out.append(before);
                json(each, out);
                before = ",";
                isEmpty = false;
            }
            out.append(isEmpty ? "[]" : "]");
        } else if (value instanceof String text) {
            out.append('"');
            for (char each : text.toCharArray()) {
                if (each == '"' || each == '\\') out.append('\\').append(each);
                else if (each < ' ' || Character.isSurrogate(each)) out.append(String.format("\\u%04x", (int) each));
                else out.append(each);
            }
            out.append('"');
        } else {
            out.append(value);
        }
    }

    static String recordText(String run, String inc, long seq, String txn, String tp, long v, int bytes) {
        String named = run + "|" + inc + "|" + seq + "|" + txn + "|" + tp + "|" + v;
        StringBuilder text = new StringBuilder(named).append('|').append(checksum(named)).append('|');
        while (text.length() < bytes) text.append('.');
        return text.toString();
    }

    /** The number of a record, -1 if it has none, and 1 when its form and checksum hold. */
    static long[] readRecordText(byte[] value) {
        String[] parts = (value == null ? "" : new String(value, StandardCharsets.UTF_8)).split("\\|", -1);
        boolean isNumbered = parts.length > 5 && parts[5].matches("0|[1-9][0-9]{0,17}");
        long v = isNumbered ? Long.parseLong(parts[5]) : -1;
        boolean isWhole = isNumbered && parts.length == 8 && !parts[0].isEmpty() && !parts[1].isEmpty()
            && parts[2].matches("0|[1-9][0-9]*") && parts[4].matches("[a-zA-Z0-9._-]+-[0-9]+")
            && parts[7].matches("\\.*")
            && parts[6].equals(checksum(String.join("|", java.util.Arrays.copyOf(parts, 6))));
        return new long[] {v, isWhole ? 1 : 0};
    }

    private static String checksum(String named) {
        CRC32 crc = new CRC32();
        crc.update(named.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
