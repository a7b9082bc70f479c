package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tenure/api"
	"tenure/service"
)

func (a *app) anonymize() *cobra.Command {
	var file string
	var yes bool
	cmd := &cobra.Command{
		Use:   "anonymize PERSON",
		Short: "Destroy what tells who a person was; nothing takes it back",
		Long: `Anonymize destroys the key of everything personal about a person, and all that could
bring it back. The history of roles stays, under the person's id. It is refused while the
person has a membership or a role, and under a legal hold. Nothing takes it back.

On a terminal it asks for the person's login or id first. The certificate says what was
destroyed and what cannot be; verify it with tenure verify.`,
		Example: `  tenure anonymize tom --certificate tom.certificate --org acme --data ./ledger --key carl.key
  tenure anonymize tom --yes --reason legal --org acme --data ./ledger --key carl.key -o json`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				// What cannot be written is found out while nothing is done.
				var certificate *newFile
				if cmd.Flags().Changed("certificate") && !a.change.DryRun {
					var err error
					if certificate, err = createFile(file); err != nil {
						return err
					}
					defer certificate.discard()
				}
				if !yes && !a.change.DryRun {
					if err := a.confirm(cmd.Context(), c, args[0]); err != nil {
						return err
					}
				}
				receipt, err := c.Anonymize(cmd.Context(), a.org, a.change, service.AnonymizationRequest{Person: args[0]})
				if err != nil {
					return err
				}
				var missing error
				if certificate != nil {
					missing = keepCertificate(certificate, receipt)
				}
				if missing != nil {
					file = ""
				}
				if err := printOne(a, receipt, anonymizationText(receipt, file), anonymizationColumns()...); err != nil {
					return err
				}
				if missing != nil {
					fmt.Fprintf(a.errs, "The certificate is not in the file: %v. To get it: tenure cases show %s --org %s -o json\n",
						missing, receipt.ID, a.org)
					return errUnfinished
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&file, "certificate", "", "file to write the erasure certificate to")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask on a terminal")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// confirm asks for the person's login or id, if somebody is there to ask.
func (a *app) confirm(ctx context.Context, c *api.Client, name string) error {
	in, is := a.in.(*os.File)
	if !is || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	person, err := c.Person(ctx, a.org, api.At{}, name)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.errs, "This destroys what tells who %s (%s) was, for good.\nType the login or the id to go on: ",
		visible(firstOf(person.Name, person.Login)), person.ID)
	typed := make(chan string, 1)
	go func() { // a read from a terminal does not end with the context
		line, _ := bufio.NewReader(in).ReadString('\n')
		typed <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.errs)
		return context.Cause(ctx)
	case word := <-typed:
		if word == "" || word != person.Login && word != string(person.ID) {
			return errors.New("that is neither the login nor the id, so nothing was done")
		}
	}
	return nil
}

// keepCertificate puts the certificate into its file.
func keepCertificate(file *newFile, receipt service.AnonymizationReceipt) error {
	if receipt.Certificate == "" {
		return errors.New("the anonymization is decided, and not completed yet")
	}
	if _, err := file.WriteString(receipt.Certificate); err != nil {
		return err
	}
	return file.publish()
}

// anonymizationText says what was destroyed, what cannot be, and where the
// certificate is.
func anonymizationText(r service.AnonymizationReceipt, file string) string {
	var p page
	for line := range strings.Lines(receiptText(r.Receipt)) {
		p.line("%s", strings.TrimSuffix(line, "\n"))
	}
	if r.DryRun {
		return p.String()
	}
	if r.Certificate == "" {
		p.line("%s is not anonymized yet: it is decided, and goes on by itself. To see how far it is: tenure cases show %s --org %s",
			r.ID, r.ID, r.Org)
		return p.String()
	}
	p.line("%s is anonymized, as revision %d. What that means:", r.ID, r.Completed)
	for _, s := range statements(r.Certificate) {
		switch s.key {
		case "destroyed", "kept", "not-destroyed", "claim":
			p.field(strings.ReplaceAll(s.key, "-", " "), s.value)
		}
	}
	if file != "" {
		p.line("The certificate is in %s.", file)
	} else {
		p.line("The certificate is in the case: tenure cases show %s --org %s", r.ID, r.Org)
	}
	return p.String()
}

func anonymizationColumns() []column[service.AnonymizationReceipt] {
	columns := []column[service.AnonymizationReceipt]{
		{"id", func(r service.AnonymizationReceipt) string { return string(r.ID) }},
		{"completed", func(r service.AnonymizationReceipt) string { return number(uint64(r.Completed)) }},
	}
	columns = append(columns, receiptColumns(func(r service.AnonymizationReceipt) service.Receipt { return r.Receipt })...)
	return append(columns, column[service.AnonymizationReceipt]{"certificate", func(r service.AnonymizationReceipt) string { return r.Certificate }})
}
