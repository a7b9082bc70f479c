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

// Folder is where, in the data folder, mails are put without a mail server.
const Folder = "mail"

// ForgetMail removes the mails of notices from [Folder] in a data folder.
func ForgetMail(dir string, notices []string) error {
	var errs []error
	for _, id := range notices {
		files, err := filepath.Glob(filepath.Join(dir, Folder, "*-"+id+".eml*"))
		errs = append(errs, err)
		for _, file := range files {
			if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
