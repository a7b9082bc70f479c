package events

import (
	"fmt"
	"reflect"
	"time"

	"pgregory.net/rapid"
)

// draw sets v to a random value of its type. With all set, no field and no
// list is left empty.
func draw(t *rapid.T, v reflect.Value, all bool) {
	least := 0
	if all {
		least = 1
	}
	switch typ := v.Type(); {
	case typ == reflect.TypeFor[time.Time]():
		// Up to the whole range, but mostly times that the ledger knows.
		seconds := rapid.OneOf(rapid.Int64Range(1_600_000_000, 2_000_000_000), rapid.Int64Range(firstSecond+1, lastSecond)).Draw(t, "seconds")
		nanoseconds := rapid.SampledFrom([]int64{0, 1000, 123_456_000, 999_999_999}).Draw(t, "nanoseconds")
		v.Set(reflect.ValueOf(time.Unix(seconds, nanoseconds).UTC()))
	case typ == reflect.TypeFor[Events]():
		var events Events
		for range rapid.IntRange(least, 3).Draw(t, "events") {
			events = append(events, drawEvent(t, rapid.SampledFrom(catalogue.types).Draw(t, "type"), all))
		}
		v.Set(reflect.ValueOf(events))
	case typ.Kind() == reflect.String:
		v.SetString(rapid.StringN(least, 300, -1).Draw(t, "string"))
	case typ.Kind() == reflect.Bool:
		v.SetBool(all || rapid.Bool().Draw(t, "bool"))
	case v.CanUint():
		v.SetUint(rapid.Uint64Range(uint64(least), 1<<typ.Bits()-1).Draw(t, "uint"))
	case v.CanInt():
		v.SetInt(rapid.Int64Range(-1<<(typ.Bits()-1), 1<<(typ.Bits()-1)-1).Filter(func(n int64) bool { return n != 0 || !all }).Draw(t, "int"))
	case typ.Kind() == reflect.Slice:
		size := rapid.IntRange(least, 4).Draw(t, "size")
		if typ.Elem().Kind() == reflect.Uint8 {
			size = rapid.SampledFrom([]int{least, 32, 255, 256, 300}).Draw(t, "size")
		}
		if size == 0 {
			return // empty slices are read as nil
		}
		v.Set(reflect.MakeSlice(typ, size, size))
		for i := range size {
			draw(t, v.Index(i), false)
		}
	case typ.Kind() == reflect.Struct:
		for i := range v.NumField() {
			draw(t, v.Field(i), all)
		}
	default:
		panic(fmt.Sprintf("no values for %s", typ))
	}
}

func drawEvent(t *rapid.T, typ Type, all bool) Event {
	v := reflect.New(typ.Struct).Elem()
	draw(t, v, all)
	return v.Interface().(Event)
}

func drawCommit(t *rapid.T, all bool) Commit {
	var c Commit
	draw(t, reflect.ValueOf(&c).Elem(), all)
	return c
}
