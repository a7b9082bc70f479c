package notifier

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// folderTransport puts mails into a folder, one file each, where there is no
// mail server. A file is there as a whole or not at all, and a mail that comes
// again takes its own place: the name is made of the event's time and the
// notice's id.
type folderTransport string

func (dir folderTransport) send(_ context.Context, mail func() (*envelope, error)) (answer, error) {
	e, err := mail()
	if err != nil {
		return answer{}, err
	}
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return answer{}, err
	}
	path := filepath.Join(string(dir), e.at.UTC().Format("20060102T150405Z")+"-"+e.id+".eml")
	temporary := path + ".tmp"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return answer{}, err
	}
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return answer{}, err
	}
	_, err = file.Write(e.mail)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return answer{}, errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return answer{}, err
	}
	folder, err := os.Open(string(dir))
	if err != nil {
		return answer{}, err
	}
	return answer{}, errors.Join(folder.Sync(), folder.Close())
}

func (folderTransport) open() bool { return false }

func (folderTransport) close() {}
