package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// copyAll reads as a member of a group and writes what it read in transactions, in which the offsets go too.
func copyAll(d *driver) error {
	for !d.isOver() {
		c := &copier{d: d, a: d.h.open(d.o.who, d.title)}
		if err := c.live(); err != nil {
			d.h.moment(c.a, "note", field{"text", err.Error()})
		}
		end := d.h.begin(c.a, "close")
		if c.session != nil {
			closed := make(chan struct{})
			go func() {
				c.session.CloseAllowingRebalance()
				close(closed)
			}()
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
			}
			c.s.giveUp()
		}
		end()
		d.pause(time.Second)
	}
	return nil
}

// copier is one incarnation; after what its client cannot mend it is over, and the next one's init cleans up.
type copier struct {
	d            *driver
	a            author
	session      *kgo.GroupTransactSession
	s            *sends
	p            *polls
	transactions int
}

func (c *copier) live() error {
	d := c.d
	c.p = &polls{d: d, a: c.a, group: d.o.group, next: map[topicPartition]int64{}}
	opts := append(d.groupOptions(d.o.from), d.producerOptions()...)
	opts = append(opts, callbacks(d, c.a, c.p, &severable{}, func([]topicPartition) {})...)
	opts = append(opts, kgo.TransactionalID(d.o.transactionalID))
	var err error
	if c.session, err = kgo.NewGroupTransactSession(opts...); err != nil {
		return err
	}
	c.s = newSends(d, c.a, c.session.Produce)
	err = c.step("init", "", nil, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		defer cancel()
		_, _, err := c.session.Client().ProducerID(ctx)
		return err
	})
	for err == nil && !d.isOver() {
		txn := fmt.Sprintf("%s/%d", c.a.inc, c.transactions)
		c.transactions++
		if err = c.step("begin", txn, nil, c.session.Begin); err != nil {
			return err
		}
		var records []*kgo.Record
		for !d.isOver() && len(records) == 0 {
			records = c.p.poll(c.session.PollRecords, d.o.batch, txn, false)
		}
		err = c.transaction(txn, records)
	}
	return err
}

func (c *copier) transaction(txn string, records []*kgo.Record) error {
	d := c.d
	first, offsets := map[topicPartition]int64{}, map[topicPartition]int64{}
	for _, record := range records {
		tp := topicPartition{record.Topic, record.Partition}
		if _, ok := first[tp]; !ok {
			first[tp] = record.Offset
		}
		offsets[tp] = record.Offset + 1
		target := d.o.to[int(record.Partition)%len(d.o.to)]
		c.s.prepare(target, d.nextValue, txn, fmt.Sprintf("%s@%d", tp, record.Offset))
		d.nextValue++
	}
	failed := c.s.failed
	c.s.sendPrepared()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	err := c.session.Client().Flush(ctx)
	isGood := err == nil && len(records) > 0 && c.s.failed == failed && c.transactions%max(1, d.o.abortOneIn) != 0
	if !isGood {
		return c.abort(txn, first, func() error {
			_, err := c.session.End(ctx, kgo.TryAbort)
			return err
		})
	}
	// The session commits offsets and transaction in one call, or takes both back when the group has moved on.
	tid := d.o.transactionalID
	named := func(step string) fields { return fields{{"step", step}, {"tid", tid}, {"txn", txn}} }
	endOffsets := d.h.begin(c.a, "txn", append(named("offsets"), field{"offs", byName(offsets)}, field{"group", d.o.group})...)
	endCommit := d.h.begin(c.a, "txn", named("commit")...)
	isCommitted, err := c.session.End(ctx, kgo.TryCommit)
	switch {
	case err != nil:
		endOffsets(append(named("offsets"), field{"r", "unk"}, field{"code", codeOf(err)})...)
		endCommit(append(named("commit"), field{"r", "unk"}, field{"code", codeOf(err)})...)
		return err
	case !isCommitted:
		endOffsets(append(named("offsets"), field{"r", "unk"}, field{"code", "ABORTED"})...)
		endCommit(append(named("commit"), field{"r", "fail"}, field{"code", "ABORTED"})...)
		return c.abort(txn, first, func() error { return nil })
	}
	endOffsets(append(named("offsets"), field{"r", "ok"})...)
	endCommit(append(named("commit"), field{"r", "ok"})...)
	d.count("committed", 1)
	return nil
}

// abort takes the transaction back; the session itself goes back to what is committed.
func (c *copier) abort(txn string, first map[topicPartition]int64, call func() error) error {
	if err := c.step("abort", txn, nil, call); err != nil {
		return err
	}
	if len(first) == 0 {
		return nil
	}
	c.d.count("aborted", 1)
	c.d.h.moment(c.a, "seek", field{"offs", byName(first)})
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	for tp, offset := range first {
		if _, isOwned := c.p.next[tp]; isOwned {
			c.p.next[tp] = offset
		}
	}
	return nil
}

func (c *copier) step(step, txn string, more fields, call func() error) error {
	named := fields{{"step", step}, {"tid", c.d.o.transactionalID}, {"txn", txn}}
	end := c.d.h.begin(c.a, "txn", append(named, more...)...)
	err := call()
	if err != nil {
		end(append(named, field{"r", "unk"}, field{"code", codeOf(err)})...)
		return err
	}
	end(append(named, field{"r", "ok"})...)
	return nil
}
