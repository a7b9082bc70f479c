package notifier

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tenure/events"
)

// Naming lists the ids of the notices whose mails name a person: to whom they
// go, whom they are about, and who did what they tell of.
func (o *Outbox) Naming(org events.OrgID, person events.PrincipalID) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var ids []string
	for _, item := range o.order {
		if item.Org != org {
			continue
		}
		for _, id := range []events.PrincipalID{item.Recipient, item.Subject, item.Actor, item.OnBehalfOf, item.Former} {
			if id == person {
				ids = append(ids, item.ID)
				break
			}
		}
	}
	return ids
}

// ForgetMail removes the mails of notices from a folder in which mails are put
// where there is no mail server.
func ForgetMail(dir string, notices []string) error {
	var errs []error
	for _, id := range notices {
		files, err := filepath.Glob(filepath.Join(dir, "*-"+id+".eml*"))
		errs = append(errs, err)
		for _, file := range files {
			if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
