package events

import (
	"fmt"
	"reflect"
)

// Each event of a commit is written as {data, type, v}: its fields, and how to
// read them. These are the parts that never differ.
var (
	envelopeData = []byte("\x83\xa4data") // a map of three, and its first key
	envelopeType = []byte("\xa4type")
	envelopeV    = []byte("\xa1v")
	// envelopeLeast is the length of the shortest event.
	envelopeLeast = len(envelopeData) + len(envelopeType) + len(envelopeV) + 3
)

var errEnvelope = malformed("want an event as a map of data, type and v")

func writeEventList(e *encoder, v reflect.Value) error {
	events := get[Events](v)
	if err := e.enc.EncodeArrayLen(len(events)); err != nil {
		return err
	}
	for i, event := range events {
		t := e.types.byStruct[reflect.TypeOf(event)]
		if t == nil {
			return fmt.Errorf("event %d: %T is not in the catalogue", i+1, event)
		}
		e.buf.Write(envelopeData)
		if err := t.form.write(e, reflect.ValueOf(event)); err != nil {
			return fmt.Errorf("event %d: %s: %w", i+1, t.Name, err)
		}
		if err := writeType(e, t); err != nil {
			return err
		}
	}
	return nil
}

func writeType(e *encoder, t *Type) error {
	e.buf.Write(envelopeType)
	if err := e.enc.EncodeString(t.Name); err != nil {
		return err
	}
	e.buf.Write(envelopeV)
	return e.enc.EncodeInt(int64(t.Version))
}

func readEventList(d *decoder, v reflect.Value) error {
	n, err := d.listLen(envelopeLeast)
	if err != nil || n == 0 {
		return err
	}
	events := make(Events, n)
	for i := range events {
		if events[i], err = readEvent(d); err != nil {
			return fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	*v.Addr().Interface().(*Events) = events
	return nil
}

// readEvent reads one event. How to read the data is said after it, since keys
// are sorted; so the data is stepped over first.
func readEvent(d *decoder) (Event, error) {
	if !d.accept(envelopeData) {
		return nil, errEnvelope
	}
	start := d.pos
	end, err := scan(d.data, start, dataDepth)
	if err != nil {
		return nil, err
	}
	d.pos = end
	if !d.accept(envelopeType) {
		return nil, errEnvelope
	}
	name, err := d.string()
	if err != nil {
		return nil, err
	}
	if !d.accept(envelopeV) {
		return nil, errEnvelope
	}
	version, err := d.int()
	if err != nil {
		return nil, err
	}
	next := d.pos

	t := d.types.byName[string(name)]
	if t == nil || version < 1 || version > int64(t.Version) {
		return nil, fmt.Errorf("%w event type %.60q, version %d", ErrUnknown, name, version)
	}
	var event Event
	if version == int64(t.Version) {
		d.pos = start
		event, err = t.read(d)
		d.pos = next
	} else {
		event, err = t.lift(d.types, int(version), d.data[start:end])
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return event, nil
}
