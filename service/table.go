package service

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tenure/aggregate"
)

// table is a CSV file with a header.
type table struct {
	columns []string
	rows    []tableRow
}

// tableRow is a row by its columns; those that it leaves empty are there, too.
type tableRow struct {
	line  int
	cells map[string]string
}

// field is how refusals name the row.
func (r tableRow) field() string { return lineField(r.line) }

func lineField(line int) string { return fmt.Sprintf("line %d", line) }

// tableForm is what a CSV file may look like.
type tableForm struct {
	// columns are those that it may have; of needed it has at least one.
	columns, needed []string
	// most is how many rows it may have; 0 for any number.
	most int
}

// readTable reads a CSV file: comma-separated, in UTF-8, its first line naming
// its columns, in any order, in small letters or capitals. Rows without anything
// are left out. It returns what it can read, and refuses the rest by its line.
func readTable(text string, form tableForm) (table, aggregate.Refusals) {
	var t table
	var refused aggregate.Refusals
	refuseAt := func(line int, format string, args ...any) {
		refused = append(refused, refuse(aggregate.CodeInvalid, lineField(line), format, args...)...)
	}
	text = strings.TrimPrefix(text, "\ufeff") // which some programs write first
	if !utf8.ValidString(text) {
		for line, content := range strings.Split(text, "\n") {
			if !utf8.ValidString(content) {
				refuseAt(line+1, "This is no UTF-8 text; save the file as CSV in UTF-8.")
				return t, refused
			}
		}
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	for {
		record, err := reader.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if t.columns == nil {
				refuseAt(1, "The file is empty; its first line names its columns: %s.", strings.Join(form.columns, ", "))
			} else if len(t.rows) == 0 && len(refused) == 0 {
				refuseAt(1, "The file has a header and nothing else.")
			}
			return t, refused
		case errors.As(err, &broken):
			refuseAt(broken.StartLine, "This cannot be read as CSV: %v.", broken.Err)
			if t.columns == nil {
				return t, refused
			}
			continue
		case err != nil:
			refuseAt(1, "This cannot be read as CSV: %v.", err)
			return t, refused
		}
		line, _ := reader.FieldPos(0)
		for i := range record {
			record[i] = plainCell(record[i])
		}
		if t.columns == nil {
			for i := range record {
				record[i] = strings.ToLower(record[i])
			}
			t.columns = record
			if problems := form.checkHeader(record); len(problems) > 0 {
				return t, problems
			}
			continue
		}
		if len(strings.Join(record, "")) == 0 {
			continue
		}
		if len(record) != len(t.columns) {
			refuseAt(line, "This line has %d columns, and the header names %d.", len(record), len(t.columns))
			continue
		}
		if form.most > 0 && len(t.rows) == form.most {
			return table{}, refuse(aggregate.CodeTooLarge, lineField(line), "A file may have %d rows: split it, and import the parts one after the other.", form.most)
		}
		row := tableRow{line: line, cells: map[string]string{}}
		for i, column := range t.columns {
			row.cells[column] = record[i]
		}
		t.rows = append(t.rows, row)
	}
}

// checkHeader refuses columns that mean nothing, or that are missing.
func (f tableForm) checkHeader(header []string) aggregate.Refusals {
	var refused aggregate.Refusals
	known := strings.Join(f.columns, ", ")
	for i, column := range header {
		switch {
		case !slices.Contains(f.columns, column):
			refused = append(refused, refuse(aggregate.CodeInvalid, lineField(1), "There is no column %.40q; there is %s.", column, known)...)
		case slices.Contains(header[:i], column):
			refused = append(refused, refuse(aggregate.CodeInvalid, lineField(1), "The column %s stands there twice.", column)...)
		}
	}
	if !slices.ContainsFunc(f.needed, func(column string) bool { return slices.Contains(header, column) }) {
		refused = append(refused, refuse(aggregate.CodeInvalid, lineField(1), "The column %s is missing; the first line names the columns, separated by commas.", strings.Join(f.needed, " or "))...)
	}
	return refused
}

// plainCell takes white space from a cell, and the mark that keeps spreadsheets
// from taking a text for a formula, which exports write.
func plainCell(cell string) string {
	cell = strings.TrimSpace(cell)
	if text, marked := strings.CutPrefix(cell, "'"); marked && text != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(text)[0]) {
		return text
	}
	return cell
}
