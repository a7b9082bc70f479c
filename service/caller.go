package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// Caller is who asks: a person of one organization, or the operator of all.
type Caller struct {
	Principal events.PrincipalID
	// Org is empty for the operator.
	Org        events.OrgID
	Credential events.CredentialID
	// Invitation is what the caller may answer, and no more; empty for others.
	Invitation events.InvitationID
}

// Operator says whether the caller runs the installation.
func (c Caller) Operator() bool { return c.Principal == events.Operator }

// keyPrefix begins every API key, so that scanners for leaked secrets find it.
const keyPrefix = "tenure_"

// visiblePrefix is how many characters of a key are kept to recognize it by.
const visiblePrefix = len(keyPrefix) + 6

// newKey makes an API key of 256 random bits.
func newKey() (key string, hash [sha256.Size]byte) {
	var secret [32]byte
	rand.Read(secret[:])
	key = keyPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return key, sha256.Sum256([]byte(key))
}

// Authenticate says whom a key speaks for. It sees every key issued or revoked
// before the call.
func (s *Service) Authenticate(ctx context.Context, key string) (Caller, error) {
	hash := sha256.Sum256([]byte(key))
	if subtle.ConstantTimeCompare(hash[:], s.operator[:]) == 1 {
		return Caller{Principal: events.Operator}, nil
	}
	// A key may have been issued or revoked a moment ago.
	if err := s.catchUp(ctx, 0); err != nil {
		return Caller{}, err
	}
	if caller, invited := s.invited(key); invited {
		return caller, nil
	}
	holder, found := s.credentials.Find(hash)
	if !found {
		return Caller{}, refuse(CodeUnauthenticated, "key", "This key is not known, or it was revoked.")
	}
	return Caller{Principal: holder.Principal, Org: holder.Org, Credential: holder.Credential}, nil
}

// enter gives the state that a caller of the organization may ask about. To
// strangers an organization that exists looks like one that does not.
func (s *Service) enter(caller Caller, org events.OrgID) (*aggregate.State, error) {
	state, known := s.permissions.State(org)
	if !known || !caller.Operator() && caller.Org != org {
		return nil, refuseOrganization(caller, org)
	}
	if caller.Invitation != "" {
		return nil, refuseInvited()
	}
	if err := s.admit(state, caller); err != nil {
		return nil, err
	}
	now := state.At(s.clock())
	return &now, nil
}

func refuseInvited() error {
	return refuse(aggregate.CodeNotPermitted, "", "The token of an invitation answers that invitation, and is good for nothing else.")
}

// admit refuses a person whose membership is suspended everything.
func (s *Service) admit(state *aggregate.State, caller Caller) error {
	if person, is := state.Person(caller.Principal); is {
		if m, member := person.Membership(state.Root); member && !m.Active {
			refused := refuse(aggregate.CodeNotPermitted, "", "Your membership of %s is suspended; until it is resumed, everything is refused.", state.Org)
			refused[0].Contact = state.Contact(caller.Principal)
			return s.introduced(state, refused)
		}
	}
	return nil
}

// mayRead refuses a caller who is not allowed to read. The operator may.
func mayRead(state *aggregate.State, caller Caller, act rolemodel.Act) error {
	if caller.Operator() || state.MayAct(caller.Principal, act, state.Root) {
		return nil
	}
	return aggregate.Refusals{{
		Code: aggregate.CodeNotPermitted, Rule: state.RuleOf(act, state.Root), Contact: state.Contact(caller.Principal), Event: -1,
		Message: fmt.Sprintf("You may not read this (%s) in %s.", act, state.Org),
	}}
}

// operatorKey is the SHA-256 of the operator's key.
type operatorKey [sha256.Size]byte

// OperatorKeyFile is where the operator's key is written when a data folder is
// made. It may be moved elsewhere: the service itself keeps the hash alone.
const OperatorKeyFile = "operator.key"

const operatorHashFile = "operator.sha256"

// loadOperatorKey reads the hash of the operator's key, and makes the key when
// the folder has none yet.
func loadOperatorKey(dir string) (operatorKey, error) {
	path := filepath.Join(dir, operatorHashFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key, hash := newKey()
		// The hash comes last: a crash in between makes the next start begin
		// again, with another key.
		if err := writeFile(filepath.Join(dir, OperatorKeyFile), key+"\n"); err != nil {
			return operatorKey{}, fmt.Errorf("write the operator's key: %w", err)
		}
		if err := writeFile(path, hex.EncodeToString(hash[:])+"\n"); err != nil {
			return operatorKey{}, fmt.Errorf("write the operator's key: %w", err)
		}
		return hash, nil
	}
	if err != nil {
		return operatorKey{}, fmt.Errorf("read the operator's key: %w", err)
	}
	hash, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(hash) != sha256.Size {
		return operatorKey{}, fmt.Errorf("%s does not hold a SHA-256 in hexadecimal", path)
	}
	return operatorKey(hash), nil
}

// writeFile writes a small file for its owner alone, durably.
func writeFile(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path)) // the name is durable, too
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
