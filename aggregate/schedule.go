package aggregate

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
	// Zones are the same wherever a history is read.
	_ "time/tzdata"

	"tenure/events"
)

// expiryNotice is how long before the end of a role it is announced.
const expiryNotice = 7 * 24 * time.Hour

var intervalPattern = regexp.MustCompile(`^P([1-9][0-9]{0,3})([DWMY])$`)

// interval is a calendar step: whole days or whole months.
type interval struct{ days, months int }

func parseInterval(text string) (interval, error) {
	m := intervalPattern.FindStringSubmatch(text)
	if m == nil {
		return interval{}, fmt.Errorf("%.20q is no interval: want P, a number up to 9999 and D, W, M or Y, for instance P2W", text)
	}
	n, _ := strconv.Atoi(m[1])
	switch m[2] {
	case "D":
		return interval{days: n}, nil
	case "W":
		return interval{days: 7 * n}, nil
	case "M":
		return interval{months: n}, nil
	}
	return interval{months: 12 * n}, nil
}

// Later is the time that lies a calendar step after another, in a zone: P and a
// number of D, W, M or Y. In a month that is too short it is the last day.
func Later(step string, from time.Time, zone *time.Location) (time.Time, error) {
	interval, err := parseInterval(step)
	if err != nil {
		return time.Time{}, err
	}
	return interval.occurrence(from, zone, 1), nil
}

// occurrence is the n-th repetition after the first time, by the calendar and
// the clock of the zone: at the same time of day whether or not clocks have
// been changed, and in a month that is too short on its last day. It is always
// counted from the first time, so that nothing drifts.
func (i interval) occurrence(first time.Time, zone *time.Location, n int) time.Time {
	local := first.In(zone)
	year, month, day := local.Date()
	if i.months > 0 {
		months := int(month) - 1 + n*i.months
		year, month = year+months/12, time.Month(months%12+1)
		// Of the calendar alone: where clocks change at midnight, a zone may not
		// have it.
		last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
		day = min(day, last)
	}
	return events.Time(time.Date(year, month, day+n*i.days,
		local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), zone))
}

// after is the first occurrence later than a time.
func (i interval) after(first time.Time, zone *time.Location, at time.Time) time.Time {
	if first.After(at) {
		return first
	}
	// A guess that is never too late, then the last steps one by one.
	n := max(int(at.Sub(first)/(24*time.Hour))/(i.days+31*i.months)-1, 0)
	for ; ; n++ {
		if next := i.occurrence(first, zone, n); next.After(at) {
			return next
		}
	}
}

// next is when a reminder that has just fallen due does so again: the first
// time after it fell due, and after the time at hand, so that what was missed
// while nobody looked is made up for once. It is zero if it does not repeat.
func (r Reminder) next(at time.Time) time.Time {
	every, err := parseInterval(r.Every)
	if err != nil {
		return time.Time{}
	}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return time.Time{}
	}
	if at.Before(r.Due) {
		at = r.Due
	}
	return every.after(r.First, zone, at)
}
