package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	tick        = 5 * time.Millisecond
	settleGrace = 15 * time.Second
)

// certain are refusals that the same bytes get each time: earlier attempts, which are not told, cannot have stored them.
var certain = map[string]bool{
	"MESSAGE_TOO_LARGE": true, "RECORD_LIST_TOO_LARGE": true, "INVALID_RECORD": true, "INVALID_TIMESTAMP": true,
	"INVALID_REQUIRED_ACKS": true, "INVALID_TOPIC_EXCEPTION": true, "UNSUPPORTED_FOR_MESSAGE_FORMAT": true,
	"UNSUPPORTED_COMPRESSION_TYPE": true,
}

func (d *driver) producerOptions() []kgo.Opt {
	acks := map[string]kgo.Acks{"all": kgo.AllISRAcks(), "1": kgo.LeaderAck(), "0": kgo.NoAck()}[d.o.acks]
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	opts := append(d.common(),
		kgo.RequiredAcks(acks),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(ms(d.o.lingerMs)),
		kgo.RecordDeliveryTimeout(ms(d.o.deliveryTimeoutMs)),
		kgo.ProduceRequestTimeout(ms(d.o.requestTimeoutMs)),
		kgo.ProducerBatchCompression(codecs[d.o.compression]),
	)
	if !d.o.idempotence || d.o.acks != "all" {
		return append(opts, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(d.o.inFlight))
	}
	// With idempotence it has five requests in flight, or one.
	if d.o.inFlight == 1 {
		return append(opts, kgo.MaxProduceRequestsInflightPerBroker(1))
	}
	return opts
}

// sends are those of one incarnation.
type sends struct {
	d         *driver
	a         author
	produce   func(context.Context, *kgo.Record, func(*kgo.Record, error))
	mu        sync.Mutex
	open      map[int64]func(...field)
	failed    int
	sequences map[topicPartition]int64
	prepared  []prepared
}

type prepared struct {
	v      int64
	record *kgo.Record
}

func newSends(d *driver, a author, produce func(context.Context, *kgo.Record, func(*kgo.Record, error))) *sends {
	return &sends{d: d, a: a, produce: produce, open: map[int64]func(...field){}, sequences: map[topicPartition]int64{}}
}

func (s *sends) prepare(tp topicPartition, v int64, txn, src string) {
	seq := s.sequences[tp]
	s.sequences[tp]++
	more := fields{{"tp", tp.String()}, {"v", v}}
	if txn != "" {
		more = append(more, field{"txn", txn}, field{"src", src})
	}
	end := s.d.h.begin(s.a, "send", more...)
	s.mu.Lock()
	s.open[v] = end
	s.mu.Unlock()
	value := recordText(s.d.o.run, s.a.inc, seq, txn, tp.String(), v, s.d.o.valueBytes)
	record := &kgo.Record{Topic: tp.topic, Partition: tp.partition, Value: value}
	if s.d.o.keys {
		record.Key = []byte(strconv.FormatInt(v, 10))
	}
	s.prepared = append(s.prepared, prepared{v, record})
}

func (s *sends) sendPrepared() {
	if len(s.prepared) == 0 {
		return
	}
	// A record that is found in the log must have a begin, even when this process is killed in the next moment.
	s.d.h.flush()
	for _, each := range s.prepared {
		s.produce(context.Background(), each.record, func(record *kgo.Record, err error) { s.settle(each.v, record, err) })
	}
	s.prepared = nil
}

func (s *sends) settle(v int64, record *kgo.Record, err error) {
	outcome := "ok"
	var more fields
	switch {
	case err == nil:
		if record.Offset >= 0 && s.d.o.acks != "0" {
			more = fields{{"off", record.Offset}}
		}
	case errors.Is(err, kgo.ErrMaxBuffered):
		outcome, more = "fail", fields{{"attempts", []string{"NOT_SENT"}}}
	case certain[codeOf(err)]:
		outcome, more = "fail", fields{{"attempts", []string{codeOf(err)}}}
	default:
		outcome, more = "unk", fields{{"attempts", []string{"NOT_TOLD", codeOf(err)}}}
	}
	s.d.count(outcome, 1)
	s.mu.Lock()
	end := s.open[v]
	delete(s.open, v)
	if err != nil {
		s.failed++
	}
	s.mu.Unlock()
	if end == nil {
		s.d.h.moment(s.a, "note", field{"text", fmt.Sprintf("%d was settled again", v)})
		return
	}
	end(append(fields{{"r", outcome}}, more...)...)
}

func (s *sends) underWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *sends) giveUp() {
	s.mu.Lock()
	left := s.open
	s.open = map[int64]func(...field){}
	s.mu.Unlock()
	for _, end := range left {
		end(field{"r", "unk"}, field{"attempts", []string{"GIVEN_UP"}})
	}
}

// produce sends by turns to every partition, at a rate and with a bounded number under way.
func produce(d *driver) error {
	client, err := kgo.NewClient(d.producerOptions()...)
	if err != nil {
		return err
	}
	s := newSends(d, d.h.open(d.o.who, d.title), client.Produce)
	var begun int64
	since := time.Now()
	for !d.isOver() && (d.o.records == 0 || begun < d.o.records) {
		due := int64(d.o.window)
		if d.o.rate > 0 {
			due = int64(time.Since(since).Seconds()*d.o.rate) - begun
		}
		room := min(due, int64(d.o.window-s.underWay()))
		if d.o.records > 0 {
			room = min(room, d.o.records-begun)
		}
		for range room {
			s.prepare(d.o.topics[begun%int64(len(d.o.topics))], d.o.firstValue+begun, "", "")
			begun++
		}
		s.sendPrepared()
		time.Sleep(tick)
	}
	from := time.Now()
	for s.underWay() > 0 && time.Since(from) < d.patience(ms(d.o.deliveryTimeoutMs)+settleGrace) {
		time.Sleep(tick)
	}
	end := d.h.begin(s.a, "close")
	closed := make(chan struct{})
	go func() {
		client.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(settleGrace / 2):
	}
	if d.hurried.Load() {
		s.giveUp()
	}
	end()
	return nil
}
