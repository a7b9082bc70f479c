package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"

	"tenure/events"
)

const (
	ledgerStream  = "LEDGER"
	ledgerPrefix  = "ledger."
	ledgerPattern = ledgerPrefix + "*"

	keysStream  = "KEYS"
	keysPrefix  = "keys."
	keysPattern = keysPrefix + "*.*"

	noticesStream  = "NOTICES"
	noticesPrefix  = "notices."
	noticesPattern = noticesPrefix + "*.*"

	// ledgerIDKey names the ledger's id in the metadata of its streams, so that
	// a stream and a ledger.json of different ledgers are told apart, and a
	// crash between the two loses nothing.
	ledgerIDKey = "tenure.ledger"

	// duplicateWindow is how long the server remembers commit ids. It only
	// spares a look-up: the expectation alone keeps a commit from being
	// stored twice.
	duplicateWindow = 2 * time.Minute
)

func orgSubject(org events.OrgID) string { return ledgerPrefix + string(org) }

// wantedStreams are the streams in the order in which they are created. LEDGER
// is the last one: where it is, KEYS must be. NOTICES may be missing beside
// them, in a store that is older than notices are.
func wantedStreams(ledgerID string) []jetstream.StreamConfig {
	common := jetstream.StreamConfig{
		Storage:           jetstream.FileStorage,
		Replicas:          1,
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardOld,
		MaxConsumers:      -1,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgsPerSubject: -1,
		MaxMsgSize:        -1,
		Duplicates:        duplicateWindow,
		// Settings cannot be changed later on, and batches are what makes many
		// small writes cheap.
		AllowAtomicPublish: true,
		Metadata:           map[string]string{ledgerIDKey: ledgerID},
	}
	keys, notices, ledger := common, common, common
	keys.Name, keys.Subjects = keysStream, []string{keysPattern}
	ledger.Name, ledger.Subjects = ledgerStream, []string{ledgerPattern}
	ledger.DenyDelete, ledger.DenyPurge = true, true
	notices.Name, notices.Subjects = noticesStream, []string{noticesPattern}
	notices.DenyDelete, notices.DenyPurge = true, true
	return []jetstream.StreamConfig{keys, notices, ledger}
}

// noticesFile is there once the stream NOTICES has been created. It tells a
// store that is older than notices are from one that lost them.
func (f folder) noticesFile() string { return filepath.Join(string(f), "notices") }

// hadNotices says whether the store has ever had the stream NOTICES.
func (f folder) hadNotices() (bool, error) {
	_, err := os.Stat(f.noticesFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (f folder) markNotices() error {
	if had, err := f.hadNotices(); had || err != nil {
		return err
	}
	if err := writeSynced(f.noticesFile(), nil); err != nil {
		return err
	}
	return syncDir(string(f))
}

// checkStore demands, before the server is started on it, that a store that has
// an identity has its streams, and that the ledger's blocks are whole. It
// returns the last revision in them.
func checkStore(dir folder, known *identity) (events.Revision, error) {
	wanted := []string{ledgerStream, keysStream}
	if had, err := dir.hadNotices(); err != nil {
		return 0, err
	} else if had {
		wanted = append(wanted, noticesStream)
	}
	for _, stream := range wanted {
		exists, _, err := dir.streamState(stream)
		if err != nil {
			return 0, err
		}
		if known != nil && !exists {
			return 0, fmt.Errorf("%w: %s names the ledger %s, but its stream %s is not in %s",
				ErrStoreDamaged, dir.identityFile(), known.ID, stream, dir.natsDir())
		}
	}
	last, blocks, err := checkBlocks(dir.streamDir(ledgerStream), ledgerStream)
	if err == nil && known != nil && blocks == 0 {
		err = fmt.Errorf("%w: %s holds no blocks, from revision 1 on", ErrStoreDamaged, dir.streamDir(ledgerStream))
	}
	return events.Revision(last), err
}

// openStreams finds the ledger in the store, or creates it in a store that
// holds nothing, and returns its identity and its streams by name.
//
// The identity file is written last. Where it is there, the streams must be
// there; where it is not, the streams may be the work of a creation that was
// interrupted, and they are completed if that loses nothing.
func openStreams(ctx context.Context, js jetstream.JetStream, dir folder, known *identity) (identity, map[string]jetstream.Stream, error) {
	found := map[string]jetstream.Stream{}
	for _, config := range wantedStreams("") {
		stream, err := js.Stream(ctx, config.Name)
		if err == nil {
			found[config.Name] = stream
			continue
		}
		if !errors.Is(err, jetstream.ErrStreamNotFound) {
			return identity{}, nil, fmt.Errorf("%w: stream %s: %w", ErrUnavailable, config.Name, err)
		}
		_, holds, err := dir.streamState(config.Name)
		if err != nil {
			return identity{}, nil, err
		}
		missing := known != nil
		if config.Name == noticesStream && missing {
			if missing, err = dir.hadNotices(); err != nil {
				return identity{}, nil, err
			}
		}
		if missing || holds {
			return identity{}, nil, fmt.Errorf("%w: the server cannot read the stream %s in %s (see its log)",
				ErrStoreDamaged, config.Name, dir.streamDir(config.Name))
		}
		// Over half a description of the stream the server would create it,
		// and not find it at the next start.
		if err := os.RemoveAll(dir.streamDir(config.Name)); err != nil {
			return identity{}, nil, err
		}
	}
	id, err := settleIdentity(known, found)
	if err != nil {
		return identity{}, nil, err
	}
	for _, config := range wantedStreams(id.ID) {
		if found[config.Name] == nil {
			if found[config.Name], err = js.CreateStream(ctx, config); err != nil {
				return identity{}, nil, fmt.Errorf("%w: create stream %s: %w", ErrUnavailable, config.Name, err)
			}
		}
		if err := compareSettings(config, found[config.Name].CachedInfo().Config); err != nil {
			return identity{}, nil, err
		}
	}
	if err := dir.markNotices(); err != nil {
		return identity{}, nil, err
	}
	if known == nil {
		if err := dir.writeIdentity(id); err != nil {
			return identity{}, nil, err
		}
	}
	return id, found, nil
}

// settleIdentity says which ledger this is: the one in ledger.json, else the
// one that the streams name, else a new one.
func settleIdentity(known *identity, found map[string]jetstream.Stream) (identity, error) {
	id := identity{Format: folderFormat}
	if known != nil {
		id = *known
	}
	for name, stream := range found {
		info := stream.CachedInfo()
		in := info.Config.Metadata[ledgerIDKey]
		if id.ID == "" {
			id.ID, id.CreatedAt = in, info.Created.UTC()
		}
		if _, err := ulid.ParseStrict(in); err != nil || in != id.ID {
			return id, fmt.Errorf("%w: stream %s belongs to the ledger %q, not to %q", ErrStoreDamaged, name, in, id.ID)
		}
	}
	if found[ledgerStream] != nil && found[keysStream] == nil {
		return id, fmt.Errorf("%w: stream %s is there, but stream %s is not", ErrStoreDamaged, ledgerStream, keysStream)
	}
	for _, name := range []string{keysStream, noticesStream} {
		if found[ledgerStream] == nil && found[name] != nil && found[name].CachedInfo().State.LastSeq > 0 {
			return id, fmt.Errorf("%w: stream %s holds records, but stream %s is not there", ErrStoreDamaged, name, ledgerStream)
		}
	}
	if id.ID == "" {
		id.ID, id.CreatedAt = ulid.Make().String(), time.Now().UTC()
	}
	return id, nil
}

// compareSettings refuses a stream whose settings are not the wanted ones.
func compareSettings(want, have jetstream.StreamConfig) error {
	have.Metadata = maps.Clone(have.Metadata)
	maps.DeleteFunc(have.Metadata, func(key, _ string) bool { return strings.HasPrefix(key, "_nats.") })
	wanted, err := settingsByName(want)
	if err != nil {
		return err
	}
	actual, err := settingsByName(have)
	if err != nil {
		return err
	}
	names := maps.Clone(wanted)
	maps.Copy(names, actual)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if actual[name] != wanted[name] {
			return fmt.Errorf("%w: %s of stream %s is %s, and must be %s",
				ErrSettings, name, want.Name, cmp.Or(actual[name], "unset"), cmp.Or(wanted[name], "unset"))
		}
	}
	return nil
}

// settingsByName are a stream's settings as JSON, each under its name there.
func settingsByName(config jetstream.StreamConfig) (map[string]string, error) {
	data, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	settings := make(map[string]string, len(raw))
	for name, value := range raw {
		settings[name] = string(value)
	}
	return settings, nil
}
