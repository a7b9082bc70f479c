package rolemodel

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// YAML could be in UTF-16, and JSON, in which models are sent, cannot.
func TestUTF16IsRefused(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var source []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + yard)) {
			source = order.AppendUint16(source, unit)
		}
		if _, err := Parse("yard.yaml", source); err == nil || err.Error() != "yard.yaml:1:1: the file is in UTF-16; save it in UTF-8" {
			t.Errorf("%v: %v", order, err)
		}
	}
}
