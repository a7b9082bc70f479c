package rolemodel

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed models/*.yaml
var files embed.FS

// Default is the id of the model that an organization is founded with where
// nobody chooses one.
const Default = "standard"

// ErrUnknownModel is returned when no built-in model has the id.
var ErrUnknownModel = errors.New("unknown role model")

// Builtin returns the built-in model with the id. It fails with
// [ErrUnknownModel].
func Builtin(id string) (*Model, error) {
	var known []string
	for _, m := range builtin() {
		if m.ID == id {
			return m, nil
		}
		known = append(known, m.ID)
	}
	return nil, fmt.Errorf("%w %s; built in: %s", ErrUnknownModel, quoted(id), strings.Join(known, ", "))
}

// Source returns the document of the built-in model with the id, as it was
// written, with its comments. It fails with [ErrUnknownModel].
func Source(id string) ([]byte, error) {
	model, err := Builtin(id)
	if err != nil {
		return nil, err
	}
	return files.ReadFile("models/" + model.ID + ".yaml")
}

// List returns the built-in models, sorted by id.
func List() []*Model { return slices.Clone(builtin()) }

// builtin parses the models at first use. It panics where one is broken: that
// is a mistake in this package, found by any test.
var builtin = sync.OnceValue(func() []*Model {
	names, err := fs.Glob(files, "models/*.yaml")
	if err != nil {
		panic("rolemodel: " + err.Error())
	}
	models := make([]*Model, len(names))
	for i, name := range names {
		source, err := files.ReadFile(name)
		if err != nil {
			panic("rolemodel: " + err.Error())
		}
		if models[i], err = Parse(name, source); err != nil {
			panic("rolemodel: built-in model:\n" + err.Error())
		}
		if models[i].ID+".yaml" != path.Base(name) {
			panic("rolemodel: " + name + " holds the model " + models[i].ID)
		}
	}
	return models
})
