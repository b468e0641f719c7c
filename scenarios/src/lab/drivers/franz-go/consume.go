package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	pollFor       = 500 * time.Millisecond
	drainPatience = 60 * time.Second
)

func (d *driver) consumerOptions() []kgo.Opt {
	level := kgo.ReadCommitted()
	if d.o.isolation == "read_uncommitted" {
		level = kgo.ReadUncommitted()
	}
	return append(d.common(), kgo.FetchIsolationLevel(level), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
}

func (d *driver) groupOptions(topics []topicPartition) []kgo.Opt {
	var names []string
	seen := map[string]bool{}
	for _, tp := range topics {
		if !seen[tp.topic] {
			names = append(names, tp.topic)
		}
		seen[tp.topic] = true
	}
	return append(d.consumerOptions(),
		kgo.ConsumerGroup(d.o.group),
		kgo.ConsumeTopics(names...),
		kgo.SessionTimeout(ms(d.o.sessionTimeoutMs)),
		kgo.HeartbeatInterval(min(3*time.Second, ms(d.o.sessionTimeoutMs/3))),
	)
}

// polls are those of one incarnation, with their lines.
type polls struct {
	d     *driver
	a     author
	group string
	mu    sync.Mutex
	next  map[topicPartition]int64
}

func (p *polls) forget(tps []topicPartition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, tp := range tps {
		delete(p.next, tp)
	}
}

func (p *polls) poll(poll func(context.Context, int) kgo.Fetches, most int, txn string, isDrain bool) []*kgo.Record {
	begun := fields{{"iso", p.d.o.isolation}}
	if p.group != "" {
		begun = append(begun, field{"group", p.group})
	}
	if txn != "" {
		begun = append(begun, field{"txn", txn})
	}
	if isDrain {
		begun = append(begun, field{"drain", true})
	}
	end := p.d.h.begin(p.a, "poll", begun...)
	ctx, cancel := context.WithTimeout(context.Background(), pollFor)
	defer cancel()
	fetches := poll(ctx, most)
	var records []*kgo.Record
	recs, pos := map[string][]int64{}, map[string][]int64{}
	p.mu.Lock()
	fetches.EachRecord(func(record *kgo.Record) {
		tp := topicPartition{record.Topic, record.Partition}
		name := tp.String()
		if _, ok := pos[name]; !ok {
			// A client does not tell where it begins; the first record of an assignment shows it.
			before, isKnown := p.next[tp]
			if !isKnown {
				before = record.Offset
			}
			pos[name] = []int64{before, before}
		}
		pos[name][1] = record.Offset + 1
		p.next[tp] = record.Offset + 1
		if record.Attrs.IsControl() {
			return
		}
		records = append(records, record)
		v, crcOk := readRecordText(record.Value)
		recs[name] = append(recs[name], record.Offset, v, crcOk)
	})
	p.mu.Unlock()
	p.d.count("read", len(records))
	end(field{"recs", recs}, field{"pos", pos})
	for _, each := range fetches.Errors() {
		if errors.Is(each.Err, context.DeadlineExceeded) {
			continue
		}
		tp := topicPartition{each.Topic, each.Partition}
		var loss *kgo.ErrDataLoss
		if errors.As(each.Err, &loss) {
			p.d.h.moment(p.a, "reset", field{"tp", tp.String()}, field{"why", "truncated"})
			p.forget([]topicPartition{tp})
		}
		p.d.h.moment(p.a, "note", field{"text", fmt.Sprintf("%s: %v", tp, each.Err)})
		p.d.pause(200 * time.Millisecond)
	}
	return records
}

func consume(d *driver) error {
	if d.o.drain || d.o.assign {
		return alone(d)
	}
	return (&member{d: d, who: d.o.who}).live(0, false)
}

func churn(d *driver) error {
	var group sync.WaitGroup
	failures := make(chan error, d.o.members)
	for index := range d.o.members {
		group.Add(1)
		go func() {
			defer group.Done()
			d.pause(between(0, d.o.stayMostMs))
			for !d.isOver() {
				isToDie := d.o.deathOneIn > 0 && rand.IntN(d.o.deathOneIn) == 0
				one := &member{d: d, who: fmt.Sprintf("%s-%d", d.o.who, index)}
				if err := one.live(between(d.o.stayMs, d.o.stayMostMs), isToDie); err != nil {
					failures <- err
					return
				}
				d.count("members", 1)
			}
		}()
	}
	group.Wait()
	close(failures)
	return <-failures
}

// alone reads partitions from their starts, for ever or to their ends.
func alone(d *driver) error {
	assigned, next, names := map[string]map[int32]kgo.Offset{}, map[topicPartition]int64{}, []string{}
	for _, tp := range d.o.topics {
		if assigned[tp.topic] == nil {
			assigned[tp.topic] = map[int32]kgo.Offset{}
		}
		assigned[tp.topic][tp.partition] = kgo.NewOffset().AtStart()
		next[tp] = 0
		names = append(names, tp.String())
	}
	// Markers of transactions show where reading stands at the end.
	client, err := kgo.NewClient(append(d.consumerOptions(), kgo.KeepControlRecords(), kgo.ConsumePartitions(assigned))...)
	if err != nil {
		return err
	}
	a := d.h.open(d.o.who, d.title)
	ends := map[topicPartition]int64{}
	if d.o.drain {
		if ends, err = askEnds(d, client, a); err != nil {
			return err
		}
	}
	d.h.moment(a, "assign", field{"tps", names})
	p := &polls{d: d, a: a, next: next}
	isWhole, progress := false, time.Now()
	for !d.isOver() && !isWhole {
		before := total(next)
		p.poll(client.PollRecords, 1000, "", d.o.drain)
		if !d.o.drain {
			continue
		}
		isWhole = true
		for tp, end := range ends {
			isWhole = isWhole && next[tp] >= end
		}
		if total(next) != before {
			progress = time.Now()
		}
		if time.Since(progress) > drainPatience {
			break
		}
	}
	if isWhole {
		d.h.moment(a, "drain", field{"iso", d.o.isolation}, field{"offs", byName(ends)})
	}
	end := d.h.begin(a, "close")
	client.Close()
	end()
	if d.o.drain && !isWhole {
		return fmt.Errorf("the drain stands at %v of %v", next, ends)
	}
	return nil
}

func total(offsets map[topicPartition]int64) int64 {
	var sum int64
	for _, offset := range offsets {
		sum += offset
	}
	return sum
}

func byName(offsets map[topicPartition]int64) map[string]int64 {
	named := map[string]int64{}
	for tp, offset := range offsets {
		named[tp.String()] = offset
	}
	return named
}

func askEnds(d *driver, client *kgo.Client, a author) (map[topicPartition]int64, error) {
	for {
		end := d.h.begin(a, "ends", field{"iso", d.o.isolation})
		ends, err := listEnds(d, client)
		if err == nil {
			end(field{"r", "ok"}, field{"offs", byName(ends)})
			return ends, nil
		}
		end(field{"r", "fail"}, field{"offs", map[string]int64{}}, field{"code", codeOf(err)})
		if d.isOver() {
			return nil, err
		}
		d.pause(500 * time.Millisecond)
	}
}

func listEnds(d *driver, client *kgo.Client) (map[topicPartition]int64, error) {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	if d.o.isolation == "read_committed" {
		request.IsolationLevel = 1
	}
	at := map[string]int{}
	for _, tp := range d.o.topics {
		if _, ok := at[tp.topic]; !ok {
			at[tp.topic] = len(request.Topics)
			topic := kmsg.NewListOffsetsRequestTopic()
			topic.Topic = tp.topic
			request.Topics = append(request.Topics, topic)
		}
		each := kmsg.NewListOffsetsRequestTopicPartition()
		each.Partition, each.Timestamp = tp.partition, -1
		topic := &request.Topics[at[tp.topic]]
		topic.Partitions = append(topic.Partitions, each)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	ends := map[topicPartition]int64{}
	for _, topic := range answer.Topics {
		for _, each := range topic.Partitions {
			if err := kerr.ErrorForCode(each.ErrorCode); err != nil {
				return nil, err
			}
			ends[topicPartition{topic.Topic, each.Partition}] = each.Offset
		}
	}
	if len(ends) != len(d.o.topics) {
		return nil, fmt.Errorf("ends of %d partitions instead of %d", len(ends), len(d.o.topics))
	}
	return ends, nil
}

// severable is a network from which a client can be cut off for good: as if its machine had stopped.
type severable struct {
	mu        sync.Mutex
	isSevered atomic.Bool
	open      []net.Conn
}

func (s *severable) dial(ctx context.Context, network, host string) (net.Conn, error) {
	if s.isSevered.Load() {
		return nil, errors.New("cut off")
	}
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, host)
	if err == nil {
		s.mu.Lock()
		s.open = append(s.open, conn)
		s.mu.Unlock()
	}
	return conn, err
}

func (s *severable) sever() {
	s.isSevered.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		conn.Close()
	}
}
