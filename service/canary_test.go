package service

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/notifier"
	"tenure/projections"
	"tenure/vault"
)

// canary is an organization in which one person's every field, and every text
// about the person, is a word that is nowhere else. The person was owner, has
// left, and is to be anonymized.
type canary struct {
	*house
	words []string
	id    events.PrincipalID
	mia   Caller // the compliance manager
	// wasOwner is a time at which the person was the owner.
	wasOwner time.Time
}

func (c *canary) word(what string) string {
	w := fmt.Sprintf("Zq%dXv%sWords", len(c.words), what)
	c.words = append(c.words, w)
	return w
}

func sing(t *testing.T) *canary {
	t.Helper()
	h := open(t)
	c := &canary{house: h}
	ctx := t.Context()
	login, email := c.word("login"), c.word("mail")+"@example.org"
	founded := must[PersonReceipt](t)(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "acme", Model: "fabasoft", Title: "Acme",
		Owner: PersonDetails{Login: login, Email: email, Name: c.word("first") + " " + c.word("last"), JobTitle: c.word("job")}}))
	c.id = founded.ID
	owner := h.as("acme", login)
	for _, name := range []string{"olga", "mia"} {
		must[PersonReceipt](t)(h.RegisterPerson(ctx, owner, "acme", Envelope{}, PersonDetails{Login: name, Email: name + "@example.org", Name: "Name of " + name}))
		must[Receipt](t)(h.StartMembership(ctx, owner, "acme", Envelope{}, MembershipRequest{Person: name}))
	}
	must[Receipt](t)(h.GrantRole(ctx, owner, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "mia", Role: "compliance_manager"}}))
	c.mia = h.as("acme", "mia")
	c.wasOwner = h.clock.now()
	h.clock.set(start.AddDate(0, 1, 0))
	must[Receipt](t)(h.TransferRole(ctx, owner, "acme", Envelope{}, TransferRequest{Person: "olga"}))
	olga := h.as("acme", "olga")
	changed := c.word("newmail") + "@example.org"
	must[Receipt](t)(h.UpdatePerson(ctx, olga, "acme", Envelope{Note: c.word("note")}, PersonChange{Person: login, Email: &changed}))
	must[Receipt](t)(h.TerminateMembership(ctx, olga, "acme", Envelope{Note: c.word("farewell")}, MembershipRequest{Person: login}))
	must[ReminderReceipt](t)(h.SetReminder(ctx, c.mia, "acme", Envelope{Note: c.word("reminder")}, ReminderRequest{Person: login, At: "P1D"}))
	hold := must[HoldReceipt](t)(h.PlaceHold(ctx, c.mia, "acme", Envelope{}, HoldRequest{Person: login, Ground: c.word("hold")}))
	must[Receipt](t)(h.SetRetention(ctx, c.mia, "acme", Envelope{}, RetentionRequest{Person: login, Until: "P2Y", Ground: c.word("tax")}))
	must[Receipt](t)(h.ReleaseHold(ctx, c.mia, "acme", Envelope{}, ItemRequest{ID: string(hold.ID)}))
	h.clock.set(start.AddDate(0, 2, 0))
	if err := h.Attend(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

// found looks for the words in every byte below the folder, and says in which
// files they are.
func (c *canary) search() map[string]bool {
	in := map[string]bool{}
	for path, data := range c.bytesBelow() {
		// Mails break long lines, and write what is no ASCII in other letters.
		data = bytes.ToLower(bytes.ReplaceAll(data, []byte("=\r\n"), nil))
		for _, w := range c.words {
			if bytes.Contains(data, []byte(strings.ToLower(w))) {
				in[path] = true
			}
		}
	}
	return in
}

// TestCanary: what is personal is nowhere but in the mails that were sent, and
// after the anonymization not even there; what the role history says stays.
func TestCanary(t *testing.T) {
	c := sing(t)
	ctx := t.Context()
	mails := c.search()
	for path := range mails {
		if filepath.Base(filepath.Dir(path)) != notifier.Folder {
			t.Errorf("%s holds what is personal", path)
		}
	}
	if len(mails) == 0 {
		t.Error("not even the mails name the person: the search sees nothing")
	}
	key, err := os.ReadFile(filepath.Join(c.dir, "keys", "epoch-0001.key"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.Fields(string(key))[4])
	if err != nil {
		t.Fatal(err)
	}

	done := must[AnonymizationReceipt](t)(c.Anonymize(ctx, c.mia, "acme", Envelope{}, AnonymizationRequest{Person: string(c.id)}))
	if done.Certificate == "" || done.Completed == 0 {
		t.Fatalf("it is not completed: %+v", done)
	}
	verifier, err := vault.VerifierKey(c.dir, c.Ledger())
	if err != nil {
		t.Fatal(err)
	}
	stated, err := vault.VerifyCertificate([]byte(done.Certificate), verifier)
	if err != nil || stated.Owner != string(c.id) || stated.Epoch != 1 {
		t.Errorf("the certificate states %+v, %v", stated, err)
	}
	c.shut()
	for path := range c.search() {
		t.Errorf("after the anonymization %s holds what is personal", path)
	}
	for path, data := range c.bytesBelow() {
		if bytes.Contains(data, raw) || bytes.Contains(bytes.ToLower(data), []byte(hex.EncodeToString(raw))) {
			t.Errorf("%s holds the key that was destroyed", path)
		}
	}
	for _, w := range c.words {
		if strings.Contains(c.logs.String(), w) {
			t.Errorf("the log holds %s", w)
		}
	}
	c.openIn(c.dir)

	holders := must[[]GrantView](t)(c.Holders(ctx, c.mia, "acme", Reading{Moment: projections.Moment{AsOf: c.wasOwner}}, "owner", ""))
	if len(holders) != 1 || holders[0].ID != c.id || holders[0].Login != "anonymized person "+string(c.id) {
		t.Errorf("the owner then was %+v", holders)
	}
	if links := must[[]Link](t)(c.Links(ctx, c.mia, "acme", Reading{}, string(c.id))); len(links) < 10 {
		t.Errorf("there are %d links only", len(links))
	}
	file := must[CaseView](t)(c.Case(ctx, c.mia, "acme", Reading{}, string(c.id)))
	if file.State != "anonymized" || len(file.Alerts) != 1 || file.Alerts[0].Login != "mia" || file.Certificate != done.Certificate || len(file.Reminders) > 0 {
		t.Errorf("the case is %+v", file)
	}
	// A login that comes back is a new person.
	again := must[PersonReceipt](t)(c.RegisterPerson(ctx, c.as("acme", "olga"), "acme", Envelope{}, PersonDetails{Login: c.words[0]}))
	if again.ID == c.id {
		t.Error("the person is back")
	}
}

// TestRestoreKeepsTheErased restores older backups with the newest capsule, and
// with others.
func TestRestoreKeepsTheErased(t *testing.T) {
	c := sing(t)
	ctx := t.Context()
	kept := t.TempDir()
	at := func(name string) string { return filepath.Join(kept, name) }
	save := func(name string) {
		t.Helper()
		for what, write := range map[string]func(*os.File) error{
			"ledger":  func(f *os.File) error { return c.BackupLedger(ctx, operator, f) },
			"capsule": func(f *os.File) error { return c.BackupCapsule(ctx, operator, f) },
		} {
			file, err := os.Create(at(name + "." + what))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(write(file), file.Close()); err != nil {
				t.Fatal(err)
			}
		}
		keys, err := filepath.Glob(filepath.Join(c.dir, "keys", "epoch-*.key"))
		if err != nil || len(keys) != 1 {
			t.Fatalf("epoch keys: %v, %v", keys, err)
		}
		content, err := os.ReadFile(keys[0])
		if err == nil {
			err = os.WriteFile(at(name+".key"), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	save("old")
	c.shut()
	if err := os.CopyFS(at("old.folder"), os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	c.openIn(c.dir)
	must[AnonymizationReceipt](t)(c.Anonymize(ctx, c.mia, "acme", Envelope{}, AnonymizationRequest{Person: string(c.id)}))
	save("new")
	journal := filepath.Join(c.dir, "keys", "erasures.jsonl")

	for name, r := range map[string]RestoreRequest{
		"backup": {Ledger: at("old.ledger")}, "folder": {Ledger: at("old.folder")}, "newest": {Ledger: at("new.ledger")},
	} {
		t.Run(name, func(t *testing.T) {
			r.Dir, r.Capsule, r.EpochKey, r.Journal = filepath.Join(t.TempDir(), "data"), at("new.capsule"), at("new.key"), journal
			r.Signer = filepath.Join(c.dir, "keys", "signer.key")
			if err := Restore(ctx, r); err != nil {
				t.Fatal(err)
			}
			if was, is := must[string](t)(vault.VerifierKey(c.dir, c.Ledger())), must[string](t)(vault.VerifierKey(r.Dir, c.Ledger())); was != is {
				t.Error("the certificates of before do not verify any more")
			}
			h := &house{t: t, clock: c.clock, logs: &logs{}, keys: map[string]string{}}
			h.openIn(r.Dir)
			defer h.shut()
			if olga := must[PersonView](t)(h.Person(ctx, operator, "acme", Reading{}, "olga")); olga.Name != "Name of olga" {
				t.Errorf("olga is %+v", olga)
			}
			person := must[PersonView](t)(h.Person(ctx, operator, "acme", Reading{}, string(c.id)))
			if person.Name != "" || person.Email != "" || strings.Contains(person.Login, "Words") {
				t.Errorf("the erased person is %+v", person)
			}
			if _, err := h.Person(ctx, operator, "acme", Reading{}, c.words[0]); err == nil {
				t.Error("the erased person is found")
			}
			restored := &canary{house: h, words: c.words}
			for path := range restored.search() {
				t.Errorf("%s holds what is personal", path)
			}
			if name == "backup" && !strings.Contains(h.logs.String(), "decide it again") {
				t.Error("nobody is told that the anonymization is to be decided again")
			}
		})
	}

	for name, r := range map[string]RestoreRequest{
		"old set, nothing said of the journal":   {Ledger: at("old.ledger"), Capsule: at("old.capsule"), EpochKey: at("old.key")},
		"old capsule, newest key":                {Ledger: at("old.ledger"), Capsule: at("old.capsule"), EpochKey: at("new.key"), Journal: NoJournal},
		"old capsule, old key, newest journal":   {Ledger: at("old.ledger"), Capsule: at("old.capsule"), EpochKey: at("old.key"), Journal: journal},
		"old capsule, old key, newest ledger":    {Ledger: at("new.ledger"), Capsule: at("old.capsule"), EpochKey: at("old.key"), Journal: NoJournal},
		"newest capsule, old key":                {Ledger: at("new.ledger"), Capsule: at("new.capsule"), EpochKey: at("old.key"), Journal: NoJournal},
		"the ledger in the place of the capsule": {Ledger: at("new.ledger"), Capsule: at("new.ledger"), EpochKey: at("new.key"), Journal: NoJournal},
		"no capsule":                             {Ledger: at("new.ledger"), Capsule: at("absent"), EpochKey: at("new.key"), Journal: NoJournal},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			r.Dir = filepath.Join(t.TempDir(), "data")
			if err := Restore(ctx, r); err == nil {
				t.Error("restored")
			}
			if _, err := os.Stat(r.Dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("there is something: %v", err)
			}
		})
	}

	t.Run("without the capsule nobody opens", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		backup, err := os.Open(at("old.ledger"))
		if err != nil {
			t.Fatal(err)
		}
		defer backup.Close()
		if _, err := ledger.RestoreBackup(ctx, dir, backup, ledger.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, clock: c.clock, logs: &logs{}, keys: map[string]string{}}
		h.openIn(dir)
		defer h.shut()
		for _, person := range must[[]PersonView](t)(h.People(ctx, operator, "acme", Reading{})) {
			if person.Name != "" || person.Email != "" || person.Login != string(person.ID) {
				t.Errorf("%+v opens", person)
			}
		}
	})
}

// TestErasureGoesOn: a decision whose process ended is carried out at the next
// start.
func TestErasureGoesOn(t *testing.T) {
	c := sing(t)
	ctx := t.Context()
	must[Receipt](t)(c.execute(ctx, c.mia, "acme", Envelope{}, task{kind: "person.anonymize", prepare: func(*plan) (aggregate.Command, error) {
		return aggregate.Anonymize{Subject: c.id}, nil
	}}))
	c.restart()
	if person, _ := c.stateOf("acme").Person(c.id); !person.Anonymized() {
		t.Fatal("it was not carried out")
	}
	for path := range c.search() {
		t.Errorf("%s holds what is personal", path)
	}
	if len(c.vault.Journal()) != 1 {
		t.Errorf("the journal is %+v", c.vault.Journal())
	}
	position := c.Position()
	c.restart()
	if c.Position() != position {
		t.Error("it was carried out twice")
	}
}

// TestErasureThatFails: an erasure that finds remains of the key is not
// completed, and is once they are gone, without a restart; others are not kept
// from theirs.
func TestErasureThatFails(t *testing.T) {
	c := sing(t)
	ctx := t.Context()
	key, err := os.ReadFile(filepath.Join(c.dir, "keys", "epoch-0001.key"))
	if err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(c.dir, "copy-of-a-key")
	if err := os.WriteFile(stray, key, 0o600); err != nil {
		t.Fatal(err)
	}
	done := must[AnonymizationReceipt](t)(c.Anonymize(ctx, c.mia, "acme", Envelope{}, AnonymizationRequest{Person: string(c.id)}))
	if done.Completed != 0 || done.Certificate != "" {
		t.Fatalf("it was completed beside a copy of the key: %+v", done)
	}
	c.restart()
	if state := c.fold("acme"); len(c.anonymizations.Pending()) != 1 || state.Number == 0 {
		t.Fatal("it was completed at the next start, beside a copy of the key")
	}
	view := must[PersonView](t)(c.Person(ctx, c.mia, "acme", Reading{Moment: projections.Moment{AsOf: c.wasOwner}}, string(c.id)))
	if view.Name != "" || view.Email != "" || view.JobTitle != "" {
		t.Errorf("after the decision she is shown as %+v", view)
	}
	if err := os.Remove(stray); err != nil {
		t.Fatal(err)
	}
	if err := c.eraseDecided(ctx); err != nil {
		t.Fatal(err)
	}
	state := c.fold("acme")
	if person, _ := state.Person(c.id); !person.Anonymized() {
		t.Error("it is not completed after the remains were removed")
	}
}

// TestRequestDigestNeedsTheKey: what an idempotency key remembers differs with
// the key, of which the ledger holds a hash alone, so that nobody can try out
// whom a request was about.
func TestRequestDigestNeedsTheKey(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	kept := map[string]bool{}
	for _, key := range []string{"one", "two"} {
		r := must[Receipt](t)(h.RenameScope(t.Context(), operator, "acme", Envelope{IdempotencyKey: key, Reason: "correction"}, ScopeRequest{Scope: "organization:acme", Title: "The same title"}))
		record, err := h.ledger.Get(t.Context(), r.Revision)
		if err != nil {
			t.Fatal(err)
		}
		kept[string(record.RequestDigest)] = true
	}
	if len(kept) != 2 {
		t.Error("the same request has the same digest under every key")
	}
}
