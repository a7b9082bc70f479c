package rolemodel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a role model's file.
type Problem struct {
	File string
	// Line and Column count from 1, the column in characters. For what is no YAML
	// at all the column is often 1: the YAML reader tells none.
	Line, Column int
	Message      string
}

// String is "file:line:column: message", as editors and compilers write it.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems is the error of [Parse]: all that was found, in the order of the
// file. Past 1,000 the rest is left out, and the last one says so.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// mostProblems bounds what a hostile file makes us say about it.
const mostProblems = 1000

// sorted puts the problems in the order of the file.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p
}
