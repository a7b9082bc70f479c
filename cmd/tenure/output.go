package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"tenure/events"
	"tenure/service"
)

// column is one column of a table.
type column[T any] struct {
	title string
	text  func(T) string
}

// print writes a list in the format asked for. An empty table says what to do
// next.
func print[T any](a *app, list []T, empty string, columns ...column[T]) error {
	switch a.format {
	case "json":
		return writeJSON(a.out, list)
	case "csv":
		w := csv.NewWriter(a.out)
		var row []string
		for _, c := range columns {
			row = append(row, strings.ReplaceAll(strings.ToLower(c.title), " ", "_"))
		}
		if err := w.Write(row); err != nil {
			return err
		}
		for _, item := range list {
			row = row[:0]
			for _, c := range columns {
				row = append(row, harmless(c.text(item)))
			}
			if err := w.Write(row); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, empty)
		return err
	}
	rows := [][]string{make([]string, len(columns))}
	for i, c := range columns {
		rows[0][i] = strings.ToUpper(c.title)
	}
	for _, item := range list {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = visible(c.text(item))
		}
		rows = append(rows, row)
	}
	_, err := io.WriteString(a.out, align(rows))
	return err
}

// align pads cells to columns by the width that a terminal gives them, which is
// neither bytes nor runes.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// harmless keeps a spreadsheet from taking a value for a formula.
func harmless(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

// visible keeps a value from breaking a line, driving the terminal, or turning
// around what stands beside it.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return r
	}, text)
}

// printOne writes one object: as JSON, as CSV of one row, or as the text given.
func printOne[T any](a *app, item T, text string, columns ...column[T]) error {
	switch a.format {
	case "json":
		return writeJSON(a.out, item)
	case "csv":
		return print(a, []T{item}, "", columns...)
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printReceipt says what a command did.
func printReceipt(a *app, r service.Receipt) error {
	return printOne(a, r, receiptText(r), receiptColumns(func(r service.Receipt) service.Receipt { return r })...)
}

func receiptColumns[T any](receipt func(T) service.Receipt) []column[T] {
	return []column[T]{
		{"org", func(t T) string { return string(receipt(t).Org) }},
		{"commit", func(t T) string { return string(receipt(t).Commit) }},
		{"revision", func(t T) string { return fmt.Sprint(receipt(t).Revision) }},
		{"number", func(t T) string { return fmt.Sprint(receipt(t).Number) }},
		{"changed", func(t T) string { return fmt.Sprint(receipt(t).Changed) }},
		{"dry run", func(t T) string { return fmt.Sprint(receipt(t).DryRun) }},
	}
}

// receiptText tells a receipt in words: one line for each event.
func receiptText(r service.Receipt) string {
	var b strings.Builder
	switch {
	case r.Replayed:
		fmt.Fprintf(&b, "Done before, as revision %d of %s.", r.Revision, r.Org)
	case r.DryRun && r.Changed:
		fmt.Fprintf(&b, "Dry run: nothing was done, and %s stays at revision %d. This would happen:", r.Org, r.Revision)
	case !r.Changed:
		return fmt.Sprintf("Nothing to change; %s stays at revision %d.", r.Org, r.Revision)
	default:
		fmt.Fprintf(&b, "Done, as revision %d of %s.", r.Revision, r.Org)
	}
	for _, e := range r.Events {
		fmt.Fprintf(&b, "\n  %s", eventText(e))
	}
	for _, remark := range r.Remarks {
		b.WriteString("\nNote: " + visible(remark))
	}
	return b.String()
}

// eventText tells an event in a line.
func eventText(e service.EventView) string {
	parts := []string{e.Type}
	if e.Login != "" {
		parts = append(parts, visible(e.Login))
	}
	if e.Role != "" {
		parts = append(parts, string(e.Role))
	}
	merged := e.Type == "scope.merged"
	if word := itemWord(e); word != "" && !merged {
		parts = append(parts, word)
	}
	if e.Scope != "" {
		parts = append(parts, "on "+string(e.Scope))
	}
	if e.MemberKind != "" {
		parts = append(parts, "as "+string(e.MemberKind))
	}
	if e.Type == "addresses.routed" && len(e.Domains) == 0 {
		parts = append(parts, "none")
	}
	parts = append(parts, e.Domains...)
	if e.Route != "" {
		parts = append(parts, "rerouted to "+string(e.Route))
	}
	if e.Kind != "" {
		parts = append(parts, "on every "+e.Kind)
	}
	if e.Value != "" {
		parts = append(parts, "that is "+e.Value)
	}
	if merged {
		parts = append(parts, "into "+e.Item)
	}
	if e.Former != "" {
		parts = append(parts, "from "+visible(e.Former))
	}
	if e.Manager != "" {
		parts = append(parts, "manager "+visible(e.Manager))
	}
	if !e.Until.IsZero() {
		word := "until "
		if strings.HasPrefix(e.Type, "reminder.") {
			word = "due "
		}
		parts = append(parts, word+date(e.Until))
	}
	if e.Cause != "" {
		parts = append(parts, "("+string(e.Cause)+")")
	}
	return strings.Join(parts, " ")
}

// itemWord is the designation, feature, edition or fact that an event names; ids of other
// things say nothing to people.
func itemWord(e service.EventView) string {
	if events.CommitID(e.Item).Validate() == nil { // a ULID
		return ""
	}
	return e.Item
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
