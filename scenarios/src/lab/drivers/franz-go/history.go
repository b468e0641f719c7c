package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	flushEvery = 200 * time.Millisecond
	flushSize  = 1 << 16
)

// author is who did something, and as which of its clients.
type author struct{ who, inc string }

// fields of a line beside its stamp, in their order.
type fields []field

type field struct {
	name  string
	value any
}

// history writes JSON lines in the order of time.
type history struct {
	mu      sync.Mutex
	file    *os.File
	waiting []byte
	nextOp  int64
	isOpen  bool
	base    int64
	since   time.Time
}

func openHistory(path string, firstOp int64) (*history, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	h := &history{file: file, nextOp: firstOp, isOpen: true, base: monotonic(), since: time.Now()}
	go func() {
		for range time.Tick(flushEvery) {
			h.flush()
		}
	}()
	return h, nil
}

// monotonic is the machine's monotonic clock in nanoseconds, which Go keeps to itself.
func monotonic() int64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		panic(errno)
	}
	return now.Nano()
}

func (h *history) open(who, text string) author {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := author{who, fmt.Sprintf("%s#%d", who, h.nextOp)}
	h.write('b', h.nextOp, a, "open", fields{{"text", text}})
	h.nextOp++
	return a
}

func (h *history) moment(a author, f string, more ...field) { h.begin(a, f, more...) }

// begin gives what writes the end.
func (h *history) begin(a author, f string, more ...field) func(...field) {
	h.mu.Lock()
	defer h.mu.Unlock()
	op := h.nextOp
	h.nextOp++
	h.write('b', op, a, f, more)
	return func(ending ...field) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.write('e', op, a, f, ending)
	}
}

func (h *history) write(ph byte, op int64, a author, f string, more fields) {
	if !h.isOpen {
		return
	}
	// Times of one process are taken under the lock, so they never go back.
	line := fmt.Appendf(nil, `{"t":%d,"op":%d,"ph":"%c","who":%s,"inc":%s,"f":%s`,
		h.base+time.Since(h.since).Nanoseconds(), op, ph, encoded(a.who), encoded(a.inc), encoded(f))
	for _, each := range more {
		if each.value != nil {
			line = fmt.Appendf(line, `,%s:%s`, encoded(each.name), encoded(each.value))
		}
	}
	h.waiting = append(append(h.waiting, line...), '}', '\n')
	if len(h.waiting) > flushSize {
		h.drain()
	}
}

func (h *history) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drain()
}

func (h *history) drain() {
	if !h.isOpen || len(h.waiting) == 0 {
		return
	}
	if _, err := h.file.Write(h.waiting); err != nil {
		panic(err)
	}
	h.waiting = h.waiting[:0]
}

func (h *history) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drain()
	h.isOpen = false
}

func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

func recordText(run, inc string, seq int64, txn, tp string, v int64, size int) []byte {
	named := fmt.Sprintf("%s|%s|%d|%s|%s|%d", run, inc, seq, txn, tp, v)
	text := fmt.Appendf(nil, "%s|%08x|", named, crc32.ChecksumIEEE([]byte(named)))
	for len(text) < size {
		text = append(text, '.')
	}
	return text
}

var (
	whole     = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
	partition = regexp.MustCompile(`^[a-zA-Z0-9._-]+-[0-9]+$`)
	padding   = regexp.MustCompile(`^\.*$`)
)

// readRecordText gives the number of a record, -1 if it has none, and 1 when its form and checksum hold.
func readRecordText(value []byte) (int64, int64) {
	parts := strings.Split(string(value), "|")
	if len(parts) < 6 || !whole.MatchString(parts[5]) {
		return -1, 0
	}
	v, err := strconv.ParseInt(parts[5], 10, 64)
	if err != nil {
		return -1, 0
	}
	if len(parts) != 8 || parts[0] == "" || parts[1] == "" || !whole.MatchString(parts[2]) ||
		!partition.MatchString(parts[4]) || !padding.MatchString(parts[7]) {
		return v, 0
	}
	named := strings.Join(parts[:6], "|")
	if fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(named))) != parts[6] {
		return v, 0
	}
	return v, 1
}
