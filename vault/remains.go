package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// search is the search of all files of a folder for what was to be destroyed:
// every regular file, whatever its name, from its first byte to its last. It
// does not follow symbolic links, and does not look into what is compressed,
// encrypted or encoded otherwise.
type search struct {
	// beginnings has the patterns by their first two bytes, and known says
	// which of those there are: most places are ruled out by it alone.
	beginnings map[uint16][]pattern
	known      [1 << 16]bool
	longest    int

	files int
	bytes int64
	// found are the files that hold a pattern.
	found []string
}

// pattern says whether a text begins with what is searched for.
type pattern func(text []byte) bool

// add takes in a pattern, by its first bytes, of which there are at least two,
// and its length.
func (s *search) add(beginning []byte, length int, p pattern) {
	begin := uint16(beginning[0]) | uint16(beginning[1])<<8
	s.beginnings[begin] = append(s.beginnings[begin], p)
	s.known[begin] = true
	s.longest = max(s.longest, length)
}

// newSearch prepares a search for what the destruction of an epoch must leave
// nowhere: at any offset, each epoch key and each wrapped key as its bytes, and
// each epoch key as lower-case hexadecimal as well, as in a key file.
//
// whole says whether the epoch key is among them. If not, any text "tenure
// epoch N key HEX" of that epoch is searched for in its place, so that at least
// a copy of the key file is found.
func newSearch(list []fingerprint, epoch uint64) (s *search, whole bool) {
	s = &search{beginnings: map[uint16][]pattern{}}
	for _, f := range list {
		s.add(f.beginning, f.length, f.begins)
		if f.ofKey() {
			whole = true
			s.add(hex.AppendEncode(nil, f.beginning), 2*f.length, f.beginsAsHex)
		}
	}
	if !whole {
		form := keyText(epoch, make([]byte, keySize))
		label := form[:len(form)-2*keySize-1]
		s.add(label, len(label)+2*keySize, func(text []byte) bool {
			if !bytes.HasPrefix(text, label) || len(text) < len(label)+2*keySize {
				return false
			}
			var raw [keySize]byte
			defer clear(raw[:])
			_, err := hex.Decode(raw[:], text[len(label):len(label)+2*keySize])
			return err == nil
		})
	}
	return s, whole
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
			if p(text[i-1:]) {
				return true
			}
		}
	}
	return false
}
