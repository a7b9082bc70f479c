package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
)

// The server keeps a stream in block files, one record after another:
//
//	length(4) sequence(8) time(8) subject length(2)
//	subject [header length(4) header] payload checksum(8)
//
// little-endian; the length counts everything and its highest bit says that
// there is a header; the checksum leaves out the three lengths.
const (
	recordHead    = 22
	recordSum     = 8
	recordLongest = 32 << 20
	hasHeader     = 1 << 31
	// sequenceFlags mark tombstones and erased records. The ledger's stream has
	// none, unless revisions that were given out are gone.
	sequenceFlags = 3 << 62
)

// checkBlocks reads the files of a stream from which nothing may be deleted,
// before the server does: every record must be intact, and the sequences must
// run from 1 without a hole. It returns the last one and the number of files,
// or ErrStoreDamaged.
//
// The server itself, where it meets a bad record at its start, cuts the file
// off there, with all that comes after it, says nothing, and gives the same
// sequences out again. That is right for one case only, which passes: the last
// record, half written and never acknowledged.
func checkBlocks(streamDir, stream string) (last uint64, blocks int, err error) {
	files, err := filepath.Glob(filepath.Join(streamDir, "msgs", "*.blk"))
	if err != nil {
		return 0, 0, err
	}
	numbers := make(map[string]int, len(files))
	for _, file := range files {
		number, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(file), ".blk"))
		if err != nil {
			return 0, 0, fmt.Errorf("%w: %s is no block of stream %s", ErrStoreDamaged, file, stream)
		}
		numbers[file] = number
	}
	slices.SortFunc(files, func(a, b string) int { return numbers[a] - numbers[b] })
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return 0, 0, err
		}
		b, err := newBlock(data, stream, numbers[file])
		if err != nil {
			return 0, 0, err
		}
		if last, err = b.check(last, i == len(files)-1); err != nil {
			return 0, 0, fmt.Errorf("%w: %s: %w; the server has not been started on it, and nothing has been changed",
				ErrStoreDamaged, file, err)
		}
	}
	return last, len(files), nil
}

var headerEnd = []byte("\r\n\r\n")

// block is the content of a block file.
type block struct {
	data []byte
	sum  hash.Hash64
}

func newBlock(data []byte, stream string, number int) (*block, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, number))
	sum, err := highwayhash.New64(key[:])
	if err != nil {
		return nil, err
	}
	return &block{data, sum}, nil
}

// check follows the records on from the last sequence before the block, and
// returns the last one in it.
func (b *block) check(last uint64, lastBlock bool) (uint64, error) {
	for at := 0; at < len(b.data); {
		sequence, length, intact := b.record(at)
		switch {
		case !intact && lastBlock && b.torn(at, last):
			return last, nil
		case !intact:
			return last, fmt.Errorf("the record at byte %d, of revision %d, is corrupt", at, last+1)
		case sequence&sequenceFlags != 0:
			if gone := sequence &^ sequenceFlags; gone > last {
				return last, fmt.Errorf("revision %d was given out and is gone; the one before it in the store is %d", gone, last)
			}
		case sequence != last+1:
			return last, fmt.Errorf("after revision %d comes revision %d", last, sequence)
		default:
			last = sequence
		}
		at += length
	}
	return last, nil
}

// record reads the record at a place.
func (b *block) record(at int) (sequence uint64, length int, intact bool) {
	rest := b.data[at:]
	if len(rest) < recordHead+recordSum {
		return 0, 0, false
	}
	raw := binary.LittleEndian.Uint32(rest)
	length = int(raw &^ hasHeader)
	subject := int(binary.LittleEndian.Uint16(rest[20:]))
	begin := recordHead + subject
	if raw&hasHeader != 0 {
		begin += 4
	}
	if length > recordLongest || length > len(rest) || begin > length-recordSum {
		return 0, 0, false
	}
	if raw&hasHeader != 0 {
		header := int(binary.LittleEndian.Uint32(rest[begin-4:]))
		if header > length-recordSum-begin || !bytes.HasSuffix(rest[begin:begin+header], headerEnd) {
			return 0, 0, false
		}
	}
	b.sum.Reset()
	b.sum.Write(rest[4:20])
	b.sum.Write(rest[recordHead : recordHead+subject])
	b.sum.Write(rest[begin : length-recordSum])
	var sum [recordSum]byte
	if !bytes.Equal(b.sum.Sum(sum[:0]), rest[length-recordSum:length]) {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint64(rest[4:]), length, true
}

// torn says whether the bad record at a place can be a write that was never
// completed. Each record is synced before the next one is begun: so nothing
// comes after it.
func (b *block) torn(at int, last uint64) bool {
	rest := b.data[at:]
	if len(rest) < recordHead+recordSum {
		return true
	}
	length, sequence := int(binary.LittleEndian.Uint32(rest)&^hasHeader), binary.LittleEndian.Uint64(rest[4:])
	if sequence == last+1 && length >= recordHead+recordSum && length < len(rest) {
		return false
	}
	// Its head cannot be trusted: look for a later record anywhere.
	for at++; at+recordHead+recordSum <= len(b.data); at++ {
		sequence := binary.LittleEndian.Uint64(b.data[at+4:]) &^ sequenceFlags
		if sequence <= last || sequence > last+uint64(len(b.data)) {
			continue
		}
		if _, _, intact := b.record(at); intact {
			return false
		}
	}
	return true
}
