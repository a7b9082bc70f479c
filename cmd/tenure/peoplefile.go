package main

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

// maxPeopleFile is how many bytes a file of people may have: a request holds no
// more.
const maxPeopleFile = 3 << 20

func (a *app) personImport() *cobra.Command {
	var r service.PeopleFileRequest
	var role string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make the people of a file known, members and holders of roles",
		Long: `Import reads a CSV file whose first line names its columns, in any order:

  login, email  who it is; at least one of the two
  name          full name
  job_title     job title
  scope         KIND:HANDLE; what --on says if empty, else the organization itself
  role          a role on that scope; what --role says if empty, else none
  manager       the manager's login or address; may be somebody of the same file
  membership    empty for a member of the usual kind; else the kind of member,
                suspended for one who is not active, none for no membership
  until         when the role ends by itself, a date or RFC 3339 time

Several lines of one person give several roles; two of which one replaces the
other are refused. Whoever is known already gets what is missing, and the details
of the file; nothing ends, but for a role that another one replaces: the usual
role of members, too, takes the place of another one where it is listed. It is one
commit: where anything is refused nothing is done, and all that is wrong is told by
its line, several problems of one line as well. Use
--dry-run to see what would be done. A file of more people than a commit holds is
refused, with the line before which to split it.

The same columns are written by tenure person export.`,
		Example: `  tenure person import people.csv --dry-run --org acme --data ./ledger --key lea.key
  tenure person import people.csv --on team:docs --role member --org acme --data ./ledger --key lea.key`,
		Args:              exactArgs(1),
		ValidArgsFunction: first(files),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.ReadFile(args[0])
			switch {
			case err != nil:
				return err
			case len(file) > maxPeopleFile:
				return fmt.Errorf("%s has %d bytes, and at most %d can be taken at once: split it, and import the parts one after the other", args[0], len(file), maxPeopleFile)
			case !utf8.Valid(file):
				return fmt.Errorf("%s is no UTF-8 text", args[0])
			}
			r.File, r.Role = string(file), events.RoleID(role)
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.ImportPeople(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return printOne(a, receipt, peopleFileText(receipt), peopleFileColumns()...)
			})
		},
	}
	a.on(cmd, &r.Scope)
	cmd.Flags().StringVar(&role, "role", "", "role of those for whom the file names none")
	must(cmd.RegisterFlagCompletionFunc("role", completeRoles))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// files lets the shell complete the name of a file.
func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// peopleFileText tells in a line what came of a file, and all that would come of
// it where nothing was done.
func peopleFileText(r service.PeopleFileReceipt) string {
	head := receiptText(r.Receipt)
	if !r.Changed {
		return head
	}
	head, events, _ := strings.Cut(head, "\n")
	sum := fmt.Sprintf("%s\n  made known %d, details changed %d, memberships started %d, roles granted %d, managers assigned %d",
		head, r.Registered, r.Updated, r.Memberships, r.Roles, r.Managers)
	if r.DryRun {
		sum += "\n" + events
	}
	return sum
}

func peopleFileColumns() []column[service.PeopleFileReceipt] {
	type receipt = service.PeopleFileReceipt
	return append(receiptColumns(func(r receipt) service.Receipt { return r.Receipt }),
		column[receipt]{"registered", func(r receipt) string { return fmt.Sprint(r.Registered) }},
		column[receipt]{"updated", func(r receipt) string { return fmt.Sprint(r.Updated) }},
		column[receipt]{"memberships", func(r receipt) string { return fmt.Sprint(r.Memberships) }},
		column[receipt]{"roles", func(r receipt) string { return fmt.Sprint(r.Roles) }},
		column[receipt]{"managers", func(r receipt) string { return fmt.Sprint(r.Managers) }},
	)
}

func (a *app) personExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "List everybody in the form in which they can be imported",
		Long: `Export writes a line for each role that does not come by itself, and for each
membership without one, with the columns that tenure person import reads. Scopes
must be there before they are imported elsewhere. As CSV it is safe to open with a
spreadsheet.`,
		Example: `  tenure person export --org acme --data ./ledger -o csv`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.ExportPeople(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type row = service.PersonRow
				return print(a, list, "Nobody is known: tenure person add LOGIN --org "+a.org,
					column[row]{"login", func(r row) string { return r.Login }},
					column[row]{"email", func(r row) string { return r.Email }},
					column[row]{"name", func(r row) string { return r.Name }},
					column[row]{"job title", func(r row) string { return r.JobTitle }},
					column[row]{"role", func(r row) string { return r.Role }},
					column[row]{"scope", func(r row) string { return string(r.Scope) }},
					column[row]{"manager", func(r row) string { return r.Manager }},
					column[row]{"membership", func(r row) string { return r.Membership }},
					column[row]{"until", func(r row) string {
						if r.Until.IsZero() {
							return ""
						}
						return r.Until.Format(time.RFC3339Nano) // exactly, so that it stays the same
					}},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}
