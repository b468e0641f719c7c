// franz-go as a driver: one role, one history. See drivers.ts for the command line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// After a signal and this long it ends, whatever its client does.
const last = 29 * time.Second

type topicPartition struct {
	topic     string
	partition int32
}

func (tp topicPartition) String() string { return fmt.Sprintf("%s-%d", tp.topic, tp.partition) }

type options struct {
	bootstrapServers, run, who, history, stopOn, group, transactionalID string
	acks, compression, isolation, commit                                string
	topics, from, to                                                    []topicPartition
	firstOp, firstValue, records                                        int64
	valueBytes, inFlight, window, batch, members, abortOneIn            int
	deliveryTimeoutMs, requestTimeoutMs, lingerMs, sessionTimeoutMs     int
	maxPollRecords, deathOneIn                                          int
	seconds, rate, handleMs, handleMostMs, stayMs, stayMostMs           float64
	keys, assign, handed, ignoreRevocations, drain, idempotence         bool
}

// driver is what a role works with.
type driver struct {
	o         options
	h         *history
	title     string
	stopped   atomic.Bool
	hurried   atomic.Bool
	end       time.Time
	mu        sync.Mutex
	counts    map[string]int64
	nextValue int64
}

func main() {
	roles := map[string]func(*driver) error{"produce": produce, "consume": consume, "copy": copyAll, "churn": churn}
	if len(os.Args) < 2 || roles[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "the role must be one of produce, consume, copy, churn")
		os.Exit(2)
	}
	role := os.Args[1]
	o, err := parse(role, os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	h, err := openHistory(o.history, o.firstOp)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	d := &driver{o: o, h: h, title: "franz-go " + version(), counts: map[string]int64{}, end: time.Now().Add(100 * 365 * 24 * time.Hour)}
	d.nextValue = o.firstValue
	if o.seconds > 0 {
		d.end = time.Now().Add(time.Duration(o.seconds * float64(time.Second)))
	}
	finish := func(code int) {
		h.close()
		d.mu.Lock()
		summary := map[string]any{"client": d.title, "role": role, "exit": code}
		for name, count := range d.counts {
			summary[name] = count
		}
		text, _ := json.Marshal(summary)
		fmt.Println(string(text))
		os.Exit(code)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		d.hurried.Store(true)
		d.stopped.Store(true)
		time.Sleep(last)
		h.moment(author{o.who, o.who}, "crash", field{"text", fmt.Sprintf("not over %v after the signal", last)})
		finish(1)
	}()
	defer func() {
		if crash := recover(); crash != nil {
			h.moment(author{o.who, o.who}, "crash", field{"text", fmt.Sprint(crash)})
			fmt.Fprintln(os.Stderr, crash, string(debug.Stack()))
			finish(1)
		}
	}()
	if err := roles[role](d); err != nil {
		panic(err)
	}
	finish(0)
}

func (d *driver) isOver() bool {
	if d.stopped.Load() || time.Now().After(d.end) {
		return true
	}
	if d.o.stopOn == "" {
		return false
	}
	_, err := os.Stat(d.o.stopOn)
	return err == nil
}

func (d *driver) count(what string, times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[what] += int64(times)
}

// pause waits, but not much longer than until it is asked to stop.
func (d *driver) pause(duration time.Duration) {
	for end := time.Now().Add(duration); !d.isOver() && time.Now().Before(end); {
		time.Sleep(max(time.Millisecond, min(50*time.Millisecond, time.Until(end))))
	}
}

func (d *driver) patience(otherwise time.Duration) time.Duration {
	if d.hurried.Load() {
		return 15 * time.Second
	}
	return otherwise
}

func (d *driver) common() []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(strings.Split(d.o.bootstrapServers, ",")...),
		kgo.ClientID(d.o.who),
		kgo.RequestTimeoutOverhead(min(10*time.Second, ms(d.o.requestTimeoutMs))),
	}
}

func ms(count int) time.Duration { return time.Duration(count) * time.Millisecond }

// between draws a time between two, in milliseconds; the least when the most lies below it.
func between(least, most float64) time.Duration {
	return time.Duration((least + rand.Float64()*max(0, most-least)) * float64(time.Millisecond))
}

// Names of franz-go's that are not Kafka's.
var names = map[string]string{"NOT_LEADER_FOR_PARTITION": "NOT_LEADER_OR_FOLLOWER", "INVALID_TOPIC": "INVALID_TOPIC_EXCEPTION"}

func codeOf(err error) string {
	var known *kerr.Error
	switch {
	case errors.As(err, &known):
		if name, ok := names[known.Message]; ok {
			return name
		}
		return known.Message
	case errors.Is(err, kgo.ErrRecordTimeout):
		return "RECORD_TIMEOUT"
	case errors.Is(err, kgo.ErrRecordRetries):
		return "RECORD_RETRIES"
	case errors.Is(err, kgo.ErrAborting):
		return "ABORTING"
	case errors.Is(err, kgo.ErrClientClosed):
		return "CLIENT_CLOSED"
	case errors.Is(err, context.DeadlineExceeded):
		return "TIMEOUT"
	}
	return err.Error()
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/twmb/franz-go" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "of unknown version"
}

func parse(role string, args []string) (options, error) {
	var o options
	set := flag.NewFlagSet(role, flag.ContinueOnError)
	set.SetOutput(os.Stderr)
	text := func(to *string, name, otherwise string) { set.StringVar(to, name, otherwise, "") }
	text(&o.bootstrapServers, "bootstrap-servers", "")
	text(&o.run, "run", "")
	text(&o.who, "who", "")
	text(&o.history, "history", "")
	text(&o.stopOn, "stop-on", "")
	text(&o.group, "group", "")
	text(&o.transactionalID, "transactional-id", "")
	text(&o.acks, "acks", "all")
	text(&o.compression, "compression", "none")
	text(&o.isolation, "isolation", "read_committed")
	text(&o.commit, "commit", "manual")
	for name, to := range map[string]*[]topicPartition{"topics": &o.topics, "from": &o.from, "to": &o.to} {
		set.Func(name, "", func(given string) error { return parsePartitions(given, to) })
	}
	set.Int64Var(&o.firstOp, "first-op", 0, "")
	set.Int64Var(&o.firstValue, "first-value", 0, "")
	set.Int64Var(&o.records, "records", 0, "")
	for name, number := range map[string]struct {
		to        *int
		otherwise int
	}{
		"value-bytes": {&o.valueBytes, 200}, "in-flight": {&o.inFlight, 5}, "window": {&o.window, 200},
		"batch": {&o.batch, 100}, "members": {&o.members, 5}, "abort-one-in": {&o.abortOneIn, 32},
		"delivery-timeout-ms": {&o.deliveryTimeoutMs, 120_000}, "request-timeout-ms": {&o.requestTimeoutMs, 30_000},
		"linger-ms": {&o.lingerMs, 5}, "session-timeout-ms": {&o.sessionTimeoutMs, 6000},
		"max-poll-records": {&o.maxPollRecords, 500}, "death-one-in": {&o.deathOneIn, 3},
	} {
		set.IntVar(number.to, name, number.otherwise, "")
	}
	set.Float64Var(&o.seconds, "seconds", 0, "")
	set.Float64Var(&o.rate, "rate", 0, "")
	set.Float64Var(&o.handleMs, "handle-ms", 0, "")
	set.Float64Var(&o.handleMostMs, "handle-most-ms", 0, "")
	set.Float64Var(&o.stayMs, "stay-ms", 200, "")
	set.Float64Var(&o.stayMostMs, "stay-most-ms", 5000, "")
	o.idempotence = true
	for name, to := range map[string]*bool{
		"keys": &o.keys, "assign": &o.assign, "handed": &o.handed, "ignore-revocations": &o.ignoreRevocations,
		"drain": &o.drain, "idempotence": &o.idempotence,
	} {
		set.BoolVar(to, name, *to, "")
	}
	if err := set.Parse(joined(args)); err != nil {
		return o, err
	}
	return o, complain(role, o)
}

// joined writes the value of each flag behind a =, as Go wants it of switches.
func joined(args []string) []string {
	var found []string
	for at := 0; at < len(args); at++ {
		if at+1 < len(args) && !strings.HasPrefix(args[at+1], "--") {
			found = append(found, args[at]+"="+args[at+1])
			at++
		} else {
			found = append(found, args[at])
		}
	}
	return found
}

func parsePartitions(given string, to *[]topicPartition) error {
	for _, each := range strings.Split(given, ",") {
		name, count, _ := strings.Cut(each, ":")
		number, err := strconv.Atoi(count)
		if err != nil || name == "" {
			return fmt.Errorf("needs topic:partitions, not %q", each)
		}
		for index := range number {
			*to = append(*to, topicPartition{name, int32(index)})
		}
	}
	return nil
}

func complain(role string, o options) error {
	missing := map[string]bool{
		"bootstrap-servers": o.bootstrapServers == "", "run": o.run == "", "who": o.who == "", "history": o.history == "",
		"topics":           role != "copy" && len(o.topics) == 0,
		"from":             role == "copy" && len(o.from) == 0,
		"to":               role == "copy" && len(o.to) == 0,
		"transactional-id": role == "copy" && o.transactionalID == "",
		"group":            o.group == "" && role != "produce" && !(role == "consume" && (o.assign || o.drain)),
	}
	var found []string
	for name, isMissing := range missing {
		if isMissing {
			found = append(found, "--"+name)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	return fmt.Errorf("%s needs %s", role, strings.Join(found, ", "))
}
