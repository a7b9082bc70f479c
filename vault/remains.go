package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// search is the search of all files of a folder for byte strings.
type search struct {
	// beginnings has the patterns by their first two bytes, and known says
	// which of those there are: most places are ruled out by it alone.
	beginnings map[uint16][][]byte
	known      [1 << 16]bool
	longest    int

	files int
	bytes int64
	// found are the files that hold a pattern.
	found []string
}

// newSearch prepares a search. Patterns are at least two bytes long.
func newSearch(patterns [][]byte) *search {
	s := &search{beginnings: map[uint16][][]byte{}}
	for _, p := range patterns {
		begin := uint16(p[0]) | uint16(p[1])<<8
		s.beginnings[begin] = append(s.beginnings[begin], p)
		s.known[begin] = true
		s.longest = max(s.longest, len(p))
	}
	return s
}

// below searches every file below the folder. Files that vanish meanwhile are
// gone, which is as good.
func (s *search) below(ctx context.Context, dir string) error {
	buffer := make([]byte, 1<<20+2*s.longest)
	defer clear(buffer)
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !d.Type().IsRegular():
			return nil
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		holds, err := s.in(f, buffer)
		if holds {
			s.found = append(s.found, path)
		}
		s.files++
		return err
	})
}

// in reads to the end and says whether there is a pattern.
func (s *search) in(r io.Reader, buffer []byte) (holds bool, err error) {
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		s.bytes += int64(n)
		text := buffer[:kept+n]
		if s.holds(text) {
			return true, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buffer, text[max(0, len(text)-s.longest):])
	}
}

func (s *search) holds(text []byte) bool {
	for i := 1; i < len(text); i++ {
		begin := uint16(text[i-1]) | uint16(text[i])<<8
		if !s.known[begin] {
			continue
		}
		for _, p := range s.beginnings[begin] {
			if bytes.HasPrefix(text[i-1:], p) {
				return true
			}
		}
	}
	return false
}
