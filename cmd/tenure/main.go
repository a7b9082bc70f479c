// Command tenure records who holds which role in an organization, since when,
// by whose authority, and answers questions about it.
//
// This package only wires: it turns flags into requests of package api, and
// answers into tables, JSON or CSV. One file per noun.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to end; a second one does not ask.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program. Its result is the exit status: 0 done or allowed,
// 1 refused or not allowed, 2 error or usage.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	a := &app{args: args, in: in, out: out, errs: errs}
	root := a.command()
	root.SetArgs(negatedLast(root, args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	return a.exit(err)
}
