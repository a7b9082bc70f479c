package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// newFile is a file being written. It appears under its name whole or not at
// all, for its owner alone, and never in the place of another.
type newFile struct {
	*os.File
	path string
}

// createFile begins a file beside its name; publish gives it the name.
func createFile(path string) (*newFile, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s is there already, and is not overwritten", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	var failed *fs.PathError
	if errors.As(err, &failed) { // whose name is not the one that was given
		return nil, fmt.Errorf("write %s: %w", path, failed.Err)
	} else if err != nil {
		return nil, err
	}
	return &newFile{f, path}, nil
}

// publish makes the file durable under its name.
func (f *newFile) publish() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	// A link fails where a rename would take another file's place.
	err := os.Link(f.Name(), f.path)
	switch {
	case err == nil:
		err = os.Remove(f.Name())
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already, and is not overwritten", f.path)
	default: // there are file systems without links
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(f.path)) // the name is durable, too
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// discard removes a file that was not published.
func (f *newFile) discard() {
	f.Close()
	os.Remove(f.Name())
}
