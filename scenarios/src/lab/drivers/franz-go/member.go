package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// member is one of the group for as long as its client lives: writes down what it is told, and processes what it reads.
type member struct {
	d      *driver
	who    string
	a      author
	client *kgo.Client
	p      *polls
	world  severable
	// done are offsets behind what was processed and is not committed.
	done map[topicPartition]int64
}

func (m *member) live(stay time.Duration, isToDie bool) error {
	d := m.d
	m.a = d.h.open(m.who, d.title)
	m.p = &polls{d: d, a: m.a, group: d.o.group, next: map[topicPartition]int64{}}
	m.done = map[topicPartition]int64{}
	opts := append(d.groupOptions(d.o.topics), append(callbacks(d, m.a, m.p, &m.world, m.commitLast),
		kgo.Dialer(m.world.dial), kgo.BlockRebalanceOnPoll())...)
	if d.o.commit != "auto" {
		opts = append(opts, kgo.DisableAutoCommit())
	}
	var err error
	if m.client, err = kgo.NewClient(opts...); err != nil {
		return err
	}
	end := time.Now().Add(stay)
	isNeeded := func() bool { return !d.isOver() && (stay == 0 || time.Now().Before(end)) }
	var held []*kgo.Record
	for isNeeded() {
		records := m.p.poll(m.client.PollRecords, m.d.o.maxPollRecords, "", false)
		ready := records
		if d.o.ignoreRevocations {
			// The positive control handles what was read one poll later, whatever was revoked meanwhile.
			ready, held = held, records
		}
		m.handle(ready, isNeeded)
		if d.o.commit == "manual" {
			m.commit(m.done)
			m.done = map[topicPartition]int64{}
		}
		m.client.AllowRebalance()
	}
	if isToDie && !d.isOver() {
		// Gone without a word: the group keeps its place until the session is over.
		d.h.moment(m.a, "crash", field{"text", "on purpose"})
		m.world.sever()
		go m.client.CloseAllowingRebalance()
		return nil
	}
	done := d.h.begin(m.a, "close")
	closed := make(chan struct{})
	go func() {
		m.client.CloseAllowingRebalance()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(15 * time.Second):
	}
	done()
	return nil
}

func (m *member) handle(records []*kgo.Record, isNeeded func() bool) {
	for _, record := range records {
		if !isNeeded() {
			return
		}
		tp := topicPartition{record.Topic, record.Partition}
		var end func(...field)
		if m.d.o.handed {
			end = m.d.h.begin(m.a, "handed", field{"tp", tp.String()}, field{"off", record.Offset})
		}
		time.Sleep(between(m.d.o.handleMs, m.d.o.handleMostMs))
		if end != nil {
			end()
		}
		m.done[tp] = record.Offset + 1
		if m.d.o.commit == "each" {
			m.commit(m.done)
			m.done = map[topicPartition]int64{}
		}
	}
}

// commitLast commits what was processed of partitions that are given back. Nothing is processed at the same time.
func (m *member) commitLast(tps []topicPartition) {
	last := map[topicPartition]int64{}
	for _, tp := range tps {
		if offset, ok := m.done[tp]; ok {
			last[tp] = offset
		}
		delete(m.done, tp)
	}
	if m.d.o.commit == "manual" {
		m.commit(last)
	}
}

func (m *member) commit(offsets map[topicPartition]int64) {
	if len(offsets) == 0 {
		return
	}
	d := m.d
	given := map[string]map[int32]kgo.EpochOffset{}
	for tp, offset := range offsets {
		if given[tp.topic] == nil {
			given[tp.topic] = map[int32]kgo.EpochOffset{}
		}
		given[tp.topic][tp.partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	end := d.h.begin(m.a, "commit", field{"group", d.o.group}, field{"offs", byName(offsets)})
	var failure error
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	m.client.CommitOffsetsSync(ctx, given, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		failure = err
		if answer == nil {
			return
		}
		for _, topic := range answer.Topics {
			for _, each := range topic.Partitions {
				if err := kerr.ErrorForCode(each.ErrorCode); err != nil {
					failure = err
				}
			}
		}
	})
	if failure != nil {
		// What earlier attempts of the call did is not told.
		end(field{"r", "unk"}, field{"code", codeOf(failure)})
		return
	}
	d.count("commits", 1)
	end(field{"r", "ok"})
}

// callbacks write down what the group tells; commitLast is called before partitions are given back.
func callbacks(d *driver, a author, p *polls, world *severable, commitLast func([]topicPartition)) []kgo.Opt {
	tell := func(kind string, before func([]topicPartition)) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, client *kgo.Client, given map[string][]int32) {
			if world.isSevered.Load() {
				return
			}
			tps, names := []topicPartition{}, []string{}
			for topic, partitions := range given {
				for _, partition := range partitions {
					tp := topicPartition{topic, partition}
					tps, names = append(tps, tp), append(names, tp.String())
				}
			}
			_, generation := client.GroupMetadata()
			event := fields{{"kind", kind}, {"group", d.o.group}, {"tps", names}, {"gen", generation}}
			d.count(kind, 1)
			end := d.h.begin(a, "reb", event...)
			before(tps)
			end(event...)
		}
	}
	nothing := func([]topicPartition) {}
	return []kgo.Opt{
		kgo.OnPartitionsAssigned(tell("assigned", p.forget)),
		kgo.OnPartitionsRevoked(tell("revoked", commitLast)),
		kgo.OnPartitionsLost(tell("lost", nothing)),
	}
}
