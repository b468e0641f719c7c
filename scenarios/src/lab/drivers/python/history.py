"""The history of one process as JSON lines, in the order of time, and how a record names itself."""

import json
import re
import threading
import time
import zlib

FLUSH_SECONDS = 0.2
FLUSH_LINES = 500


class Author:
    """Who did something, and as which of its clients."""

    def __init__(self, who, inc):
        self.who = who
        self.inc = inc


class History:
    def __init__(self, path, first_op):
        self._file = open(path, "a", encoding="utf-8")
        self._lock = threading.RLock()
        self._waiting = []
        self._next_op = first_op
        self._is_open = True
        threading.Thread(target=self._flush_for_ever, daemon=True).start()

    def open(self, who, text):
        with self._lock:
            author = Author(who, "%s#%d" % (who, self._next_op))
            self.moment(author, "open", text=text)
            return author

    def moment(self, author, f, **more):
        self.begin(author, f, **more)

    def begin(self, author, f, **more):
        """Gives what writes the end."""
        with self._lock:
            op = self._next_op
            self._next_op += 1
            self._write("b", op, author, f, more)
        return lambda **ending: self._write("e", op, author, f, ending)

    def flush(self):
        with self._lock:
            if self._waiting and self._is_open:
                self._file.write("".join(self._waiting))
                self._file.flush()
                self._waiting.clear()

    def close(self):
        with self._lock:
            self.flush()
            self._is_open = False

    def _write(self, ph, op, author, f, more):
        with self._lock:
            line = {"t": time.monotonic_ns(), "op": op, "ph": ph, "who": author.who, "inc": author.inc, "f": f}
            line.update((key, value) for key, value in more.items() if value is not None)
            self._waiting.append(json.dumps(line, separators=(",", ":")) + "\n")
            if len(self._waiting) > FLUSH_LINES:
                self.flush()

    def _flush_for_ever(self):
        while self._is_open:
            time.sleep(FLUSH_SECONDS)
            self.flush()


def record_text(run, inc, seq, txn, tp, v, size):
    named = "%s|%s|%d|%s|%s|%d" % (run, inc, seq, txn, tp, v)
    return ("%s|%08x|" % (named, zlib.crc32(named.encode()))).ljust(size, ".").encode()


RECORD = re.compile(r"([^|]+\|[^|]+\|(?:0|[1-9]\d*)\|[^|]*\|[a-zA-Z0-9._-]+-\d+\|(0|[1-9]\d*))\|([0-9a-f]{8})\|\.*", re.ASCII)
NUMBER = re.compile(r"(?:[^|]*\|){5}(0|[1-9]\d*)(?:\||$)", re.ASCII)


def read_record_text(value):
    """The number of a record, -1 if it has none, and 1 when its form and checksum hold."""
    text = (value or b"").decode("utf-8", "replace")
    whole = RECORD.fullmatch(text)
    if whole:
        return int(whole[2]), int("%08x" % zlib.crc32(whole[1].encode()) == whole[3])
    numbered = NUMBER.match(text)
    return (int(numbered[1]) if numbered else -1), 0
